"""Exact minimisers of the unconstrained-features model (Dang et al. 2023; derived anew, checked in tests).

Objective, with K classes of sizes n_k, N samples, free features H [d, N] and M bias-free linear layers W_1 ... W_M:
    f = ||W_M ... W_1 H + b 1^T - Y||^2 / 2N + sum_m lam_m ||W_m||^2 / 2 + lam_H ||H||^2 / 2.
f does not change under rotations, so it falls apart into the modes of the label matrix Y (with a bias of Y minus its
mean over samples): each singular value s_j is a problem of its own, in which s_j^2 stands for the class size n_k. Layers
narrower than the number of modes keep the largest. Decays are L2 coefficients, class sizes are counts.
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
    sizes: Sequence[float],
    depth: int,
    weight_decay: float | Sequence[float],
    feature_decay: float,
    total: float | None = None,
) -> np.ndarray:
    """beta_k = M N (N lam_1 ... lam_M lam_H)^(1/M) / n_k: the pressure of regularisation on each class [K].

    Args:
        sizes: n_k, or the squared singular values of the labels' modes.
        total: N, where it is not the sum of `sizes`.
    """
    n = np.asarray(sizes, float)
    total = n.sum() if total is None else total
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
    """The minimiser's geometry by mode, arrays [modes] (see the module for the symbols).

    Without a bias the modes are the classes. With one they are the K - 1 directions of the centred labels.

    Attributes:
        x: root that gives everything else, p = N lam_H x^M; 0 for a collapsed or cut mode.
        singular: singular value of W_1 that belongs to the mode.
        classifier: p_j; Wp Wp^T = left diag(classifier) left^T with Wp = W_M ... W_1; squared lengths of its rows without a bias.
        feature: Hbar^T Hbar = right diag(feature) right^T for class means Hbar; their squared lengths without a bias.
        output: Wp Hbar = left diag(output) right^T (the bias not added); self-outputs without a bias.
        objective: f at the minimum.
        left, right: frames [K, modes], identities without a bias.
        squared: s_j^2, descending with a bias, in the order of the classes without.
        rank: number of modes that the layers' width admits.
        dual: p_j + N lam_H, which turns class means into classifiers (see `duality_map`).
    """

    x: np.ndarray
    singular: np.ndarray
    classifier: np.ndarray
    feature: np.ndarray
    output: np.ndarray
    objective: float
    left: np.ndarray
    right: np.ndarray
    squared: np.ndarray
    rank: int
    dual: np.ndarray


def label_modes(sizes: Sequence[float], bias: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(left [K, modes], squared singular values s^2 [modes], right [K, modes]) of the labels, centred with a bias.

    The singular value decomposition U diag(s) V^T of the labels with one column a class, weighted by the root of its
    size; left = U and right = diag(n)^(-1/2) V diag(s), so that left right^T are the (centred) labels by class.
    """
    n = np.asarray(sizes, float)
    if not bias:
        return np.eye(len(n)), n, np.eye(len(n))
    columns = (np.eye(len(n)) - (n / n.sum())[:, None]) * np.sqrt(n)
    left, singular, turned = np.linalg.svd(columns)
    modes = len(n) - 1
    right = turned[:modes].T * singular[:modes] / np.sqrt(n)[:, None]
    return left[:, :modes], singular[:modes] ** 2, right


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
        bias: an unregularised last-layer bias; at the minimum it holds the class frequencies n_k / N.
        rank: smallest layer width: so many modes with the largest gain are kept. Equal modes at the cut can be kept in
            any rotation (see `measuring.ties`).
        local: follow the non-zero branch up to the spinodal instead of comparing it with zero.

    Raises:
        ValueError: decays that are not positive.
    """
    left, squared, right = label_modes(sizes, bias)
    total, lam = float(np.sum(sizes)), decays(weight_decay, depth)
    beta = pressure(squared, depth, lam, feature_decay, total)
    x = np.where(beta < (spinodal(depth) if local else collapse_threshold(depth)), branch(beta, depth), 0.0)
    ratio = lam[0] ** (depth - 1) / lam[1:].prod()
    rank = len(x) if rank is None else min(rank, len(x))
    x = np.where(np.isin(np.arange(len(x)), largest(squared, rank)), x, 0.0)
    product = total * feature_decay * x**depth
    root = (total * feature_decay * x**depth / ratio) ** (1 / depth)
    cost = squared / (2 * total) / (1 + x**depth) + depth / 2 * lam[0] * root
    return Solution(
        x=x,
        singular=(product / ratio) ** (1 / (2 * depth)),
        classifier=product,
        feature=product / (product + total * feature_decay) ** 2,
        output=x**depth / (1 + x**depth),
        objective=float(cost.sum()),
        left=left,
        right=right,
        squared=squared,
        rank=rank,
        dual=product + total * feature_decay,
    )


def largest(squared: np.ndarray, rank: int) -> np.ndarray:
    """The `rank` modes that are kept, ascending: a mode's gain grows with its singular value; of equal ones the first."""
    return np.sort(np.argsort(-squared, kind="stable")[:rank])


def targets(solution: Solution) -> dict[str, np.ndarray]:
    """Predicted matrices [K, K]: `classifier` Wp Wp^T, `feature` Hbar^T Hbar (centred with a bias), `output` Wp Hbar."""
    left, right = solution.left, solution.right
    return {
        "classifier": (left * solution.classifier) @ left.T,
        "feature": (right * solution.feature) @ right.T,
        "output": (left * solution.output) @ right.T,
    }


def duality_map(solution: Solution) -> np.ndarray:
    """T [K, K] with Wp = T Hbar^T at the minimum: diag(p_k + N lam_H) without a bias."""
    return (solution.left * solution.dual) @ np.linalg.pinv(solution.right)


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
    lam = decays(weight_decay, depth)
    solution = solve(sizes, depth, lam, feature_decay, bias, width)
    kept = largest(solution.squared, solution.rank)
    frames = [np.linalg.qr(rng.standard_normal((width, len(kept))))[0] for _ in range(depth)]
    frames.append(solution.left[:, kept])
    singular = solution.singular[kept]
    weights = [frames[m + 1] @ np.diag(singular * math.sqrt(lam[0] / lam[m])) @ frames[m].T for m in range(depth)]
    means = (frames[0] * np.sqrt(solution.feature[kept])) @ solution.right[:, kept].T
    return weights, np.repeat(means, n, axis=1), n / n.sum() if bias else np.zeros(len(n))


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
