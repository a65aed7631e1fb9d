"""Statistics of trained networks on made-up losses: excesses by data and width, students by dimension."""

import itertools
import math

import numpy as np
import pytest
from made_up import artifact, by_place, cells, near, values

from replications.scaling_laws.bahri2024.measure import measure
from verifig.measuring.tables import Tables

SIZES = [50, 200, 400]
WIDTHS = [[16, 1], [8, 2], [64, 3]]
DIMENSIONS, SAMPLES, STUDENTS = [2, 3, 4, 6], [10, 40, 100], [8, 16]


def exponent(x, y) -> float:
    return -np.polyfit(np.log(x), np.log(y), 1)[0]


def shown(out: Tables, statistic: str, experiment: str) -> dict[str, list]:
    """Values by condition, for comparison with NaN equal to NaN."""
    return {key: pytest.approx(each, nan_ok=True) for key, each in values(out, statistic, experiment).items()}


# ---- finite networks -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    stream = np.random.default_rng(5)
    excess = np.array(SIZES) ** -stream.uniform(0.6, 1.4, (4, 3, 1)) * stream.uniform(5, 9, (4, 3, 3))
    excess[2, :, 2] = [0.01, 0.02, -0.06]  # the third unit's mean falls below 0
    without = np.full((4, 3, 4), np.nan)
    without[..., :3] = np.array(SIZES) ** -stream.uniform(0.8, 1.8, (4, 3, 1)) * stream.uniform(5, 9, (4, 3, 3))
    without[1, :, 1] = [0.01, -0.04, 0.02]
    found = {
        "data_excess": excess,
        "pool_excess": without[..., :3],
        "data_floor": np.array([0.4, 0.9, 1.5, 2.5]),
        "without_replacement": np.array([1e-4, -3e-3, 2e-6, 0.0]),
    }
    found |= {f"width_{width}": stream.uniform(1, 3, (4, count)) / width for width, count in WIDTHS}
    found["width_64"][3] = [0.01, -0.02, 0.004]
    return found


def networks(arrays: dict[str, np.ndarray], **changes) -> Tables:
    out = Tables()
    settings = {"data_sizes": SIZES, "width_inits": WIDTHS} | changes
    measure({"finite_networks": artifact(arrays, seeds=4, **settings)}, out)
    return out


@pytest.fixture(scope="module")
def deep(arrays) -> Tables:
    return networks(arrays)


def exponents(x, rows: np.ndarray) -> list[float]:
    return [exponent(x, row) if min(row) > 0 else math.nan for row in rows]


def test_data_exponents_are_those_of_the_mean_over_draws_by_initial_weights(arrays, deep):
    means = arrays["data_excess"].sum(1) / 3
    expected = exponents(SIZES, means)
    assert np.isnan(expected).tolist() == [False, False, True, False]
    assert shown(deep, "data_exponent", "finite_networks") == {"": expected}
    raw = [exponent(SIZES, mean + floor) for mean, floor in zip(means, (0.4, 0.9, 1.5, 2.5), strict=True)]
    assert shown(deep, "raw_exponent", "finite_networks") == {"": raw}
    assert shown(deep, "excess", "finite_networks") == {"D=400": means[:, 2]}


def test_the_excess_of_the_whole_pool_is_copied_with_its_sign(deep):
    assert values(deep, "excess_without_replacement") == {"": [1e-4, -3e-3, 2e-6, 0.0]}


def test_exponents_without_replacement_leave_samples_larger_than_the_population_out(arrays, deep):
    means = arrays["pool_excess"].sum(1) / 3
    expected = exponents(SIZES, means)
    assert np.isnan(expected).tolist() == [False, True, False, False]
    assert shown(deep, "exponent_without_replacement", "finite_networks") == {"": expected}
    changed = arrays["pool_excess"].copy()
    changed[..., 0] = np.nan
    found = networks(arrays | {"pool_excess": changed})
    expected = exponents(SIZES[1:], means[:, 1:])
    assert shown(found, "exponent_without_replacement", "finite_networks") == {"": expected}
    changed[..., 2] = np.nan
    found = networks(arrays | {"pool_excess": changed})
    assert "exponent_without_replacement" not in set(found.statistics()["statistic"])


def test_width_exponents_are_those_of_the_mean_over_inits_by_group(arrays, deep):
    means = np.array([[row.sum() / len(row) for row in arrays[f"width_{width}"]] for width in (16, 8, 64)]).T
    expected = exponents([16, 8, 64], means)
    assert np.isnan(expected).tolist() == [False, False, False, True]
    assert shown(deep, "width_exponent", "finite_networks") == {"": expected}
    excesses = {f"width={width}": means[:, k] for k, width in enumerate((16, 8, 64))}
    assert shown(deep, "width_excess", "finite_networks") == excesses
    assert cells(deep, "b_width", "seed", "x") == near(by_place(means, range(4), [16, 8, 64]))


