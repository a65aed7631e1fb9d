"""Tables of curves made small, to be kept in the repository: fewer points a curve, fewer digits, compressed."""

import io
from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.ground import numbers

POINTS = 200  # of a curve: more than a figure's width can show
DIGITS = 4


def thin(frame: pd.DataFrame, points: int = POINTS) -> pd.DataFrame:
    """At most about `points` rows of each curve, its first and its last among them.

    A curve is a run of rows along which the column `x` grows and no text changes; tables without that column are left as
    they are. Curves that begin like the longest keep the same x, so that a band over seeds is
    drawn from all of them also where some have stopped before.
    """
    if "x" not in frame or not pd.api.types.is_numeric_dtype(frame["x"]):
        return frame
    x, begins = frame["x"].to_numpy(float), _begins(frame)
    ends = np.append(begins[1:], len(x))
    if not len(begins) or (ends - begins).max() <= points:
        return frame
    longest = int(np.argmax(ends - begins))
    grid = x[begins[longest] : ends[longest]]
    on_grid = np.zeros(len(grid), bool)
    on_grid[_spread(len(grid), points)] = True
    kept = np.zeros(len(x), bool)
    for begin, end in zip(begins, ends, strict=True):
        n = end - begin
        if np.array_equal(x[begin:end], grid[:n]):
            kept[begin:end] = on_grid[:n]
            kept[end - 1] = True
        else:
            kept[begin + _spread(n, points)] = True
    return frame[kept].reset_index(drop=True)


def _begins(frame: pd.DataFrame) -> np.ndarray:
    """Where a new curve begins: x does not grow (from one seed to the next it begins anew), or a text has changed."""
    labels = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    grows = frame["x"].diff().to_numpy(float) > 0  # not so in the first row
    same = ~(frame[labels] != frame[labels].shift()).any(axis=1).to_numpy(bool)
    return np.flatnonzero(~(grows & same))


def _spread(n: int, points: int) -> np.ndarray:
    """Places of `points` of n rows, as even as can be, the first and the last among them; all if there are no more."""
    return np.unique(np.round(np.linspace(0, n - 1, min(n, points))).astype(int))


def rounded(frame: pd.DataFrame, digits: int = DIGITS) -> pd.DataFrame:
    """The table with so many significant digits; whole numbers (epochs, counts) keep theirs."""
    names = [name for name in frame if pd.api.types.is_float_dtype(frame[name])]
    return frame.assign(**{name: _rounded(frame[name].to_numpy(float), digits) for name in names})


def _rounded(values: np.ndarray, digits: int) -> np.ndarray:
    found, places = np.unique(values, return_inverse=True)
    return np.array([numbers.significant(value, digits) for value in found.tolist()], float)[places]


def packed(frame: pd.DataFrame) -> bytes:
    """The table as a Parquet file; equal tables give equal bytes."""
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False, compression="zstd", compression_level=19)
    return stream.getvalue()


def short(value: object, digits: int = 10, unit_digits: int = DIGITS, units: int | None = None) -> object:
    """Verdicts (JSON) with few digits, and fewer of the single units of a part, `values`, of which the first `units` stay."""
    if isinstance(value, float):
        return numbers.significant(value, digits)
    if isinstance(value, list):
        return [short(each, digits, unit_digits, units) for each in value]
    if not isinstance(value, Mapping):
        return value
    told = {name: short(each, digits, unit_digits, units) for name, each in value.items() if name != "values"}
    return told | ({"values": short(value["values"][:units], unit_digits)} if "values" in value else {})
