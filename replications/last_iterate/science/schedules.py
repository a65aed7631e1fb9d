"""Step sizes of (sub)gradient methods, in units of R/B, and what bounds promise for the last iterate.

R is the distance of the first iterate from a minimiser or an upper bound of it (such as the radius of a ball), B the largest norm of a subgradient.
"""

import numpy as np


def inverse_root(steps: int) -> np.ndarray:
    """1/sqrt(t), t = 1 ... `steps` [steps]: needs no horizon."""
    return 1 / np.sqrt(np.arange(1, steps + 1))


def constant(steps: int) -> np.ndarray:
    """1/sqrt(T) at each of T = `steps` steps [steps]."""
    return np.full(steps, steps**-0.5)


def linear_decay(steps: int, horizon: int | None = None) -> np.ndarray:
    """(T - t + 1) / T^(3/2), t = 1 ... `steps` [steps], with T = `horizon` (None: `steps`), as a public review quotes it of Liu and Zhou."""
    horizon = steps if horizon is None else horizon
    return (horizon - np.arange(steps)) / horizon**1.5


def tight_decay(steps: int) -> np.ndarray:
    """(N + 1 - t) / (N + 1)^(3/2), t = 1 ... N = `steps` [steps]: those of Zamani and Glineur, whose bound is `guarantee`."""
    return linear_decay(steps + 1)[1:]


def guarantee(steps: int, gradient: float = 1.0, distance: float = 1.0) -> float:
    """B R / sqrt(N + 1): no error after N = `steps` steps of `tight_decay` exceeds it, and no method has a smaller bound (Zamani and Glineur).

    Args:
        gradient: B, the largest norm of a subgradient.
        distance: R, from the first iterate to a minimiser at most.
    """
    return gradient * distance / (steps + 1) ** 0.5


def constant_step_guarantee(steps: int, gradient: float = 1.0, distance: float = 1.0) -> float:
    """B R sqrt((1 + ln(N)/4) / (N + 1)) after N = `steps` steps of the best constant size (Zamani and Glineur)."""
    return guarantee(steps, gradient, distance) * (1 + np.log(steps) / 4) ** 0.5
