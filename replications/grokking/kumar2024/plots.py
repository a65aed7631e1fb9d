"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, TEAL, log_ticks, percent, pick, quartile_band

TRAIN = {"linestyle": "--"}
ALPHAS = {  # condition: (label, colour), from rich to lazy
    "alpha_0.3": ("α = 0.3", RED),
    "alpha_1": ("α = 1", ORANGE),
    "alpha_3": ("α = 3", GREEN),
    "alpha_10": ("α = 10", BLUE),
    "lazy": ("α = 1000", GREY),
}
SAMPLES = {"p_50": ("P = 50", RED), "p_120": ("P = 120", GREEN), "p_500": ("P = 500", BLUE)}
MODULAR = {"alpha_0.25": ("α = 0.25", RED), "alpha_1": ("α = 1", ORANGE), "alpha_2": ("α = 2", GREEN)}
TERMS = {
    "variance": ("variance", TEAL),
    "misalignment": ("misalignment", PURPLE),
    "linear": ("linear part", ORANGE),
    "exact": ("Eq. 6, their sum", BLUE),
}
VARIANCE = 0.5  # of the target
FLOOR = 1e-7  # training losses below it are cut off


def lines(axes: Axes, table: pd.DataFrame, curve: str, arms: Mapping, named: bool = True, **line) -> None:
    """Medians and quartiles over seeds of one curve, a line a condition."""
    for condition, (label, colour) in arms.items():
        rows = pick(table, condition=condition, curve=curve)
        quartile_band(axes, rows, color=colour, label=label if named else None, **line)


def alpha(table: pd.DataFrame) -> Figure:
    """Training and test loss over steps by alpha."""
    figure, axes = figures.grid(2, width=8.8, height=3.5)
    lines(axes[0], table, "train_loss", ALPHAS, **TRAIN)
    lines(axes[1], table, "test_loss", ALPHAS)
    _losses(axes, table)
    axes[1].set_yscale("log")
    log_ticks(axes[1].yaxis, (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1))
    figures.threshold(axes[1], VARIANCE, axis="y", label="variance of the target")
    axes[1].legend(loc="lower left", fontsize=8.5)
    return figure


def _losses(axes: Sequence[Axes], table: pd.DataFrame) -> None:
    axes[0].set(title="training loss", ylabel="mean squared error", yscale="log", ylim=(FLOOR, 2))
    axes[1].set(title="test loss (exact)")
    for place in axes:
        place.set(xlabel="steps", xscale="log", xlim=(1, table["x"].max()))


def laziness(table: pd.DataFrame) -> Figure:
    """Change of the weights, and final test loss next to regression with the first kernel, over alpha."""
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    look = {"marker": "o", "markersize": 4}
    figures.band(axes[0], table, y="weight_change", color=BLUE, label="|w − w₀| / |w₀|", **look)
    figures.band(axes[0], table, y="weight_norm", color=ORANGE, label="|w| / |w₀|", **look)
    figures.band(axes[1], table, y="test_loss", color=BLUE, label="trained network", **look)
    figures.band(axes[1], table, y="regression", color=GREY, label="regression with the first kernel")
    axes[0].set(title="weights", yscale="log")
    axes[1].set(title="final test loss", yscale="log")
    log_ticks(axes[1].yaxis, (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1))
    for place in axes:
        place.set_xlabel("output scale α")
        log_ticks(place.xaxis, sorted(table["x"].unique()))
        place.legend(fontsize=8.5)
    return figure


def misaligned(table: pd.DataFrame, regression: float) -> Figure:
    """Losses of network and linearised network; alignment of the kernel and norm of the weights of the network."""
    figure, axes = figures.grid(2, width=8.8, height=3.5)
    arms = {"network": ("network", BLUE), "linearised": ("linearised", GREY)}
    lines(axes[0], table, "test_loss", {k: (f"test, {label}", c) for k, (label, c) in arms.items()})
    lines(axes[0], table, "train_loss", {k: (f"training, {label}", c) for k, (label, c) in arms.items()}, **TRAIN)
    figures.threshold(axes[0], regression, axis="y", label="regression with the first kernel")
    axes[0].set(title="losses", ylabel="mean squared error", ylim=(0, 1.5))
    axes[0].legend(loc="upper left", fontsize=8)
    lines(axes[1], _over_first(table, "alignment"), "alignment", {"network": ("alignment of the kernel", GREEN)})
    lines(axes[1], table, "weight_norm", {"network": ("norm of the weights", ORANGE)})
    axes[1].set(title="network, over the first value", ylim=(0, None))
    axes[1].legend(loc="upper left", fontsize=8.5)
    for place in axes:
        place.set(xlabel="steps", xscale="log", xlim=(1, table["x"].max()))
    return figure


def _over_first(table: pd.DataFrame, curve: str) -> pd.DataFrame:
    """Rows of one curve over their value at the first step that is drawn."""
    rows = table[table["curve"] == curve]
    first = rows.sort_values("x").groupby(["condition", "seed"])["value"].transform("first")
    return rows.assign(value=rows["value"] / first)


