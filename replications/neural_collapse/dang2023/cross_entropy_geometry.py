"""Optimal geometries under cross-entropy: the best simplex point of heads of any depth, and SELI.

Symbols as in `closed_form`.
"""

import math
from collections.abc import Sequence

import numpy as np

from replications.neural_collapse.dang2023.closed_form import BISECTIONS, simplex


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
