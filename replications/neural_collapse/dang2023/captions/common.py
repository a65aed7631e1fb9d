"""What all captions share: lists, depths and seeds of the conditions that are drawn, and where their curves end."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from replications.neural_collapse.dang2023.plotting import select
from replications.neural_collapse.dang2023.plotting.select import Heads
from verifig.ground.numbers import text
from verifig.pages import marked


def listed(items: Iterable) -> str:
    """`1, 3 and 6`."""
    words = [str(item) for item in items]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def depths(heads: Heads) -> str:
    """`1, 3 and 6`: the numbers of linear layers."""
    return listed(sorted({settings["depth"] for settings in heads.values()}))


def seeds(heads: Heads) -> str:
    """`6 seeds`, or `6 (M = 1) and 3 (M = 6) seeds` where conditions differ."""
    counts = {settings["seeds"] for settings in heads.values()}
    if counts == {1}:
        return "1 seed"
    if len(counts) == 1:
        return f"{counts.pop()} seeds"
    by_label = listed(f"{s['seeds']} ({select.label(name, heads)})" for name, s in heads.items())
    return f"{by_label} seeds"


def bands(heads: Heads, more: str = "") -> str:
    """Over what lines and bands are; `more` on the seeds."""
    return f"{seeds(heads)}{more}."


def ends(runs: pd.DataFrame, curve: str, heads: Heads) -> np.ndarray:
    """Last values of a curve of all these conditions and seeds."""
    return last(runs, curve, heads)["value"].to_numpy(float)


def last(runs: pd.DataFrame, curve: str, heads: Heads) -> pd.DataFrame:
    """Their rows."""
    rows = runs[(runs["curve"] == curve) & runs["condition"].isin(heads)]
    return rows[rows["x"] == rows.groupby("condition")["x"].transform("max")]


def largest(runs: pd.DataFrame, curve: str, heads: Heads) -> str:
    """The largest last value as text."""
    rows = last(runs, curve, heads)
    return marked.of_table(text(float(rows["value"].max()), 2), rows, "value", "largest of")


def by_condition(runs: pd.DataFrame, curve: str, heads: Heads) -> str:
    """`0.299 (M = 1), 0.431 (M = 3)`: medians of the last values."""
    return ", ".join(
        f"{text(float(np.median(ends(runs, curve, {name: heads[name]}))))} ({select.label(name, heads)})"
        for name in heads
    )