def samples(table: pd.DataFrame) -> Figure:
    """Training and test loss over steps by number of samples."""
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    lines(axes[0], table, "train_loss", SAMPLES, **TRAIN)
    lines(axes[1], table, "test_loss", SAMPLES)
    _losses(axes, table)
    axes[1].set_yscale("log")
    figures.threshold(axes[1], VARIANCE, axis="y", label="variance of the target")
    axes[1].legend(loc="lower left", fontsize=8.5)
    return figure


def eigenvectors(table: pd.DataFrame, numbers: Mapping[str, int], paper: Sequence[int]) -> Figure:
    """Training and test loss, a panel an eigenvector."""
    figure, axes = figures.grid(3, width=8.8, height=3.1, sharey=True)
    for place, (condition, number), theirs in zip(axes, numbers.items(), paper, strict=True):
        rows = table[table["condition"] == condition]
        for curve, label, line in (("train_loss", "training", TRAIN), ("test_loss", "test", {})):
            quartile_band(place, pick(rows, curve=curve), color=BLUE if line else RED, label=label, **line)
        place.set(title=f"eigenvector {number} (paper {theirs})", xscale="log", yscale="log", xlabel="steps")
        place.set(xlim=(1, table["x"].max()), ylim=(1e-6, 0.3))
    axes[0].set_ylabel("mean squared error")
    axes[0].legend(loc="lower left", fontsize=8.5)
    return figure


def modular(table: pd.DataFrame, rate: float) -> Figure:
    """Accuracies in percent and norm at alpha = 1; accuracies by alpha; over epochs at the paper's learning rate."""
    figure, axes = figures.grid(3, width=8.8, height=3.3)
    table = table.assign(x=table["time"] / rate / 1000)
    accuracies = percent(table)
    one = {"alpha_1": ("training", BLUE)}
    lines(axes[0], accuracies, "train_accuracy", one, **TRAIN)
    lines(axes[0], accuracies, "test_accuracy", {"alpha_1": ("test", RED)})
    lines(axes[0], accuracies, "test_accuracy", {"shuffled": ("test, shuffled table", GREY)})
    lines(axes[1], table, "weight_norm", {"alpha_1": ("norm over first", ORANGE)})
    lines(axes[2], accuracies, "train_accuracy", MODULAR, named=False, **TRAIN)
    lines(axes[2], accuracies, "test_accuracy", MODULAR)
    axes[0].set(title="accuracy, %, α = 1", ylim=(-2, 104))
    axes[1].set(title="norm of the weights, α = 1", ylim=(0, None))
    axes[2].set(title="accuracy, %, by α", ylim=(-2, 104), xscale="log")
    axes[0].legend(loc="center right", fontsize=8.5)
    axes[2].legend(loc="center left", fontsize=8.5)
    for place in axes[:2]:
        place.set_xlim(0, pick(table, condition="alpha_1")["x"].max())
    for place in axes:
        place.set_xlabel(f"1000 epochs at rate {rate:g}/α²")
    return figure


def terms(table: pd.DataFrame) -> Figure:
    """The terms of Eq. 6, their sum, and the sampled loss of the uncentred predictor."""
    figure, (axes,) = figures.grid(width=6.8, height=3.4)
    table = table.assign(x=table["x"].clip(lower=0.5))  # the start stands at the left end of the log axis
    for curve, (label, colour) in TERMS.items():
        figures.band(axes, pick(table, curve=curve), color=colour, label=label)
    middle = pick(table, curve="sampled").groupby("x")["value"].median()
    axes.plot(
        middle.index, middle, "o", color=figures.INK, markersize=4, fillstyle="none", label="fresh inputs, median"
    )
    axes.set(xlabel="steps (left end: start)", ylabel="mean squared error", xscale="log", ylim=(0, None))
    axes.legend(fontsize=8.5)
    return figure


def spectrum(table: pd.DataFrame, dimension: int) -> Figure:
    """Eigenvalue of the first kernel on quadratic functions over epsilon, and both printed formulas."""
    figure, (axes,) = figures.grid(width=6.4, height=3.3)
    fine = np.geomspace(table["x"].min() / 1.3, 1.2, 40)
    axes.plot(fine, 2 * fine / dimension**2, color=RED, linestyle="--", label="main text: 2ε / D²")
    axes.plot(fine, 2 * fine**2 / dimension**2, color=BLUE, label="appendix: 2ε² / D²")
    middle = table.groupby("x")["value"].mean()
    axes.plot(middle.index, middle, "o", color=figures.INK, fillstyle="none", label="computed, mean")
    log_ticks(axes.xaxis, (0.1, 0.25, 0.5, 1))
    axes.set(xlabel="ε", ylabel="eigenvalue on quadratic functions", yscale="log")
    axes.legend(fontsize=8.5)
    return figure
