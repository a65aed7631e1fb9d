"""The solver against scipy.optimize and scikit-learn, in every regime of samples and features."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from replications.linear_evaluation.science import logistic as module
from replications.linear_evaluation.science.logistic import helmert, logistic


def data(count: int, samples: int, features: int, classes: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    stream = torch.Generator().manual_seed(seed)
    y = torch.randint(classes, (count, samples), generator=stream)
    y[:, :classes] = torch.arange(classes)
    x = torch.randn(count, samples, features, generator=stream, dtype=torch.float64)
    x[..., 0] += y  # something to learn
    return x * torch.linspace(0.5, 2, features, dtype=torch.float64), y


def objective(flat: np.ndarray, x: np.ndarray, y: np.ndarray, classes: int, strength: float) -> float:
    """Sum of cross-entropies and the penalty; two classes share one weight vector."""
    if classes == 2:
        weights, biases = np.stack([0 * flat[:-1], flat[:-1]], 1), np.array([0, flat[-1]])
        penalty = np.sum(flat[:-1] ** 2) / (2 * strength)
    else:
        weights, biases = flat[: x.shape[1] * classes].reshape(-1, classes), flat[x.shape[1] * classes :]
        penalty = np.sum(weights**2) / (2 * strength)
    scores = x @ weights + biases
    return np.sum(logsumexp(scores, axis=1) - scores[np.arange(len(y)), y]) + penalty


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("strength", [0.3, 5.0])
def test_it_is_the_minimum_that_scipy_finds(classes, strength):
    x, y = data(1, 25, 3, classes)
    weights, biases = (part[0].numpy() for part in logistic(x, y, classes, strength))
    size = 4 if classes == 2 else 3 * classes + classes
    given = x[0].numpy(), y[0].numpy(), classes, strength
    found = minimize(objective, np.zeros(size), given, method="BFGS", options={"gtol": 1e-8})
    if classes == 2:
        ours = np.r_[weights[:, 1] - weights[:, 0], biases[1] - biases[0]]
        np.testing.assert_allclose(ours, found.x, atol=1e-5)
    else:
        ours = np.r_[weights.ravel(), biases]
        np.testing.assert_allclose(weights, found.x[: 3 * classes].reshape(-1, classes), atol=1e-5)
        np.testing.assert_allclose(weights.sum(1), 0, atol=1e-12)
    assert objective(ours, *given) <= found.fun + 1e-9


@pytest.mark.parametrize(("samples", "features"), [(60, 20), (30, 50), (20, 90), (300, 270), (280, 300)])
def test_every_way_of_solving_agrees_with_scikit_learn(samples, features):
    """Few features, nearly as many, more than twice the samples, and so many that a diagonal is inverted."""
    for classes in (2, 4):
        x, y = data(1, samples, features, classes, seed=samples)
        weights, _ = logistic(x, y, classes, 2.0)
        theirs = LogisticRegression(C=2.0, tol=1e-9, max_iter=10000).fit(x[0].numpy(), y[0].numpy()).coef_
        ours = (weights[0, :, 1] - weights[0, :, 0])[None] if classes == 2 else weights[0].T
        np.testing.assert_allclose(ours.numpy(), theirs, atol=2e-5)


def test_data_sets_together_are_what_they_are_alone(monkeypatch):
    x, y = data(4, 30, 6, 3)
    alone = [logistic(x[k : k + 1], y[k : k + 1], 3) for k in range(4)]
    for numbers in (10**9, 2 * x[0].numel(), 1):
        monkeypatch.setattr(module, "CACHED", numbers)
        weights, biases = logistic(x, y, 3)
        torch.testing.assert_close(weights, torch.cat([each[0] for each in alone]), rtol=1e-6, atol=1e-8)
        torch.testing.assert_close(biases, torch.cat([each[1] for each in alone]), rtol=1e-6, atol=1e-8)


def test_the_gradient_vanishes_to_the_tolerance_and_too_few_steps_are_told(monkeypatch):
    x, y = data(1, 40, 5, 3)
    slopes = []
    for tolerance in (1e-2, 1e-9):
        weights, biases = (part.clone().requires_grad_() for part in logistic(x, y, 3, 3.0, tolerance))
        loss = torch.nn.functional.cross_entropy((x @ weights + biases)[0], y[0], reduction="sum")
        parts = torch.autograd.grad(loss + weights.square().sum() / 6, (weights, biases))
        slopes.append(float(sum(part.square().sum() for part in parts).sqrt()))
    assert slopes[1] < 1e-6 < slopes[0]
    monkeypatch.setattr(module, "STEPS", 2)
    with pytest.raises(ArithmeticError, match="after 2 steps"):
        logistic(x, y, 3)


def test_separable_data_of_a_large_scale_converge():
    x, y = data(1, 10, 40, 2)
    weights, biases = logistic(1000 * x, y, 2, 1e4)
    assert torch.equal((1000 * x @ weights + biases[:, None]).argmax(2), y)


@pytest.mark.parametrize("features", [0, 2])
def test_without_anything_to_learn_from_the_biases_are_shares(features):
    y = torch.tensor([[0, 1, 1, 2, 1]])
    weights, biases = logistic(torch.zeros(1, 5, features, dtype=torch.float64), y, 3)
    assert weights.shape == (1, features, 3)
    torch.testing.assert_close(biases.softmax(1), torch.tensor([[0.2, 0.6, 0.2]], dtype=torch.float64))


def test_the_basis_is_orthonormal_and_sums_to_zero():
    basis = helmert(5)
    torch.testing.assert_close(basis.T @ basis, torch.eye(4, dtype=torch.float64))
    torch.testing.assert_close(basis.sum(0), torch.zeros(4, dtype=torch.float64))
