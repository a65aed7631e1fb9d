"""SGD in function space against iteration, and the exact risks of least squares."""

import math

import numpy as np
import pytest
import torch

from replications.double_descent.liu2023.experiments import function_space
from replications.double_descent.liu2023.experiments.conditioning import ols_risks, truncated_normal
from replications.double_descent.science import spectral
from verifig.training.ensemble import generator

N, CLASSES = 20, 2


def problem(width: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    stream = generator("test", "spectral", width, seed)
    z = torch.tanh(torch.randn(N, width, generator=stream, dtype=torch.float64))
    targets = torch.randn(N, CLASSES, generator=stream, dtype=torch.float64)
    return z, targets, torch.randn(width, CLASSES, generator=stream, dtype=torch.float64)


def test_full_batch_sgd_in_function_space_is_gradient_descent():
    z, targets, start = problem(50)
    _, dual = function_space.sgd((z @ z.T)[None], (z @ start - targets)[None], 0.3, N, 60, [generator("test", 1)])
    parts = spectral.decompose(z, CLASSES)
    full = spectral.trained_weights(parts, targets, start, spectral.residual_factors(parts.curvatures, 60, 0.3))
    torch.testing.assert_close(start + z.T @ dual[0], full, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("batch", [1, 6])
def test_function_space_sgd_is_parameter_space_sgd(batch):
    z, targets, start = problem(30)
    residuals, dual = function_space.sgd(
        (z @ z.T)[None], (z @ start - targets)[None], 0.05, batch, 5, [generator("test", "order")], decay=True
    )
    stream, weights = generator("test", "order"), start.clone()
    for epoch in range(5):
        order = torch.randperm(N, generator=stream)
        for k in range(0, N, batch):
            index = order[k : k + batch]
            slope = z[index].T @ (z[index] @ weights - targets[index]) * 2 / (len(index) * CLASSES)
            weights -= 0.05 / math.sqrt(1 + epoch) * slope
    torch.testing.assert_close(start + z.T @ dual[0], weights, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(residuals[0], z @ weights - targets, rtol=1e-9, atol=1e-11)


def test_models_that_share_a_stream_share_the_order():
    stream, other = generator("test", 1), generator("test", 2)
    order = function_space._order([stream, stream, other], 50)
    assert torch.equal(order[0], order[1])
    assert not torch.equal(order[0], order[2])


def test_least_squares_on_noise():
    pairs = np.array([ols_risks(100, [20, 50], seed) for seed in range(200)]).mean(0)
    np.testing.assert_allclose(pairs[0], [0.8, 0.5], rtol=0.03)
    np.testing.assert_allclose(pairs[1], [20 / 79, 50 / 49], rtol=0.1)


def test_truncated_normal_stays_inside_and_is_symmetric():
    values = truncated_normal(torch.linspace(0, 1, 1001, dtype=torch.float64))
    assert values.min() == pytest.approx(-1)
    assert values.max() == pytest.approx(1)
    assert abs(float(values.mean())) < 1e-9
