"""Figures: each function takes tables of curves (see measure.py) and settings of the run."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.double_descent.simon2024 import eigenframework as theory
from replications.double_descent.simon2024 import reference
from verifig.judging import stats
from verifig.pages import figures
from verifig.pages.figures import (
    BLUE,
    GREEN,
    GREY,
    OLIVE,
    ORANGE,
    PURPLE,
    RED,
    TEAL,
    log_ticks,
    paper_points,
    pick,
    threshold,
)
from verifig.pages.legible import band_is

RIDGE_COLOURS = {-3: RED, -2: ORANGE, -1: BLUE, 0: GREEN, 1: PURPLE}  # by the nearest power of ten


def ridge_colours(ridges: Sequence[float]) -> list[str]:
    """One colour a ridge, the same in every figure of the page; spare colours where two would have the same."""
    spare, used = iter((OLIVE, TEAL, GREY)), []
    for ridge in ridges:
        color = RIDGE_COLOURS.get(round(np.log10(ridge)) if ridge > 0 else None)
        used.append(color if color and color not in used else next(spare, GREY))
    return used


def published(table: pd.DataFrame) -> Figure:
    """Our theory as lines, published experimental means as points, by ridge; the paper's own setting."""
    figure, (axes,) = figures.grid(width=7.2, height=3.5)
    n = reference.FIGURE1["n"]
    ks = np.unique(np.r_[np.geomspace(10, 10000, 50), np.geomspace(0.7, 1.4, 41) * n].round())
    task = reference.figure1_task()
    ridges = list(table.groupby("ridge"))
    for (ridge, part), color in zip(ridges, ridge_colours([ridge for ridge, _ in ridges]), strict=True):
        axes.plot(
            ks, [theory.risk(task, n, k, ridge)[0] for k in ks], color=color, label=f"our solver, ridge {ridge:.3g}"
        )
        paper_points(axes, part["x"], part["experiment"], None)
    paper_points(axes, [], [], "published experiment")
    threshold(axes, n)
    log_ticks(axes.xaxis, (10, 30, 100, 300, 1000, 3000, 10000))
    axes.set(xlabel="number of features k", ylabel="test MSE")
    axes.legend(loc="upper right", fontsize=8.5)
    return figure


def risks(table: pd.DataFrame, n: int, exact: Callable[[float, float], float] | None = None) -> Figure:
    """Simulation (mean, 95 % interval over trials) on theory, by number of features and ridge; and their ratio.

    `exact(k, ridge)` is the theory between the simulated k; without it they are joined by thin straight lines.
    """
    figure, axes = figures.grid(2, width=8.8, height=3.6)
    band_is(axes[0], "points: means over trials, bars: 95 % intervals")
    ks, ridges = sorted(table["x"].unique()), list(table.groupby("ridge"))
    for index, ((ridge, part), color) in enumerate(
        zip(ridges, ridge_colours([ridge for ridge, _ in ridges]), strict=True)
    ):
        label = f"ridge {ridge:.3g}"
        if exact:
            fine = np.unique(np.r_[np.geomspace(ks[0], ks[-1], 30), n * np.geomspace(0.7, 1.4, 15)].round())
            axes[0].plot(fine, [exact(k, ridge) for k in fine], color=color, label=label)
        else:
            given = part.groupby("x")["theory"].first()
            axes[0].plot(given.index, given, "_", color=color, markersize=11, markeredgewidth=1.6)
            axes[0].plot(given.index, given, color=color, linewidth=0.7, label=label)
        shift = 1.045 ** (index - (len(ridges) - 1) / 2)  # side by side rather than on top of each other
        for place, values in ((axes[0], part["value"]), (axes[1], 100 * (part["value"] / part["theory"] - 1))):
            found = {k: stats.mean(v.to_numpy(float)) for k, v in values.groupby(part["x"])}
            at = np.array(list(found)) * (shift if place is axes[1] else 1)
            middle = np.array([i.observed for i in found.values()])
            reach = [middle - [i.low for i in found.values()], [i.high for i in found.values()] - middle]
            place.errorbar(at, middle, reach, color=color, linestyle="none", marker="o", markersize=4)
    axes[0].set(title=f"test MSE: theory ({'lines' if exact else 'bars'}), simulation (points)")
    log_ticks(axes[0].yaxis, (0.6, 0.8, 1, 1.5, 2, 3, 4, 6, 10))
    axes[1].set(title="simulation over theory − 1 (%)")
    axes[1].axhline(0, color=figures.INK, linewidth=0.8)
    for place in axes:
        log_ticks(place.xaxis, ks)
        place.tick_params(axis="x", labelsize=8)
        place.set_xlabel("number of features k")
        threshold(place, n)
    axes[0].legend(loc="upper right", fontsize=8.5)
    return figure


