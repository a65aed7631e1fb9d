"""In which order neurons are pruned (Figure 6): numpy alone, for use on neurons of one's own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

ORDERS = ("low", "high", "random")  # lowest participation ratio first, highest first, control


def order(periodicity: ArrayLike, first: str, shuffled: ArrayLike | None = None) -> np.ndarray:
    """The neurons in the order in which they are removed, cumulatively and without retraining.

    Args:
        periodicity: inverse participation ratio [N] of each neuron (`science.fourier.participation`, mean over its row
            of U, its row of V and its column of W).
        first: `low` (memorising neurons first), `high` (periodic ones first) or `random` (no order of the paper: control).
        shuffled: a permutation of 0, ..., N - 1, for `random`.

    Returns:
        indices [N]; of equal neurons the one with the lower index goes first.
    """
    values = np.asarray(periodicity, float)
    match first:
        case "low":
            return np.argsort(values, kind="stable")
        case "high":
            return np.argsort(-values, kind="stable")
        case "random":
            return np.asarray(shuffled)
    raise ValueError(f"first = {first!r} must be one of {', '.join(ORDERS)}")


def removed_counts(width: int, shares: Sequence[float]) -> list[int]:
    """How many of `width` neurons are removed at each share, rounded."""
    return [round(share * width) for share in shares]
