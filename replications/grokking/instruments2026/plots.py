"""Figures: each function takes tables of curves (see measure.py)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verifig.judging.stats import mean
from verifig.pages import figures
from verifig.pages.figures import (
    BLUE,
    DASHED,
    GREEN,
    GREY,
    OLIVE,
    ORANGE,
    PINK,
    PURPLE,
    RED,
    TEAL,
    log_ticks,
    pick,
    threshold,
)
from verifig.pages.legible import band_is

INDIGO = figures.INDIGO
LOOK = {  # instrument: (label, colour)
    "alignment": ("gradient's alignment", RED),
    "norm": ("norm", ORANGE),
    "collapsed": ("collapsed samples", BLUE),
    "kernel_distance": ("kernel's distance", GREEN),
    "kernel_alignment": ("kernel's alignment", TEAL),
    "feature_gradient": ("gradient at the hidden units", PURPLE),
    "moved_output": ("output weights' distance", OLIVE),
    "moved_hidden": ("hidden weights' distance", INDIGO),
    "purity": ("share of one frequency", BLUE),
    "participation": ("participation", PINK),
}
PANELS = {
    "Prieto et al.": ("alignment", "norm", "collapsed"),
    "Kumar et al.": ("kernel_distance", "kernel_alignment"),
    "Tian": ("feature_gradient", "moved_output", "moved_hidden", "purity"),
    "Doshi et al.": ("participation",),
}
ROWS = ("train_accuracy", "alignment", "kernel_distance", "feature_gradient", "kernel_alignment", "moved_output", "norm", "moved_hidden", "purity", "participation")  # fmt: skip
LOSSES = {"decay": ("cross-entropy", RED, "o"), "squared": ("squared error", BLUE, "s")}
ARMS = {
    "decay": ("weight decay", GREY),
    "plain_double": ("no decay, double precision", BLUE),
    "plain": ("no decay, single precision", RED),
}
WITHOUT = {"linestyle": (0, (3, 2)), "linewidth": 1.3}  # on the shuffled table
NAMES = {name: label for name, (label, _) in LOOK.items()} | {"train_accuracy": "training accuracy"}


def together(progress: pd.DataFrame, condition: str) -> Figure:
    """Everything from 0 to 1 over steps, a panel for each paper's instruments; dashed on the shuffled table."""
    figure, panels = figures.grid(2, 2, width=8.9, height=3.0, sharex=True, sharey=True)
    rows = pick(progress, condition=condition)
    rows = rows[rows["x"] > 0]
    for axes, (paper, names) in zip(panels, PANELS.items(), strict=True):
        accuracies(axes, rows)
        for name in names:
            label, color = LOOK[name]
            figures.band(axes, pick(rows, instrument=name, table="sums"), color=color, label=label)
            control = pick(rows, instrument=name, table="shuffled").groupby("x")["value"].median()
            axes.plot(control.index, control, color=color, **WITHOUT)
        narrow = figure.get_figwidth() < 5
        axes.set(title=paper, ylim=(-0.04, 1.9 if narrow else 1.45))
        axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        found = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        own = [LOOK[name][0] for name in names if LOOK[name][0] in found]
        axes.legend([found[label] for label in own], own, loc="upper left", ncols=1 if narrow else 2, fontsize=8)
    panels[0].plot([], [], color=figures.INK, label="on the shuffled table", **WITHOUT)
    steps(panels[2:])
    for axes in panels[::2]:
        axes.set_ylabel("share of its way")
    shared = [pair for pair in zip(*panels[0].get_legend_handles_labels(), strict=True) if "accuracy" in pair[1] or "shuffled" in pair[1]]  # fmt: skip
    figure.legend(*zip(*shared, strict=True), loc="outside lower center", ncols=3)
    return figure


def accuracies(axes: Axes, rows: pd.DataFrame) -> None:
    """Train and test accuracy as medians in grey behind the rest."""
    for name, line in (("train_accuracy", {"linestyle": ":"}), ("test_accuracy", {"linewidth": 3.5, "alpha": 0.55})):
        found = pick(rows, instrument=name, table="sums").groupby("x")["value"].median()
        axes.plot(found.index, found, color=GREY, label=name.replace("_", " ").replace("train", "training"), **line)


def steps(panels: Sequence[Axes]) -> None:
    """Logarithmic axes of steps."""
    for axes in panels:
        log_ticks(axes.xaxis, [1, 3, 10, 30, 100, 300, 1000, 3000])
        axes.set_xlabel("steps")


