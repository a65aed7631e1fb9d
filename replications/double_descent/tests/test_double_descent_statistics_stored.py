"""What ridge regression, random features and trained networks store for statistics, against independent references."""

import math
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from replications.double_descent import eigenframework as theory
from replications.double_descent.experiments import features
from verifig.training.ensemble import generator

random_features, ridge, iterated, two_layer, deep = (
    import_module(f"{features.__package__}.{name}")
    for name in ("random_features", "ridge", "iterated", "two_layer", "deep")
)
CPU = torch.device("cpu")
TASK = {
    "n": 12, "classes": [2, 5, 7], "test_size": 0, "pixel_mean": 0.2, "pixel_std": 0.5, "activation": "tanh",
    "normalisation": "standardised", "feature_scale": 1.5, "label_noise": 0.3,
}  # fmt: skip


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


def test_sample_sizes_and_widths_have_axes_of_their_own():
    data = pictures()
    settings = TASK | {
        "sample_noise": [0.0, 0.5], "sample_seeds": 2, "sample_sizes": [4, 8, 12], "sample_width": 8, "sample_test": 6,
        "threshold_sizes": [4, 10], "threshold_ratios": [0.5, 1.0, 2.5],
    }  # fmt: skip

    def expected(seed: int, share: float, n: int, width: int) -> float:
        drawn = features.sample(data, settings | {"n": n}, seed, CPU)
        targets = features.centred_one_hot(features.noisy_labels(drawn.labels, 3, share, seed), 3).numpy()
        weights = features.first_layer(9, width, 1.5, seed, CPU).numpy()
        z, z_test = (np.tanh((part.numpy() - 0.2) / 0.5 @ weights) for part in (drawn.x, drawn.x_test[-6:]))
        return wrong(z_test @ np.linalg.pinv(z) @ targets, drawn.test_labels[-6:].tolist())

    found = random_features.sample_sizes(data, settings, CPU)
    for seed in range(2):
        for level, share in enumerate((0.0, 0.5)):
            fixed = [expected(seed, share, n, 8) for n in (4, 8, 12)]
            assert found["sizes.test_error"][seed, level].tolist() == fixed
            moving = [[expected(seed, share, n, round(n * ratio)) for ratio in (0.5, 1.0, 2.5)] for n in (4, 10)]
            assert found["threshold.test_error"][seed, level].tolist() == moving


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
    found = random_features.random_features(run_of({"dataset": "any", "sample_sizes": []}, members))
    assert found["plain.test_mse"].tolist() == [[[4, 7], [14, 17], [24, 27]], [[104, 107], [114, 117], [124, 127]]]
    assert found["plain.condition_number"].tolist() == [[4, 7], [1004, 1007]]
    assert found["plain.solvers"].tolist() == names


def test_gaussian_theory_is_by_feature_number_and_ridge():
    settings = {
        "n": 6, "task_size": 40, "spectral_exponent": 1.5, "target_exponent": 1.3, "noise_variance": 0.5, "trials": 2,
        "k": [3, 9],
        "ridges": [0.1, 1.0, 5.0],
    }  # fmt: skip
    found, task = ridge.gaussian(run_of(settings)), theory.power_law_task(40, 1.5, 1.3, 0.5)
    for row, k in enumerate((3, 9)):
        for column, penalty in enumerate((0.1, 1.0, 5.0)):
            assert found["gaussian.theory"][row, column] == theory.risk(task, 6, k, penalty)[0]
            assert found["gaussian.theory_train"][row, column] == theory.risk(task, 6, k, penalty)[1]
            assert found["gaussian.theory_misread"][row, column] == theory.risk(task, 6, k, 6 * penalty)[0]
    assert found["gaussian.test"].shape == (2, 2, 3)
    assert not np.array_equal(found["gaussian.test"][0], found["gaussian.test"][1])


def test_gaussian_trials_are_risks_over_all_inputs():
    """The predictor's error has variance |v - slopes|^2 over inputs N(0, I), and the noise on top."""
    settings = {"n": 7, "task_size": 15, "k": [3, 20], "ridges": [0.1, 2.0]}
    task = theory.power_law_task(15, 1.5, 1.3, 0.5)
    found = ridge.gaussian_trial(task, settings, 3, CPU)
    stream = generator(features.SLUG, "gaussian features", 15, 7, 3)
    x, noise, draws = (
        torch.randn(*shape, generator=stream, dtype=torch.float64).numpy() for shape in ((7, 15), (7,), (20, 15))
    )
    y = x @ np.sqrt(task.target) + math.sqrt(0.5) * noise
    for row, k in enumerate((3, 20)):
        maps = draws[:k] * np.sqrt(task.eigenvalues) / math.sqrt(k)  # features x @ maps.T
        for column, penalty in enumerate((0.1, 2.0)):
            weights = np.linalg.solve(maps @ x.T @ x @ maps.T + penalty * np.eye(k), maps @ x.T @ y)
            expected = ((np.sqrt(task.target) - maps.T @ weights) ** 2).sum() + 0.5
            assert found[row, column] == pytest.approx(expected, rel=1e-8)


