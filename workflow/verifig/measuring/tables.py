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


def long(x: np.ndarray, curves: Mapping[str, np.ndarray], condition: str) -> pd.DataFrame:
    """Curves [units, T] over `x` [T] as a long table with columns curve, condition, seed, x, value."""
    frames = []
    for name, values in curves.items():
        seeds, points = np.meshgrid(np.arange(len(values)), x, indexing="ij")
        columns = {"seed": seeds.ravel(), "x": points.ravel(), "value": np.ravel(values)}
        frames.append(pd.DataFrame({"curve": name, "condition": condition} | columns))
    return pd.concat(frames, ignore_index=True)


def first_crossing(x: np.ndarray, y: np.ndarray, level: float, log_x: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """First `x` at which each row of `y` reaches `level` from below, interpolated linearly between log points.

    Args:
        x: [T] increasing; y: [units, T].
        log_x: interpolate in log x.

    Returns:
        (positions [units], never [units]); where the level is never reached the position is the last x.
    """
    x, y = np.asarray(x, float), np.atleast_2d(np.asarray(y, float))
    axis = np.log(x) if log_x else x
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
        position = axis[k - 1] + share * (axis[k] - axis[k - 1])
        positions[unit] = np.exp(position) if log_x else position
    return positions, never
