"""Statistics of the minimal example and of the identities, against plain loops and numbers by hand."""

import math
from statistics import mean, median

import numpy as np
import pytest
from made_up import artifact, by_place, cells, near, values

from replications.double_descent.liu2023.measure import measure
from verifig.measuring.tables import Tables

N, GRID = 3, [1, 2, 3, 4, 15]  # n // 2, n - 1, n, n + 1, 5 n
FIELDS = ("train_error", "test_error", "test_mse", "condition_number", "norm")


def measured(experiment: str, program: str, arrays: dict, **settings) -> Tables:
    made = artifact(arrays, **settings)
    made.meta["job"]["program"] = program
    out = Tables()
    measure({experiment: made}, out)
    return out


def grouped(draws: list[float], size: int, form) -> list[float]:
    return [form(draws[first : first + size]) for first in range(0, len(draws), size)]


def minimal_arrays(grid: list[int] = GRID, horizons: tuple = (10, 1000, math.inf)) -> dict[str, np.ndarray]:
    """100 draws of positive, skewed values that differ between arms, fields, draws and widths."""
    stream = np.random.default_rng(1)
    arrays = {
        f"{arm}.{field}": stream.lognormal(size=(100, len(grid))) for arm in ("closed", "ridge") for field in FIELDS
    }
    descent = {
        "test_error": stream.lognormal(size=(20, len(horizons), 3)),
        "min_norm_error": stream.lognormal(size=(20, 3)),
    }
    arrays |= {f"descent.{name}": array for name, array in descent.items()}
    return arrays | {"closed.widths": grid, "descent.widths": [1, 2, 10], "descent.horizons": horizons}


@pytest.fixture(scope="module")
def minimal() -> tuple[dict, Tables]:
    arrays = minimal_arrays()
    return arrays, measured("minimal", "minimal", arrays, n=N, descent_n=2)


@pytest.mark.parametrize("arm", ["closed", "ridge"])
@pytest.mark.parametrize(("width", "column"), [(3, 2), (15, 4)])
def test_test_errors_are_means_over_fifty_consecutive_draws(minimal, arm, width, column):
    arrays, out = minimal
    expected = grouped(arrays[f"{arm}.test_error"][:, column].tolist(), 50, mean)
    assert values(out, "test_error")[f"P={width};arm={arm}"] == near(expected)


@pytest.mark.parametrize("arm", ["closed", "ridge"])
@pytest.mark.parametrize(("other", "column", "factor"), [(1, 0, 5), (15, 4, 10)])
def test_contrasts_subtract_a_multiple_of_the_error_at_the_other_width(minimal, arm, other, column, factor):
    arrays, out = minimal
    draws = [row[2] - factor * row[column] for row in arrays[f"{arm}.test_error"].tolist()]
    assert values(out, "error_contrast")[f"arm={arm};other={other}"] == near(grouped(draws, 50, mean))


@pytest.mark.parametrize("arm", ["closed", "ridge"])
@pytest.mark.parametrize(("other", "column"), [(2, 1), (4, 3), (15, 4)])
def test_rises_lead_from_the_other_width_to_the_threshold(minimal, arm, other, column):
    arrays, out = minimal
    draws = [row[2] - row[column] for row in arrays[f"{arm}.test_error"].tolist()]
    assert values(out, "error_rise")[f"arm={arm};other={other}"] == near(grouped(draws, 50, mean))


@pytest.mark.parametrize("arm", ["closed", "ridge"])
@pytest.mark.parametrize(("other", "column"), [(2, 1), (4, 3), (15, 4)])
def test_log_rises_are_medians_of_paired_ratios(minimal, arm, other, column):
    arrays, out = minimal
    place = f"arm={arm};other={other}"
    expected = {
        field: grouped([math.log(row[2] / row[column]) for row in arrays[f"{arm}.{field}"].tolist()], 50, median)
        for field in ("test_mse", "condition_number", "norm")
    }
    assert values(out, "log_test_mse_rise")[place] == near(expected["test_mse"])
    assert values(out, "log_condition_number_rise")[place] == near(expected["condition_number"])
    assert values(out, "log_norm_rise")[place] == near(expected["norm"])


