"""Multiclass logistic regression with an L2 penalty, by Newton's method on many data sets at once.

Weights are sought orthogonal to the vector of ones over classes, where the minimum lies. A Newton step is found by conjugate gradients,
preconditioned by the Hessian with one weight a sample (exact for two classes), or by its diagonal where there are many features.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

STEPS, INNER, TRIES = 100, 200, 30
MANY = 256  # features, beyond which only a diagonal is inverted
CACHED = (
    2**18
)  # numbers: data sets that are larger together are solved in turn, so that a product stays in a CPU's cache


def logistic(
    x: Tensor, y: Tensor, classes: int, strength: float = 1.0, tolerance: float = 1e-8
) -> tuple[Tensor, Tensor]:
    """Weights [B, n, K] and biases [B, K] that minimise the sum of cross-entropies + ||W||^2 / (2 C).

    As in scikit-learn two classes share one weight vector w, W = (-w/2, w/2), and the penalty is |w|^2 / (2 C); biases are free.

    Args:
        x: features [B, m, n] float64; y: labels [B, m] of 0..K-1; strength: C.
        tolerance: the gradient's norm at the solution, over that at zero.

    Raises:
        ArithmeticError: the tolerance is not reached.
    """
    if x.shape[2] > 2 * x.shape[1]:  # weights lie in the span of the samples
        span, inside = torch.linalg.qr(x.transpose(1, 2))
        weights, biases = logistic(inside.transpose(1, 2), y, classes, strength, tolerance)
        return span @ weights, biases
    size = max(1, CACHED // max(1, x[0].numel()))
    parts = [_solve(*part, classes, strength, tolerance) for part in zip(x.split(size), y.split(size), strict=True)]
    weights, biases = zip(*parts, strict=True)
    return torch.cat(weights), torch.cat(biases)


def _solve(x: Tensor, y: Tensor, classes: int, strength: float, tolerance: float) -> tuple[Tensor, Tensor]:
    problem = _Problem(x, y, classes, strength / 2 if classes == 2 else strength)
    solution = torch.zeros(len(x), classes - 1, x.shape[2] + 1, dtype=x.dtype, device=x.device)
    scores = problem.scores(solution)
    value, slope = problem.loss(solution, scores), problem.slope(solution, scores)
    first = _norm(slope)
    for _ in range(STEPS):
        relative = _norm(slope) / first.clamp_min(1e-300)
        if bool((relative <= tolerance).all()):
            weights = (problem.basis @ solution).transpose(1, 2)
            return weights[:, :-1], weights[:, -1]
        step = problem.newton(slope, scores, relative.pow(0.3).clamp(1e-3, 0.3))
        solution, scores, value = _descend(problem, solution, scores, value, slope, step)
        slope = problem.slope(solution, scores)
    raise ArithmeticError(f"the gradient is still {float(relative.max()):.1e} of its first norm after {STEPS} steps")


class _Problem:
    """Loss, gradient and Newton steps; unknowns [B, K - 1, n + 1], the last column the free biases; scores [B, K, m]."""

    def __init__(self, x: Tensor, y: Tensor, classes: int, strength: float):
        self.x, self.strength = x, strength
        self.basis = helmert(classes).to(x)
        self.targets = one_hot(y, classes).to(x.dtype).transpose(1, 2)
        self.squares = x.square() if x.shape[2] > MANY else None

    def scores(self, solution: Tensor) -> Tensor:
        return self.basis @ (solution[:, :, :-1] @ self.x.transpose(1, 2) + solution[:, :, -1:])

    def back(self, residuals: Tensor) -> Tensor:
        """The transpose of `scores`."""
        inside = self.basis.T @ residuals
        return torch.cat([inside @ self.x, inside.sum(2, keepdim=True)], 2)

    def penalty(self, solution: Tensor) -> Tensor:
        """Gradient of the penalty."""
        return torch.cat([solution[:, :, :-1] / self.strength, torch.zeros_like(solution[:, :, -1:])], 2)

    def loss(self, solution: Tensor, scores: Tensor) -> Tensor:
        """The objective [B]."""
        entropy = scores.logsumexp(1) - (scores * self.targets).sum(1)
        return entropy.sum(1) + solution[:, :, :-1].square().sum((1, 2)) / (2 * self.strength)

    def slope(self, solution: Tensor, scores: Tensor) -> Tensor:
        """Its gradient."""
        return self.back(scores.softmax(1) - self.targets) + self.penalty(solution)

    def newton(self, slope: Tensor, scores: Tensor, accuracy: Tensor) -> Tensor:
        """The step against the gradient, up to `accuracy` [B] of the gradient's norm."""
        p = scores.softmax(1)

        def hessian(step: Tensor) -> Tensor:
            along = p * self.scores(step)
            return self.back(along - p * along.sum(1, keepdim=True)) + self.penalty(step)

        weights = (1 - p.square().sum(1)) / self.basis.shape[1]
        return _conjugate_gradients(hessian, self._preconditioner(weights), -slope, accuracy)

    def _preconditioner(self, weights: Tensor) -> Callable[[Tensor], Tensor]:
        """Solves with the Hessian in which all classes have the same weight a sample [B, m], or with its diagonal."""
        ridge, total = 1 / self.strength, weights.sum(1)[:, None, None]
        if self.squares is not None:
            diagonal = torch.cat([weights[:, None] @ self.squares + ridge, total], 2)
            return lambda right: right / diagonal
        scaled = weights.sqrt()[:, :, None] * self.x
        matrix = scaled.transpose(1, 2) @ scaled
        matrix.diagonal(dim1=1, dim2=2).add_(ridge)
        factor = torch.linalg.cholesky(matrix)
        row = weights[:, None] @ self.x
        inside = _solved(row, factor)
        free = total - (row * inside).sum(2, keepdim=True)

        def solve(right: Tensor) -> Tensor:
            """The biases, which are not penalised, are eliminated."""
            last = (right[:, :, -1:] - right[:, :, :-1] @ inside.transpose(1, 2)) / free
            return torch.cat([_solved(right[:, :, :-1], factor) - last * inside, last], 2)

        return solve


