"""Figures: each function takes tables of curves (see measure.py) and settings of the run."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.grokking.tian2025.boundary import boundary_fraction, energy_of_feature
from verifig.pages import figures
from verifig.pages.figures import (
    BLUE,
    DASHED,
    GREEN,
    GREY,
    ORANGE,
    PALETTE,
    PURPLE,
    RED,
    log_ticks,
    paper_line,
    percent,
    pick,
)

ARMS = {"decay": (BLUE, "weight decay"), "plain": (ORANGE, "no decay")}
CONTROLS = {"shuffled": (RED, "results permuted"), "top_layer": (GREY, "top layer alone")}
MODULI = (BLUE, ORANGE, GREEN, PURPLE)
TRAIN, TEST = GREY, BLUE


def started(curves: pd.DataFrame, **values: object) -> pd.DataFrame:
    """Rows with these values from the first step on, for a logarithmic axis."""
    chosen = pick(curves, **values)
    return chosen[chosen["x"] > 0]


def steps_axis(axes: Axes, **texts: str) -> None:
    """A logarithmic axis of steps."""
    log_ticks(axes.xaxis, [1, 10, 100, 1000, 10000])
    axes.set(xlabel="steps", **texts)


def accuracy(curves: pd.DataFrame) -> Figure:
    """Train and test accuracy over steps, one panel with weight decay and one without."""
    figure, panels = figures.grid(2, width=8.8, height=3.3, sharey=True)
    for axes, (condition, (_, title)) in zip(panels, ARMS.items(), strict=True):
        rows = percent(started(curves, condition=condition), "train_accuracy", "test_accuracy")
        figures.band(axes, rows, y="train_accuracy", color=TRAIN, label="train")
        figures.band(axes, rows, y="test_accuracy", color=TEST, label="test")
        steps_axis(axes, title=title)
        axes.set_ylim(-3, 103)
    panels[0].set_ylabel("accuracy (%)")
    panels[0].legend(loc="upper left")
    return figure


def fractions(table: pd.DataFrame, constant: float) -> Figure:
    """Final test accuracy by share of the pairs: seeds as dots, medians joined, the predicted boundary dashed."""
    figure, (axes,) = figures.grid(width=7.0, height=3.4)
    for (modulus, rows), color in zip(table.groupby("modulus"), MODULI, strict=False):
        rows = percent(rows, "x", "value")
        axes.plot(rows["x"], rows["value"], "o", color=color, markersize=4, alpha=0.55)
        middle = rows.groupby("x")["value"].median()
        axes.plot(middle.index, middle, color=color, label=f"M = {modulus}, median of seeds (dots)")
        axes.axvline(100 * boundary_fraction(modulus, constant), **DASHED)
    axes.plot([], [], label=f"predicted boundary, {constant:g} ln(M)/M", **DASHED)
    axes.set(xlabel="share of the pairs trained on (%)", ylabel="final test accuracy (%)", ylim=(-3, 103))
    axes.legend(loc="lower right")
    return figure


def scaling(table: pd.DataFrame, constant: float) -> Figure:
    """Final test accuracy by share of the pairs over M / ln M, in which all moduli have one boundary."""
    figure, (axes,) = figures.grid(width=7.0, height=3.4)
    for (modulus, rows), color in zip(table.groupby("modulus"), MODULI, strict=False):
        rows = percent(rows.assign(x=rows["x"] / boundary_fraction(modulus, 1.0)))
        figures.band(axes, rows, color=color, label=f"M = {modulus}", marker="o", markersize=4)
    paper_line(axes, constant, f"authors' constant {constant:g}", axis="x")
    axes.set(xlabel="share of the pairs, times M / ln M", ylabel="final test accuracy (%)", ylim=(-3, 103))
    axes.legend(loc="lower right")
    return figure


def energy(paths: pd.DataFrame, limits: pd.DataFrame, conditions: Sequence[str]) -> Figure:
    """Left: energy over M along the ascents of one seed of the first condition, coloured by the frequency at the end.
    Others: how many starts end at each frequency, by seed."""
    figure, panels = figures.grid(1 + len(conditions), width=8.9, height=3.1)
    first = conditions[0]
    rows, ends = pick(paths, condition=first), pick(limits, condition=first, seed=0).set_index("start")
    for start, path in rows.groupby("start"):
        color = PALETTE[int(ends.loc[start, "frequency"] - 1) % len(PALETTE)]
        panels[0].plot(path["x"], path["value"] / path["modulus"], color=color, linewidth=0.8, alpha=0.7)
    figures.threshold(panels[0], energy_of_feature(1, 1), "M/4", axis="y", **DASHED)
    panels[0].set(title=f"ascents, M = {rows['modulus'].iloc[0]}", xlabel="steps", ylabel="energy / M")
    for axes, condition in zip(panels[1:], conditions, strict=True):
        chosen = pick(limits, condition=condition)
        modulus = chosen["modulus"].iloc[0]
        numbers = np.arange(1, modulus // 2 + 1)
        for number in numbers:
            color = PALETTE[(number - 1) % len(PALETTE)] if condition == first else GREY
            count = chosen.assign(here=chosen["frequency"] == number).groupby("seed")["here"].sum()
            axes.bar(number, count.mean(), color=color, alpha=0.75)
            axes.plot(np.full(len(count), number), count, "_", color=figures.INK, markersize=7)
        axes.set(title=f"limits, M = {modulus}", xlabel="frequency", ylim=(0, 25))
        axes.set_xticks(numbers)
        axes.set_yticks(range(0, 26, 5))
    panels[1].set_ylabel("starts")
    return figure


def constant(limits: pd.DataFrame, conditions: Sequence[str], printed: float) -> Figure:
    """Energy over M of every limit, against its frequency; M/4 and the printed value as lines."""
    figure, panels = figures.grid(len(conditions), width=8.9, height=3.0, sharey=True)
    for axes, condition in zip(panels, conditions, strict=True):
        rows = pick(limits, condition=condition)
        modulus = rows["modulus"].iloc[0]
        axes.plot(rows["frequency"], rows["energy"] / modulus, "o", color=BLUE, markersize=5, alpha=0.3)
        axes.axhline(0.25, color=GREEN, linewidth=1, label="closed form, M/4")
        paper_line(axes, printed, "printed, M/16")
        axes.set(title=f"M = {modulus}", xlabel="frequency of the limit", ylim=(0, 0.55))
        axes.set_xticks(range(1, modulus // 2 + 1))
    panels[0].set_ylabel("energy / M")
    panels[0].legend(loc="upper left")
    return figure


def landscape(arcs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Left: energy over M on the arc from the feature of frequency 1 to that of frequency 2, and its closed form. Right:
    the closed form over all mixtures of three features, by their shares of |w|^2."""
    figure, (axes, triangle) = figures.grid(2, width=8.8, height=3.4)
    for (condition, name), color, marker, size in zip(names.items(), MODULI, "o+x", (7, 8, 5), strict=False):
        rows = pick(arcs, condition=condition).groupby("x")["value"].mean() / _modulus(arcs, condition)
        look = {"markerfacecolor": "none", "markersize": size}
        axes.plot(rows.index, rows, color=color, label=name, linestyle="none", marker=marker, **look)
    angle = np.linspace(0, 90, 91)
    turn = np.radians(angle)
    axes.plot(angle, (np.cos(turn) ** 4 + np.sin(turn) ** 4) / 4, label="(cos⁴ + sin⁴) / 4", **DASHED)
    axes.set(
        title="between two features",
        xlabel="angle from frequency 1 to frequency 2 (degrees)",
        ylabel="energy / M",
        ylim=(0, 0.28),
    )
    axes.set_xticks([0, 30, 60, 90])
    axes.legend(loc="lower left", ncols=2)
    _triangle(triangle)
    return figure


