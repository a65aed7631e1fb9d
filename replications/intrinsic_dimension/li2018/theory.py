"""What the figures draw of theory and of the authors' stored values."""

from collections.abc import Sequence

import numpy as np

from replications.intrinsic_dimension.science import laws


def left(performance: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Loss over the first loss, from pairs (d, performance) of which the first is at d = 0: performance is exp(-loss)."""
    first = np.log(performance[0][1])
    return [(dimension, float(np.log(value) / first)) for dimension, value in performance]


def quantiles(constraints: int, shares: Sequence[float]) -> np.ndarray:
    """Quantiles [shares, k - 1] of the loss left over the first at d = 1, ..., k - 1."""
    return np.array([[laws.law_left(d, constraints).ppf(share) for d in range(1, constraints)] for share in shares])


def exponent(pairs: Sequence[Sequence[float]]) -> float:
    """Exponent b of y as a power x^b, by least squares of logarithms, from pairs (x, y)."""
    x, y = np.log(np.array(pairs, float)).T
    return float(np.polyfit(x, y, 1)[0])
