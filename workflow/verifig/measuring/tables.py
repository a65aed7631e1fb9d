"""The statistics table that `measure` fills, and the tables of curves that figures are drawn from."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from verifig.ground.conditions import condition_text
from verifig.ground.errors import InputError
from verifig.ground.files import atomic

COLUMNS = {
    "experiment": "string",
    "condition": "string",
    "statistic": "string",
    "seed": "Int64",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "status": "string",
}


class Tables:
    """Collects statistics (one row per unit of replication) and curves."""

    def __init__(self) -> None:
        self._rows: list[tuple] = []
        self.curves: dict[str, pd.DataFrame] = {}

    def exact(self, experiment: str, statistic: str, value: float, condition: Mapping | None = None) -> None:
        """A value fixed by data and formula: no unit of replication; NaN and infinities are recorded as `diverged`."""
        status = "ok" if np.isfinite(value) else "diverged"
        self._rows.append(
            (experiment, condition_text(condition), statistic, None, float(value), np.nan, np.nan, status)
        )

    def per_seed(
        self,
        experiment: str,
        statistic: str,
        values: Iterable[float],
        condition: Mapping | None = None,
        seeds: Iterable[int] | None = None,
        never: Iterable[bool] | None = None,
    ) -> None:
        """One value a unit; NaN and infinities are recorded as `diverged`, units marked `never` as never seen.

        A `never` value is the last step at which the event was looked for.
        """
        values = np.asarray(list(values), float)
        seeds = range(len(values)) if seeds is None else list(seeds)
        never = np.zeros(len(values), bool) if never is None else np.asarray(list(never), bool)
        text = condition_text(condition)
        for seed, value, unseen in zip(seeds, values, never, strict=True):
            status = "never" if unseen else "ok" if np.isfinite(value) else "diverged"
            self._rows.append((experiment, text, statistic, seed, value, np.nan, np.nan, status))

    def curve(self, name: str, frame: pd.DataFrame) -> None:
        """Keep a table for a figure."""
        self.curves[name] = frame.reset_index(drop=True)

    def statistics(self) -> pd.DataFrame:
        """The statistics with their fixed columns, sorted.

        Raises:
            ValueError: two rows for one unit of one statistic.
        """
        frame = pd.DataFrame(self._rows, columns=list(COLUMNS)).astype(COLUMNS)
        unit = ["experiment", "condition", "statistic", "seed"]
        if (twice := frame.duplicated(unit)).any():
            raise ValueError(f"statistic given twice: {frame.loc[twice, unit].iloc[0].to_dict()}")
        return frame.sort_values(unit, kind="stable").reset_index(drop=True)


def write(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as Parquet, atomically."""
    with atomic(path) as temporary:
        frame.to_parquet(temporary, index=False)


def read(path: Path) -> pd.DataFrame:
    """Read a table.

    Raises:
        InputError: it is missing or not Parquet.
    """
    try:
        return pd.read_parquet(path)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except Exception as error:  # pyarrow raises several unrelated types for a damaged file
        raise InputError(f"{path} is not a readable table ({' '.join(str(error).split())[:120]})") from None


def melt(values: np.ndarray | Mapping[str, np.ndarray], /, **axes: object) -> pd.DataFrame:
    """An array as a long table: one row an element, in the order of `np.ravel`.

    Args:
        values: [one dimension an axis]: becomes the column `value`; several arrays by name: a column each, broadcast to
            the shape of the axes.
        axes: by name of the column and in the order of the dimensions, the labels [n] along each. A single value (a
            number or text) has no dimension and fills its column.
    """
    fields = values if isinstance(values, Mapping) else {"value": values}
    along = {name: np.asarray(labels) for name, labels in axes.items() if np.ndim(labels)}
    places = dict(zip(along, np.meshgrid(*along.values(), indexing="ij"), strict=True))
    columns = {name: places[name].ravel() if name in places else label for name, label in axes.items()}
    shape = tuple(len(labels) for labels in along.values())
    return pd.DataFrame(columns | {name: np.broadcast_to(field, shape).ravel() for name, field in fields.items()})


def long(x: np.ndarray, curves: Mapping[str, np.ndarray], condition: str) -> pd.DataFrame:
    """Curves [units, T] over `x` [T] as a long table with columns curve, condition, seed, x, value."""
    frames = [
        melt(values, curve=name, condition=condition, seed=range(len(values)), x=x) for name, values in curves.items()
    ]
    return pd.concat(frames, ignore_index=True)


def paired(*values: np.ndarray) -> list[np.ndarray]:
    """Values [units, ...] of several conditions, cut to the units that all of them have: same seed, same draw."""
    shared = min(len(each) for each in values)
    return [each[:shared] for each in values]


def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """first - second [units, ...] of two conditions, over the units that both have."""
    first, second = paired(first, second)
    return first - second


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """above / below [units, ...] of two conditions, over the units that both have; over zero it is infinite or NaN."""
    above, below = paired(above, below)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return above / below


def first_crossing(x: np.ndarray, y: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """First `x` at which each row of `y` reaches `level` from below, interpolated linearly between log points.

    Args:
        x: [T] increasing; y: [units, T].

    Returns:
        (positions [units], never [units]); where the level is never reached the position is the last x.
    """
    x, y = np.asarray(x, float), np.atleast_2d(np.asarray(y, float))
    positions, never = np.full(len(y), x[-1]), np.ones(len(y), bool)
    for unit, row in enumerate(y):
        above = np.flatnonzero(row >= level)
        if not len(above):
            continue
        k, never[unit] = above[0], False
        if k == 0:
            positions[unit] = x[0]
            continue
        share = (level - row[k - 1]) / (row[k] - row[k - 1])
        positions[unit] = x[k - 1] + share * (x[k] - x[k - 1])
    return positions, never
