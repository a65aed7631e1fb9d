"""Around a fit of the law: which rows to keep, least absolute deviations, bootstrap, and a fit of anybody's data."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from replications.scaling_laws.fitting import law, solver
from verifig.errors import InputError

LAD_DELTAS = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
SMALL_GRID = np.array(
    [
        (a, b, e, alpha, beta)
        for alpha in (0.2, 0.5, 1.0)
        for beta in (0.2, 0.5, 1.0)
        for e in (-1.0, 0.5)
        for a in (0.0, 5.0, 10.0, 15.0)
        for b in (0.0, 5.0, 10.0, 15.0)
    ]
)
FEWEST_ROWS = 8


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


@dataclass(frozen=True)
class ScalingLaw:
    """A fitted law: theta [5] (see `law`), its objective, and bootstrap fits [resamples, 5] (possibly none)."""

    theta: np.ndarray
    objective: float
    bootstrap: np.ndarray
    rows: int

    @property
    def coefficients(self) -> dict[str, float]:
        """A, B, E, alpha, beta and the compute exponent a of N."""
        names = ("A", "B", "E", "alpha", "beta")
        values = dict(zip(names, law.coefficients(self.theta).tolist(), strict=True))
        return values | {"a": float(law.compute_exponent(self.theta))}

    @property
    def standard_errors(self) -> dict[str, float]:
        """Bootstrap standard errors by coefficient; NaN without resamples."""
        if len(self.bootstrap) < 2:
            return dict.fromkeys(self.coefficients, float("nan"))
        spread = law.coefficients(self.bootstrap).std(0, ddof=1)
        exponent = law.compute_exponent(self.bootstrap).std(ddof=1)
        return dict(zip(self.coefficients, [*spread.tolist(), float(exponent)], strict=True))

    def predict(self, N: np.ndarray, D: np.ndarray) -> np.ndarray:
        """Loss at N parameters and D tokens."""
        return law.loss(self.theta, N, D)

    def policy(self, compute: float) -> tuple[float, float]:
        """Loss-minimising (N, D) for `compute` FLOP."""
        N, D = law.policy(self.theta, compute)
        return float(N), float(D)

    def policy_interval(self, compute: float, level: float = 0.8) -> np.ndarray:
        """Bootstrap percentile limits [2, 2]: (low, high) by (N, D)."""
        pair = np.stack(law.policy(self.bootstrap, compute), axis=1)
        return np.quantile(pair, [(1 - level) / 2, (1 + level) / 2], axis=0)


def fit_scaling_law(
    frame: pd.DataFrame,
    columns: tuple[str, str, str] = ("N", "D", "L"),
    delta: float = law.DELTA,
    drop_highest: int = 0,
    bootstraps: int = 1000,
    seed: int = 0,
) -> ScalingLaw:
    """Fit L(N, D) = E + A/N^alpha + B/D^beta to a table by a sum of Huber losses of the log loss.

    Args:
        frame: one row a run. columns: names of parameters, tokens and loss (all positive).
        delta: width of the quadratic part, in log loss (Hoffmann et al.: 1e-3).
        drop_highest: leave out this many of the highest losses.
        bootstraps: resamples for standard errors (0: none); seed: of the resamples.

    Raises:
        InputError: missing columns, values that are not positive numbers, too few rows or sizes.
    """
    N, D, L = _checked(frame, columns, drop_highest)
    first = solver.minimise(N, D, L, SMALL_GRID, delta=delta, steps=40)
    best = np.argsort(first.objective, kind="stable")[:16]
    last = solver.minimise(N, D, L, first.theta[best], delta=delta)
    theta = last.theta[np.argmin(last.objective)]
    counts = resamples(len(L), bootstraps, seed) if bootstraps else np.empty((0, len(L)))
    resampled = solver.minimise(N, D, L, np.repeat(theta[None], bootstraps, 0), counts, delta) if bootstraps else None
    return ScalingLaw(theta, float(last.objective.min()), resampled.theta if resampled else np.empty((0, 5)), len(L))


def _checked(frame: pd.DataFrame, columns: tuple[str, str, str], drop_highest: int) -> list[np.ndarray]:
    """The three columns as positive numbers, or a sentence that says what is wrong."""
    if absent := [name for name in columns if name not in frame.columns]:
        raise InputError(f"no column {absent[0]!r}; the table has {', '.join(map(str, frame.columns))}")
    arrays = []
    for name in columns:
        values = pd.to_numeric(frame[name], errors="coerce").to_numpy(float)
        bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
        if len(bad):
            raise InputError(
                f"column {name!r} must hold positive numbers; row {bad[0] + 1} has {frame[name].iloc[bad[0]]!r}"
            )
        arrays.append(values)
    kept = keep_all_but_highest(arrays[2], drop_highest) if drop_highest < len(frame) else np.zeros(len(frame), bool)
    if kept.sum() < FEWEST_ROWS:
        raise InputError(f"{kept.sum()} rows to fit, at least {FEWEST_ROWS} are needed")
    chosen = [values[kept] for values in arrays]
    for name, values in zip(columns[:2], chosen[:2], strict=True):
        if len(np.unique(values)) < 3:
            raise InputError(f"column {name!r} has {len(np.unique(values))} distinct values, at least 3 are needed")
    return chosen
