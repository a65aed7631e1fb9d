"""What ridge regression stores for statistics, against independent references."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import Progress

from replications.double_descent.science import THEME
from replications.double_descent.simon2024 import eigenframework as theory
from replications.double_descent.simon2024.experiments import ridge
from verifig.training.ensemble import generator

CPU = torch.device("cpu")


def run_of(settings: dict) -> SimpleNamespace:
    """A job without checkpoints."""
    return SimpleNamespace(settings=settings, device=CPU, once=lambda name, part: part(), progress=Progress())


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
    stream = generator(THEME, "gaussian features", 15, 7, 3)
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
        draw = generator(THEME, "image features", 20, 6, trial)
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
