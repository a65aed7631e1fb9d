"""Every statistic that a claim names, on artifacts made up with known values."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.last_iterate.liu2024.measure import FROM, TO, measure

measured = measuring(measure)
HORIZONS = [16, 64, 1024]
SCALED = np.array([[0.2, 0.1, 0.3, 0.4], [0.5, 0.2, 0.3, 0.1], [0.9, 0.8, 0.3, 0.5]])  # sqrt(T) f
ROOT = np.sqrt(HORIZONS)[:, None]


def worst_case(**changes):
    arrays = {
        "last": SCALED / ROOT,
        "average": np.array([[0.3, 9, 9, 9], [0.1, 9, 9, 9], [0.2, 9, 9, 9]]) / ROOT,
        "suffix": np.array([[0.6, 9, 9, 9], [0.4, 9, 9, 9], [0.7, 9, 9, 9]]) / ROOT,
        "closed": SCALED / ROOT + [[0, 0, 0, 1e-3], [0, -2e-3, 0, 0], [0, 0, 0, 0]],
        "normalised": np.array([[0.5, 0.7, 0.1], [1.2, 1.0, 0.1], [1.5, 1.1, 0.2]]) / ROOT,
        "norm": [[0.1, 0.2, 0.3, 0.4], [0.1, 0.7, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]],
        "in_order": [[True] * 4, [True, False, True, True], [True] * 4],
        "identity": [1e-17, 3e-16, 2e-16],
        "identity_before": [0.3, 0.1, 0.2],
        "hull": [1e-17, 2e-17, 0],
        "shuffled": np.array([[0.3, 0.1], [0.2, 0.4]]) / np.sqrt([64, 1024]),
        "dense": [[0.01, 0.05 + 1e-4], [0.02, 0.0625]],
        "long": np.array([[1.0, 2, 3, 4], [1.5, 2.25, 3, 3]]) / np.sqrt([[100], [10000]]),
    }
    settings = {"horizons": HORIZONS, "shuffled_horizons": [64, 1024], "dense_horizons": [16, 64], "long_horizons": [100, 10000]}  # fmt: skip
    return artifact(arrays, **(settings | changes))


GUARANTEE = artifact(
    {
        "attained": [[1, 1, 1], [0.75, 1, 1 + 1e-9]],
        "touched": [[0.5, 0.5, 0.25], [1, 1, 1.5]],
        "ratio": [[0.5, 0.6, 0.7, 2], [0.1, 0.9, 0.3, 3]],
        "steps": [5, 9],
        "dimension": [2, 3],
        "residual": [1e-16, 3e-16],
    },
    sizes=[1, 10],
)
EXACT = np.zeros((2, 101))
EXACT[0, [5, 10, 100]], EXACT[1, [5, 10, 100]] = [0.2, 0.05, 0.01], [0.4, 0.1, 0.04]
SHARP = np.arange(1.0, 37).reshape(2, 2, 3, 3) / np.sqrt([4, 100])[:, None, None]
NOISY = artifact(
    {"exact": EXACT, "checked": [0.4, 0.6], "sharp": SHARP},
    steps=100, multiples=[0.5, 1.5], checked_multiple=1.5, checked_steps=5, dimensions=[1, 50], horizons=[4, 100],
)  # fmt: skip


@pytest.fixture(scope="module")
def out():
    return measured(worst_case=worst_case(), guarantee=GUARANTEE, noisy=NOISY)


# ---- the worst case --------------------------------------------------------------------------------------------------
def test_last_iterates_are_scaled_by_the_root_of_the_horizon(out):
    assert values(out, "last")["horizon=16;schedule=inverse_root"] == near([0.2])
    assert values(out, "last")["horizon=1024;schedule=constant"] == near([0.8])
    assert values(out, "last")["horizon=64;schedule=late_decay"] == near([0.1])
    assert values(out, "last")["horizon=16;schedule=exact_ties"] == near([0.04])
    assert values(out, "last")["horizon=64;schedule=dense"] == near([0.5])


def test_growth_is_per_unit_of_the_logarithm_between_the_two_named_horizons(out):
    assert (FROM, TO) == (64, 1024)
    names = ("inverse_root", "constant", "linear_decay", "late_decay")
    assert values(out, "growth") == near(
        {f"schedule={name}": [change / np.log(16)] for name, change in zip(names, (0.4, 0.6, 0, 0.4), strict=True)},
        abs=1e-12,
    )
    assert values(out, "shuffled_growth") == near({"": [-0.2 / np.log(16), 0.2 / np.log(16)]})


def test_growth_is_left_out_where_its_horizons_are_not_there():
    few = measured(worst_case=worst_case(horizons=[16, 64, 512], shuffled_horizons=[64, 512]))
    assert values(few, "growth") == values(few, "shuffled_growth") == {}
    assert values(few, "last")["horizon=16;schedule=inverse_root"] == near([0.2])


def test_the_least_ratio_to_the_lower_bound(out):
    bound = np.log(HORIZONS) / 32
    assert values(out, "over_lower_bound") == near(
        {
            "schedule=inverse_root": [0.2 / bound[0]],
            "schedule=constant": [0.1 / bound[0]],
            "schedule=linear_decay": [0.3 / bound[2]],
            "schedule=late_decay": [0.1 / bound[1]],
        }
    )


def test_normalised_errors_and_where_they_first_exceed_one(out):
    assert values(out, "normalised")["horizon=1024;schedule=inverse_root"] == near([1.5])
    assert values(out, "normalised")["horizon=16;schedule=constant"] == near([0.7])
    assert values(out, "normalised")["horizon=1024;schedule=tight_decay"] == near([0.2])
    assert values(out, "first_above") == near({"schedule=inverse_root": [64], "schedule=constant": [1024], "schedule=tight_decay": [np.nan]})  # fmt: skip


def test_extremes_of_averages_under_inverse_roots(out):
    assert values(out, "smallest") == near({"iterate=average": [0.1], "iterate=suffix": [0.4], "iterate=last": [0.2]})
    assert values(out, "largest") == near({"iterate=average": [0.3], "iterate=suffix": [0.7], "iterate=last": [0.9]})


def test_soundness_is_judged_on_the_worst(out):
    assert values(out, "identity_error") == near({"average=after": [3e-16], "average=before": [0.3]})
    assert values(out, "in_order_share") == near({"": [11 / 12]})
    assert values(out, "largest_norm") == near({"": [0.7]})
    assert values(out, "closed_error") == near({"": [2e-3]})
    assert values(out, "hull_error") == near({"": [2e-17]})
    assert values(out, "dense_error") == near({"": [1e-4]})


def test_the_closed_form_s_slope_and_level_at_the_end(out):
    unit = np.log(100)
    assert values(out, "long_slope") == near(
        {
            "schedule=inverse_root": [0.5 / unit],
            "schedule=constant": [0.25 / unit],
            "schedule=linear_decay": [0],
            "schedule=late_decay": [-1 / unit],
        },
        abs=1e-12,
    )
    assert values(out, "long_level")["schedule=linear_decay"] == near([3])


# ---- the guarantee ---------------------------------------------------------------------------------------------------
def test_the_largest_distance_from_the_bound_on_either_side(out):
    assert values(out, "distance_from_bound") == near(
        {
            "problem=attained;schedule=inverse_root": [0.25],
            "problem=attained;schedule=constant": [0],
            "problem=attained;schedule=tight_decay": [1e-9],
            "problem=touched;schedule=inverse_root": [0.5],
            "problem=touched;schedule=constant": [0.5],
            "problem=touched;schedule=tight_decay": [0.75],
        },
        rel=1e-6,
    )


def test_random_problems_are_units(out):
    assert values(out, "ratio") == near(
        {
            "schedule=inverse_root": [0.5, 0.1],
            "schedule=constant": [0.6, 0.9],
            "schedule=tight_decay": [0.7, 0.3],
            "schedule=overlong": [2, 3],
        }
    )
    assert values(out, "minimum_error") == near({"": [3e-16]})


# ---- noise -----------------------------------------------------------------------------------------------------------
def test_the_quadratic_s_error_is_scaled_by_the_steps(out):
    assert values(out, "scaled_error") == near({"multiple=0.5": [1], "multiple=1.5": [4]})
    assert values(out, "error_growth") == near({"multiple=0.5": [0.5 / np.log(10)], "multiple=1.5": [3 / np.log(10)]})
    assert values(out, "error_power") == near({"multiple=0.5": [np.log10(2)], "multiple=1.5": [np.log10(4)]})
    assert values(out, "checked_ratio") == near({"": [1, 1.5]})


def test_the_norm_s_error_is_scaled_by_the_root_of_the_steps_and_paired_by_group(out):
    assert values(out, "sharp")["dimension=1;horizon=4;schedule=inverse_root"] == near([1, 2, 3])
    assert values(out, "sharp")["dimension=1;horizon=100;schedule=constant"] == near([13, 14, 15])
    assert values(out, "sharp")["dimension=50;horizon=4;schedule=linear_decay"] == near([25, 26, 27])
    assert values(out, "sharp")["dimension=50;horizon=100;schedule=linear_decay"] == near([34, 35, 36])
    assert values(out, "over_decay")["dimension=1;horizon=4;schedule=inverse_root"] == near([1 / 7, 2 / 8, 3 / 9])
    assert values(out, "over_decay")["dimension=50;horizon=100;schedule=constant"] == near([31 / 34, 32 / 35, 33 / 36])
    assert values(out, "over_decay")["dimension=50;horizon=100;schedule=linear_decay"] == near([1, 1, 1])


# ---- figures ---------------------------------------------------------------------------------------------------------
def test_figures_get_every_value(out):
    assert cells(out, "last", "schedule", "x")["late_decay", 64] == near(0.1)
    assert cells(out, "last", "schedule", "x")["suffix", 1024] == near(0.7)
    assert cells(out, "normalised", "schedule", "x")["constant", 64] == near(1)
    assert cells(out, "shuffled", "seed", "x") == near({(0, 64): 0.3, (0, 1024): 0.1, (1, 64): 0.2, (1, 1024): 0.4})
    assert cells(out, "attained", "schedule", "x")["inverse_root", 10] == near(0.75)
    ratios = out.curves["ratios"]
    assert ratios[ratios["schedule"] == "constant"][["steps", "ratio"]].to_numpy().tolist() == [[5, 0.6], [9, 0.9]]
    quadratic = cells(out, "quadratic", "multiple", "x")
    assert (quadratic[0.5, 100], quadratic[1.5, 100]) == near((1, 4))
    assert cells(out, "sharp", "dimension", "x", "schedule", "seed")[50, 4, "constant", 1] == near(23)
