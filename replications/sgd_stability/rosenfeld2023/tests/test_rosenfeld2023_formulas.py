"""Closed forms of the toy against automatic differentiation on samples, and its minimum."""

import pytest
import torch

from replications.sgd_stability.rosenfeld2023.experiments import formulas, toy


@pytest.fixture
def model():
    stream = torch.Generator().manual_seed(1)
    draw = lambda *shape: torch.randn(*shape, generator=stream, dtype=torch.float64)  # noqa: E731
    return draw(9, 3), draw(9), draw(3), draw(1)[0]


def on_samples(model, flat: torch.Tensor) -> torch.Tensor:
    z, y, _, _ = model
    return (flat[-1] * (z @ flat[:-1]) - y).square().mean() / 2


def test_loss_gradient_and_hessian(model):
    z, y, w, c = model
    s, r, q = formulas.moments(z, y)
    flat = torch.cat([w, c[None]])
    torch.testing.assert_close(formulas.loss(s, r, q, w, c), on_samples(model, flat))
    by_w, by_c = formulas.gradient(s, r, w, c)
    gradient = torch.func.grad(lambda at: on_samples(model, at))(flat)
    torch.testing.assert_close(torch.cat([by_w, by_c[None]]), gradient)
    hessian = torch.func.hessian(lambda at: on_samples(model, at))(flat)
    torch.testing.assert_close(formulas.hessian(s, r, w, c), hessian)
    torch.testing.assert_close(formulas.sharpness(hessian[None])[0], torch.linalg.eigvalsh(hessian)[-1])


def test_gauss_newton_is_from_per_sample_gradients(model):
    z, y, w, c = model
    s, _, _ = formulas.moments(z, y)
    slopes = torch.cat([c * z, (z @ w)[:, None]], 1)
    torch.testing.assert_close(formulas.gauss_newton(s, w, c), slopes.T @ slopes / len(z))


def test_a_batch_is_its_members(model):
    z, y, w, c = model
    s, r, _ = (torch.stack([each, 2 * each]) for each in formulas.moments(z, y))
    both = formulas.hessian(s, r, torch.stack([w, -w]), torch.stack([c, c + 1]))
    torch.testing.assert_close(both[1], formulas.hessian(s[1], r[1], -w, c + 1))


def test_a_matrix_that_is_not_finite_has_an_infinite_eigenvalue():
    matrix = torch.eye(2, dtype=torch.float64).repeat(2, 1, 1)
    matrix[0, 0, 0] = torch.nan
    assert formulas.sharpness(matrix).tolist() == [torch.inf, 1]


@pytest.mark.parametrize(("beta", "share", "size"), [(1.5, 0.02, 20.0), (3.0, 0.1, 5.0)])
def test_the_valley_is_the_curvature_at_the_balanced_minimum(beta, share, size):
    """With inputs of unit variance and no correlations: c^2 = |w|^2 = |beta|, no weight on the outlier feature."""
    second = torch.diag(torch.tensor([1.0, 1.0, share * size**2], dtype=torch.float64))
    target = torch.tensor([beta, 0.0, 0.0], dtype=torch.float64)
    w, c = target / beta**0.5, torch.tensor(beta**0.5, dtype=torch.float64)
    by_w, by_c = formulas.gradient(second, target, w, c)
    assert by_w.abs().max() < 1e-12
    assert by_c.abs() < 1e-12
    found = formulas.sharpness(formulas.hessian(second, target, w, c))
    assert found.item() == pytest.approx(max(formulas.valley(beta, share, size), 2 * beta))
    assert formulas.valley(beta, share, size) == pytest.approx(beta * share * size**2)


def test_descent_on_moments_is_descent_on_samples():
    member = {"dimension": 3, "samples": 100, "seed": 0, "outlier_share": 0.1, "outlier_size": 4.0, "aligned": False}
    errors = toy.direct_errors(member | {"beta": 2.0, "kappa": 3.0, "learning_rate": 0.1})
    assert errors["direct_hessian_error"].max() < 1e-12
    assert errors["direct_loss_error"].max() < 1e-12
    assert len(errors["direct_loss_error"]) == 2
