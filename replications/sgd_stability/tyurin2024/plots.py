"""The figures: each function takes tables of curves (see measure.py), and settings of the run where it needs them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verifig.judging import stats
from verifig.pages import figures
from verifig.pages.figures import (
    BLUE,
    DASHED,
    GREEN,
    GREY,
    INDIGO,
    INK,
    OLIVE,
    ORANGE,
    PINK,
    PURPLE,
    RED,
    TEAL,
    log_ticks,
    paper_points,
    percent,
    pick,
)
from verifig.pages.legible import band_is

PAIRS = {"zero_one": "0 and 1", "three_five": "3 and 5", "base": "airplanes and automobiles"}
LADDER = (GREY, TEAL, GREEN, BLUE, INDIGO, PURPLE, PINK, RED)  # step sizes, from small to large
DESCENT, NORMALISED, PERCEPTRON, NORMALISED_PERCEPTRON = BLUE, ORANGE, GREEN, RED  # one colour a method elsewhere
NAMES = {
    "descent": ("gradient descent", DESCENT),
    "normalised_descent": ("normalised gradient descent", NORMALISED),
    "perceptron": ("batch perceptron", PERCEPTRON),
    "normalised_perceptron": ("normalised perceptron", NORMALISED_PERCEPTRON),
}
SEEN = 1e-6  # losses and gradients below are cut off
ROUNDING = 1e-17  # distances below are drawn there


def power(step_size: float) -> str:
    """A step size in few signs: 100, 1e4."""
    return f"{step_size:g}" if step_size < 1e4 else f"1e{np.log10(step_size):.0f}"


def images(table: pd.DataFrame) -> Figure:
    """Accuracy, loss and gradient norm against iterations by step size; the perceptron's accuracy; a row a pair."""
    pairs = [pair for pair in PAIRS if (table["pair"] == pair).any()]
    figure, axes = figures.grid(3, len(pairs), width=8.9, height=2.9)
    for row, pair in zip(axes.reshape(len(pairs), 3), pairs, strict=True):
        for place, curve in zip(row, ("accuracy", "loss", "gradient"), strict=True):
            rows = pick(table, pair=pair, curve=curve)
            rows = rows[rows["x"] >= 1]
            _by_step_size(place, percent(rows) if curve == "accuracy" else rows)
            log_ticks(place.xaxis, (1, 10, 100, 1000, 10000))
            place.set(xlabel="iteration")
            if curve != "accuracy":
                top = rows["value"].max()
                place.set(yscale="log", ylim=(SEEN, 3 * top))
        row[0].set(title=f"{PAIRS[pair]}: accuracy (%)", ylim=(None, 100.5))
        row[1].set(title="loss")
        row[2].set(title="gradient norm")
    figures.legend_outside(axes[0], "lower center", ncols=4)
    return figure


def _by_step_size(place: Axes, rows: pd.DataFrame) -> None:
    steps = sorted(pick(rows, method="descent")["step_size"].unique())
    for step, color in zip(steps, LADDER[-len(steps) :] if len(steps) > 6 else LADDER, strict=False):
        each = pick(rows, method="descent", step_size=step)
        place.plot(each["x"], each["value"], color=color, linewidth=1.3, label=f"γ = {power(step)}")
    each = pick(rows, method="perceptron")
    if len(each):
        place.plot(each["x"], each["value"], label="batch perceptron", **DASHED)


def steps(table: pd.DataFrame, cap: int) -> Figure:
    """Iterations until separation against the step size; open where the last step came first; perceptrons as levels."""
    figure, axes = figures.grid(2, width=8.8, height=3.4, sharey=True)
    for place, pair in zip(axes, ("zero_one", "three_five"), strict=True):
        for method in ("descent", "normalised_descent"):
            label, color = NAMES[method]
            rows = pick(table, pair=pair, method=method)
            ended = rows[np.isfinite(rows["value"])]
            place.plot(ended["step_size"], ended["value"], color=color, marker="o", markersize=4.5, label=label)
            never = rows[~np.isfinite(rows["value"])]
            place.plot(never["step_size"], [cap] * len(never), "o", color=color, markersize=7, markerfacecolor="none")
        for method, style in (("perceptron", "--"), ("normalised_perceptron", ":")):
            label, color = NAMES[method]
            level = pick(table, pair=pair, method=method)["value"].iloc[0]
            if np.isfinite(level):
                place.axhline(level, color=color, linestyle=style, linewidth=1.3, label=label)
        log_ticks(place.yaxis, (10, 30, 100, 300, 1000, 3000))
        place.set(xscale="log", title=PAIRS[pair], xlabel="step size γ")
    axes[0].set(ylabel="iterations until separation")
    figures.legend_outside(axes[0], "lower center", ncols=4)
    return figure


