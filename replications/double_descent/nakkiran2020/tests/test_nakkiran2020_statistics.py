"""Statistics on made-up artifacts and of the released runs, against plain loops and numbers by hand."""

import numpy as np
import pytest
from made_up import artifact, by_place, cells, near, values

from replications.double_descent.nakkiran2020 import reference
from replications.double_descent.nakkiran2020.measure import measure
from verifig.measuring.tables import Tables


def measured(experiment: str, program: str, arrays: dict, conditions: dict | None = None, **settings) -> Tables:
    made = artifact(arrays, conditions, **settings)
    made.meta["job"]["program"] = program
    out = Tables()
    measure({experiment: made}, out)
    return out


def sample_arrays() -> dict[str, np.ndarray]:
    """Every seed, noise level, sample size, width and fit differs."""
    stream, grid = np.random.default_rng(3), {"sizes": (2, 2, 4), "far": (2, 2, 4), "threshold": (2, 2, 3, 6)}
    result = {
        f"{kind}.{fit}": stream.lognormal(size=shape)
        for fit in ("test_error", "ridge_error", "train_mse")
        for kind, shape in grid.items()
    }
    return result | {
        "sizes.n": [25, 50, 100, 200], "sizes.noise": [0.0, 0.2], "threshold.n": [50, 100, 200],
        "threshold.ratios": [0.5, 0.8, 1.0, 1.2, 2.0, 4.0], "linear.n": [3, 8], "linear.risk": stream.lognormal(size=(2, 5, 2)),
    }  # fmt: skip


MADE = sample_arrays()
SETTINGS = {"sample_width": 100, "far_width": 200, "linear_width": 5, "classes": [0, 6], "dataset": "mnist_5k"}


def measured_samples(**changed) -> Tables:
    """Of the made-up artifact with some arrays (`sizes_n` for sizes.n) and settings changed."""
    arrays = {name: changed.pop(name.replace(".", "_"), array) for name, array in MADE.items()}
    return measured("features", "sample_sizes", arrays, **SETTINGS | changed)


@pytest.fixture(scope="module")
def samples() -> Tables:
    return measured_samples()


def rises(fit: str, centre: int) -> dict:
    """By hand: the error at a ratio of widths minus that at the ratios beside it."""
    table = MADE[f"threshold.{fit}"].tolist()  # seed, noise, n, width over n
    return {
        f"n={n};noise={noise};side={side}": near(
            [seed[level][row][centre] - seed[level][row][column] for seed in table]
        )
        for level, noise in enumerate(("0", "0.2"))
        for row, n in enumerate((50, 100, 200))
        for side, column in (("below", centre - 1), ("above", centre + 1))
    }


def test_errors_rise_to_width_n_for_every_sample_size(samples):
    assert values(samples, "threshold_rise") == rises("test_error", 2)


def test_the_ridge_is_read_at_the_same_widths(samples):
    assert values(samples, "ridge_rise") == rises("ridge_error", 2)
    table = MADE["threshold.ridge_error"].tolist()
    assert values(samples, "ridge_error") == {
        f"n={n};noise={noise}": near([seed[level][row][2] for seed in table])
        for level, noise in enumerate(("0", "0.2"))
        for row, n in enumerate((50, 100, 200))
    }


def test_equations_of_both_classes_put_the_threshold_at_twice_n(samples):
    assert values(samples, "equations_rise") == rises("test_error", 4)
    assert values(measured_samples(classes=[1, 2, 3]), "equations_rise") == {}  # no width of 3 n
    first = measured_samples(threshold_ratios=[1.0, 1.2, 1.3, 1.4, 1.5, 4.0])
    assert {place.rpartition("=")[2] for place in values(first, "threshold_rise")} == {"above"}
    four = measured_samples(classes=[1, 2, 3, 4])
    assert {place.rpartition("=")[2] for place in values(four, "equations_rise")} == {"below"}  # the last of the grid


def contrasts(kind: str) -> dict:
    """By hand: the error of 100 samples minus three or two times that of fewer or more."""
    table = MADE[f"{kind}.test_error"].tolist()  # seed, noise, n
    return {
        f"noise={noise};other={n}": near([seed[level][2] - factor * seed[level][column] for seed in table])
        for level, (noise, factor) in enumerate((("0", 3), ("0.2", 2)))
        for column, n in ((0, 25), (3, 200))
    }