def test_image_theory_is_corrected_for_the_points_that_are_trained_on(monkeypatch):
    stream = np.random.default_rng(9)
    x, y = stream.standard_normal((20, 5)), np.where(np.arange(20) % 3, 1.0, -1.0)
    monkeypatch.setattr(ridge, "image_pool", lambda run: (x, y))
    found = ridge.image_features(run_of({"n": 6, "image_trials": 2, "image_k": [3, 9], "ridges": [0.1, 2.0]}))
    values, vectors = np.linalg.eigh(theory.arc_cosine_kernel(x, x) / 20)
    task = theory.Task(values, (vectors.T @ y) ** 2 / 20)
    for row, k in enumerate((3, 9)):
        for column, penalty in enumerate((0.1, 2.0)):
            test, train = theory.risk(task, 6, k, penalty)
            assert found["images.corrected"][row, column] == pytest.approx((20 * test - 6 * train) / 14)
    for trial in range(2):
        draw = generator(features.SLUG, "image features", 20, 6, trial)
        order = torch.randperm(20, generator=draw).numpy()
        weights = torch.randn(5, 9, generator=draw, dtype=torch.float64).numpy() * math.sqrt(2 / 5)
        for row, k in enumerate((3, 9)):
            z = np.maximum(x @ weights[:, :k], 0) / math.sqrt(k)
            train, rest = order[:6], order[6:]
            for column, penalty in enumerate((0.1, 2.0)):
                solved = np.linalg.solve(z[train].T @ z[train] + penalty * np.eye(k), z[train].T @ y[train])
                expected = ((z[rest] @ solved - y[rest]) ** 2).mean()
                assert found["images.test"][trial, row, column] == pytest.approx(expected, rel=1e-8)


def test_tuned_risks_are_the_least_over_a_grid_of_ridges():
    settings = {
        "task_size": 60, "spectral_exponent": 1.5, "target_exponent": 1.3, "noise_variance": 0.5,
        "theorem_sizes": [4, 20],
        "theorem_n": 8, "small_ridge": 0.003,
    }  # fmt: skip
    found, task = ridge.optimal_risks(settings), theory.power_law_task(60, 1.5, 1.3, 0.5)
    grid = np.geomspace(1e-2, 1e2, 60)
    by_k, by_n = (
        [min(theory.risk(task, n, k, penalty)[0] for penalty in grid) for n, k in pairs]
        for pairs in (((8, 4), (8, 20)), ((4, 8), (20, 8)))
    )
    assert found["theorem.by_k"].tolist() == pytest.approx(by_k, rel=2e-3)
    assert found["theorem.by_n"].tolist() == pytest.approx(by_n, rel=2e-3)
    assert found["theorem.ridgeless_by_k"].tolist() == [theory.risk(task, 8, k, 0.003)[0] for k in (4, 20)]
    assert found["theorem.n"] == 8


def numbered(members: list[dict], points: int) -> dict[str, np.ndarray]:
    """Records that say which member and point they are of: 1000 seed + 10 width + point."""
    return {
        "test_mse": np.array(
            [[1000.0 * m["seed"] + 10 * m["width"] + point for point in range(points)] for m in members]
        )
    }


def test_records_of_networks_are_seeds_by_points_by_widths(monkeypatch):
    monkeypatch.setattr(two_layer, "images", lambda run, name: pictures())
    monkeypatch.setattr(two_layer, "train", lambda run, members, *a, **k: numbered(members, 3))
    settings = {"dataset": "any", "pool_size": 1, "steps": 9, "record_steps": [9, 0, 3, 30], "chunk": 4}
    members = [
        {"condition": name, "seed": seed, "widths": widths, "optimizer": "adam"}
        for name, widths in (("a", [4, 7]), ("b", [5]))
        for seed in (0, 1)
    ]
    found = two_layer.two_layer(run_of(settings, members))
    assert found["a.test_mse"].tolist() == [[[40, 70], [41, 71], [42, 72]], [[1040, 1070], [1041, 1071], [1042, 1072]]]
    assert found["b.test_mse"].tolist() == [[[50], [51], [52]], [[1050], [1051], [1052]]]
    assert found["a.points"].tolist() == [0, 3, 9]


def test_records_of_iterated_runs_are_seeds_by_points_by_widths():
    members = [{"seed": seed, "width": width} for seed in (0, 1) for width in (4, 7, 9)]
    found = iterated._by_width(numbered(members, 2), 2, 3)["test_mse"]
    assert found.tolist() == [[[40, 70, 90], [41, 71, 91]], [[1040, 1070, 1090], [1041, 1071, 1091]]]


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
            stream = generator(features.SLUG, "batches", 0, seed)
            for _ in range(3):
                order = torch.randperm(12, generator=stream).numpy()
                for batch in (order[:5], order[5:10], order[10:]):
                    slope = z[batch].T @ (z[batch] @ solved - targets[batch]) * 2 / (3 * len(batch))
                    solved = solved - 0.2 * slope
            place = seed, 0, column
            assert found["train_mse"][place] == pytest.approx(((z @ solved - targets) ** 2).mean(), rel=1e-8)
            assert found["test_mse"][place] == pytest.approx(((z_test @ solved - wanted) ** 2).mean(), rel=1e-8)
            assert found["test_error"][place] == wrong(z_test @ solved, drawn.test_labels.tolist())
