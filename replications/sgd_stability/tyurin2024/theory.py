"""Data sets, closed forms and bounds of the paper, and the margin of any data set; numpy and SciPy alone.

A data set is its rows y_i a_i [n, d]: inputs a_i in R^d times labels y_i = +-1. A vector theta separates it where all
rows have a positive product with it. Counts of iterations are numbers of steps taken until then.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import lsq_linear


def worst_case(n: int) -> np.ndarray:
    """Rows [n, 2] of Theorem 5.1: (0.5, -1) once, (0.5, 1) n - 1 times; margin 0.5, radius sqrt(1.25).

    One input (0.5, -1) of class +1 and n - 1 inputs (-0.5, -1) of class -1.
    """
    rows = np.tile([0.5, 1.0], (n, 1))
    rows[0, 1] = -1.0
    return rows


def toy() -> np.ndarray:
    """Rows [2, 2] of Theorem 4.1: (1, -1) and (1, 4)."""
    return np.array([[1.0, -1.0], [1.0, 4.0]])


def worst_case_iterations(n: int) -> int:
    """Iterations of the batch perceptron on `worst_case(n)`: floor((3 n + 12) / 10).

    The first step gives (1/4, 1/2 - 1/n), whose product with the first row is 1/n - 3/8; each further step adds the
    first row over n and so 5/(4n) to it, and leaves the other products positive. Steps end at the first k with
    1/n - 3/8 + 5 k / (4 n) > 0, that is k = floor((3 n - 8) / 10) + 1 after the first one.
    """
    return (3 * n + 12) // 10


def radius(rows: np.ndarray) -> float:
    """R: the largest Euclidean norm of a row."""
    return float(np.linalg.norm(rows, axis=1).max())


class Margin(NamedTuple):
    """The largest margin max over unit vectors of the smallest product with a row, enclosed.

    Attributes:
        value: the distance of the rows' convex hull from the origin, an upper bound of any vector's margin; 0 where it
            holds the origin.
        attained: the margin of `direction`, at most `value`; not positive where no direction separates.
        direction: unit vector [d].
    """

    value: float
    attained: float
    direction: np.ndarray


def margin(rows: np.ndarray) -> Margin:
    """The hard-margin problem min |w| with rows @ w >= 1, solved by an active-set method; 1/|w| is the margin.

    By Lawson and Hanson's reduction of least distance to non-negative least squares. (`scipy.optimize.nnls` is not used: up to
    1.17 it can return another point, with a residual of 0; SciPy's issue 25389.) What is returned holds by itself,
    however well the solver did: `value` is the norm of a convex combination of rows, `attained` the smallest product with a
    unit vector.
    """
    n, d = rows.shape
    multipliers = lsq_linear(
        np.vstack([rows.T, np.ones(n)]),
        np.r_[np.zeros(d), 1.0],
        (0, np.inf),
        method="bvls",
        tol=1e-14,
        max_iter=100 * n,
    ).x
    nearest = multipliers @ rows / multipliers.sum()
    value = float(np.linalg.norm(nearest))
    direction = nearest / value if value > 0 else np.zeros(d)
    attained = float((rows @ direction).min())
    return Margin(value if attained > 0 else 0.0, attained, direction)


def batch_perceptron_bound(n: int, radius: float, margin: float) -> float:
    """Theorem 3.3: at most n R^2 / mu^2 iterations of the batch perceptron."""
    return n * radius**2 / margin**2


def normalised_perceptron_bound(radius: float, margin: float) -> float:
    """Theorem 5.3: at most R^2 / mu^2 iterations of the normalised batch perceptron."""
    return radius**2 / margin**2


def normalised_descent_bound(n: int, radius: float, margin: float, step_size: float) -> float:
    """Theorem 6.1: at most R^2 / mu^2 + 2 log(2n - 1) / (gamma mu^2) iterations of normalised gradient descent."""
    return (radius**2 + 2 * np.log(2 * n - 1) / step_size) / margin**2
