"""Exact minimisers of the unconstrained-features model (Dang et al. 2023; derived anew, checked in tests).

Objective, with K classes of sizes n_k, N samples, free features H [d, N] and M bias-free linear layers W_1 ... W_M:
    f = ||W_M ... W_1 H + b 1^T - Y||^2 / 2N + sum_m lam_m ||W_m||^2 / 2 + lam_H ||H||^2 / 2.
All layer widths are at least K unless `rank` says otherwise. Decays are L2 coefficients, class sizes are counts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BISECTIONS = 200  # halves any bracket down to neighbouring floating-point numbers


def collapse_threshold(depth: int) -> float:
    """T_M: a class is zero at the global minimum when its beta (see `pressure`) is at least this.

    At T_M the self-output of the class jumps from (M - 1)/M to 0; for M = 1 it goes to 0 continuously.
    """
    return (depth - 1) ** ((depth - 1) / depth) / depth if depth > 1 else 1.0


def spinodal(depth: int) -> float:
    """S_M: up to this beta the non-zero branch is still a local minimum; there the self-output is (M - 1)/(2 M)."""
    if depth == 1:
        return 1.0
    return (depth + 1) ** 2 / (4 * depth) * ((depth - 1) / (depth + 1)) ** ((depth - 1) / depth)


def decays(weight_decay: float | Sequence[float], depth: int) -> np.ndarray:
    """Weight decays by layer [M] from one number or one a layer.

    Raises:
        ValueError: another number of values, or a decay that is not positive.
    """
    values = np.broadcast_to(np.asarray(weight_decay, float), (depth,)) if np.ndim(weight_decay) == 0 else weight_decay
    values = np.asarray(values, float)
    if values.shape != (depth,) or not (values > 0).all():
        raise ValueError(f"{depth} layers need {depth} positive weight decays, got {weight_decay}")
    return values


def pressure(
    sizes: Sequence[float], depth: int, weight_decay: float | Sequence[float], feature_decay: float
) -> np.ndarray:
    """beta_k = M N (N lam_1 ... lam_M lam_H)^(1/M) / n_k: the pressure of regularisation on each class [K]."""
    n = np.asarray(sizes, float)
    total = n.sum()
    product = total * decays(weight_decay, depth).prod() * feature_decay
    return depth * total * product ** (1 / depth) / n


def decay_at(beta: float, size: float, total: float, depth: int) -> float:
    """The common decay lam = lam_m = lam_H at which a class of `size` among `total` samples has this beta."""
    return ((beta * size / (depth * total)) ** depth / total) ** (1 / (depth + 1))


def critical_decay(size: float, total: float, depth: int) -> float:
    """The common decay at which a class vanishes from the global minimum; sqrt(n_k)/N for M = 1."""
    return decay_at(collapse_threshold(depth), size, total, depth)


def branch(beta: np.ndarray | float, depth: int) -> np.ndarray:
    """Largest root x of beta = M x^(M-1) / (x^M + 1)^2; 0 where there is none (beta >= S_M)."""
    beta = np.atleast_1d(np.asarray(beta, float))
    low = np.full(beta.shape, ((depth - 1) / (depth + 1)) ** (1 / depth))
    high = np.maximum((depth / beta) ** (1 / (depth + 1)), low)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = depth * middle ** (depth - 1) / (middle**depth + 1) ** 2 > beta
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(beta < spinodal(depth), (low + high) / 2, 0.0)


@dataclass(frozen=True)
class Solution:
    """The minimiser's geometry by class, arrays [K] (see the module for the symbols).

    Attributes:
        x: root that gives everything else, p = N lam_H x^M; 0 for a collapsed class.
        singular: singular value of W_1 that belongs to the class.
        classifier: p_k = (Wp Wp^T)_kk, squared length of row k of Wp = W_M ... W_1; with a bias p, the scale of E.
        feature: squared length of the class mean; with a bias the scale of E.
        output: self-output (Wp Hbar)_kk; with a bias the scale of E.
        objective: f at the minimum.
    """

    x: np.ndarray
    singular: np.ndarray
    classifier: np.ndarray
    feature: np.ndarray
    output: np.ndarray
    objective: float


def solve(
    sizes: Sequence[float],
    depth: int,
    weight_decay: float | Sequence[float],
    feature_decay: float,
    bias: bool = False,
    rank: int | None = None,
    local: bool = False,
) -> Solution:
    """The global minimiser for any class sizes and depth.

    Args:
        weight_decay: lam_m, one number or one a layer.
        bias: an unregularised last-layer bias; derived for equal class sizes only.
        rank: smallest layer width, where it is below K: the classes with the largest gain are kept.
        local: follow the non-zero branch up to the spinodal instead of comparing it with zero.

    Raises:
        ValueError: bias with unequal sizes, or decays that are not positive.
    """
    n = np.asarray(sizes, float)
    if bias and np.ptp(n) > 0:
        raise ValueError("the closed form with a bias holds for equal class sizes")
    total, lam = n.sum(), decays(weight_decay, depth)
    beta = pressure(sizes, depth, lam, feature_decay)
    x = np.where(beta < (spinodal(depth) if local else collapse_threshold(depth)), branch(beta, depth), 0.0)
    ratio = lam[0] ** (depth - 1) / lam[1:].prod()

    def cost(root: np.ndarray) -> np.ndarray:
        """Objective by class."""
        squared = (total * feature_decay * root**depth / ratio) ** (1 / depth)
        return n / (2 * total) / (1 + root**depth) + depth / 2 * lam[0] * squared

    if rank is not None and rank < len(n):
        gain = n / (2 * total) - cost(x)
        x = np.where(np.isin(np.arange(len(n)), np.argsort(-gain, kind="stable")[:rank]), x, 0.0)
    product = total * feature_decay * x**depth
    modes = (len(n) - 1) / len(n) if bias else 1.0
    return Solution(
        x=x,
        singular=(product / ratio) ** (1 / (2 * depth)),
        classifier=product,
        feature=product / (product + total * feature_decay) ** 2,
        output=x**depth / (1 + x**depth),
        objective=float(modes * cost(x).sum()),
    )


def targets(solution: Solution, bias: bool = False) -> dict[str, np.ndarray]:
    """Predicted matrices [K, K]: `classifier` Wp Wp^T, `feature` Hbar^T Hbar (centred with a bias), `output` Wp Hbar."""
    k = len(solution.x)
    fields = {name: getattr(solution, name) for name in ("classifier", "feature", "output")}
    if bias:
        return {name: value[0] * simplex(k) for name, value in fields.items()}
    return {name: np.diag(value) for name, value in fields.items()}


def simplex(classes: int) -> np.ndarray:
    """E = I - 11^T / K, the Gram matrix of a simplex equiangular tight frame up to scale."""
    return np.eye(classes) - 1 / classes


def minimiser(
    sizes: Sequence[int],
    depth: int,
    weight_decay: float | Sequence[float],
    feature_decay: float,
    width: int,
    rng: np.random.Generator,
    bias: bool = False,
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """One global minimiser with random orthonormal frames.

    Returns:
        (weights W_1 ... W_M, features [width, N] with the samples ordered by class, bias [K]).
    """
    n = np.asarray(sizes)
    k, lam = len(n), decays(weight_decay, depth)
    solution = solve(sizes, depth, lam, feature_decay, bias)
    left, modes = np.eye(k), k
    if bias:
        left, modes = np.linalg.svd(simplex(k))[0][:, : k - 1], k - 1
    frames = [np.linalg.qr(rng.standard_normal((width, modes)))[0] for _ in range(depth)] + [left]
    singular = solution.singular[:modes]
    weights = [frames[m + 1] @ np.diag(singular * math.sqrt(lam[0] / lam[m])) @ frames[m].T for m in range(depth)]
    product = np.linalg.multi_dot(weights[::-1]) if depth > 1 else weights[0]
    means = product.T / (solution.classifier + n.sum() * feature_decay)
    return weights, np.repeat(means, n, axis=1), np.full(k, 1 / k if bias else 0.0)


def objective(
    weights: Sequence[np.ndarray],
    features: np.ndarray,
    bias: np.ndarray,
    sizes: Sequence[int],
    weight_decay: float | Sequence[float],
    feature_decay: float,
) -> tuple[float, list[np.ndarray]]:
    """f and its gradients by W_1 ... W_M, H and b; samples ordered by class."""
    lam, total = decays(weight_decay, len(weights)), sum(sizes)
    labels = np.repeat(np.eye(len(sizes)), sizes, axis=1)
    layers = [features]
    for weight in weights:
        layers.append(weight @ layers[-1])
    slope = (layers[-1] + bias[:, None] - labels) / total
    value = total / 2 * (slope**2).sum() + feature_decay / 2 * (features**2).sum()
    value += sum(rate / 2 * (weight**2).sum() for rate, weight in zip(lam, weights, strict=True))
    gradients = [slope.sum(1)]
    for rate, weight, below in zip(lam[::-1], weights[::-1], layers[-2::-1], strict=True):
        gradients.insert(0, slope @ below.T + rate * weight)
        slope = weight.T @ slope
    gradients.insert(-1, slope + feature_decay * features)
    return float(value), gradients


def simplex_cross_entropy(
    classes: int, size: float, depth: int, weight_decay: float, feature_decay: float
) -> tuple[float, float]:
    """Cross-entropy objective of the best simplex ("deep neural collapse") point for equal classes, and its logit gap a.

    Minimises log(1 + (K-1) e^-a) + (M+1)/2 (K-1) (lam^M lam_H n)^(1/(M+1)) a^(2/(M+1)) over a >= 0. For M = 1 this is
    the global minimum; for M >= 2 it is a critical point that need not be.
    """
    price = (depth + 1) / 2 * (classes - 1)
    price *= (weight_decay**depth * feature_decay * size) ** (1 / (depth + 1))

    def phi(a: np.ndarray) -> np.ndarray:
        return np.log1p((classes - 1) * np.exp(-a)) + price * a ** (2 / (depth + 1))

    grid = np.linspace(0, 60, 6001)
    best = grid[np.argmin(phi(grid))]
    if best == 0:
        return math.log(classes), 0.0
    low, high = best - 0.01, best + 0.01
    for _ in range(BISECTIONS):  # the derivative changes its sign once near the minimum
        a = (low + high) / 2
        tail = (classes - 1) * math.exp(-a)
        slope = -tail / (1 + tail) + price * 2 / (depth + 1) * a ** (2 / (depth + 1) - 1)
        low, high = (a, high) if slope < 0 else (low, a)
    return float(phi(np.float64(low))), float(low)


def simplex_labels(sizes: Sequence[int]) -> dict[str, np.ndarray]:
    """SELI (Thrampoulidis et al. 2022): Gram matrices [K, K] of classifiers and class means for cross-entropy, ridge -> 0.

    From the singular value decomposition of the centred labels Z = (I - 11^T/K) Y = V L U^T: classifiers V L V^T,
    features U L U^T, both up to scale.
    """
    n = np.asarray(sizes, float)
    columns = simplex(len(n)) * np.sqrt(n)  # one column a class instead of n_k equal ones
    v, singular, ut = np.linalg.svd(columns)
    means = ut / np.sqrt(n)
    return {"classifier": (v * singular) @ v.T, "feature": means.T @ np.diag(singular) @ means}