def worst_case(table: pd.DataFrame, paper: Mapping) -> Figure:
    """Iterations on the worst case of Table 1 against the step size, the paper's integers on them."""
    figure, (axes,) = figures.grid(width=6.8, height=3.4)
    for method in ("normalised_descent", "descent"):
        label, color = NAMES[method]
        rows = pick(table, method=method).sort_values("step_size")
        axes.plot(rows["step_size"], rows["value"], "o-", color=color, markersize=5, label=label)
        for step, value in zip(rows["step_size"], rows["value"], strict=True):
            axes.annotate(f"{value:g}", (step, value), xytext=(7, 4), textcoords="offset points", fontsize=9)
    for method, style in (("perceptron", "--"), ("normalised_perceptron", ":")):
        label, color = NAMES[method]
        level = pick(table, method=method)["value"].iloc[0]
        axes.axhline(level, color=color, linestyle=style, linewidth=1.2, label=f"{label}: {level:g}")
    points = [*paper["normalised"].items(), *paper["descent"].items()]
    paper_points(axes, *zip(*points, strict=True), "paper, Table 1", markersize=9)
    log_ticks(axes.xaxis, (0.1, 1, 10, 100))
    log_ticks(axes.yaxis, (1, 2, 5, 10, 20, 50, 100, 200, 500))
    axes.set(xlabel="step size γ", ylabel="iterations until separation", xlim=(0.07, 260), ylim=(1, 700))
    figures.legend_outside(axes, "right upper")
    return figure


def family(table: pd.DataFrame) -> Figure:
    """Iterations on the worst case against n: both perceptrons, and the closed form."""
    figure, (axes,) = figures.grid(width=6.4, height=3.2)
    axes.plot(table["n"], table["formula"], label="⌊(3n + 12)/10⌋", **DASHED)
    for method in ("perceptron", "normalised_perceptron"):
        label, color = NAMES[method]
        axes.plot(table["n"], table[method], "o", color=color, markersize=4, label=label)
    log_ticks(axes.xaxis, (1, 3, 10, 30, 100, 300, 1000, 3000, 10000))
    log_ticks(axes.yaxis, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000))
    axes.set(xlabel="samples n", ylabel="iterations until separation")
    axes.legend(loc="upper left")
    return figure


def limit(toy: pd.DataFrame, table: pd.DataFrame) -> Figure:
    """Loss and gradient after a step on the toy by step size; distance of theta/gamma from the perceptron's theta."""
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    fine = np.geomspace(toy["x"].min(), toy["x"].max(), 60)
    exact = (np.logaddexp(0, fine / 4) + np.logaddexp(0, -3.5 * fine)) / 2
    axes[0].plot(fine, exact, label="loss, closed form", **DASHED)
    axes[0].plot(toy["x"], toy["loss"], "o", color=BLUE, markersize=5, label="loss")
    axes[0].plot(toy["x"], toy["gradient"], "o", color=OLIVE, markersize=5, label="gradient norm")
    axes[0].axhline(0.5**0.5, color=OLIVE, linestyle=":", linewidth=1.2, label="1/√2")
    axes[0].set(xscale="log", yscale="log", title="toy, after one step", xlabel="step size γ")
    axes[0].legend(loc="upper left", fontsize=8.5)
    for t, color in zip(sorted(table["t"].unique()), (TEAL, GREEN, BLUE, PURPLE), strict=False):
        rows = pick(table, t=t)
        shown = rows.assign(value=rows["value"].clip(lower=ROUNDING))
        figures.band(axes[1], shown, color=color, label=f"after {t:g} iterations", marker="o", markersize=3)
    axes[1].set(xscale="log", yscale="log", title="random data: distance from the perceptron", xlabel="step size γ")
    axes[1].legend(loc="lower left", fontsize=8.5)
    return figure