def _solved(rows: Tensor, factor: Tensor) -> Tensor:
    return torch.cholesky_solve(rows.transpose(1, 2), factor).transpose(1, 2)


def _conjugate_gradients(hessian: Callable, precondition: Callable, right: Tensor, accuracy: Tensor) -> Tensor:
    solution, residual = torch.zeros_like(right), right
    ready = precondition(residual)
    direction, product, wanted = ready, _dot(residual, ready), accuracy * _norm(right)
    for _ in range(INNER):
        image = hessian(direction)
        length = _per(product / _dot(direction, image).clamp_min(1e-300), right)
        solution, residual = solution + length * direction, residual - length * image
        if bool((_norm(residual) <= wanted).all()):
            break
        ready = precondition(residual)
        before, product = product, _dot(residual, ready)
        direction = ready + _per(product / before.clamp_min(1e-300), right) * direction
    return solution


def _descend(problem, solution, scores, value, slope, step) -> tuple[Tensor, Tensor, Tensor]:
    """A step of length ..., 2, 1, 1/2, ... for each problem: doubled while the loss falls, halved until it falls enough.

    Trying one costs little: scores are linear in the length.
    """
    along, downhill = problem.scores(step), _dot(slope, step)
    rounding = 1e-12 * value.abs()

    def tried(length: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        moved, new = solution + _per(length, step) * step, scores + _per(length, step) * along
        return moved, new, problem.loss(moved, new)

    length = torch.ones_like(value)
    found = tried(length)
    for _ in range(TRIES):
        longer = tried(2 * length)
        better = longer[2] < found[2] - rounding
        if not bool(better.any()):
            break
        length = torch.where(better, 2 * length, length)
        found = tuple(torch.where(_per(better, a), b, a) for a, b in zip(found, longer, strict=True))
    for _ in range(TRIES):
        short = found[2] > value + 1e-4 * length * downhill + rounding
        if not bool(short.any()):
            break
        length = torch.where(short, length / 2, length)
        found = tried(length)
    return found


def helmert(classes: int) -> Tensor:
    """An orthonormal basis [K, K - 1] of the vectors whose entries sum to 0."""
    rows = [np.r_[np.full(k, 1.0), -k, np.zeros(classes - k - 1)] / np.sqrt(k * (k + 1)) for k in range(1, classes)]
    return torch.from_numpy(np.stack(rows, 1))


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum((1, 2))


def _norm(a: Tensor) -> Tensor:
    return _dot(a, a).sqrt()


def _per(values: Tensor, like: Tensor) -> Tensor:
    """Values [B] beside a tensor [B, ...]."""
    return values.view(-1, *[1] * (like.dim() - 1))