def test_figures_get_the_mean_excess_by_initial_weights_and_size(arrays, deep):
    means = arrays["data_excess"].sum(1) / 3
    assert cells(deep, "b_deep", "seed", "x") == near(by_place(means, range(4), SIZES))
    assert deep.curves["b_deep"]["expected"].isna().all()


def test_a_floor_of_guessing_is_the_log_of_ten(arrays, deep):
    expected = [each / 2.302585092994046 for each in (0.4, 0.9, 1.5, 2.5)]
    assert shown(deep, "floor_over_guessing", "finite_networks") == {"": expected}
    assert values(deep, "finite", "finite_networks") == {"": [1.0]}
    changed = arrays["width_8"].copy()
    changed[0, 1], changed[2, 0] = np.nan, np.inf
    found = networks(arrays | {"width_8": changed})
    count = 24 + arrays["data_excess"].size  # 4 groups of 1 + 2 + 3 widths
    assert values(found, "finite", "finite_networks") == {"": [pytest.approx(1 - 2 / count)]}
    lost = networks(
        arrays | {"data_excess": np.where(np.arange(count - 24).reshape(arrays["data_excess"].shape) < 3, np.nan, 1.0)}
    )
    assert values(lost, "finite", "finite_networks") == {"": [pytest.approx(1 - 3 / count)]}
    assert np.isnan(values(found, "width_exponent")[""]).tolist() == [True, False, True, True]


# ---- students ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def curves() -> np.ndarray:
    """Test losses [3 seeds, dimensions, samples, widths, 1 depth, 5 log points], lowest before the last."""
    stream = np.random.default_rng(9)
    powers = np.array([2.1, 1.3, 1.0, 0.7])[:, None] * stream.uniform(0.8, 1.2, (3, 4, 2))
    lowest = np.moveaxis(np.array(SAMPLES) ** -powers[..., None], -1, 2) * stream.uniform(0.8, 1.2, (3, 4, 3, 2))
    return lowest[..., None, None] * np.array([30, 4, 1, 1.2, 1.7]) * stream.uniform(1, 1.1, (3, 4, 3, 2, 1, 5))


def students(curves: np.ndarray, experiment: str = "teacher_student", **changes) -> Tables:
    out = Tables()
    settings = {
        "seeds": 3,
        "dimensions": DIMENSIONS,
        "sample_sizes": SAMPLES,
        "student_widths": STUDENTS,
        "depths": [2],
    }
    arrays = {"steps": np.arange(5), "test_loss": curves, "lowest": curves.min(-1)}
    measure({experiment: artifact(arrays, **settings | changes)}, out)
    return out


@pytest.fixture(scope="module")
def made(curves) -> Tables:
    return students(curves)


@pytest.fixture(scope="module")
def slopes(curves) -> dict[str, dict[int, np.ndarray]]:
    """By condition and dimension, the exponent of each seed; the first width has no name."""
    return {
        name: {
            dimension: np.array([exponent(SAMPLES, curves[seed, k, :, i, 0].min(-1)) for seed in range(3)])
            for k, dimension in enumerate(DIMENSIONS)
        }
        for i, name in enumerate(("", "depth=2;width=16"))
    }


def test_exponents_of_students_are_compared_by_dimension(made, slopes):
    ratios = {name: each[2] / ((each[4] + each[6]) / 2) for name, each in slopes.items()}
    assert shown(made, "ratio_low_to_high_dimension", "teacher_student") == ratios
    differences = {name: each[2] - each[3] for name, each in slopes.items()}
    assert shown(made, "exponent_2_minus_3", "teacher_student") == differences
    differences = {name: each[3] - (each[4] + each[6]) / 2 for name, each in slopes.items()}
    assert shown(made, "exponent_3_minus_high", "teacher_student") == differences


def test_figures_get_every_loss_and_exponent_of_the_students(curves, made, slopes):
    lowest = curves[..., 0, :].min(-1).transpose(3, 0, 1, 2)  # widths, seeds, dimensions, sizes
    expected = by_place(lowest, STUDENTS, range(3), DIMENSIONS, SAMPLES)
    assert cells(made, "b_students", "width", "seed", "d", "x") == expected
    expected = {
        (width, seed, d): each[d][seed]
        for width, each in zip(STUDENTS, slopes.values(), strict=True)
        for d in DIMENSIONS
        for seed in range(3)
    }
    assert cells(made, "b_exponents", "width", "seed", "x") == near(expected)
    assert set(made.curves["b_students"]["depth"]) == set(made.curves["b_exponents"]["depth"]) == {2}
    exponents = {
        ";".join(sorted(filter(None, [f"d={d}", *name.split(";")]))): each[d]
        for name, each in slopes.items()
        for d in DIMENSIONS
    }
    assert shown(made, "exponent", "teacher_student") == exponents


def weights_and_biases(dimension: int, width: int, depth: int) -> int:
    layers = [dimension, *[width] * depth, 1]
    return sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(layers))


