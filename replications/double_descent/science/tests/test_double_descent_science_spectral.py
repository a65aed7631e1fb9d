"""Closed forms of gradient descent against iteration, and the laws that they obey."""

import math

import numpy as np
import pytest
import torch

from replications.double_descent.science import spectral
from verifig.training.ensemble import generator

N, CLASSES = 20, 2


def problem(width: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    stream = generator("test", "spectral", width, seed)
    z = torch.tanh(torch.randn(N, width, generator=stream, dtype=torch.float64))
    targets = torch.randn(N, CLASSES, generator=stream, dtype=torch.float64)
    return z, targets, torch.randn(width, CLASSES, generator=stream, dtype=torch.float64)


def closed(z, targets, start, steps, rate, momentum=0.0):
    parts = spectral.decompose(z, CLASSES)
    factors = spectral.residual_factors(parts.curvatures, steps, rate, momentum)
    return spectral.trained_weights(parts, targets, start, factors)


@pytest.mark.parametrize("width", [8, 20, 50])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("steps", [0, 1, 7, 500])
def test_closed_form_equals_iteration(width, momentum, steps):
    z, targets, start = problem(width)
    rate = 1 / float(spectral.decompose(z, CLASSES).curvatures[0])
    iterated = spectral.gradient_descent(z, targets, start, steps, rate, momentum)
    torch.testing.assert_close(closed(z, targets, start, steps, rate, momentum), iterated, rtol=1e-8, atol=1e-10)


def test_heavy_ball_is_torch_sgd():
    z, targets, start = problem(12)
    weights = start.clone().requires_grad_()
    optimizer = torch.optim.SGD([weights], 0.1, momentum=0.95)
    for _ in range(300):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(z @ weights, targets).backward()
        optimizer.step()
    torch.testing.assert_close(closed(z, targets, start, 300, 0.1, 0.95), weights.detach(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("width", [8, 20, 50])
def test_infinite_training_from_zero_is_the_pseudo_inverse(width):
    z, targets, start = problem(width)
    found = closed(z, targets, 0 * start, math.inf, 1.0)
    torch.testing.assert_close(found, torch.linalg.pinv(z) @ targets, rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(found, spectral.ridge_weights(spectral.decompose(z, CLASSES), targets))


def test_interpolation_beyond_the_threshold():
    z, targets, start = problem(24)
    assert ((z @ closed(z, targets, start, math.inf, 1.0) - targets) ** 2).mean() < 1e-20


def test_train_error_agrees_with_the_weights():
    for width in (8, 50):
        z, targets, start = problem(width)
        parts = spectral.decompose(z, CLASSES)
        factors = spectral.residual_factors(parts.curvatures, 40, 1 / float(parts.curvatures[0]))
        weights = spectral.trained_weights(parts, targets, start, factors)
        found = spectral.train_error(parts, targets, parts.right.T @ start, factors)
        assert float(found) == pytest.approx(float(((z @ weights - targets) ** 2).mean()), rel=1e-10)


@pytest.mark.parametrize("width", [8, 20, 50])
def test_train_loss_never_rises_with_steps(width):
    z, targets, start = problem(width)
    parts = spectral.decompose(z, CLASSES)
    rate = 1 / float(parts.curvatures[0])
    factors = torch.stack(
        [spectral.residual_factors(parts.curvatures, t, rate) for t in (0, 1, 10, 100, 1e4, 1e7, math.inf)]
    )
    losses = spectral.train_error(parts, targets, parts.right.T @ start, factors)
    assert (losses.diff() <= 1e-15).all()


def test_train_loss_never_rises_with_nested_width():
    z, targets, _ = problem(30)
    losses = []
    for width in range(1, 31):
        parts = spectral.decompose(z[:, :width], CLASSES)
        losses.append(float(((z[:, :width] @ spectral.ridge_weights(parts, targets) - targets) ** 2).mean()))
    assert (np.diff(losses) <= 1e-12).all()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_null_space_is_never_left(momentum):
    z, targets, start = problem(50)
    parts = spectral.decompose(z, CLASSES)
    for change in (
        closed(z, targets, start, 100, 0.1, momentum) - start,
        spectral.gradient_descent(z, targets, start, 100, 0.1, momentum) - start,
    ):
        assert (change - parts.right @ (parts.right.T @ change)).norm() < 1e-12 * change.norm()


def test_adam_leaves_the_null_space():
    from verifig.training.optim import Adam

    z, targets, start = problem(50)
    weights = start.clone().reshape(1, -1)
    optimizer = Adam(weights, 0.01)
    for _ in range(20):
        gradient = z.T @ (z @ weights.view_as(start) - targets)
        optimizer.step(weights, gradient.reshape(1, -1))
    parts, change = spectral.decompose(z, CLASSES), weights.view_as(start) - start
    assert (change - parts.right @ (parts.right.T @ change)).norm() > 1e-3 * change.norm()


def test_normal_equations_fail_in_single_precision_only():
    z, targets, _ = problem(80)
    exact = z @ spectral.ridge_weights(spectral.decompose(z, CLASSES), targets, 1e-8)
    double = z @ spectral.normal_equations(z, targets, 1e-8)
    single = z @ spectral.normal_equations(z.float(), targets.float(), 1e-8).double()
    assert (double - exact).abs().max() < 1e-4
    assert (single - exact).abs().max() > 10 * (double - exact).abs().max()


def test_condition_number_drops_the_lost_direction():
    z, _, _ = problem(30)
    centred = z - z.mean(0)
    assert spectral.condition_number(torch.linalg.svdvals(centred)) < 1e6
    assert spectral.condition_number(torch.tensor([4.0, 2.0, 1e-14])) == 2


@pytest.mark.parametrize(("aspect", "limit"), [(0.25, 3.0), (4.0, 3.0)])
def test_bai_yin(aspect, limit):
    z = torch.randn(400, int(400 * aspect), generator=generator("test", "bai-yin"), dtype=torch.float64)
    assert spectral.condition_number(torch.linalg.svdvals(z)) == pytest.approx(limit, rel=0.1)


@pytest.mark.parametrize("steps", [-1, 0.5])
def test_steps_must_be_whole(steps):
    with pytest.raises(ValueError, match="whole number"):
        spectral.residual_factors(torch.ones(2), steps, 0.1)


def test_features_that_are_all_zero_teach_nothing():
    parts = spectral.decompose(torch.zeros(4, 3, dtype=torch.float64), 2)
    assert parts.largest_curvature == 1
    assert parts.condition_number == np.inf
