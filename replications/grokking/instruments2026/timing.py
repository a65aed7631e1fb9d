"""When a curve has gone half way, and how far ahead of another that is; numpy alone.

A curve may turn back (a norm that rises and falls), so its way is measured by its largest departure from its start, and
not by where it ends.
"""

import numpy as np

from verifig.measuring.tables import first_crossing


def departure(values: np.ndarray, relative: bool = False) -> np.ndarray:
    """|v(t) - v(0)| of curves [units, T]; `relative` to |v(0)|, for quantities with a scale (norms)."""
    values = np.asarray(values, float)
    away = np.abs(values - values[:, :1])
    return away / np.abs(values[:, :1]) if relative else away


def progress(away: np.ndarray) -> np.ndarray:
    """Departures [units, T] over the largest of each unit: from 0 to 1; 0 where nothing moves."""
    return np.nan_to_num(over(away, away.max(1, keepdims=True)))


def half_step(steps: np.ndarray, away: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """First step at which departures [units, T] reach half of their largest, between log points by interpolation.

    Args:
        floor: what never departs so far does not move, and its step says nothing.

    Returns:
        (steps [units], the last one where it does not move; whether it does not move [units]).
    """
    found, _ = first_crossing(steps, progress(away), 0.5)
    never = away.max(1) < floor
    return np.where(never, steps[-1], found), never


def octaves(later: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """log2(later / earlier) of steps [units]: by how many doublings `earlier` is ahead; negative where it lags."""
    return np.log2(later / earlier)


def over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """above / below, broadcast; NaN over zero: of what does not move there is no share."""
    return np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below > 0)