def test_students_of_the_sweep_are_fitted_in_their_number_of_parameters(curves):
    """By seed, dimension and depth; the largest sample has no name."""
    both = np.concatenate([curves, curves[:, ::-1] ** 2], axis=4)  # depths 2 and 3
    out, lowest = students(both, "student_sweep", depths=[2, 3]), both.min(-1)
    expected, table, counts = {}, {}, {}
    for k, d in enumerate(DIMENSIONS):
        for j, depth in enumerate((2, 3)):
            sizes = [weights_and_biases(d, width, depth) for width in STUDENTS]
            for n, samples in enumerate(SAMPLES):
                name = f"D={samples};d={d};depth={depth}" if samples < 100 else f"d={d};depth={depth}"
                expected[name] = [exponent(sizes, lowest[seed, k, n, :, j]) for seed in range(3)]
                for i, width in enumerate(STUDENTS):
                    for seed in range(3):
                        place = (seed, d, depth, samples, width)
                        table[place], counts[place] = lowest[seed, k, n, i, j], sizes[i]
    assert shown(out, "parameter_exponent", "student_sweep") == expected
    axes = ("seed", "d", "depth", "samples", "width")
    assert cells(out, "b_sweep", *axes) == table
    assert cells(out, "b_sweep", *axes, value="parameters") == counts


def test_one_size_has_losses_and_no_exponent(curves):
    """One sample size for exponents by dimension, one width for those by number of parameters."""
    out = students(curves[:, :, 1:2], sample_sizes=SAMPLES[1:2])
    assert set(out.curves["b_students"]["x"]) == {40}
    assert "b_exponents" not in out.curves
    left = set(out.statistics()["statistic"]) if len(out.statistics()) else set()
    assert not left & {"exponent", "distance_from_theory", "dimensions_near_line", "exponent_2_minus_3"}
    out = students(curves[:, :, :, :1], "student_sweep", student_widths=STUDENTS[:1])
    assert set(out.curves["b_sweep"]["width"]) == {8}
    assert values(out, "parameter_exponent", "student_sweep") == {}


def test_distances_from_theory_have_no_sign(made, slopes):
    expected = {
        ";".join(sorted(filter(None, [f"d={d}", *name.split(";")]))): [abs(e - 4 / d) for e in each[d]]
        for name, each in slopes.items()
        for d in DIMENSIONS
    }
    assert shown(made, "distance_from_theory", "teacher_student") == expected
    signs = {math.copysign(1, e - 4 / d) for d in DIMENSIONS for e in slopes[""][d]}
    assert signs == {-1, 1}


def test_dimensions_within_one_of_the_line_are_counted_by_seed():
    powers = np.array([[2.0, 1.1, 1.0, 0.75], [4.1, 1.99, 0.81, 0.58], [1.3, 4.0, 0.79, 0.56], [2.0, 0.5, 1.5, -1.0]])
    losses = np.moveaxis(np.array(SAMPLES) ** -powers[..., None, None], -1, 2)[..., None, None]
    out = students(losses, seeds=4, student_widths=[8])  # 4/2.0, 4/1.1, ... against 2, 3, 4, 6
    assert values(out, "dimensions_near_line")[""] == [4, 3, 0, 1]
    losses[0, 2, 1] = 0  # no exponent
    assert values(students(losses, seeds=4, student_widths=[8]), "dimensions_near_line")[""] == [3, 3, 0, 1]


def test_a_student_whose_loss_is_not_a_number_has_no_exponent(curves):
    changed = curves.copy()
    changed[1, 0, 0, 0] = np.nan
    out = students(changed)
    for statistic in ("ratio_low_to_high_dimension", "exponent_2_minus_3"):
        assert np.isnan(values(out, statistic)[""]).tolist() == [False, True, False]
        assert np.isfinite(values(out, statistic)["depth=2;width=16"]).all()
    assert np.isfinite(values(out, "exponent_3_minus_high")[""]).all()
    assert np.isnan(values(out, "distance_from_theory")["d=2"]).tolist() == [False, True, False]


@pytest.mark.parametrize("experiment", ["teacher_student", "student_sweep"])
def test_the_worst_student_with_the_most_samples_is_shown_at_its_lowest_and_at_the_end(curves, experiment):
    out = students(curves, experiment)
    most = [[curves[seed, k, 2, i, 0] for k in range(4) for i in range(2)] for seed in range(3)]
    assert shown(out, "run_lowest", experiment) == {"": [max(min(run) for run in runs) for runs in most]}
    assert shown(out, "run_last", experiment) == {"": [max(run[4] for run in runs) for runs in most]}
    changed = curves.copy()
    changed[2, 1, 2, 1, 0, 3:] = np.nan
    changed[0, 1, 0, 1, 0] = np.nan  # of fewer samples
    out = students(changed, experiment)
    assert np.isnan(values(out, "run_last", experiment)[""]).tolist() == [False, False, True]
    assert np.isnan(values(out, "run_lowest", experiment)[""]).tolist() == [False, False, True]