def leads(table: pd.DataFrame) -> Figure:
    """Octaves before test accuracy: half way as points, telling the tables apart as diamonds; a panel for each loss."""
    figure, panels = figures.grid(2, width=8.9, height=4.2, sharey=True)
    places = np.arange(len(ROWS))[::-1]
    for axes, (condition, (title, _, _)) in zip(panels, LOSSES.items(), strict=True):
        rows = pick(table, condition=condition)
        for place, name in zip(places, ROWS, strict=True):
            color = LOOK[name][1] if name in LOOK else GREY
            own = pick(rows, instrument=name)
            interval(axes, own["lead"], place, color, marker="o")
            interval(axes, own["told_lead"], place - 0.25, color, marker="D", markerfacecolor="none")  # fmt: skip
        threshold(axes, 0, **DASHED)
        axes.set(title=title, xlabel="octaves ahead")
        axes.set_yticks(places, [NAMES[name] for name in ROWS])
    band_is(panels[0], "points: means, bars: 95 % intervals")
    marks = {"half way": ("o", figures.INK), "tells the tables apart": ("D", "none")}
    for label, (marker, inside) in marks.items():
        panels[0].plot([], [], color=figures.INK, linestyle="none", marker=marker, markerfacecolor=inside, label=label)
    figures.legend_outside(panels[0], "lower center", ncols=2)
    return figure


def interval(axes: Axes, values: pd.Series, place: float, color: str, **look) -> None:
    """Mean and 95 % interval over seeds as a point with a bar; nothing where a seed has no value."""
    if len(values) < 2 or values.isna().any():
        return
    found = mean(values.to_numpy(float))
    axes.errorbar(
        found.observed,
        place,
        xerr=[[found.observed - found.low], [found.high - found.observed]],
        color=color,
        linestyle="none",
        markersize=5,
        **look,
    )


def control(table: pd.DataFrame) -> Figure:
    """How far each instrument goes on the shuffled table, in units of its own way; a marker for each loss."""
    figure, (axes,) = figures.grid(width=7.4, height=3.6)
    names = [name for name in ROWS if name != "train_accuracy"]
    places = np.arange(len(names))[::-1]
    for shift, (condition, (label, color, marker)) in zip((0.12, -0.12), LOSSES.items(), strict=True):
        axes.plot([], [], color=color, marker=marker, linestyle="none", markersize=5, label=label)
        for place, name in zip(places, names, strict=True):
            interval(axes, pick(table, condition=condition, instrument=name)["share"], place + shift, color, marker=marker)  # fmt: skip
    threshold(axes, 0.5)
    threshold(axes, 0.1)
    axes.set(xlabel="share of its own way", xlim=(-0.05, 1.2))
    axes.set_yticks(places, [NAMES[name] for name in names])
    axes.legend(loc="lower right")
    band_is(axes, "points: means, bars: 95 % intervals")
    return figure


def beyond(progress: pd.DataFrame) -> Figure:
    """What three instruments have beyond the shuffled table, with test accuracy; a panel for each loss."""
    figure, panels = figures.grid(2, width=8.9, height=3.2, sharey=True)
    for axes, (condition, (title, _, _)) in zip(panels, LOSSES.items(), strict=True):
        rows = pick(progress, condition=condition)
        rows = rows[rows["x"] > 0]
        accuracies(axes, rows)
        for name in ("kernel_alignment", "purity", "participation"):
            label, color = LOOK[name]
            figures.band(axes, pick(rows, instrument=name, table="beyond"), color=color, label=label)
        axes.set(title=title, ylim=(-0.2, 1.1))
    steps(panels)
    panels[0].set_ylabel("beyond the shuffled table")
    figures.legend_outside(panels[0], "lower center", ncols=5, fontsize=8)
    return figure


def collapse(curves: pd.DataFrame) -> Figure:
    """Without weight decay, in both precisions, and with it: collapsed samples, norm, and both measures of periodicity."""
    figure, panels = figures.grid(2, 2, width=8.9, height=2.8, sharex=True)
    fields = {"collapsed": "collapsed samples", "norm": "norm", "purity": "share of one frequency", "participation": "participation"}  # fmt: skip
    for axes, (field, title) in zip(panels, fields.items(), strict=True):
        for condition, (label, color) in ARMS.items():
            rows = pick(curves, condition=condition)
            figures.band(axes, rows, y=field, color=color, label=label)
            if field == "participation":
                middle = rows.groupby("x")["scrambled_participation"].median()
                axes.plot(middle.index, middle, color=color, **WITHOUT)
        axes.set_title(title)
    panels[3].plot([], [], color=figures.INK, label="numbers in a random order", **WITHOUT)
    panels[1].set_yscale("log")
    log_ticks(panels[1].yaxis, [10, 20, 50, 100, 200])
    for axes in panels[2:]:
        axes.set_xlabel("steps")
    figures.legend_outside(list(panels), "lower center", ncols=2)
    return figure
