"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure.

Settings that titles and labels state are handed in by report.py, which reads them from the run.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.grokking.prieto2025.measure import COLLAPSE, predicted_delay
from verifig.pages import figures

BLUE, ORANGE, GREEN, PURPLE, RED = figures.PALETTE[:5]
EXP_CUT = 12  # where the axis of Figure 3 cuts exp(x) off
PRECISION_COLOURS = {"float16": ORANGE, "float32": BLUE, "float64": GREEN}


def curve(frame: pd.DataFrame, name: str, condition: str, percent: bool = False) -> pd.DataFrame:
    """Rows of one curve and condition; accuracies in percent if asked."""
    rows = frame[(frame["curve"] == name) & (frame["condition"] == condition)]
    return rows.assign(value=rows["value"] * 100) if percent else rows


def accuracies(axes: Axes, frame: pd.DataFrame, condition: str, colour: str = BLUE, prefix: str = "") -> None:
    """Train (dashed) and test (solid) accuracy with the range over seeds; `prefix` names the arm in the legend."""
    train, test = (curve(frame, f"{which}_accuracy", condition, True) for which in ("train", "test"))
    figures.band(axes, train, color=colour, linestyle="--", label=f"{prefix}train", alpha=0.7)
    figures.band(axes, test, color=colour, label=f"{prefix}test")
    axes.set(xlabel="epoch", ylim=(-3, 103))


def paper_train(axes: Axes, points: Mapping) -> None:
    """Training accuracies read off the paper: open squares (its test accuracies are diamonds)."""
    figures.paper_points(axes, points["epoch"], points["accuracy"], "paper, train", marker="s")


def paper_test(axes: Axes, points: Mapping) -> None:
    """Test accuracies read off the paper: open diamonds."""
    figures.paper_points(axes, points["epoch"], points["accuracy"], "paper, test")


def legend(axes: Axes, place: str, **options) -> None:
    """A small legend, if there is anything to name."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc=place, fontsize=8, **options)


def fig1a(edge: pd.DataFrame, test: Mapping, train: Mapping) -> Figure:
    """perpAdamW with the paper's points, and the same without the projection."""
    figure, axes = figures.grid(2, width=8.4, sharey=True)
    accuracies(axes[0], edge, "perp_adamw")
    paper_test(axes[0], test)
    paper_train(axes[0], train)
    axes[0].set(title="perpAdamW", ylabel="accuracy (%)")
    accuracies(axes[1], edge, "adamw", ORANGE)
    axes[1].set(title="AdamW")
    legend(axes[0], "upper left")
    legend(axes[1], "center right")
    return figure


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