def bounds(table: pd.DataFrame) -> Figure:
    """Iterations of each method on each draw against its bound; on the dashed line they would be equal."""
    figure, (axes,) = figures.grid(width=6.4, height=4.0)
    looks = {"perceptron": "s", "normalised_perceptron": "D", "normalised_descent": "o"}
    for method, marker in looks.items():
        label, color = NAMES[method]
        rows = pick(table, method=method)
        axes.plot(rows["bound"], rows["iterations"], marker, color=color, markersize=3.8, alpha=0.7, label=label)
    ends = np.array([table["iterations"].min(), table["bound"].max()])
    axes.plot(ends, ends, label="the bound", **DASHED)
    axes.set(xscale="log", yscale="log", xlabel="bound on the iterations", ylabel="iterations until separation")
    axes.set_ylim(0.7, 3 * table["iterations"].max())
    axes.legend(loc="upper left", fontsize=8.5)
    return figure


def balance(
    balanced: pd.DataFrame, curves: pd.DataFrame, counts: pd.DataFrame, whole: pd.DataFrame, few: int
) -> Figure:
    """Accuracy of both perceptrons on 3 and 5, balanced and with few images of 5; iterations by imbalance.

    Args:
        balanced, whole: curves and counts of the balanced pairs; curves, counts: of the imbalanced ones.
        few: images of the second digit in the middle panel.
    """
    figure, axes = figures.grid(3, width=8.9, height=3.2)
    imbalanced = pick(curves, pair="three_five", minority=few)
    for method in ("perceptron", "normalised_perceptron"):
        label, color = NAMES[method]
        even = pick(balanced, pair="three_five", curve="accuracy", method=method)
        axes[0].plot(even["x"], 100 * even["value"], color=color, label=label, linewidth=1.3)
        figures.band(axes[1], percent(pick(imbalanced, method=method)), color=color, label=label, linewidth=1.3)
    for place, title in ((axes[0], "3 and 5, balanced"), (axes[1], f"3 and 5, {few} images of 5")):
        log_ticks(place.xaxis, (1, 10, 100, 1000))
        place.set(title=title, xlabel="iteration", ylim=(0, 103))
    axes[0].set(ylabel="accuracy (%)", xlim=(1, None))
    axes[1].set(xlim=(1, None))
    for pair, color in (("zero_one", TEAL), ("three_five", PURPLE)):
        rows = pick(counts, pair=pair).pivot_table(index=["minority", "seed"], columns="method", values="value")
        logs = np.log(rows["perceptron"] / rows["normalised_perceptron"]).groupby("minority")
        found = {size: stats.mean(each.to_numpy()) for size, each in logs}
        middle, low, high = (np.exp([getattr(i, end) for i in found.values()]) for end in ("observed", "low", "high"))
        reach = [middle - low, high - middle]
        axes[2].errorbar(list(found), middle, reach, color=color, marker="o", markersize=4, label=PAIRS[pair])
        each = pick(whole, pair=pair).set_index("method")["value"]
        axes[2].plot(500, each["perceptron"] / each["normalised_perceptron"], "s", color=color, markersize=6)
    band_is(axes[2], "bars: 95 % intervals")
    axes[2].axhline(1, color=INK, linewidth=0.8)
    log_ticks(axes[2].xaxis, (2, 5, 10, 25, 100, 500))
    log_ticks(axes[2].yaxis, (0.5, 1, 2, 5, 10, 20, 50))
    axes[2].set(title="ratio of iterations", xlabel="images of the second digit", ylabel="perceptron / normalised")
    axes[0].legend(loc="lower right", fontsize=8.5)
    axes[2].legend(loc="upper right", fontsize=8.5)
    return figure


def rounding(table: pd.DataFrame) -> Figure:
    """How far theta has moved apart between orders of the images, by method."""
    figure, (axes,) = figures.grid(width=7.2, height=3.4)
    descents = sorted(pick(table, method="descent")["step_size"].unique())
    for step, color in zip(descents, (TEAL, BLUE, PURPLE), strict=False):
        rows = pick(table, method="descent", step_size=step)
        figures.band(axes, rows, color=color, label=f"gradient descent, γ = {power(step)}")
    for step in sorted(pick(table, method="normalised_descent")["step_size"].unique()):
        rows = pick(table, method="normalised_descent", step_size=step)
        figures.band(axes, rows, color=NORMALISED, label=f"normalised gradient descent, γ = {power(step)}")
    for method in ("perceptron", "normalised_perceptron"):
        label, color = NAMES[method]
        figures.band(axes, pick(table, method=method), color=color, label=label)
    axes.set(yscale="log", xlabel="iteration", ylabel="distance of θ over its norm")
    figures.legend_outside(axes, "right upper")
    return figure
