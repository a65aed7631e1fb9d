"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.sgd_stability.lu2023.theory import edge
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, MUTED, ORANGE, PURPLE, RED, percent, pick

CONDITIONS = {
    "mixed": ("with weak-only samples", BLUE),
    "strong": ("strong samples alone", GREEN),
    "shuffled": ("weak signs shuffled (control)", RED),
}
TICKS = (0, 0.1, 0.2, 0.3, 0.4)


def accuracy(runs: pd.DataFrame, paper: Mapping, interval: Sequence[float]) -> Figure:
    """Accuracy over the learning rate: all test points with the paper's two values, and weak-only points.

    Args:
        paper: `large` and `small`, accuracies.
        interval: learning rates of the paper's theory, from and to.
    """
    figure, axes = figures.grid(2, width=8.9, height=3.3)
    shown = percent(runs, "accuracy", "weak_accuracy", "strong_accuracy")
    mixed = pick(shown, condition="mixed")
    figures.mean_band(axes[0], mixed.rename(columns={"rate": "x"}), y="accuracy", color=BLUE, label="ours")
    for name in ("small", "large"):
        figures.paper_line(axes[0], 100 * paper[name], f"paper, {name} rate: {100 * paper[name]:.4g} %")
    axes[0].set(title="all test points, %", ylim=(89, 101))
    for condition, (label, colour) in CONDITIONS.items():
        rows = pick(shown, condition=condition).rename(columns={"rate": "x"})
        figures.mean_band(axes[1], rows, y="weak_accuracy", color=colour, label=label)
    strong = mixed.groupby("rate")["strong_accuracy"].mean()
    axes[1].plot(strong.index, strong, ":", color=PURPLE, label="points with both features")
    axes[1].set(title="points with the weak feature alone, %", ylim=(30, 104))
    axes[1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(0, 0.93))
    for panel in axes:
        _rates(panel, interval)
    return figure


def _rates(axes: Axes, interval: Sequence[float]) -> None:
    """An axis of learning rates with the paper's interval shaded and the edge dotted."""
    axes.set(xlabel="learning rate c, in m / |u|²", xticks=TICKS)
    axes.axvspan(*interval, color=MUTED, alpha=0.2, linewidth=0)
    figures.threshold(axes, edge())


def signal(series: pd.DataFrame, rates: Sequence[float]) -> Figure:
    """The weak component over steps at several rates, a panel for each condition; lines: medians, bands: quartiles."""
    figure, axes = figures.grid(len(CONDITIONS), width=8.9, height=3.0, sharey=True)
    colours = dict(zip(rates, (MUTED, ORANGE, BLUE), strict=True))
    for panel, (condition, (label, _)) in zip(axes, CONDITIONS.items(), strict=True):
        for rate, colour in colours.items():
            rows = series[(series["condition"] == condition) & np.isclose(series["rate"], rate)]
            figures.quartile_band(panel, rows, y="weak", color=colour, label=f"c = {rate:g}")
        panel.set(title=label, xlabel="step", yscale="log")
    axes[0].set_ylabel("largest weak component")
    axes[0].legend(fontsize=8, loc="upper left")
    return figure


def oscillation(series: pd.DataFrame, runs: pd.DataFrame, rates: Sequence[float], last: int) -> Figure:
    """y f - 1 on a strong sample over the last steps of one run at several rates; its mean size over the rate.

    Args:
        last: steps shown.
    """
    figure, axes = figures.grid(2, width=8.9, height=3.0)
    for rate, colour in zip(rates, (MUTED, ORANGE, BLUE), strict=True):
        rows = series[(series["condition"] == "strong") & np.isclose(series["rate"], rate) & (series["seed"] == 0)]
        rows = rows[rows["x"] > series["x"].max() - last]
        axes[0].plot(rows["x"], rows["deviation"], ".-", color=colour, label=f"c = {rate:g}", markersize=4)
    axes[0].set(title="y f − 1, one run, last steps", xlabel="step")
    axes[0].legend(fontsize=8, loc="upper left")
    low, high = axes[0].get_ylim()
    axes[0].set_ylim(low, high + 0.45 * (high - low))
    for condition, (label, colour) in CONDITIONS.items():
        rows = pick(runs, condition=condition).rename(columns={"rate": "x"})
        figures.mean_band(axes[1], rows, y="swing", color=colour, label=label)
    figures.threshold(axes[1], edge())
    axes[1].set(title="mean |y f − 1| on strong samples", xlabel="learning rate c, in m / |u|²", xticks=TICKS)
    axes[1].legend(fontsize=8, loc="upper left")
    return figure