def fig2(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Test accuracy and collapsed share by softmax precision; `names` maps precision to condition."""
    figure, axes = figures.grid(2, width=8.4)
    for precision, condition in names.items():
        colour = PRECISION_COLOURS[precision]
        figures.band(axes[0], curve(runs, "test_accuracy", condition, True), color=colour, label=precision)
        collapsed = curve(runs, "collapsed", condition, True)
        figures.band(axes[1], collapsed, color=colour, label=precision)
        middle = collapsed.groupby("x")["value"].median()
        if (middle >= 100 * COLLAPSE).any():
            at = middle.index[np.flatnonzero(middle >= 100 * COLLAPSE)[0]]
            for each in axes:
                each.axvline(at, color=colour, linestyle=":", linewidth=1.2)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)")
    axes[1].set(title="collapsed samples", xlabel="epoch", ylabel="share of training samples (%)", ylim=(-3, 103))
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
        early, late = (_crossings(curve(runs, "collapsed", name)) for name in (pair.single, pair.double))
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
        loss = curve(runs, "train_loss", pair.double)
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
        figures.band(axes[0], curve(runs, "norm", condition), color=colour, label=label)
        figures.band(axes[1], curve(runs, "test_accuracy", condition, True), color=colour, label=label)
    axes[0].set(title="L2 norm of all weights", xlabel="epoch", ylabel="L2 norm", yscale="log")
    figures.plain_ticks(axes[0].yaxis)
    axes[1].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)", ylim=(-3, 103))
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


def fig5(runs: pd.DataFrame, names: Mapping[str, str], paper: Mapping) -> Figure:
    """Cosine of weights and negative gradient by layer beside the training accuracy; `names` maps condition to title."""
    figure, axes = figures.grid(len(names), width=8.4, sharey=True)
    labels = ("layer 1", "layer 2", "layer 3 (output)")
    for each, (condition, title) in zip(axes, names.items(), strict=True):
        for layer, (label, colour) in enumerate(zip(labels, (ORANGE, GREEN, BLUE), strict=True), start=1):
            figures.band(each, curve(runs, f"alignment_{layer}", condition), color=colour, label=label)
        accuracy = curve(runs, "train_accuracy", condition)
        figures.band(each, accuracy, color=figures.MUTED, linestyle="--", label="training accuracy")
        each.set(title=title, xlabel="epoch", ylim=(-0.25, 1.05))
    figures.paper_line(axes[0], paper["cosine"], f"paper: up to {paper['cosine']:g} (output layer)")
    axes[0].set_ylabel("cosine (weights, −gradient)")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, fontsize=8)
    return figure


def fig6a(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """The transformer under several optimisers; `names` maps condition to title."""
    figure, axes = figures.grid(len(names), width=9, sharey=True)
    for each, (condition, title) in zip(axes, names.items(), strict=True):
        accuracies(each, runs, condition)
        each.set(title=title)
    axes[0].set_ylabel("accuracy (%)")
    legend(axes[-1], "center right")
    return figure


class Panel(NamedTuple):
    """One condition with its title, colour and the paper's points."""

    condition: str
    title: str
    colour: str
    train: Mapping | None = None
    test: Mapping | None = None


def fig6b(
    slow: pd.DataFrame, delay: pd.DataFrame, above: Sequence[Panel], below: Sequence[Panel], chou: Mapping
) -> Figure:
    """With (left) and without the projection: the disputed learning rate above, SGD below."""
    figure, axes = figures.grid(2, rows=2, width=8.4, height=2.8, sharey=True)
    for each, frame, panel in zip(axes, (slow, slow, delay, delay), (*above, *below), strict=True):
        accuracies(each, frame, panel.condition, panel.colour)
        if panel.train:
            paper_train(each, panel.train)
        if panel.test:
            paper_test(each, panel.test)
        each.set(title=panel.title)
    axes[0].axhspan(chou["low"], chou["high"], color=RED, alpha=0.2, linewidth=0, label="plateau in a replication")
    for each in axes:
        legend(each, "center right")
    for each in axes[::2]:
        each.set_ylabel("accuracy (%)")
    return figure


def fig6c(delay: pd.DataFrame, decay: str, projection: str) -> Figure:
    """Accuracy, training loss and norm of AdamW with weight decay against epochs on a log axis.

    The accuracy of perpAdamW is drawn beside. `decay` and `projection` name the arms in the legend.
    """
    figure, axes = figures.grid(3, width=10)
    rows = delay[delay["x"] > 0]
    accuracies(axes[0], rows, "perp_adamw", BLUE, f"{projection}, ")
    accuracies(axes[0], rows, "adamw_wd4", PURPLE, f"{decay}, ")
    axes[0].set(title="accuracy", ylabel="accuracy (%)")
    figures.band(axes[1], curve(rows, "train_loss", "adamw_wd4"), color=PURPLE)
    axes[1].set(title=f"training loss, {decay}", xlabel="epoch", ylabel="loss (nats)", yscale="log")
    figures.band(axes[2], curve(rows, "norm", "adamw_wd4"), color=PURPLE)
    axes[2].set(title=f"all weights, {decay}", xlabel="epoch", ylabel="L2 norm")
    for each in axes:
        each.set_xscale("log")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower left", ncols=4, fontsize=8)
    return figure


def fig7(paths: pd.DataFrame, surface: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Each run over sections of its own training and test loss, and these losses along the run.

    `names` maps condition to label.
    """
    figure, axes = figures.grid(len(names), rows=3, width=9.4, height=2.75)
    axes = axes.reshape(3, -1)
    for column, (condition, label) in enumerate(names.items()):
        path, plane = paths[paths["condition"] == condition], surface[surface["condition"] == condition]
        if path.empty:
            continue
        for row, which in enumerate(("train", "test")):
            each = axes[row, column]
            table = plane.pivot(index="y", columns="x", values=which)
            levels = each.contourf(
                table.columns, table.index, np.log10(table.to_numpy() + 1e-12), levels=14, cmap="Greys_r", alpha=0.75
            )
            figure.colorbar(levels, ax=each, label=f"log10 {which} loss", format="%.1f")
            each.plot(path["x"], path["y"], color=ORANGE)
            each.plot(path["x"].iloc[0], path["y"].iloc[0], "s", color=ORANGE, markersize=6, label="start")
            each.plot(path["x"].iloc[-1], path["y"].iloc[-1], "o", color=ORANGE, markersize=6, label="end")
            each.set(title=label if row == 0 else "")
            each.grid(False)
        axes[1, column].set_xlabel("start to end")
        last = axes[2, column]
        last.plot(path["epoch"], path["train_loss"], color=BLUE, linestyle="--", label="train")
        last.plot(path["epoch"], path["test_loss"], color=BLUE, label="test")
        last.set(xlabel="epoch", yscale="log")
    axes[0, 0].set_ylabel("train: sideways")
    axes[1, 0].set_ylabel("test: sideways")
    axes[2, 0].set_ylabel("loss (nats)")
    legend(axes[2, 0], "best")
    legend(axes[0, 0], "best", labelcolor=figures.DARK_INK)
    return figure


def fig8(runs: pd.DataFrame) -> Figure:
    """Correct-class logits taken out of the loss, against the untouched run."""
    figure, (axes,) = figures.grid(1, width=6)
    for condition, label, colour in (("not_zeroed", "untouched", BLUE), ("zeroed", "logits zeroed", ORANGE)):
        figures.band(axes, curve(runs, "test_accuracy", condition, True), color=colour, label=label)
    axes.set(xlabel="epoch", ylabel="test accuracy (%)", ylim=(-3, 103))
    legend(axes, "upper left")
    return figure


def fig14(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Test accuracy and collapsed share on MNIST; `names` maps condition to label."""
    figure, axes = figures.grid(2, width=8.4)
    for colour, (condition, label) in zip((ORANGE, BLUE, figures.MUTED), names.items(), strict=False):
        figures.band(axes[0], curve(runs, "test_accuracy", condition, True), color=colour, label=label)
        figures.band(axes[1], curve(runs, "collapsed", condition, True), color=colour, label=label)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)")
    axes[1].set(title="collapsed samples", xlabel="epoch", ylabel="share of training samples (%)", ylim=(-3, 103))
    legend(axes[0], "lower right")
    return figure


def fig15(runs: pd.DataFrame, decays: Mapping[str, float], level: float) -> Figure:
    """Test accuracy over epochs, and the epochs to test accuracy `level` (a share), by weight decay.

    `decays` maps condition to weight decay; the run with the projection is drawn beside.
    """
    figure, axes = figures.grid(2, width=9)
    for colour, (condition, decay) in zip(figures.PALETTE[1:], decays.items(), strict=False):
        figures.band(axes[0], curve(runs, "test_accuracy", condition, True), color=colour, label=f"decay {decay:g}")
        _arrivals(axes[1], decay, curve(runs, "test_accuracy", condition), level, colour)
    figures.band(axes[0], curve(runs, "test_accuracy", "perp_adamw", True), color=BLUE, label="projection")
    _arrivals(axes[1], 0.0, curve(runs, "test_accuracy", "perp_adamw"), level, BLUE)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)", ylim=(-3, 103))
    axes[1].set(title=f"epochs to test accuracy {level:g}", xlabel="weight decay", ylim=(0, None))
    ticks = sorted(set(decays.values()))
    axes[1].set_xticks([0, *ticks], ["projection,\nno decay", *(f"{tick:g}" for tick in ticks)])
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower left", ncols=6, fontsize=8)
    return figure


def _arrivals(axes: Axes, x: float, frame: pd.DataFrame, level: float, colour: str) -> None:
    """First log points at or above a level by seed as dots; a triangle at the last epoch for runs that never get there."""
    if frame.empty:
        return
    reached = frame[frame["value"] >= level].groupby("seed")["x"].min()
    axes.plot([x] * len(reached), reached, "o", color=colour, markersize=5, alpha=0.8)
    never = frame["seed"].nunique() - len(reached)
    axes.plot([x] * never, [frame["x"].max()] * never, "^", color=colour, markersize=7, markerfacecolor="none")
