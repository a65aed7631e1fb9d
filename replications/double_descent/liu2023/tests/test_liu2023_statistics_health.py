"""Signs of health on made-up artifacts, with numbers worked out by hand."""

import math

import numpy as np
import pytest
from made_up import artifact, near, values

from replications.double_descent.liu2023.measuring import soundness
from verifig.measuring.tables import Tables


def measured(program: str, arrays: dict, conditions: dict | None = None, **settings) -> Tables:
    made = artifact(arrays, conditions, **({"classes": [0, 6], "dataset": "mnist_5k"} | settings))
    made.meta["job"]["program"] = program
    out = Tables()
    soundness.measure("some", made, out)
    return out


def test_the_widest_minimal_model_fits_and_no_draw_explodes():
    error, mse = np.zeros((100, 3)), np.ones((100, 3))
    error[7], error[60], error[61] = [1, 1, 0], [0, 0, 0.5], [0, 0, 0.25]
    mse[10], mse[99] = [1, 50, 2], [30, 4, np.inf]
    mse[20, 0] = 7
    out = measured("minimal", {"closed.train_error": error, "closed.test_mse": mse, "ridge.test_mse": 1e9 * mse})
    assert values(out, "run_error") == {"": [0, 0.5]}
    assert values(out, "run_risk") == {"": near([50, np.nan])}


FEATURES = {
    "batch": {"seeds": 2, "normalisation": "batch"},
    "plain": {"seeds": 3},
    "raw": {"seeds": 1, "normalisation": "raw"},
}
SOLVERS = [
    "steps 10",
    "steps inf",
    "rate 0.1/L",
    "lr 0.01",
    "momentum 0.9 steps 100",
    "noise 0.2 steps 10",
    "output_scale 3",
]


def features_arrays() -> dict:
    """Losses 0.25 x (seed + 1) everywhere but in a few cells."""
    arrays = {}
    for name, settings in FEATURES.items():
        train = np.full((settings["seeds"], len(SOLVERS), 3), 0.25) * np.arange(1, settings["seeds"] + 1)[:, None, None]
        arrays |= {f"{name}.train_mse": train, f"{name}.widths": [5, 10, 40], f"{name}.solvers": SOLVERS}
    arrays["plain.train_mse"][:, [0, 5, 6]] = 100  # other lengths, noise and starts do not count
    arrays["plain.train_mse"][0, 2, 0], arrays["plain.train_mse"][1, 3, 1], arrays["plain.train_mse"][2, 4, 2] = (
        2,
        3,
        np.nan,
    )
    arrays["plain.train_mse"][:, 1] = [[5, 6, 0.5], [7, 8, 0.25], [1, 1, 0]]
    arrays["raw.train_mse"][:, 1] = [[9, 9, 0.75]]
    return arrays


def test_losses_of_features_are_the_worst_of_the_full_length():
    out = measured("random_features", features_arrays(), FEATURES, normalisation="standardised")
    assert values(out, "run_loss") == {"": near([1, 2, 8, 12, np.nan, 1])}, "batch, plain, raw"


def test_interpolation_is_asked_of_the_widest_model_unless_its_columns_are_centred():
    out = measured("random_features", features_arrays(), FEATURES, normalisation="standardised")
    assert values(out, "run_interpolation") == {"": near([2, 1, 0, 3])}, "plain, raw"


@pytest.mark.parametrize("program", ["iterated", "two_layer"])
def test_losses_of_runs_are_the_worst_over_widths_at_the_end(program):
    """Cross-entropy is over log 2, the squared loss over 1/4."""
    conditions = {"mse": {"seeds": 2}, "entropy": {"loss": "cross_entropy", "seeds": 1}}
    arrays = {
        "mse.train_mse": [[[9.0, 9.0], [0.5, 0.25]], [[0.1, 0.1], [0.25, np.inf]]],
        "mse.widths": [1, 2], "mse.points": [1, 2],
        "entropy.train_mse": [[[7.0, 7.0], [1.0, 3 * math.log(2)]]], "entropy.widths": [1, 2], "entropy.points": [1, 2],
    }  # fmt: skip
    assert values(measured(program, arrays, conditions), "run_loss") == {"": near([3, 2, np.nan])}


def test_condition_numbers_are_the_worst_by_map():
    arrays = {
        "kappa.raw": [3.0, 8.0, 2.0],
        "kappa.batch": [1.5, np.inf],
        "kappa.plain": [4.0, 4.5],
        "bai_yin.kappa": [99.0],
    }
    assert values(measured("conditioning", arrays), "run_condition_number") == {"": near([np.nan, 4.5, 8])}