def cifar(paper: Mapping, table: pd.DataFrame | None = None, n: int | None = None) -> Figure:
    """The authors' experiments on CIFAR-10 by ridge, on our own where there are some (see `risks`)."""
    figure = risks(table, n) if table is not None else None
    if figure is None:
        figure, (axes,) = figures.grid(width=7.2, height=3.4)
        log_ticks(axes.xaxis, (10, 30, 100, 300, 1000, 3000, 10000))
        axes.set(xlabel="number of features k", ylabel="test MSE")
        threshold(axes, paper["n"])
    axes, ridges = figure.axes[0], list(paper["by_ridge"])
    for ridge, color in zip(ridges, ridge_colours(ridges), strict=True):
        look = {"markeredgecolor": color, "markersize": 6}
        paper_points(axes, *np.transpose(paper["by_ridge"][ridge]), f"published experiment, ridge {ridge:.3g}", **look)
    axes.legend(loc="upper right", fontsize=8.5)
    return figure


def theorem(table: pd.DataFrame, settings: Mapping) -> Figure:
    """Exact risk at the optimal ridge by k and by n, and at a fixed small ridge by k."""
    figure, (axes,) = figures.grid(width=6.8, height=3.3)
    n, small = settings["theorem_n"], settings["small_ridge"]
    arms = {"by_k": ("tuned ridge, more features k", BLUE), "by_n": ("tuned ridge, more samples n", GREEN), "ridgeless_by_k": (f"ridge {small:g}, more features k", RED)}  # fmt: skip
    for order, (label, color) in arms.items():
        chosen = pick(table, order=order)
        axes.plot(chosen["x"], chosen["value"], color=color, marker="o", markersize=4, label=label)
    threshold(axes, n)
    log_ticks(axes.yaxis, (0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10))
    log_ticks(axes.xaxis, sorted(table["x"].unique()))
    axes.set(xlabel=f"k or n (the other is {n})", ylabel="exact test MSE")
    axes.legend(loc="upper right", fontsize=8.5)
    return figure


def fitting(mnist: pd.DataFrame, cifar: pd.DataFrame) -> Figure:
    """Risk by fitting ratio for both tasks and every noise level, minima of the formula and of the stored arrays."""
    figure, axes = figures.grid(2, width=8.8, height=3.6)
    ratio = np.linspace(0, 0.985, 200)
    for place, (title, ((a, b), _)), optima in zip(axes, reference.KERNEL_OPTIMA.items(), (mnist, cifar), strict=True):
        for (_, row), color in zip(optima.iterrows(), (GREY, BLUE, ORANGE, RED, GREEN), strict=False):
            curve = theory.fitting_risk(ratio, a, b, row["noise"])
            low = curve.min()
            place.plot(ratio, curve / low, color=color, label=f"noise {row['noise']:g}")
            at = theory.fitting_risk(row["formula"], a, b, row["noise"]) / low
            place.plot(row["formula"], at, "o", color=color, markersize=6)
            stored = theory.fitting_risk(row["stored"], a, b, row["noise"]) / low
            paper_points(place, [row["stored"]], [stored], None)
        paper_points(place, [], [], "published optimum")
        place.set(title=f"exponents of {title}", xlabel="fitting ratio R = train error / test error", ylim=(0.98, 1.6))
    axes[0].set(ylabel="test error over its minimum")
    axes[0].legend(loc="upper left", fontsize=8.5)
    return figure
