"""StableMax against softmax: Figures 1b, 3 and 4."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.prieto2025.plotting.common import PERCENT_LIMITS, accuracies, legend, paper_test
from verifig.pages import figures
from verifig.pages.figures import BLUE, ORANGE, percent, pick

EXP_CUT = 12  # where the axis of Figure 3 cuts exp(x) off


def fig1b(runs: pd.DataFrame, paper: Mapping | None = None) -> Figure:
    """StableMax against softmax in float64; the paper's points where the setting is the paper's."""
    figure, axes = figures.grid(2, width=8.4, sharey=True)
    accuracies(axes[0], runs, "stablemax")
    axes[0].set(title="StableMax", ylabel="accuracy (%)")
    accuracies(axes[1], runs, "softmax64", ORANGE)
    axes[1].set(title="softmax in float64")
    if paper is not None:
        paper_test(axes[0], paper)
    legend(axes[0], "lower right")
    legend(axes[1], "center right")
    return figure


def fig3(function: pd.DataFrame) -> Figure:
    """s(x) and exp(x)."""
    figure, (axes,) = figures.grid(1, width=5)
    axes.plot(function["x"], function["exp"], color=ORANGE, label="exp(x)")
    axes.plot(function["x"], function["s"], color=BLUE, label="s(x), StableMax")
    axes.set(xlabel="x", ylabel="value", ylim=(-0.5, EXP_CUT))
    legend(axes, "upper left")
    return figure


def fig4_norm(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Weight norm and test accuracy against epochs; `names` maps condition to label."""
    figure, axes = figures.grid(2, width=8.4)
    for colour, (condition, label) in zip(figures.PALETTE, names.items(), strict=False):
        rows = pick(runs, condition=condition)
        figures.band(axes[0], pick(rows, curve="norm"), color=colour, label=label)
        figures.band(axes[1], percent(pick(rows, curve="test_accuracy")), color=colour, label=label)
    axes[0].set(title="L2 norm of all weights", xlabel="epoch", ylabel="L2 norm")
    figures.log_ticks(axes[0].yaxis, minor=True)
    axes[1].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)", ylim=PERCENT_LIMITS)
    legend(axes[1], "upper left")
    return figure


def fig4_codes(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Train and test accuracy with binary codes; `names` maps condition to title."""
    figure, axes = figures.grid(len(names), width=8.4, sharey=True)
    for each, (condition, title) in zip(axes, names.items(), strict=True):
        accuracies(each, runs, condition, BLUE)
        each.set(title=title)
        legend(each, "center right")
    axes[0].set_ylabel("accuracy (%)")
    return figure


def fig4_parity(runs: pd.DataFrame) -> Figure:
    """Sparse parity with StableMax."""
    figure, (axes,) = figures.grid(1, width=6)
    accuracies(axes, runs, "base")
    axes.set_ylabel("accuracy (%)")
    legend(axes, "lower right")
    return figure