def test_figures_get_means_and_quartiles_of_the_plain_fits_by_width(minimal):
    """Of 100 sorted draws the quartiles lie at places 24.75, 49.5 and 74.25."""
    arrays, out = minimal
    for field in FIELDS:
        for column, width in enumerate(GRID):
            draws = sorted(arrays[f"closed.{field}"][:, column].tolist())
            quarters = {"low": (24, 0.75), "median": (49, 0.5), "high": (74, 0.25)}
            expected = {name: draws[k] + share * (draws[k + 1] - draws[k]) for name, (k, share) in quarters.items()}
            for name, value in (expected | {"mean": mean(draws)}).items():
                assert cells(out, "minimal", "field", "P", value=name)[field, width] == near(value)


def test_figures_get_the_errors_of_descent_in_groups_of_ten_draws(minimal):
    arrays, out = minimal
    errors = arrays["descent.test_error"].reshape(2, 10, 3, 3).mean(1)
    expected = near(by_place(errors, range(2), (10, 1000, math.inf), [1, 2, 10]))
    assert cells(out, "minimal_descent", "seed", "steps", "x") == expected


def test_groups_are_runs_of_draws_and_their_values_are_known():
    arrays = minimal_arrays()
    arrays["closed.test_error"] = np.zeros((100, 5))
    arrays["closed.test_error"][10:15, 2], arrays["closed.test_error"][60:80, 2] = 0.5, 0.25  # means 0.05 and 0.1
    arrays["closed.test_error"][:25, 0] = 0.04  # means 0.02 and 0
    out = measured("minimal", "minimal", arrays, n=N, descent_n=2)
    assert values(out, "test_error")["P=3;arm=closed"] == near([0.05, 0.1])
    assert values(out, "error_rise")["arm=closed;other=4"] == near([0.05, 0.1])
    assert values(out, "error_contrast")["arm=closed;other=1"] == near([-0.05, 0.1])


def test_a_draw_that_is_not_finite_spoils_its_own_group():
    arrays = minimal_arrays()
    arrays["closed.test_error"][70, 2] = np.nan
    arrays["closed.norm"][3, 2] = np.inf
    out = measured("minimal", "minimal", arrays, n=N, descent_n=2)
    assert np.isnan(values(out, "test_error")["P=3;arm=closed"]).tolist() == [False, True]
    assert np.isnan(values(out, "error_rise")["arm=closed;other=2"]).tolist() == [False, True]
    assert np.isnan(values(out, "log_norm_rise")["arm=closed;other=2"]).tolist() == [False, False], "a median bears one"


def test_widths_that_the_grid_lacks_have_no_statistics():
    out = measured("minimal", "minimal", minimal_arrays([2, 3, 4]), n=N, descent_n=2)
    assert set(values(out, "test_error")) == {"P=3;arm=closed", "P=3;arm=ridge"}
    assert set(values(out, "error_rise")) == {f"arm={arm};other={p}" for arm in ("closed", "ridge") for p in (2, 4)}
    assert values(out, "error_contrast") == {}


@pytest.mark.parametrize(("arm", "row", "factor"), [("descent", 1, 0.6), ("limit", 2, 1.8)])
def test_descent_is_contrasted_in_groups_of_ten_draws(minimal, arm, row, factor):
    arrays, out = minimal
    draws = [table[row][1] - factor * table[row][2] for table in arrays["descent.test_error"].tolist()]
    assert values(out, "descent_contrast")[f"arm={arm}"] == near(grouped(draws, 10, mean))


def test_minimum_norm_fits_are_contrasted_like_the_limit(minimal):
    arrays, out = minimal
    draws = [row[1] - 1.8 * row[2] for row in arrays["descent.min_norm_error"].tolist()]
    assert values(out, "descent_contrast")["arm=min_norm"] == near(grouped(draws, 10, mean))


def test_other_numbers_of_steps_are_not_taken_for_the_author_s():
    arrays = minimal_arrays(horizons=(999, 1001, math.inf))
    out = measured("minimal", "minimal", arrays, n=N, descent_n=2)
    assert set(values(out, "descent_contrast")) == {"arm=limit", "arm=min_norm"}


