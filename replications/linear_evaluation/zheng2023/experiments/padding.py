"""Arrays of different lengths as one."""

from collections.abc import Sequence

import numpy as np


def padded(values: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays of one rank, stacked along a new first axis, with NaN where one is shorter than the longest along an axis."""
    shape = np.max([np.shape(value) for value in values], axis=0)
    result = np.full((len(values), *shape.astype(int)), np.nan)
    for row, value in enumerate(values):
        result[row, *(slice(length) for length in np.shape(value))] = value
    return result
