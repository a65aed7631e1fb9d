"""Softmax collapse by precision: Figure 2, and the law for its time."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.prieto2025.measuring.collapse import predicted_delay
from replications.grokking.prieto2025.measuring.levels import COLLAPSE
from replications.grokking.prieto2025.plotting.common import PERCENT_LIMITS, legend
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, ORANGE, PURPLE, RED, percent, pick

PRECISION_COLOURS = {"float16": ORANGE, "float32": BLUE, "float64": GREEN}


def fig2(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Test accuracy and collapsed share by softmax precision; `names` maps condition to precision."""
    figure, axes = figures.grid(2, width=8.4)
    for condition, precision in names.items():
        colour, rows = PRECISION_COLOURS[precision], percent(pick(runs, condition=condition))
        figures.band(axes[0], pick(rows, curve="test_accuracy"), color=colour, label=precision)
        collapsed = pick(rows, curve="collapsed")
        figures.band(axes[1], collapsed, color=colour, label=precision)
        middle = collapsed.groupby("x")["value"].median()
        if (middle >= 100 * COLLAPSE).any():
            at = middle.index[np.flatnonzero(middle >= 100 * COLLAPSE)[0]]
            for each in axes:
                figures.threshold(each, at, color=colour, linewidth=1.2)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)")
    axes[1].set(title="collapsed samples", xlabel="epoch", ylabel="share of training samples (%)", ylim=PERCENT_LIMITS)
    legend(axes[0], "upper left")
    return figure


class Pair(NamedTuple):
    """Two conditions that differ in softmax precision only."""

    label: str
    single: str
    double: str
    beta2: float


def fig2_law(runs: pd.DataFrame, pairs: Sequence[Pair]) -> Figure:
    """Collapse epochs by seed for pairs of precisions, and the predicted place of float64; loss on a log axis.

    The loss is drawn for the first pair of each beta2.
    """
    figure, axes = figures.grid(2, width=8.4)
    for row, pair in enumerate(pairs):
        named = row == 0
        early, late = (_crossings(pick(runs, curve="collapsed", condition=name)) for name in (pair.single, pair.double))
        for epochs, colour, label in ((early, BLUE, "float32"), (late, GREEN, "float64")):
            axes[0].plot(
                epochs, [row] * len(epochs), "o", color=colour, markersize=5, alpha=0.8, label=label if named else None
            )
        if early:
            target = np.mean(early) + predicted_delay(pair.beta2)
            axes[0].plot(
                [np.mean(early), target],
                [row - 0.18] * 2,
                color=figures.INK,
                linewidth=1,
                label="predicted delay" if named else None,
            )
            axes[0].plot(target, row - 0.18, "D", markerfacecolor="none", markeredgecolor=figures.INK, markersize=5)
    axes[0].set(title="epoch of collapse", xlabel="epoch", ylim=(-0.6, len(pairs) - 0.1))
    axes[0].set_yticks(range(len(pairs)), [pair.label for pair in pairs])
    legend(axes[0], "upper right", ncols=3)
    first = {pair.beta2: pair for pair in reversed(pairs)}
    for (beta2, pair), colour in zip(sorted(first.items(), reverse=True), (GREEN, PURPLE, RED), strict=False):
        loss = pick(runs, curve="train_loss", condition=pair.double)
        loss = loss[loss["value"] > 0]
        figures.band(axes[1], loss, color=colour, label=f"beta2 = {beta2:g}")
        middle = loss.groupby("x")["value"].median()
        if (middle < 1e-3).any():
            start = middle.index[np.flatnonzero(middle < 1e-3)[0]]
            reach = np.array([start, start + 24 / (-np.log(beta2) / 2)])
            predicted = middle[start] * np.exp(np.log(beta2) / 2 * (reach - start))
            label = None if any(line.get_linestyle() == "--" for line in axes[1].get_lines()) else "predicted slope"
            axes[1].plot(reach, predicted, color=figures.INK, linestyle="--", linewidth=1, label=label)
    axes[1].set(title="training loss, float64", xlabel="epoch", ylabel="loss (nats)", yscale="log", ylim=(1e-18, 10))
    legend(axes[1], "upper right")
    return figure


def _crossings(frame: pd.DataFrame) -> list[float]:
    """First epoch at which each seed passes the collapse share."""
    reached = frame[frame["value"] >= COLLAPSE]
    return list(reached.groupby("seed")["x"].min())
