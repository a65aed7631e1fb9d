"""StableMax against softmax: Figures 1b, 3 and 4."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.prieto2025.plotting.common import (
    LATE_EPOCHS,
    PERCENT_LIMITS,
    PLAIN,
    REMEDY,
    accuracies,
    legend_below,
    paper_test,
)
from verifig.pages import figures
from verifig.pages.figures import percent, pick

STYLES = ("-", (0, (5, 1, 1, 1)))  # of two runs of one colour
EXP_CUT = 12  # where the axis of Figure 3 cuts exp(x) off


def fig1b(runs: pd.DataFrame, paper: Mapping) -> Figure:
    """StableMax against softmax in float64, over epochs on a log axis that reaches the paper's points."""
    figure, axes = figures.grid(2, width=8.4, sharex=True, sharey=True)
    rows = runs[runs["x"] > 0]
    accuracies(axes[0], rows, "stablemax", REMEDY, "StableMax, ")
    axes[0].set(title="StableMax", ylabel="accuracy (%)")
    accuracies(axes[1], rows, "softmax64", PLAIN, "softmax, ")
    axes[1].set(title="softmax in float64")
    paper_test(axes[0], paper)
    figures.log_ticks(axes[0].xaxis, LATE_EPOCHS)
    legend_below(axes, 3)
    return figure


def fig3(function: pd.DataFrame) -> Figure:
    """s(x) and exp(x), on a linear axis that cuts exp off, and on a log axis."""
    figure, axes = figures.grid(2, width=8.4)
    for each in axes:
        each.plot(function["x"], function["exp"], color=PLAIN, label="exp(x)")
        each.plot(function["x"], function["s"], color=REMEDY, label="s(x), StableMax")
        each.set(xlabel="x")
    axes[0].set(title="linear axis, cut off", ylabel="value", ylim=(-0.5, EXP_CUT))
    axes[1].set(title="log axis", ylabel="value", yscale="log")
    legend_below(axes, 2)
    return figure


def fig4_norm(runs: pd.DataFrame, names: Mapping[str, str], paper: Mapping) -> Figure:
    """Weight norm and test accuracy against epochs; `names` maps condition to label, StableMax first."""
    figure, axes = figures.grid(2, width=8.4, sharex=True)
    styles = {REMEDY: iter(STYLES), PLAIN: iter(STYLES)}
    for condition, label in names.items():
        colour = REMEDY if condition.startswith("stablemax") else PLAIN
        style = next(styles[colour])
        rows, line = pick(runs, condition=condition), {"color": colour, "linestyle": style, "label": label}
        rows = rows[rows["x"] > 0]
        figures.band(axes[0], pick(rows, curve="norm"), **line)
        figures.band(axes[1], percent(pick(rows, curve="test_accuracy")), **line)
    axes[0].set(title="norm of all weights", ylabel="L2 norm (no unit)")
    figures.paper_points(axes[0], [paper["epoch"]], [paper["end"]], f"paper, StableMax (p = {paper['modulus']})")
    figures.paper_line(axes[0], paper["start"], f"paper, at the start: about {paper['start']}")
    figures.log_ticks(axes[0].yaxis, (10, 100, 1000, 10000))
    axes[1].set(title="test accuracy", ylabel="test accuracy (%)", ylim=PERCENT_LIMITS)
    for each in axes:
        each.set_xlabel("epoch")
        figures.log_ticks(each.xaxis, LATE_EPOCHS)
    legend_below(axes, 2)
    return figure


def fig4_codes(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Train and test accuracy with binary codes; `names` maps condition to title."""
    figure, axes = figures.grid(len(names), width=8.4, sharey=True)
    for each, (condition, title) in zip(axes, names.items(), strict=True):
        accuracies(each, runs, condition, PLAIN)
        each.set(title=title)
    axes[0].set_ylabel("accuracy (%)")
    legend_below(axes, 2)
    return figure


def fig4_parity(paper: Mapping, chou: Mapping, runs: pd.DataFrame | None = None) -> Figure:
    """Sparse parity with StableMax: the paper's points and a replication's, beside our runs if there are any."""
    figure, (axes,) = figures.grid(1, width=6)
    if runs is not None:
        accuracies(axes, runs, "base")
    paper_test(axes, paper)
    figures.paper_points(axes, chou["epoch"], chou["accuracy"], "Chou, test", marker="^")
    axes.set(xlabel="epoch", ylabel="accuracy (%)", ylim=(40, PERCENT_LIMITS[1]))
    legend_below([axes], 4)
    return figure