def test_as_many_samples_as_features_err_more_than_fewer_or_more(samples):
    assert values(samples, "size_contrast") == contrasts("sizes")


def test_the_same_samples_are_read_at_the_far_width(samples):
    assert values(samples, "far_contrast") == contrasts("far")
    table = MADE["far.test_error"].tolist()
    assert values(samples, "far_error") == {"noise=0": [s[0][3] for s in table], "noise=0.2": [s[1][3] for s in table]}


@pytest.mark.parametrize(("statistic", "fit"), [("size_rise", "test_error"), ("ridge_size_rise", "ridge_error")])
def test_errors_rise_from_nearby_sample_sizes(statistic, fit):
    table = MADE[f"sizes.{fit}"].tolist()
    found = measured_samples(sizes_n=[75, 100, 150, 200])
    assert values(found, statistic) == {
        f"noise={noise};other={n}": near([seed[level][1] - seed[level][column] for seed in table])
        for level, noise in enumerate(("0", "0.2"))
        for column, n in ((0, 75), (2, 150))
    }


def test_sizes_that_the_grid_lacks_have_no_statistics():
    """No width of n among the ratios, no sample size of the width."""
    found = measured_samples(threshold_ratios=[0.5, 0.8, 1.2, 1.5, 1.8, 4.0], sample_width=90)
    for statistic in ("threshold_rise", "ridge_rise", "ridge_error", "equations_rise", "size_contrast", "far_contrast"):
        assert values(found, statistic) == {}
    assert values(found, "size_rise") == values(found, "ridge_size_rise") == {}


def test_fits_are_told_by_whether_they_have_a_feature_for_every_sample(samples):
    """25, 50 and 100 samples at width 100; all four at width 200; from the third ratio of widths on."""
    fit, not_fit = [], []
    for seed in range(2):
        sizes, far, threshold = (MADE[f"{kind}.train_mse"][seed] for kind in ("sizes", "far", "threshold"))
        enough = [*sizes[:, :3].ravel(), *far.ravel(), *threshold[:, :, 2:].ravel()]
        fit.append(max(enough) / 0.25)
        not_fit.append(min([*sizes[:, 3], *threshold[:, :, :2].ravel()]) / 0.25)
    assert values(samples, "loss_from_n") == {"": near(fit)}
    assert values(samples, "loss_below_n") == {"": near(not_fit)}


def test_where_every_fit_is_exact_none_is_not():
    made = {"sample_width": 200, "threshold_ratios": [1.0, 1.1, 1.2, 2.0, 3.0, 4.0]}
    assert values(measured_samples(**made), "loss_below_n") == {}


def test_the_risk_of_least_squares_is_compared_with_theory_draw_by_draw(samples):
    risk = MADE["linear.risk"].tolist()  # seed, draw, n; 3 and 8 samples of 5 features
    fewer, more = 1 - 3 / 5 + 3 / (5 - 3 - 1), 5 / (8 - 5 - 1)
    assert values(samples, "linear_ratio") == {
        "n=3": near([draw[0] / fewer for seed in risk for draw in seed]),
        "n=8": near([draw[1] / more for seed in risk for draw in seed]),
    }


def test_the_fits_have_learnt_with_the_most_samples_and_the_least_noise(samples):
    assert values(samples, "run_error") == {"": [seed[0][3] for seed in MADE["sizes.test_error"].tolist()]}
    found = measured_samples(sizes_noise=[0.2, 0.0])
    assert values(found, "run_error") == {"": [seed[1][3] for seed in MADE["sizes.test_error"].tolist()]}


def test_figures_get_every_error_of_the_plain_fits(samples):
    by_width, by_size = MADE["threshold.test_error"], MADE["sizes.test_error"]
    grid, noise = ("seed", "noise", "n", "x"), [0.0, 0.2]
    axes = ([50, 100, 200], [0.5, 0.8, 1.0, 1.2, 2.0, 4.0])
    assert cells(samples, "features_threshold", *grid) == by_place(by_width, range(2), noise, *axes)
    assert cells(samples, "features_sizes", *grid) == by_place(
        by_size[:, :, None], range(2), noise, [0], [25, 50, 100, 200]
    )


