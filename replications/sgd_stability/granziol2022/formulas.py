"""Closed forms: the spiked model of the largest eigenvalue, and largest stable rates of linear regression."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar


def sampling_factor(samples: int, sizes: ArrayLike) -> np.ndarray:
    """Variance of the mean of a batch drawn without replacement over that of one sample: (N - B) / (B (N - 1)), close to 1/B."""
    sizes = np.asarray(sizes, float)
    return (samples - sizes) / (sizes * (samples - 1))


def spiked(noise: float, factors: ArrayLike) -> np.ndarray:
    """Largest eigenvalue of a batch over that of all samples, for one spike of size lambda_1 in symmetric noise.

    lambda_1 + s q / lambda_1 while s q < lambda_1^2, and 2 sqrt(s q), the edge of the noise, beyond.

    Args:
        noise: s / lambda_1^2, the variance of one sample's noise; factors: q, shape (sizes,) (see `sampling_factor`).
    """
    share = noise * np.asarray(factors, float)
    return np.where(share < 1, 1 + share, 2 * np.sqrt(share))


def fitted(ratios: ArrayLike, factors: ArrayLike) -> float:
    """The noise s / lambda_1^2 with which `spiked` is closest to measured ratios, both of shape (sizes,), in squares of logarithms."""
    logs = np.log(np.asarray(ratios, float))

    def distance(log_noise: float) -> float:
        return float(np.square(logs - np.log(spiked(np.exp(log_noise), factors))).sum())

    return float(np.exp(minimize_scalar(distance, bounds=(-5, 10), method="bounded", options={"xatol": 1e-8}).x))


def without_noise(batch: ArrayLike, dimension: int) -> np.ndarray:
    """Largest stable rate of SGD on Gaussian regression that can be fitted: 2 B / (B + d + 1)."""
    batch = np.asarray(batch, float)
    return 2 * batch / (batch + dimension + 1)


def with_noise(batch: ArrayLike, dimension: int, optimizer: str) -> np.ndarray:
    """Largest rate at which the excess loss stays below the initial one, |w|^2 / 2 = 1/2, under label noise of variance 1.

    SGD: |w|^2 = eta (d/B) / (2 - eta (B + d + 1) / B) in the stationary state, which is 1 at 2 B / (B + 2 d + 1). Adam divides the
    gradient by its root mean square, which for B << d is sqrt(2 / B) then: its rate is that of SGD times sqrt(2 / B), a heuristic.
    """
    batch = np.asarray(batch, float)
    rate = 2 * batch / (batch + 2 * dimension + 1)
    return rate if optimizer == "sgd" else rate * np.sqrt(2 / batch)
