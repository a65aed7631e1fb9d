"""Around a fit of the law: which rows to keep, least absolute deviations, bootstrap, an independent minimiser."""

import numpy as np
from scipy import optimize

from replications.scaling_laws.besiroglu2024.fitting import law, solver

LAD_DELTAS = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)


def keep_all_but_highest(L: np.ndarray, count: int) -> np.ndarray:
    """Rows to keep [rows] bool: losses strictly below the count-th highest (all for count = 0)."""
    if count == 0:
        return np.ones(len(L), bool)
    return np.less(L, np.sort(L)[-count])


def least_absolute_deviations(N: np.ndarray, D: np.ndarray, L: np.ndarray, start: np.ndarray) -> np.ndarray:
    """theta [5] that minimises sum |ln L - prediction|: Huber fits with ever smaller delta, each from the last."""
    theta = np.asarray(start, float)[None]
    for delta in LAD_DELTAS:
        theta = solver.minimise(N, D, L, theta, delta=delta, steps=500).theta
    return theta[0]


def resamples(rows: int, count: int, seed: int) -> np.ndarray:
    """How often each of `count` bootstrap resamples holds each row [count, rows] (numpy's legacy generator).

    The same draws as `np.random.seed(seed)` followed by `np.random.choice(rows, size=rows)` for each resample.
    """
    stream = np.random.RandomState(seed)
    return np.stack([np.bincount(stream.choice(rows, size=rows, replace=True), minlength=rows) for _ in range(count)])


def scipy_minimum(
    N: np.ndarray, D: np.ndarray, L: np.ndarray, start: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, float]:
    """(theta [5], objective) of one weighted fit by SciPy's BFGS with analytic gradient: an independent check."""
    repeated = [np.repeat(column, counts) for column in (N, D, L)]
    scale = 1e3  # SciPy's tolerances are absolute, the objective is near 1e-3
    found = optimize.minimize(
        lambda theta: scale * law.objective(theta, *repeated),
        start,
        jac=lambda theta: scale * law.gradient(theta, *repeated),
        method="BFGS",
        options={"gtol": 1e-9, "maxiter": 2000},
    )
    return found.x, found.fun / scale
