"""Non-negative least squares, checked: SciPy's active-set solver ends early on some degenerate problems."""

import numpy as np
from scipy.optimize import lsq_linear, nnls

TOLERANCE = 1e-10  # of the slopes at a solution, in units of |a| |b|


def nonnegative(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The x >= 0 [k] that minimises |a x - b|, with a [m, k] and b [m]."""
    x = nnls(a, b, maxiter=100 * a.shape[1])[0]
    return x if solves(a, b, x) else np.maximum(lsq_linear(a, b, (0, np.inf), method="bvls", tol=1e-15).x, 0)


def solves(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> bool:
    """Whether no entry of x >= 0 can be moved so as to lessen |a x - b|."""
    slopes = a.T @ (b - a @ x)
    most = np.where(x > 0, np.abs(slopes), slopes).max()
    return bool(most <= TOLERANCE * np.linalg.norm(a) * np.linalg.norm(b))
