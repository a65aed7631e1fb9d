"""Differences and ratios of conditions, of the units that both have: same seed, teacher and batch order."""

import numpy as np


def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """first - second by unit."""
    shared = min(len(first), len(second))
    return first[:shared] - second[:shared]


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """above / below by unit; NaN or infinite, and so `diverged`, where a copy of the teacher has no divergence at all."""
    shared = min(len(above), len(below))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return above[:shared] / below[:shared]