def _modulus(table: pd.DataFrame, condition: str) -> int:
    """The modulus of a condition."""
    return int(pick(table, condition=condition)["modulus"].iloc[0])


def _triangle(axes: Axes) -> None:
    """Contours of (s_1^2 + s_2^2 + s_3^2) / 4 over shares that add up to 1, a corner for each feature."""
    steps = 40
    shares = np.array([(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]) / steps
    corners = np.array([[0, 0], [1, 0], [0.5, 3**0.5 / 2]])
    x, y = (shares @ corners).T
    lines = axes.tricontour(
        x, y, (shares**2).sum(1) / 4, levels=[0.09, 0.1, 0.12, 0.15, 0.2], colors=[BLUE], linewidths=1
    )
    axes.clabel(lines, fontsize=7.5)
    axes.plot(*corners[[0, 1, 2, 0]].T, color=figures.INK, linewidth=0.8)
    for number, corner in enumerate(corners, start=1):
        axes.annotate(f"frequency {number}", corner, (0, -4 if corner[1] == 0 else 3), textcoords="offset points", ha="center", va="top" if corner[1] == 0 else "bottom", fontsize=8)  # fmt: skip
    axes.set(title="among three features", xlim=(-0.15, 1.15), ylim=(-0.1, 0.97))
    axes.set_aspect("equal")
    axes.axis("off")


def stages(curves: pd.DataFrame) -> Figure:
    """|G_F| over steps; cosine distance of both layers from their start, with decay and without."""
    figure, panels = figures.grid(3, width=8.9, height=3.2)
    for condition, (color, name) in ARMS.items():
        rows = started(curves, condition=condition)
        figures.band(panels[0], rows, y="feature_gradient", color=color, label=name)
    log_ticks(panels[0].yaxis)
    steps_axis(panels[0], title="gradient at the hidden units", ylabel="|G_F|")
    panels[0].legend(loc="lower left")
    for axes, (condition, (_, name)) in zip(panels[1:], ARMS.items(), strict=True):
        rows = started(curves, condition=condition)
        figures.band(axes, rows, y="moved_output", color=PURPLE, label="output weights V")
        figures.band(axes, rows, y="moved_hidden", color=GREEN, label="hidden weights W")
        steps_axis(axes, title=f"moved, {name}")
        axes.set_ylim(0, 1.05)
    panels[1].set_ylabel("cosine distance from the start")
    panels[1].legend(loc="upper left")
    return figure


def features(curves: pd.DataFrame, modulus: int) -> Figure:
    """Mean share of one frequency over steps, and number of frequencies among pure neurons, with the controls."""
    figure, panels = figures.grid(2, width=8.8, height=3.3)
    for condition, (color, name) in (ARMS | CONTROLS).items():
        rows = started(curves, condition=condition)
        figures.band(panels[0], rows, y="purity", color=color, label=name)
        figures.band(panels[1], rows, y="frequencies", color=color, label=name)
    steps_axis(panels[0], title="share of the strongest frequency", ylabel="mean over neurons")
    steps_axis(panels[1], title="frequencies of pure neurons", ylabel="number")
    figures.threshold(panels[1], modulus // 2, "all", axis="y", **DASHED)
    panels[0].set_ylim(0, 1.03)
    panels[0].legend(loc="upper left")
    return figure


def rates(curves: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Test accuracy over steps by learning rate."""
    figure, (axes,) = figures.grid(width=6.6, height=3.3)
    for (condition, name), color in zip(names.items(), MODULI, strict=False):
        rows = percent(started(curves, condition=condition), "test_accuracy")
        figures.band(axes, rows, y="test_accuracy", color=color, label=f"learning rate {name}")
    steps_axis(axes, ylabel="test accuracy (%)")
    axes.set_ylim(-3, 103)
    axes.legend(loc="upper left")
    return figure
