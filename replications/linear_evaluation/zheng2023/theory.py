"""What the authors' code counts as Bayes errors of its simulation, exactly."""

import numpy as np
from scipy.special import ndtr

SIZES = (2, 4, 10, 20)
STORED = (0.06655, 0.02924, 0.00483, 0.00037)  # the table in the authors' code, from 100,000 draws each
DRAWS = 100_000


def counted_error(dimension: int, high: int) -> float:
    """Error that the authors' function counts where `high` of n coordinates have variance n, with two classes.

    It draws the noise of the Bayes rule's score, of variance high / n + n - high, and asks how often it exceeds (n + 1) / 2.
    """
    return float(ndtr(-(dimension + 1) / 2 / np.sqrt(high / dimension + dimension - high)))


def deviations(high: np.ndarray) -> np.ndarray:
    """Stored errors less those counted with `high` [4] coordinates, in standard errors of the stored ones' draws."""
    expected = np.array([counted_error(n, h) for n, h in zip(SIZES, high, strict=True)])
    return (np.array(STORED) - expected) / np.sqrt(expected * (1 - expected) / DRAWS)