def test_networks_are_compared_with_width_160_at_every_point():
    grid, points, stream = [16, 24, 40, 80, 160], [300, 3000], np.random.default_rng(7)
    arrays = {f"adam.{field}": stream.lognormal(size=(3, 2, 5)) for field in ("train_mse", "test_mse", "test_error")}
    arrays |= {"adam.widths": grid, "adam.points": points}
    out = measured("two_layer", "two_layer", arrays, {"adam": {"seeds": 3}}, classes=[], dataset="mnist_5k")
    mse = arrays["adam.test_mse"].tolist()
    assert values(out, "wide_ratio") == {
        f"run=adam;steps={point};width={width}": near([seed[row][column] / seed[row][4] for seed in mse])
        for row, point in enumerate(points)
        for column, width in enumerate(grid[:3])
    }
    assert values(out, "run_loss") == {"": near([max(seed[-1]) / 0.09 for seed in arrays["adam.train_mse"].tolist()])}
    for field in ("train_mse", "test_mse", "test_error"):
        expected = by_place(arrays[f"adam.{field}"][None], ["adam"], range(3), points, grid)
        assert cells(out, "two_layer", "run", "seed", "steps", "width", value=field) == expected


def test_the_published_peak_s_width_is_compared_at_the_last_epoch():
    error = np.array([
        [[0.9, 0.34], [0.8, 0.50], [0.1, 0.41], [0.3, 0.29]],
        [[0.2, 0.40], [0.6, 0.10], [0.7, 0.38], [0.5, np.nan]],
    ])  # fmt: skip
    arrays = {"widths": [4, 8, 10, 64], "points": [1, 400], "test_error": error, "train_error": error / 2}
    result = measured("deep_cifar", "deep", arrays, seeds=2)
    assert values(result, "peak_rise")["other=4"] == near([0.07, -0.02])
    assert values(result, "peak_rise")["other=64"] == near([0.12, np.nan])
    for column, field in (("value", error), ("train", error / 2)):
        expected = near(by_place(field[:, :, -1], range(2), arrays["widths"]))
        assert cells(result, "deep_cifar", "seed", "x", value=column) == expected


def test_the_widest_deep_network_has_learnt_by_the_end():
    """Of three widths at three epochs."""
    train = np.arange(18).reshape(2, 3, 3) / 20
    arrays = {"train_error": train, "test_error": np.ones((2, 3, 3)), "widths": [1, 2, 3]}
    out = measured("deep_cifar", "deep", arrays)
    assert values(out, "run_error") == values(out, "final_train_error") == {"": [0.4, 0.85]}


@pytest.fixture(scope="module")
def published() -> Tables:
    out = Tables()
    measure({}, out)
    return out


def test_the_released_networks_peak_at_width_ten(published):
    """Test error 0.3397 at width 4 is the first minimum, 0.4127 at width 10 the peak; both ends lie further out."""
    assert values(published, "resnet_peak_rise") == {"": [pytest.approx(0.4127 - 0.3397)]}
    assert values(published, "resnet_peak_width") == {"": [10]}
    assert values(published, "resnet_peak_train_error") == {"": [0.0831]}
    for place, field in enumerate(("test", "train")):
        table = {width: pair[place] for width, pair in reference.RESNET_WIDTHS.items()}
        assert cells(published, "resnet_published", "x", value=field) == table


def test_published_peaks_follow_the_table(monkeypatch):
    table = {
        1: (0.9, 0.8),
        2: (0.5, 0.75),
        3: (0.3, 0.7),
        4: (0.2, 0.6),
        7: (0.45, 0.25),
        9: (0.4, 0.1),
        11: (0.1, 0.05),
    }
    monkeypatch.setattr(reference, "RESNET_WIDTHS", table)
    out = Tables()
    measure({}, out)
    assert values(out, "resnet_peak_rise") == {"": [pytest.approx(0.45 - 0.2)]}
    assert values(out, "resnet_peak_width") == {"": [7]}
    assert values(out, "resnet_peak_train_error") == {"": [0.25]}
