"""Curves of two runs in one figure: what their jobs measured as they trained, else the tables that figures are drawn from."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from verifig.ground.errors import InputError
from verifig.measuring import tables
from verifig.pages import drawn_curves
from verifig.planning import course
from verifig.planning.curves import Curves, Line, curves

Place = tuple[str, str, str]  # scale, paper, experiment or table


def save(before: Path, after: Path, path: Path, names: Sequence[str] | None = None) -> None:
    """Draw the curves of the second run, those of the first in grey behind.

    Args:
        before, after: folders with results of runs.
        names: of the fields, None: the most telling.

    Raises:
        InputError: they have no curves of the same experiment.
    """
    for source in (kept, drawn):
        for common in (lambda place: place, lambda place: place[1:]):
            first, second = (_named(source(folder), common) for folder in (before, after))
            if both := [place for place in second if place in first]:
                jobs = {".".join(place[-2:]): second[place] for place in both}
                behind = {".".join(place[-2:]): first[place] for place in both}
                drawn_curves.save(jobs, path, names, behind, whose=str(before))
                return
    raise InputError(f"{before} and {after} have no curves of the same experiment")


def kept(folder: Path) -> dict[Place, Curves]:
    """What training jobs measured as they went."""
    found = {}
    for each in course.below(folder):
        if each.rows:
            found[each.head["scale"], each.head["slug"], each.head["experiment"]] = curves(each.rows)
    return dict(sorted(found.items()))


def drawn(folder: Path) -> dict[Place, Curves]:
    """Tables of curves over `x`, by condition and curve, as the mean over seeds."""
    found = {}
    for form in ("", "*/", "*/*/"):
        for path in sorted(folder.glob(f"{form}curves/*.parquet")):
            frame = tables.read(path)
            if {"x", "value"} <= {*frame.columns} and pd.api.types.is_numeric_dtype(frame["x"]):
                paper = path.parents[1]
                found[paper.parent.name, paper.name, path.stem] = _curves(frame, path.stem)
    return found


def _curves(frame: pd.DataFrame, table: str) -> Curves:
    found: Curves = {}
    labels = {"condition": "all", "curve": table}
    frame = frame.assign(**{name: label for name, label in labels.items() if name not in frame})
    for (condition, curve), rows in frame.groupby(["condition", "curve"], sort=False):
        means = rows.groupby("x")["value"].mean()
        seeds = sorted(rows["seed"].unique().tolist()) if "seed" in rows else [0]
        found.setdefault(str(condition), {})[str(curve)] = [Line(seeds, means.index.tolist(), means.tolist())]
    return found


def _named(found: Mapping[Place, Curves], common: Callable[[Place], tuple]) -> dict[tuple, Curves]:
    return {common(place): each for place, each in found.items()}
