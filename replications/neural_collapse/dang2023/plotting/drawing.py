"""What figures share: one colour a depth, a band a condition, lengths against class size."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from replications.neural_collapse.dang2023.plotting.select import Heads, label
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, INDIGO, INK, OLIVE, ORANGE, PINK, PURPLE, RED, TEAL, pick

DEPTH_COLOURS = {1: BLUE, 2: TEAL, 3: ORANGE, 6: GREEN, 9: PURPLE}
OTHER_COLOURS = (RED, PINK, OLIVE)
CLASS_COLOURS = (RED, OLIVE, INDIGO, PINK)  # one a class size, where all heads have one depth


def colour(depth: int) -> str:
    """One colour a depth."""
    return DEPTH_COLOURS.get(depth, OTHER_COLOURS[depth % len(OTHER_COLOURS)])


def rows_of(frame: pd.DataFrame, curve: str, condition: str) -> pd.DataFrame:
    """One curve of one condition from the first iteration on; what a log axis cannot show is left out."""
    rows = pick(frame, curve=curve, condition=condition)
    return rows[(rows["x"] > 0) & (rows["value"] > 0)]


def by_depth(axes: Axes, frame: pd.DataFrame, curve: str, heads: Heads, **line) -> None:
    """One band a condition: median and range over seeds."""
    for name, settings in heads.items():
        rows = rows_of(frame, curve, name)
        figures.band(axes, rows, color=colour(settings["depth"]), label=label(name, heads), **line)


def entry(axes: Axes, label: str, **look) -> None:
    """An entry of the legend in ink, for what a line style or a mark means whatever its colour."""
    axes.plot([], [], **({"color": INK, "linewidth": 1.2, "label": label} | look))


def legend_below(axes: Sequence[Axes], columns: int) -> None:
    """One legend below all panels, of what any of them names."""
    figures.legend_outside(axes, "lower center", ncols=columns, fontsize=8.5)


def lengths(axes: Sequence[Axes], table: pd.DataFrame, heads: Heads) -> None:
    """Points by seed and the prediction as a line, left classifiers, right class means."""
    for each, column, title in zip(axes, ("classifier", "feature"), ("classifiers", "class means"), strict=False):
        for name, settings in heads.items():
            rows, shade = pick(table, condition=name), colour(settings["depth"])
            predicted = rows.groupby("size")[f"predicted_{column}"].mean()
            each.plot(predicted.index, predicted, color=shade, linewidth=1.2, label=label(name, heads))
            each.plot(rows["size"], rows[column], "o", color=shade, markersize=4.5, alpha=0.6)
        entry(each, "predicted length")
        entry(each, "trained, every seed", marker="o", markersize=4.5, linestyle="none")
        each.set(title=f"squared length of {title}", xlabel="class size", ylabel="squared length (no unit)")
        sizes = sorted(set(table[table["condition"].isin(heads)]["size"]))
        figures.log_ticks(each.xaxis, sizes, minor=True)
        figures.log_ticks(each.yaxis, minor=True)
