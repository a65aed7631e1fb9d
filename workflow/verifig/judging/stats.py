"""Intervals for the five estimators of the judge, all from scipy; no resampling, no random numbers.

exact   one number fixed by data and formula: no interval
every   the worst unit: no interval; the share of units inside has a Clopper-Pearson limit
mean    Student t at every n
median  order statistics of the sign test
share   Clopper-Pearson
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

MINIMUM_UNITS = {"exact": 1, "every": 3, "mean": 3, "median": 6, "share": 6}


@dataclass(frozen=True)
class Interval:
    """A point estimate with its interval."""

    observed: float
    low: float
    high: float


def mean(values: np.ndarray, level: float = 0.95) -> Interval:
    """Mean with the Student t interval; undefined limits (one unit) are infinite."""
    centre, half = _centre(values), t_half_width(values, level)
    return Interval(centre, centre - half, centre + half)


def _centre(values: np.ndarray) -> float:
    """The mean; equal values are their own mean, without rounding."""
    return float(values[0] if np.ptp(values) == 0 else np.mean(values))


def t_half_width(values: np.ndarray, level: float = 0.95) -> float:
    """Half-width of the Student t interval of a mean; infinite for fewer than two units."""
    n = len(values)
    if n < 2:
        return np.inf
    if np.ptp(values) == 0:
        return 0.0
    return float(stats.t.ppf(0.5 + level / 2, n - 1) * np.std(values, ddof=1) / np.sqrt(n))


def median(values: np.ndarray, level: float = 0.95) -> Interval:
    """Median with order statistics of the sign test as limits; infinite where n is too small for the level."""
    limits = stats.quantile_test(values, p=0.5).confidence_interval(level)
    low, high = (-np.inf if np.isnan(limits.low) else limits.low), (np.inf if np.isnan(limits.high) else limits.high)
    ordered = np.sort(values)  # np.median would give NaN for (-inf + inf) / 2
    half = (len(values) - 1) / 2
    middle = ordered[int(np.floor(half))], ordered[int(np.ceil(half))]
    return Interval(float(middle[0] if middle[0] == middle[1] else np.mean(middle)), float(low), float(high))


def share(values: np.ndarray, level: float = 0.95) -> Interval:
    """Share of ones with the Clopper-Pearson interval; `values` are 0 or 1."""
    successes, n = int(np.sum(values)), len(values)
    limits = stats.binomtest(successes, n).proportion_ci(level, method="exact")
    return Interval(successes / n, float(limits.low), float(limits.high))


def prediction(values: np.ndarray, level: float = 0.95, runs: int = 1) -> Interval:
    """Where one more unit, or the mean of `runs` more, would fall: Student t prediction interval."""
    centre, n = _centre(values), len(values)
    half = t_half_width(values, level) * np.sqrt(n / runs + 1)
    return Interval(centre, centre - half, centre + half)


def difference(before: Interval, after: Interval) -> Interval:
    """after - before of two independent estimates, its interval made of theirs (MOVER, Zou and Donner 2008)."""
    down = np.hypot(after.observed - after.low, before.high - before.observed)
    up = np.hypot(after.high - after.observed, before.observed - before.low)
    centre = after.observed - before.observed
    return Interval(centre, float(centre - down), float(centre + up))


def p_bound(estimator: str, values: np.ndarray, low: float, high: float) -> float | None:
    """One-sided probability of data at least this far inside [low, high] if the truth sat on the nearest bound.

    None where the estimator has no sampling distribution (exact, every).
    """
    n = len(values)
    if estimator == "mean":
        if n < 2:
            return 1.0
        distance = min(_centre(values) - low, high - _centre(values))
        if t_half_width(values) == 0:
            return 0.0 if distance > 0 else 1.0
        return float(stats.t.sf(distance / (np.std(values, ddof=1) / np.sqrt(n)), n - 1))
    if estimator == "median":
        worst = min(
            int(np.sum(values > low)) if np.isfinite(low) else n, int(np.sum(values < high)) if np.isfinite(high) else n
        )
        return float(stats.binomtest(worst, n, 0.5, alternative="greater").pvalue)
    if estimator == "share":
        successes = int(np.sum(values))
        tails = []
        if low > 0:
            tails.append(stats.binomtest(successes, n, min(low, 1.0), alternative="greater").pvalue)
        if high < 1:
            tails.append(stats.binomtest(successes, n, max(high, 0.0), alternative="less").pvalue)
        return float(max(tails, default=0.0))
    return None


def lower_limit_of_all(n: int, inside: int, level: float = 0.95) -> float:
    """Lower Clopper-Pearson limit of the share of units inside, for "in all n runs, so in at least x %"."""
    return float(stats.binomtest(inside, n).proportion_ci(level, method="exact").low)
