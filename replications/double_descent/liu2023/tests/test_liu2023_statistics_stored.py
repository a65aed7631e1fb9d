"""What random features and iterated training store for statistics, against independent references."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import Progress

from replications.double_descent.liu2023.experiments import iterated, random_features
from replications.double_descent.science import THEME, features
from verifig.training.ensemble import generator

CPU = torch.device("cpu")
TASK = {
    "n": 12, "classes": [2, 5, 7], "test_size": 0, "pixel_mean": 0.2, "pixel_std": 0.5, "activation": "tanh",
    "normalisation": "standardised", "feature_scale": 1.5, "label_noise": 0.3,
}  # fmt: skip


def run_of(settings: dict, members: list[dict] = ()) -> SimpleNamespace:
    """A job without checkpoints."""
    return SimpleNamespace(
        settings=settings, members=members, device=CPU, once=lambda name, part: part(), progress=Progress()
    )


def pictures(count: int = 60, pixels: int = 9) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.default_rng(8)
    return stream.random((count, pixels)), np.arange(count) % 8


def wrong(outputs: np.ndarray, labels: list[int]) -> float:
    return sum(int(np.argmax(row)) != int(label) for row, label in zip(outputs, labels, strict=True)) / len(labels)


def test_fields_of_random_features_are_seeds_by_solvers_by_widths(monkeypatch):
    names = ["x", "y", "z"]
    monkeypatch.setattr(random_features, "images", lambda run, name: None)
    monkeypatch.setattr(random_features, "sample", lambda data, settings, seed, device: None)
    monkeypatch.setattr(random_features, "solvers", lambda settings: [SimpleNamespace(name=name) for name in names])

    def at_width(drawn, settings, width: int) -> dict:
        rows = 100 * settings["seed"] + 10 * np.arange(3.0)
        return {"test_mse": rows + width, "condition_number": np.array(1000 * settings["seed"] + width)}

    monkeypatch.setattr(random_features, "at_width", at_width)
    members = [{"condition": "plain", "seed": seed, "widths": [4, 7]} for seed in (0, 1)]
    found = random_features.random_features(run_of({"dataset": "any"}, members))
    assert found["plain.test_mse"].tolist() == [[[4, 7], [14, 17], [24, 27]], [[104, 107], [114, 117], [124, 127]]]
    assert found["plain.condition_number"].tolist() == [[4, 7], [1004, 1007]]
    assert found["plain.solvers"].tolist() == names


def test_solvers_vary_one_thing_at_a_time():
    """Rates are in units of 1/L but where they are given as such."""
    settings = {
        "steps": 50, "label_noise": 0.1, "output_scale": 2.0, "horizons": [10], "relative_rates": [0.5],
        "learning_rates": [0.03], "momenta": [0.9], "momentum_horizons": [20], "output_scales": [0.0],
        "noise_levels": [0.4], "noise_horizons": [30],
    }  # fmt: skip
    found = {
        s.name: (s.steps, s.rate, s.absolute, s.momentum, s.output_scale, s.label_noise)
        for s in random_features.solvers(settings)
    }
    assert found == {
        "steps 10": (10, 1, False, 0, 2, 0.1),
        "steps inf": (math.inf, 1, False, 0, 2, 0.1),
        "rate 0.5/L": (50, 0.5, False, 0, 2, 0.1),
        "lr 0.03": (50, 0.03, True, 0, 2, 0.1),
        "momentum 0.9 steps 20": (20, 1, False, 0.9, 2, 0.1),
        "output_scale 0": (50, 1, False, 0, 0, 0.1),
        "noise 0.4 steps 30": (30, 1, False, 0, 2, 0.4),
        "noise 0.4 steps inf": (math.inf, 1, False, 0, 2, 0.4),
        "min_norm noise 0.1": (math.inf, 1, False, 0, 0, 0.1),
        "min_norm noise 0.4": (math.inf, 1, False, 0, 0, 0.4),
    }


def numbered(members: list[dict], points: int) -> dict[str, np.ndarray]:
    """Records that say which member and point they are of: 1000 seed + 10 width + point."""
    return {
        "test_mse": np.array(
            [[1000.0 * m["seed"] + 10 * m["width"] + point for point in range(points)] for m in members]
        )
    }


def test_records_of_iterated_runs_are_seeds_by_points_by_widths():
    members = [{"seed": seed, "width": width} for seed in (0, 1) for width in (4, 7, 9)]
    found = iterated._by_width(numbered(members, 2), 2, 3)["test_mse"]
    assert found.tolist() == [[[40, 70, 90], [41, 71, 91]], [[1040, 1070, 1090], [1041, 1071, 1091]]]


def test_minibatch_losses_are_those_of_plain_steps():
    """Two seeds and widths; the losses of one run by explicit weights, in the order that the program draws."""
    base = TASK | {
        "widths": [5, 14], "epochs": 3, "learning_rate": 0.2, "batch_size": 5, "rate_decay": False, "output_scale": 0.7,
    }  # fmt: skip
    members = [base | {"seed": seed, "condition": "sgd"} for seed in (0, 1)]
    data = pictures()
    draws = [features.sample(data, member, member["seed"], CPU) for member in members]
    found = iterated.minibatch(run_of(base, members), "sgd", members, draws)
    assert found["test_mse"].shape == (2, 1, 2)
    for seed, drawn in enumerate(draws):
        for column, width in enumerate((5, 14)):
            weights = features.first_layer(9, width, 1.5, seed, CPU).numpy()
            z, z_test = (np.tanh((part.numpy() - 0.2) / 0.5 @ weights) for part in (drawn.x, drawn.x_test))
            targets = features.centred_one_hot(features.noisy_labels(drawn.labels, 3, 0.3, seed), 3).numpy()
            wanted = features.centred_one_hot(drawn.test_labels, 3).numpy()
            solved = 0.7 * features.output_layer(width, 3, seed, CPU).numpy() / math.sqrt(width)
            stream = generator(THEME, "batches", 0, seed)
            for _ in range(3):
                order = torch.randperm(12, generator=stream).numpy()
                for batch in (order[:5], order[5:10], order[10:]):
                    slope = z[batch].T @ (z[batch] @ solved - targets[batch]) * 2 / (3 * len(batch))
                    solved = solved - 0.2 * slope
            place = seed, 0, column
            assert found["train_mse"][place] == pytest.approx(((z @ solved - targets) ** 2).mean(), rel=1e-8)
            assert found["test_mse"][place] == pytest.approx(((z_test @ solved - wanted) ** 2).mean(), rel=1e-8)
            assert found["test_error"][place] == wrong(z_test @ solved, drawn.test_labels.tolist())
