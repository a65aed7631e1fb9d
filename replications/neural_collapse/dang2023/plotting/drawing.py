"""What figures share: one colour a depth, a band a condition, lengths against class size."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from replications.neural_collapse.dang2023.plotting.select import Heads, label
from verifig.pages import figures

BLUE, ORANGE, GREEN, PURPLE, RED, OLIVE, TEAL, GREY = figures.PALETTE
DEPTH_COLOURS = {1: BLUE, 2: PURPLE, 3: ORANGE, 6: GREEN, 9: PURPLE}
OTHER_COLOURS = (RED, TEAL, OLIVE)


def colour(depth: int) -> str:
    """One colour a depth."""
    return DEPTH_COLOURS.get(depth, OTHER_COLOURS[depth % len(OTHER_COLOURS)])


def rows_of(frame: pd.DataFrame, curve: str, condition: str) -> pd.DataFrame:
    """One curve of one condition from the first iteration on; what a log axis cannot show is left out."""
    rows = frame[(frame["curve"] == curve) & (frame["condition"] == condition) & (frame["x"] > 0)]
    return rows[rows["value"] > 0]


def by_depth(axes: Axes, frame: pd.DataFrame, curve: str, heads: Heads, **line) -> None:
    """One band a condition: median and range over seeds."""
    for name, settings in heads.items():
        rows = rows_of(frame, curve, name)
        if len(rows):
            figures.band(axes, rows, color=colour(settings["depth"]), label=label(name, heads), **line)


def lengths(axes: Sequence[Axes], table: pd.DataFrame, heads: Heads) -> None:
    """Points by seed and the prediction as a line, left classifiers, right class means."""
    for each, column, title in zip(axes, ("classifier", "feature"), ("classifiers", "class means"), strict=False):
        for name, settings in heads.items():
            rows, shade = table[table["condition"] == name], colour(settings["depth"])
            predicted = rows.groupby("size")[f"predicted_{column}"].mean()
            each.plot(predicted.index, predicted, color=shade, linewidth=1.2, label=f"{label(name, heads)}, predicted")
            each.plot(rows["size"], rows[column], "o", color=shade, markersize=4.5, alpha=0.6)
        each.plot([], [], "o", color=figures.MUTED, markersize=4.5, label="trained, all seeds")
        each.set(title=f"squared length of {title}", xlabel="class size", xscale="log", yscale="log")
        sizes = sorted(set(table[table["condition"].isin(heads)]["size"]))
        each.set_xticks(sizes, [f"{size:g}" for size in sizes])
        each.xaxis.set_minor_formatter(NullFormatter())
        figures.plain_ticks(each.yaxis)
        each.legend(loc="best", fontsize=8)
