"""The eigenframework against published arrays, its limits, and simulation; power-law formulas."""

import math

import numpy as np
import pytest
import torch

from replications.double_descent.simon2024 import eigenframework as theory
from replications.double_descent.simon2024 import reference
from replications.double_descent.simon2024.experiments.ridge import dual_solutions, gaussian_trial

TASK = theory.power_law_task(500, 1.5, 1.5, 0.5)


@pytest.mark.parametrize("k", reference.RISK_TABLE)
def test_published_theory_is_reproduced(k):
    task = theory.power_law_task(10000, 1.5, 1.5, 0.5)
    for ridge, (test, train, _) in zip(reference.RIDGES, reference.RISK_TABLE[k], strict=True):
        for found, printed in zip(theory.risk(task, 256, k, ridge), (test, train), strict=True):
            assert reference.deviation(found, printed) < 1e-4


def test_deviation_counts_beyond_the_last_digit():
    assert reference.deviation(0.00174326, "0.00174") == 0
    assert reference.deviation(0.00175, "0.00174") == pytest.approx(0.5e-5 / 0.00174)


@pytest.mark.parametrize(("n", "k", "ridge"), [(64, 32, 0.1), (64, 64, 1e-3), (64, 300, 5.0), (20, 1e9, 0.01)])
def test_implicit_equations_hold(n, k, ridge):
    kappa, gamma = theory.implicit_constants(TASK.eigenvalues, n, k, ridge)
    z = (TASK.eigenvalues / (TASK.eigenvalues + gamma)).sum()
    assert z + ridge / kappa == pytest.approx(n, rel=1e-8)
    assert z + k * kappa / gamma == pytest.approx(k, rel=1e-8)
    assert z <= min(n, k)


def test_infinitely_many_features_are_kernel_regression():
    test, train = theory.risk(TASK, 64, math.inf, 0.1)
    near = theory.risk(TASK, 64, 1e9, 0.1)
    assert near == pytest.approx((test, train), rel=1e-6)


def test_infinite_ridge_predicts_nothing():
    assert theory.risk(TASK, 64, 100, 1e12)[0] == pytest.approx(TASK.target.sum() + TASK.noise, rel=1e-6)


@pytest.mark.parametrize("k", [32, 128])
def test_the_ridgeless_limit_is_continuous(k):
    assert theory.risk(TASK, 64, k, 0)[0] == pytest.approx(theory.risk(TASK, 64, k, 1e-9)[0], rel=1e-4)


def test_interpolation_has_no_train_error():
    assert theory.risk(TASK, 64, 128, 0)[1] == pytest.approx(0, abs=1e-15)


def test_bad_sizes_are_refused():
    with pytest.raises(ValueError, match="infinite"):
        theory.risk(TASK, 64, 64, 0)
    with pytest.raises(ValueError, match="cannot carry"):
        theory.implicit_constants(TASK.eigenvalues[:10], 64, 128, 0)
    with pytest.raises(ValueError, match="at least"):
        theory.implicit_constants(TASK.eigenvalues, 0, 10, 0.1)


def test_optimal_ridge_is_a_minimum():
    ridge, lowest = theory.optimal_ridge(TASK, 64, 128)
    for factor in (0.5, 0.9, 1.1, 2):
        assert theory.risk(TASK, 64, 128, ridge * factor)[0] >= lowest


def test_simulation_agrees_with_theory():
    settings = {"task_size": 500, "n": 64, "k": [32, 256], "ridges": [0.1, 1.0]}
    trials = np.mean([gaussian_trial(TASK, settings, seed, torch.device("cpu")) for seed in range(40)], axis=0)
    exact = [[theory.risk(TASK, 64, k, ridge)[0] for ridge in settings["ridges"]] for k in settings["k"]]
    np.testing.assert_allclose(trials, exact, rtol=0.06)


