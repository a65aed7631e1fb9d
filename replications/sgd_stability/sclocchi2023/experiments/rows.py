"""Entries of the grids that settings span: sizes, init scales and temperatures."""

from collections.abc import Mapping, Sequence

import numpy as np

AXES = {"sizes": "size", "alphas": "alpha", "temperatures": "temperature"}


def expand(members: Sequence[Mapping]) -> list[dict]:
    """One row for each member and each entry of the grid that its `sizes`, `alphas` and `temperatures` span."""
    rows = [dict(member) for member in members]
    for several, one in AXES.items():
        rows = [row | {one: value} for row in rows for value in row[several]]
    return rows


def labels(rows: Sequence[Mapping]) -> dict[str, np.ndarray]:
    """What tells the rows apart, as arrays [rows]: `condition`, `seed`, `size`, `alpha`, `temperature`, `batch`."""
    return {name: np.array([row[name] for row in rows]) for name in ("condition", "seed", *AXES.values(), "batch")}


def final(records: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Records [rows, 1, ...] of the end alone as arrays [rows, ...]."""
    return {name: values[:, -1] for name, values in records.items()}
