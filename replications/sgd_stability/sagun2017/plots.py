"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.sgd_stability.sagun2017.measure import BULK, OUTLIER
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, TEAL, pick, quartile_band

CLASSES = {"classes_2": ("C = 2", ORANGE), "classes_5": ("C = 5", BLUE), "classes_10": ("C = 10", PURPLE)}
WIDTHS = {"width_4": ("width 4", TEAL), "classes_5": ("width 8", BLUE), "width_16": ("width 16", RED)}
FLOOR = 1e-6  # eigenvalues below it in absolute value are drawn there
ARMS = {
    "classes": ("labels as they are", BLUE),
    "random": ("labels at random", RED),
    "centred": ("centred images", GREEN),
}
LINES = {
    "same": ("same start, smaller rate", BLUE),
    "hot": ("same start, larger rate", ORANGE),
    "other": ("two starts", RED),
}


def spectra(table: pd.DataFrame) -> Figure:
    """|eigenvalue| over the largest by rank, of one run each: by number of classes, and by width with 5 classes."""
    figure, axes = figures.grid(2, width=8.8, height=3.7, sharey=True)
    for place, arms in zip(axes, (CLASSES, WIDTHS), strict=True):
        for condition, (label, colour) in arms.items():
            _ranked(place, pick(table, condition=condition), label, colour)
        figures.threshold(place, OUTLIER, "outliers above", axis="y")
        figures.threshold(place, BULK, "bulk below", axis="y")
        place.set(xlabel="rank of |λ|", xscale="log", yscale="log", ylim=(FLOOR / 2, 1.6))
        figures.log_ticks(place.xaxis, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
        place.legend(loc="lower left", fontsize=8.5)
    for classes, (_, colour) in zip((2, 5, 10), CLASSES.values(), strict=True):
        axes[0].axvline(classes, color=colour, linestyle="--", linewidth=1)
    axes[1].axvline(5, color=BLUE, linestyle="--", linewidth=1)
    axes[0].set(title="by classes, width 8 (dashed: C)", ylabel="|λ| / largest λ")
    axes[1].set_title("by width, 5 classes (dashed: C)")
    return figure


def _ranked(axes: Axes, rows: pd.DataFrame, label: str, colour: str) -> None:
    """Positive eigenvalues as filled dots, negative ones as open circles."""
    size = rows["value"].abs().clip(lower=FLOOR)
    negative = rows["value"] < 0
    axes.plot(rows["x"][~negative], size[~negative], ".", color=colour, markersize=5, label=label)
    axes.plot(
        rows["x"][negative], size[negative], "o", color=colour, markersize=3, fillstyle="none", markeredgewidth=0.6
    )


def outliers(table: pd.DataFrame) -> Figure:
    """Outliers by number of classes, with C - 1 to 2C shaded; outliers, and all outside the bulk, by width."""
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    classes = np.array([2, 5, 10])
    axes[0].fill_between(classes, classes - 1, 2 * classes, color=GREY, alpha=0.25, linewidth=0, label="C − 1 to 2C")
    for arm, (label, colour) in ARMS.items():
        rows = table[table["condition"].str.startswith(arm)]
        quartile_band(axes[0], rows, x="classes", y="outliers", color=colour, label=label, marker="o", markersize=4)
    axes[0].set(title="by classes", xlabel="classes C", ylabel="eigenvalues above 5 %", ylim=(0, None))
    axes[0].set_xticks(classes)
    axes[0].legend(fontsize=8.5, loc="upper left")
    rows = table[table["condition"].isin(WIDTHS)]
    for name, label, colour in (
        ("outliers", "outliers, above 5 %", BLUE),
        ("outside", "outside the bulk, |λ| from 1 %", TEAL),
    ):
        quartile_band(axes[1], rows, x="width", y=name, color=colour, label=label, marker="o", markersize=4)
    axes[1].axhline(5, color=BLUE, linestyle="--", linewidth=1)
    axes[1].set(title="by width (dashed: C)", xlabel="width", ylabel="number of eigenvalues", ylim=(0, None))
    axes[1].set_xticks([4, 8, 16])
    axes[1].legend(fontsize=8.5, loc="center right")
    return figure


def residual(table: pd.DataFrame) -> Figure:
    """|H - G| and the largest eigenvalue against the training loss, and the first over the second."""
    figure, axes = figures.grid(2, width=8.8, height=3.5)
    for condition, (label, colour) in CLASSES.items():
        for _, rows in pick(table, condition=condition).groupby("seed"):
            line = {"color": colour, "marker": ".", "markersize": 4, "linewidth": 0.8, "alpha": 0.8}
            name = label if rows["seed"].iloc[0] == 0 else None
            axes[0].plot(rows["loss"], rows["residual"], label=name, **line)
            axes[0].plot(rows["loss"], rows["largest"], **(line | {"linestyle": ":"}))
            axes[1].plot(rows["loss"], rows["residual"] / rows["largest"], label=name, **line)
    for place in axes:
        place.set(xscale="log", yscale="log", xlabel="training loss (training goes to the right)")
        place.invert_xaxis()
    axes[1].axhline(0.02, **figures.DASHED)
    axes[0].set(title="‖H − G‖ (lines), largest λ (dotted)", ylabel="norm")
    axes[1].set(title="‖H − G‖ / largest λ (dashed: 2 %)")
    axes[0].legend(fontsize=8.5)
    return figure


def share(table: pd.DataFrame) -> Figure:
    """Share of the trace in the C - 1 largest eigenvalues, and of all eigenvalues in the bulk, by number of classes."""
    figure, axes = figures.grid(2, width=8.8, height=3.2)
    for arm, (label, colour) in ARMS.items():
        rows = figures.percent(table[table["condition"].str.startswith(arm)], "top_share", "bulk")
        for place, name in zip(axes, ("top_share", "bulk"), strict=True):
            quartile_band(place, rows, x="classes", y=name, color=colour, label=label, marker="o", markersize=4)
    axes[0].axhspan(70, 90, color=GREY, alpha=0.25, linewidth=0)
    figures.threshold(axes[1], 90, axis="y", **figures.DASHED)
    axes[0].set(title="C − 1 largest, % of the trace", xlabel="classes C", ylim=(0, 100))
    axes[1].set(title="bulk, % of the eigenvalues", xlabel="classes C")
    for place in axes:
        place.set_xticks([2, 5, 10])
    axes[1].legend(fontsize=8.5)
    return figure


def line(table: pd.DataFrame) -> Figure:
    """Training loss over its first on the line from the large-batch solution (0) to the small-batch one (1)."""
    figure, axes = figures.grid(2, width=8.8, height=3.3, sharey=True)
    for place, classes in zip(axes, (5, 10), strict=True):
        for arm, (label, colour) in LINES.items():
            quartile_band(place, pick(table, condition=f"{arm}_{classes}"), color=colour, label=label)
        place.set(title=f"{classes} classes", xlabel="large batch (0) to small batch (1)")
    axes[0].set(ylabel="loss / loss at the start", ylim=(0, None))
    axes[0].legend(fontsize=8.5, loc="upper left")
    return figure