@pytest.fixture(scope="module")
def conditioning() -> Tables:
    factor = np.arange(20.0)[:, None, None] + np.array([[0, 1000], [300, 2000]])  # draws x dimensions x horizons
    factor[9] += 10
    arrays = {
        "kappa.standardised": [12.0, 30.0, 8.0], "kappa.batch": [3.0, 5.0, 16.0], "kappa.raw": [24.0, 15.0, 2.0],
        "kappa.scale_third": [9.0, 2.0, 7.0], "kappa.scale_ten": [3.0, 8.0, 2.0],
        "oracle.descent": [1.0, 2.0], "oracle.momentum": [3.0, 4.0], "oracle.sgd": [5.0, 6.0],
        "oracle.null_space": [7.0, 8.0], "oracle.minimum_norm": [9.0, 10.0],
        "normal.float64": [1.001, 0.998], "normal.float32": [np.nan, 5.5],
        "bai_yin.ratios": [0.25, 9.0], "bai_yin.kappa": [[2.7, 2.2], [3.3, 1.6], [3.0, 4.0]],
        "ols.widths": [2, 5], "ols.train": [[0.4, 1.0], [0.8, 0.25]], "ols.excess": [[4.0, 2.5], [2 / 7, 5.0]],
        "curvature.dimensions": [5, 20], "curvature.horizons": [1000.0, 100000.0], "curvature.factor": factor,
    }  # fmt: skip
    return measured("conditioning", "conditioning", arrays, n=10)


def test_condition_numbers_are_compared_draw_by_draw(conditioning):
    assert values(conditioning, "condition_ratio") == {
        "a=standardised;b=batch": [4.0, 6.0, 0.5],
        "a=scale_third;b=scale_ten": [3.0, 0.25, 3.5],
        "a=raw;b=standardised": [2.0, 0.5, 0.25],
    }


def test_figures_get_every_condition_number(conditioning):
    found = cells(conditioning, "threshold_kappa", "map", "seed")
    assert [found["raw", seed] for seed in range(3)] == [24.0, 15.0, 2.0]
    assert [found["scale_ten", seed] for seed in range(3)] == [3.0, 8.0, 2.0]
    assert len(found) == 15


def test_figures_get_the_factor_of_the_smallest_curvature_of_every_draw(conditioning):
    found = cells(conditioning, "smallest_curvature", "seed", "x", "steps")
    assert [found[4, d, steps] for d in (5, 20) for steps in (1e3, 1e5)] == [4, 1004, 304, 2004]
    assert found[9, 20, 1e5] == 2019
    assert len(found) == 80


def test_residues_keep_their_checks(conditioning):
    assert values(conditioning, "residue") == {
        "check=descent": [1.0, 2.0], "check=momentum": [3.0, 4.0], "check=sgd": [5.0, 6.0],
        "check=null_space": [7.0, 8.0],
    }  # fmt: skip
    assert values(conditioning, "interpolation_loss") == {"": [9.0, 10.0]}


def test_normal_equations_keep_their_precision_and_singular_ones_are_flagged(conditioning):
    assert values(conditioning, "normal_equations_ratio") == {
        "precision=float64": [1.001, 0.998],
        "precision=float32": near([np.nan, 5.5]),
    }
    rows = conditioning.statistics().query("statistic == 'normal_equations_ratio' and condition == 'precision=float32'")
    assert rows["status"].tolist() == ["diverged", "ok"]


def test_gaussian_condition_numbers_are_over_their_limits(conditioning):
    """(1 + sqrt r)/|1 - sqrt r| is 3 at r = 1/4 and 2 at r = 9."""
    assert values(conditioning, "bai_yin_ratio")["aspect=0.25"] == near([0.9, 1.1, 1.0])
    assert values(conditioning, "bai_yin_ratio")["aspect=9"] == near([1.1, 0.8, 2.0])


def test_least_squares_is_over_its_expected_risks(conditioning):
    """With n = 10 the train MSE is 0.8 at width 2 and 0.5 at 5, the excess 2/7 and 5/4."""
    assert values(conditioning, "ols_train_ratio") == {"width=2": near([0.5, 1.0]), "width=5": near([2.0, 0.5])}
    assert values(conditioning, "ols_excess_ratio") == {"width=2": near([14.0, 1.0]), "width=5": near([2.0, 4.0])}


def test_curvature_factors_are_means_of_ten_draws_at_the_first_horizon(conditioning):
    """Draws 0 to 9 add up to 45 + 10, draws 10 to 19 to 145."""
    expected = {"dimension=5;steps=1000": near([5.5, 14.5]), "dimension=20;steps=1000": near([305.5, 314.5])}
    assert values(conditioning, "curvature_factor") == expected
