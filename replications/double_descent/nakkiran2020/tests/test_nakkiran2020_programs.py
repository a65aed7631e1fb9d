"""What the programs store for statistics, against independent references; the ResNet's data and state."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from replications.double_descent.nakkiran2020.experiments import deep, sample_sizes
from replications.double_descent.nakkiran2020.experiments.deep import Network, incorrect_labels
from replications.double_descent.nakkiran2020.measure import least_squares_risk
from replications.double_descent.science import features
from verifig.planning import rulesets
from verifig.training.data import embedded

CPU = torch.device("cpu")
TASK = {
    "classes": [2, 5, 7], "pixel_mean": 0.2, "pixel_std": 0.5, "activation": "tanh", "normalisation": "standardised",
    "feature_scale": 1.5,
}  # fmt: skip
LINEAR = {"linear_width": 12, "linear_sizes": [4, 30], "linear_draws": 300}


def run_of(settings: dict, members: list[dict] = ()) -> SimpleNamespace:
    """A job without checkpoints."""
    return SimpleNamespace(
        settings=settings, members=members, device=CPU, once=lambda name, part: part(), progress=lambda *state: None
    )


def pictures(count: int = 60, pixels: int = 9) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.default_rng(8)
    return stream.random((count, pixels)), np.arange(count) % 8


def wrong(outputs: np.ndarray, labels: list[int]) -> float:
    return sum(int(np.argmax(row)) != int(label) for row, label in zip(outputs, labels, strict=True)) / len(labels)


def test_sample_sizes_and_widths_have_axes_of_their_own(monkeypatch):
    data = pictures()
    monkeypatch.setattr(sample_sizes, "images", lambda run, name: data)
    settings = TASK | LINEAR | {
        "dataset": "any", "sample_noise": [0.0, 0.5], "sample_sizes": [4, 8, 12], "sample_width": 8, "sample_test": 6,
        "threshold_sizes": [4, 10], "threshold_ratios": [0.5, 1.0, 2.5], "far_width": 20, "ridge": 0.3,
    }  # fmt: skip

    def expected(seed: int, share: float, n: int, width: int) -> list[float]:
        """Test error, that with a ridge of 0.3 times the width, training loss."""
        drawn = features.sample(data, settings | {"n": n, "test_size": 0}, seed, CPU)
        targets = features.centred_one_hot(features.noisy_labels(drawn.labels, 3, share, seed), 3).numpy()
        weights = features.first_layer(9, width, 1.5, seed, CPU).numpy()
        z, z_test = (np.tanh((part.numpy() - 0.2) / 0.5 @ weights) for part in (drawn.x, drawn.x_test[-6:]))
        fit, labels = np.linalg.pinv(z) @ targets, drawn.test_labels[-6:].tolist()
        ridged = np.linalg.solve(z.T @ z + 0.3 * width * np.eye(width), z.T @ targets)
        return [wrong(z_test @ fit, labels), wrong(z_test @ ridged, labels), np.mean((z @ fit - targets) ** 2)]

    members = [settings | {"seed": seed} for seed in range(2)]
    found = sample_sizes.sample_sizes(run_of(settings, members))
    for seed in range(2):
        for level, share in enumerate((0.0, 0.5)):
            for row, n in enumerate((4, 8, 12)):
                for kind, width in (("sizes", 8), ("far", 20)):
                    stored = [found[f"{kind}.{fit}"][seed, level, row] for fit in sample_sizes.FITS]
                    assert stored == pytest.approx(expected(seed, share, n, width), abs=1e-12)
            for row, n in enumerate((4, 10)):
                for column, ratio in enumerate((0.5, 1.0, 2.5)):
                    stored = [found[f"threshold.{fit}"][seed, level, row, column] for fit in sample_sizes.FITS]
                    assert stored == pytest.approx(expected(seed, share, n, round(n * ratio)), abs=1e-12)
    assert found["linear.risk"].shape == (2, 300, 2)


def test_the_risk_of_gaussian_features_is_that_of_theory_on_both_sides_of_the_threshold():
    settings = LINEAR | {"seed": 0}
    for column, n in enumerate(LINEAR["linear_sizes"]):
        ratio = sample_sizes._linear_risks(settings)[:, column] / least_squares_risk(n, LINEAR["linear_width"])
        assert abs(ratio.mean() - 1) < 4 * ratio.std() / 300**0.5


def numbered(members: list[dict], points: int) -> dict[str, np.ndarray]:
    """Records that say which member and point they are of: 1000 seed + 10 width + point."""
    return {
        "test_mse": np.array(
            [[1000.0 * m["seed"] + 10 * m["width"] + point for point in range(points)] for m in members]
        )
    }


def test_records_of_deep_networks_are_seeds_by_widths_by_epochs(monkeypatch):
    monkeypatch.setattr(deep, "images", lambda run, name: pictures())
    monkeypatch.setattr(deep, "train", lambda run, members, *a, **k: numbered(members, 2))
    settings = {
        "dataset": "digits",
        "widths": [4, 7, 9],
        "seeds": 2,
        "n": 10,
        "batch_size": 4,
        "epochs": 5,
        "record_epochs": [1, 5, 8],
    }
    found = deep.deep(run_of(settings, [{"condition": "base", "seed": 0}, {"condition": "base", "seed": 1}]))
    assert found["test_mse"].tolist() == [
        [[40, 41], [70, 71], [90, 91]],
        [[1040, 1041], [1070, 1071], [1090, 1091]],
    ]
    assert found["points"].tolist() == [1, 5]


def test_incorrect_labels_are_never_right():
    labels = torch.arange(10).repeat(2000)
    noisy = incorrect_labels(labels, 10, 1.0, 0, "train")
    assert (noisy != labels).all()
    assert (incorrect_labels(labels, 10, 0.15, 0, "train") != labels).double().mean() == pytest.approx(0.15, abs=0.01)


def test_resnet_state_restores_exactly():
    values = rulesets.settings(rulesets.load("nakkiran2020"), "deep_digits", "smoke", {"augment": True})
    member = values | {"width": 1, "seed": 0, "condition": "base"}
    first, second = (Network(member, embedded("digits"), CPU) for _ in range(2))
    for _ in range(2):
        first.step()
    second.load(first.state())
    for program in (first, second):
        for _ in range(3):
            program.step()
    assert torch.equal(first.flat, second.flat)
    assert 0 <= float(first.record()["test_error"]) <= 1
