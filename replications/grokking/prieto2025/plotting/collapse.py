"""Softmax collapse by precision: Figure 2, and the law for its time."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.grokking.prieto2025.measuring.collapse import predicted_delay
from replications.grokking.prieto2025.measuring.levels import COLLAPSE
from replications.grokking.prieto2025.plotting.common import (
    PERCENT_LIMITS,
    PRECISION_COLOURS,
    legend_below,
)
from verifig.pages import figures
from verifig.pages.figures import percent, pick

EPOCHS = (500, 1000, 2000, 5000)  # numbers of the axis on which the paper's epochs stand beside ours
STYLES = ("-", (0, (5, 1, 1, 1)), (0, (1, 1)))  # one a beta2


def fig2(runs: pd.DataFrame, names: Mapping[str, str], paper: Mapping[str, Mapping], paper_collapse: Mapping) -> Figure:
    """Test accuracy and collapsed share by softmax precision, and the paper's test accuracy in a panel of its own.

    `names` maps condition to precision, `paper` precision to points.
    """
    figure, axes = figures.grid(3, width=8.9, width_ratios=[1, 1, 0.9])
    for condition, precision in names.items():
        colour, rows = PRECISION_COLOURS[precision], percent(pick(runs, condition=condition))
        figures.band(axes[0], pick(rows, curve="test_accuracy"), color=colour, label=precision)
        collapsed = pick(rows, curve="collapsed")
        figures.band(axes[1], collapsed, color=colour, label=precision)
        middle = collapsed.groupby("x")["value"].median()
        if (middle >= 100 * COLLAPSE).any():
            at = middle.index[np.flatnonzero(middle >= 100 * COLLAPSE)[0]]
            for each in axes[:2]:
                figures.threshold(each, at, color=colour, linewidth=1.2)
    for precision, colour in PRECISION_COLOURS.items():
        if points := paper.get(precision):
            label = f"paper, {precision}"
            figures.paper_points(axes[2], points["epoch"], points["accuracy"], label, markeredgecolor=colour)
        figures.threshold(axes[2], paper_collapse[precision], color=colour, linewidth=1.2)
    title, last = f"paper, p = {paper_collapse['modulus']}", max(paper_collapse[name] for name in PRECISION_COLOURS)
    axes[2].set(title=title, xlabel="epoch", ylabel="test accuracy (%)", xlim=(0, 1.07 * last), ylim=PERCENT_LIMITS)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)")
    axes[1].set(title="collapsed samples", xlabel="epoch", ylabel="training samples (%)", ylim=PERCENT_LIMITS)
    legend_below(axes, 5)
    return figure


class Pair(NamedTuple):
    """Two conditions that differ in softmax precision only."""

    label: str
    single: str
    double: str
    beta2: float


def fig2_law(runs: pd.DataFrame, pairs: Sequence[Pair], paper: Mapping) -> Figure:
    """Collapse epochs by seed for pairs of precisions, and the predicted place of float64; loss on a log axis.

    The loss is drawn for the first pair of each beta2. The paper's epochs stand in the lowest row.
    """
    figure, axes = figures.grid(2, width=8.6, height=3.4, width_ratios=[1.25, 1])
    for row, pair in enumerate(pairs):
        early, late = (_crossings(pick(runs, curve="collapsed", condition=name)) for name in (pair.single, pair.double))
        for epochs, precision in ((early, "float32"), (late, "float64")):
            look = {"color": PRECISION_COLOURS[precision], "markersize": 5, "alpha": 0.8}
            axes[0].plot(epochs, [row] * len(epochs), "o", label=None if row else f"{precision}, seeds", **look)
        if early:
            _predicted(axes[0], row, np.mean(early), pair.beta2, "predicted float64" if row == 0 else None)
    for precision in ("float32", "float64"):
        look = {"markeredgecolor": PRECISION_COLOURS[precision], "markersize": 6}
        figures.paper_points(axes[0], [paper[precision]], [-1], f"{precision}, paper", **look)
    _predicted(axes[0], -1, paper["float32"], paper["beta2"])
    axes[0].set(title="epoch of collapse", xlabel="epoch", ylim=(-1.6, len(pairs) - 0.5))
    figures.log_ticks(axes[0].xaxis, EPOCHS)
    label = f"paper (p = {paper['modulus']})\nlr {paper['learning_rate']:g}, beta2 {paper['beta2']:g}"
    axes[0].set_yticks(range(-1, len(pairs)), [label, *(pair.label for pair in pairs)])
    first = {pair.beta2: pair for pair in reversed(pairs)}
    for (beta2, pair), style in zip(sorted(first.items(), reverse=True), STYLES, strict=False):
        loss = pick(runs, curve="train_loss", condition=pair.double)
        loss = loss[loss["value"] > 0]
        look = {"color": PRECISION_COLOURS["float64"], "linestyle": style}
        figures.band(axes[1], loss, label=f"loss, beta2 = {beta2:g}", **look)
        middle = loss.groupby("x")["value"].median()
        if (middle < 1e-3).any():
            start = middle.index[np.flatnonzero(middle < 1e-3)[0]]
            reach = np.array([start, start + 24 / (-np.log(beta2) / 2)])
            predicted = middle[start] * np.exp(np.log(beta2) / 2 * (reach - start))
            label = None if any(line.get_linestyle() == "--" for line in axes[1].get_lines()) else "predicted slope"
            axes[1].plot(reach, predicted, color=figures.INK, linestyle="--", linewidth=1, label=label)
    axes[1].set(title="training loss, float64", xlabel="epoch", ylabel="loss (nats)", yscale="log", ylim=(1e-18, 10))
    legend_below(axes, 4)
    return figure


def _predicted(axes: Axes, row: float, start: float, beta2: float, label: str | None = None) -> None:
    """The predicted delay below a row: a line from the epoch of float32 to the place of float64, a cross."""
    target = start + predicted_delay(beta2)
    axes.plot([start, target], [row - 0.2] * 2, color=figures.INK, linewidth=1)
    axes.plot([target], [row - 0.2], "x", color=figures.INK, markersize=6, label=label)


def _crossings(frame: pd.DataFrame) -> list[float]:
    """First epoch at which each seed passes the collapse share."""
    reached = frame[frame["value"] >= COLLAPSE]
    return list(reached.groupby("seed")["x"].min())
