"""Statistics on made-up artifacts and of the released runs, against plain loops and numbers by hand."""

import numpy as np
import pytest
from made_up import artifact, near, values

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
    """Every seed, noise level, sample size and width differs."""
    stream = np.random.default_rng(3)
    sizes = {"test_error": stream.lognormal(size=(2, 2, 4)), "n": [25, 50, 100, 200], "noise": [0.0, 0.2]}
    threshold = {"test_error": stream.lognormal(size=(2, 2, 3, 4)), "n": [50, 100, 200], "ratios": [0.5, 0.8, 1.0, 1.2]}
    result = {f"sizes.{name}": value for name, value in sizes.items()}
    return result | {f"threshold.{name}": value for name, value in threshold.items()}


MADE = sample_arrays()


@pytest.fixture(scope="module")
def samples() -> Tables:
    return measured("features", "sample_sizes", MADE, sample_width=100)


def test_errors_rise_to_width_n_for_every_sample_size(samples):
    table = MADE["threshold.test_error"].tolist()  # seed, noise, n, width over n
    expected = {
        f"n={n};noise={noise};side={side}": near([seed[level][row][2] - seed[level][row][column] for seed in table])
        for level, noise in enumerate(("0", "0.2"))
        for row, n in enumerate((50, 100, 200))
        for side, column in (("below", 1), ("above", 3))
    }
    assert values(samples, "threshold_rise") == expected


def test_as_many_samples_as_features_err_more_than_fewer_or_more(samples):
    table = MADE["sizes.test_error"].tolist()  # seed, noise, n
    expected = {
        f"noise={noise};other={n}": near([seed[level][2] - factor * seed[level][column] for seed in table])
        for level, (noise, factor) in enumerate((("0", 3), ("0.2", 2)))
        for column, n in ((0, 25), (3, 200))
    }
    assert values(samples, "size_contrast") == expected


def test_sizes_that_the_grid_lacks_have_no_statistics():
    """No width of n among the ratios, no sample size of the width."""
    made = MADE | {"threshold.ratios": [0.5, 0.8, 1.2, 2.0]}
    found = measured("features", "sample_sizes", made, sample_width=90)
    assert values(found, "threshold_rise") == values(found, "size_contrast") == {}


def test_the_fits_have_learnt_with_the_most_samples_and_the_least_noise(samples):
    assert values(samples, "run_error") == {"": [seed[0][3] for seed in MADE["sizes.test_error"].tolist()]}
    swapped = MADE | {"sizes.noise": [0.2, 0.0]}
    found = measured("features", "sample_sizes", swapped, sample_width=100)
    assert values(found, "run_error") == {"": [seed[1][3] for seed in MADE["sizes.test_error"].tolist()]}


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


def test_the_published_peak_s_width_is_compared_at_the_last_epoch():
    error = np.array([
        [[0.9, 0.34], [0.8, 0.50], [0.1, 0.41], [0.3, 0.29]],
        [[0.2, 0.40], [0.6, 0.10], [0.7, 0.38], [0.5, np.nan]],
    ])  # fmt: skip
    arrays = {"widths": [4, 8, 10, 64], "points": [1, 400], "test_error": error, "train_error": error / 2}
    result = measured("deep_cifar", "deep", arrays, seeds=2)
    assert values(result, "peak_rise")["other=4"] == near([0.07, -0.02])
    assert values(result, "peak_rise")["other=64"] == near([0.12, np.nan])


def test_the_widest_deep_network_has_learnt_by_the_end():
    train = [[[0.9, 0.8], [0.7, 0.02]], [[0.6, 0.5], [0.01, 0.3]]]
    arrays = {"train_error": train, "test_error": np.ones((2, 2, 2)), "widths": [1, 2]}
    out = measured("deep_cifar", "deep", arrays)
    assert values(out, "run_error") == {"": [0.02, 0.3]}


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