def test_one_eigendecomposition_serves_all_ridges():
    stream = torch.Generator().manual_seed(5)
    features, y = (torch.randn(*shape, generator=stream, dtype=torch.float64) for shape in ((15, 40), (15,)))
    kernel = features @ features.T / 40
    for column, ridge in enumerate([0.01, 1.0]):
        direct = torch.linalg.solve(kernel + ridge * torch.eye(15), y)
        torch.testing.assert_close(dual_solutions(features, y, [0.01, 1.0])[:, column], direct)


@pytest.mark.parametrize(
    ("a", "b", "noise", "ratio"),
    [(1.12, 1.36, 0, 0), (1.12, 1.36, 1, 0), (1.12, 1.36, 5, 0.187), (1.12, 1.36, 50, 0.771), (1.17, 1.14, 0, 0.024),
     (1.17, 1.14, 1, 0.312), (1.17, 1.14, 5, 0.691), (1.17, 1.14, 50, 0.948)],
)  # fmt: skip
def test_optimal_fitting_ratio(a, b, noise, ratio):
    found = theory.optimal_fitting_ratio(a, b, noise)
    assert found == pytest.approx(ratio, abs=5e-4)
    grid = np.linspace(0, 0.99, 400)
    assert theory.fitting_risk(grid, a, b, noise).min() >= theory.fitting_risk(found, a, b, noise) * (1 - 1e-9)


def test_interpolation_is_optimal_up_to_the_threshold_noise():
    limit = theory.interpolation_noise(1.12, 1.36)
    assert theory.optimal_fitting_ratio(1.12, 1.36, limit) == 0
    assert theory.optimal_fitting_ratio(1.12, 1.36, 1.01 * limit) > 0


@pytest.mark.parametrize(("a", "b"), [(1.12, 1.36), (1.5, 2.0), (1.17, 1.14)])
@pytest.mark.parametrize("beyond", [-0.1, 0.1])
def test_beyond_the_threshold_noise_interpolation_stops_being_optimal(a, b, beyond):
    """A slightly larger fitting ratio lowers the risk."""
    noise = theory.interpolation_noise(a, b) + beyond
    nearby = theory.fitting_risk(1e-8, a, b, noise) / theory.fitting_risk(0, a, b, noise)
    assert (nearby < 1) == (beyond > 0)


def test_the_synthetic_task_of_the_first_figure_is_that_of_the_paper():
    task = reference.figure1_task()
    np.testing.assert_allclose([task.eigenvalues, task.target], [[k**-1.5 for k in range(1, 10001)]] * 2)
    assert task.noise == 0.5
    assert reference.FIGURE1["n"] == 256
    assert pytest.approx((0.00464158883, 0.1, 2.15443469)) == reference.RIDGES


def test_published_experiments_lie_near_the_published_theory():
    for cells in reference.RISK_TABLE.values():
        for test, _, experiment in cells:
            assert float(experiment) / float(test) == pytest.approx(1.01, abs=0.025)


def test_arc_cosine_kernel_is_the_mean_over_relu_features():
    x = np.random.default_rng(3).standard_normal((4, 6))
    draws = np.random.default_rng(4).standard_normal((6, 400000)) * math.sqrt(2 / 6)
    features = np.maximum(x @ draws, 0)
    np.testing.assert_allclose(theory.arc_cosine_kernel(x, x), features @ features.T / 400000, rtol=0.03, atol=0.01)


def test_kernel_task_keeps_the_norms():
    x = np.random.default_rng(3).standard_normal((30, 6))
    y = np.sign(x[:, 0])
    task = theory.kernel_task(theory.arc_cosine_kernel(x, x), y)
    assert task.target.sum() == pytest.approx(1)
    assert task.eigenvalues.sum() == pytest.approx(np.trace(theory.arc_cosine_kernel(x, x)) / 30)


def test_pool_risk_separates_training_points():
    assert theory.pool_risk(2.0, 0.0, 10, 20) == 4.0
