"""Closed forms of least squares and of gradient descent on it, from one singular value decomposition.

Convention: features Z [n, W], targets Y [n, C], loss (1/(n C)) ||Z A - Y||^2 (mean over samples and outputs). Its
Hessian per output has eigenvalues lambda = 2 s^2/(n C), s the singular values of Z. After T steps of gradient descent
the residual along a singular direction has shrunk by a factor r(T) that depends on lambda, the step size, the
momentum and T alone; so one decomposition serves every horizon, step size, momentum, initial scale and label noise.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

RANK_TOLERANCE = 1e-12  # singular values below this share of the largest are no directions of Z
CONDITION_TOLERANCE = 1e-10  # the same for the condition number (standardised columns lose one rank)


@dataclass(frozen=True)
class Decomposition:
    """Z = U diag(s) V^T with the zero directions left out: `left` [n, r], `values` [r], `right` [W, r]."""

    left: Tensor
    values: Tensor
    right: Tensor
    outputs: int

    @property
    def curvatures(self) -> Tensor:
        """Eigenvalues of the loss's Hessian, lambda_i = 2 s_i^2/(n C) [r]."""
        return 2 * self.values**2 / (len(self.left) * self.outputs)

    @property
    def largest_curvature(self) -> float:
        """L; 1 where all features are zero and nothing can be trained."""
        return float(self.curvatures[0]) if len(self.values) else 1.0

    @property
    def condition_number(self) -> float:
        return condition_number(self.values)


def decompose(features: Tensor, outputs: int) -> Decomposition:
    """Singular value decomposition of features [n, W] (float64) for a model with `outputs` outputs."""
    left, values, right = torch.linalg.svd(features, full_matrices=False)
    rank = int((values > RANK_TOLERANCE * values[0]).sum())
    return Decomposition(left[:, :rank], values[:rank], right[:rank].T, outputs)


def condition_number(values: Tensor) -> float:
    """s_max/s_min over the singular values [r] that are not zero; infinite where all are."""
    kept = values[values > CONDITION_TOLERANCE * values.max()] if len(values) else values
    return float(kept.max() / kept.min()) if len(kept) else math.inf


def residual_factors(curvatures: Tensor, steps: float, rate: float, momentum: float = 0.0) -> Tensor:
    """r(T) = e_T/e_0 along directions with `curvatures` [r] (> 0) after `steps` steps of size `rate`.

    Without momentum (1 - rate lambda)^T. With momentum (v <- mu v + g, a <- a - rate v, v_0 = 0: torch's SGD) the
    recursion e_{t+1} = (1 + mu - rate lambda) e_t - mu e_{t-1}, e_{-1} = e_0, as a power of a 2 x 2 matrix.
    `steps` may be infinite: 0.

    Raises:
        ValueError: steps that are negative or not whole.
    """
    if math.isinf(steps):
        return torch.zeros_like(curvatures)
    if steps < 0 or steps != int(steps):
        raise ValueError(f"steps must be a whole number that is not negative, got {steps}")
    if momentum == 0:
        return (1 - rate * curvatures) ** int(steps)
    step = curvatures.new_zeros(len(curvatures), 2, 2)
    step[:, 0, 0] = 1 + momentum - rate * curvatures
    step[:, 0, 1] = -momentum
    step[:, 1, 0] = 1
    return torch.linalg.matrix_power(step, int(steps)).sum(2)[:, 0]


def coefficients(decomposition: Decomposition, targets: Tensor, start: Tensor, factors: Tensor) -> Tensor:
    """Coefficients V^T A_T of the trained output weights in the row space of Z.

    Args:
        targets: U^T Y, [r, C]; start: V^T A_0, [r, C]; factors: r(T), [..., r].

    Returns:
        [..., r, C]; outside the row space A_T = A_0 (null-space law of gradient descent, heavy ball and SGD).
    """
    shrunk = factors[..., None]
    return (1 - shrunk) * targets / decomposition.values[:, None] + shrunk * start


def train_error(decomposition: Decomposition, targets: Tensor, start: Tensor, factors: Tensor) -> Tensor:
    """Training loss [...] (mean over samples and outputs) after residual factors [..., r]; Y is `targets` [n, C].

    The part of Y outside the column space of Z is never fitted.
    """
    inside = decomposition.left.T @ targets
    unfitted = ((targets - decomposition.left @ inside) ** 2).sum()
    initial = decomposition.values[:, None] * start - inside
    return (((factors[..., None] * initial) ** 2).sum((-2, -1)) + unfitted) / targets.numel()


def trained_weights(decomposition: Decomposition, targets: Tensor, start: Tensor, factors: Tensor) -> Tensor:
    """Output weights A_T [W, C] from A_0 = `start` [W, C] after residual factors [r]; Y is `targets` [n, C]."""
    along = decomposition.right.T @ start
    inside = coefficients(decomposition, decomposition.left.T @ targets, along, factors)
    return start + decomposition.right @ (inside - along)


def ridge_weights(decomposition: Decomposition, targets: Tensor, ridge: float = 0.0) -> Tensor:
    """(Z^T Z + ridge I)^-1 Z^T Y [W, C] by singular values; ridge 0 is the minimum-norm interpolator pinv(Z) Y."""
    s = decomposition.values
    return decomposition.right @ ((s / (s**2 + ridge))[:, None] * (decomposition.left.T @ targets))


def normal_equations(features: Tensor, targets: Tensor, ridge: float) -> Tensor:
    """The same weights by solving (Z^T Z + ridge I) A = Z^T Y in the features' own precision (fails in float32)."""
    gram = features.T @ features + ridge * torch.eye(features.shape[1], dtype=features.dtype, device=features.device)
    return torch.linalg.solve(gram, features.T @ targets)


def gradient_descent(
    features: Tensor, targets: Tensor, start: Tensor, steps: int, rate: float, momentum: float = 0.0
) -> Tensor:
    """Output weights [W, C] after iterated full-batch steps: the reference for the closed form."""
    weights, velocity = start.clone(), torch.zeros_like(start)
    scale = 2 / targets.numel()
    for _ in range(steps):
        velocity = momentum * velocity + scale * features.T @ (features @ weights - targets)
        weights = weights - rate * velocity
    return weights
