"""The figures: each function takes tables of curves (see measure.py), and settings of the run where it needs them."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from replications.grokking.xu2024 import theory
from verifig.judging import stats
from verifig.pages import figures
from verifig.pages.figures import BLUE, DASHED, GREEN, GREY, MUTED, ORANGE, PURPLE, log_ticks, paper_points, pick
from verifig.pages.legible import band_is

SETS = {"train": ("training set", GREY), "test": ("test set", BLUE)}
ALONG = {"mu1": ("mean of their class, μ₁", GREEN), "mu2": ("mean of the other class, μ₂", ORANGE)}


def fig1(left: pd.DataFrame, right: pd.DataFrame, paper: Mapping, rates: Sequence[float]) -> Figure:
    """Accuracies against steps + 1, left and right for two step sizes: each run's test accuracy and the medians."""
    figure, axes = figures.grid(2, width=8.8, height=3.5, sharey=True)
    for place, table, rate in zip(axes, (left, right), rates, strict=True):
        percents = figures.percent(table)
        for _, run in pick(percents, set="test").groupby("seed"):
            place.plot(run["x"], run["value"], color=BLUE, linewidth=0.6, alpha=0.18)
        for name, (label, color) in SETS.items():
            medians = pick(percents, set=name).groupby("x")["value"].median()
            place.plot(medians.index, medians, color=color, linewidth=2.2, label=f"{label}, median of runs")
        place.set(title=f"step size {rate:g}", xlabel="gradient steps + 1", ylim=(-2, 104))
        log_ticks(place.xaxis, _decades(table["x"]))
    steps = [paper["step"] + 1, paper["later"] + 1]
    paper_points(axes[0], [steps[0], *steps], [100 * paper[key] for key in ("train", "test", "test_later")])
    axes[0].plot([], [], color=BLUE, linewidth=0.6, alpha=0.6, label="test set, each run")
    axes[0].set(ylabel="accuracy (%)")
    axes[0].legend(loc="lower right", fontsize=8.5)
    return figure


def fig2(table: pd.DataFrame, most: int = 50) -> Figure:
    """Sign of each network by direction in the plane of the means: a row a run, a panel a step."""
    steps = sorted(table["step"].unique())
    figure, axes = figures.grid(max(len(steps), 1), width=8.8, height=3.1, sharey=True)
    for place, step in zip(axes, steps, strict=False):
        signs = pick(table, step=step).pivot(index="seed", columns="x", values="value").iloc[:most]
        shape = {"extent": (0, 360, len(signs), 0), "aspect": "auto", "interpolation": "nearest"}
        place.imshow(signs.to_numpy(), cmap=ListedColormap([ORANGE, MUTED, GREEN]), vmin=-1, vmax=1, **shape)
        place.set(title=f"step {step:g}", xlabel="direction in the plane")
        place.set_xticks([0, 90, 180, 270], ["+μ₁", "+μ₂", "−μ₁", "−μ₂"])
        place.grid(visible=False)
    axes[0].set(ylabel="run")
    for color, label in ((GREEN, "class +1"), (ORANGE, "class −1")):
        axes[0].plot([], [], "s", color=color, label=label)
    figures.legend_outside(axes[0], "lower center", ncols=2)
    return figure


def projections(table: pd.DataFrame, steps: Sequence[float], unit: Mapping[float, float]) -> Figure:
    """Histograms of <w_j, mu> of positive neurons of all runs along both means, a panel a step.

    Args:
        unit: by step, what `x` = 1 stands for.
    """
    figure, axes = figures.grid(max(len(steps), 1), width=8.8, height=2.9)
    for place, step in zip(axes, steps, strict=False):
        seen, power = pick(table, step=step), math.floor(math.log10(unit[step]))
        scale = unit[step] / 10.0**power
        for mean, (label, color) in ALONG.items():
            part = pick(seen, mean=mean)
            place.fill_between(part["x"] * scale, part["value"], step="mid", color=color, alpha=0.45, label=label)
        reach = 1.1 * scale * seen.loc[seen["value"] > 1e-4, "x"].abs().max()
        top = 2.2 * pick(seen, mean="mu1")["value"].max()  # a far narrower peak along mu2 leaves the frame
        place.set(title=f"step {step:,g}", xlim=(-reach, reach), ylim=(0, top), yticks=[])
        place.set_xlabel(f"⟨w, μ⟩ in units of 1e{power}")
    axes[0].set(ylabel="share of neurons")
    figures.legend_outside(axes[0], "lower center", ncols=2)
    return figure


def linear(table: pd.DataFrame) -> Figure:
    """Share of test points on which the network and the linear classifier agree, over steps: runs and their mean."""
    figure, (axes,) = figures.grid(1, width=6.4, height=3.3)
    percents = figures.percent(table)
    for _, run in percents.groupby("seed"):
        axes.plot(run["x"], run["value"], color=PURPLE, linewidth=0.6, alpha=0.18)
    figures.mean_band(axes, percents, color=PURPLE, label="mean over runs")
    figures.threshold(axes, 50, axis="y")
    axes.set(xlabel="gradient steps + 1", ylabel="equal labels (% of test points)")
    log_ticks(axes.xaxis, _decades(table["x"]))
    axes.legend(loc="upper right")
    return figure


def stuck(table: pd.DataFrame, level: float, steps: Sequence[int]) -> Figure:
    """Left: test accuracies of all runs at two steps. Right: share of runs at most at `level` (in percent), with its interval."""
    figure, axes = figures.grid(2, width=8.8, height=3.3)
    tests = figures.percent(pick(table, set="test"))
    edges = 0.25 + np.arange(40, 101, 2.5)  # between possible values
    for step, color in zip(steps, (BLUE, ORANGE), strict=True):
        values = tests.loc[tests["x"] == first_after(tests["x"], step) + 1, "value"]
        axes[0].hist(values, edges, color=color, alpha=0.5, label=f"step {step}")
    axes[0].axvline(level, **DASHED)
    axes[0].set(xlabel="test accuracy (%)", ylabel="runs", title="distribution over runs")
    axes[0].legend(loc="upper left")
    found = {x: stats.share((part <= level).to_numpy()) for x, part in tests.groupby("x")["value"]}
    low, middle, high = ([100 * getattr(i, side) for i in found.values()] for side in ("low", "observed", "high"))
    axes[1].plot(list(found), middle, color=BLUE, marker="o", markersize=4)
    axes[1].fill_between(list(found), low, high, color=BLUE, alpha=0.2, linewidth=0)
    band_is(axes[1], "shares, band: 95 % intervals")
    axes[1].set(
        xlabel="gradient steps + 1",
        title=f"runs with test accuracy at most {level:g} %",
        ylabel="share of runs (%)",
        ylim=(0, 103),
    )
    log_ticks(axes[1].xaxis, _decades(tests["x"]))
    return figure


def outside(large: pd.DataFrame, small: pd.DataFrame, rates: Sequence[float], settings: Mapping, seen: float) -> Figure:
    """Left: largest outputs over steps. Right: cosines within a cluster and what the proofs allow, by n; `seen`: ours."""
    figure, axes = figures.grid(2, width=8.8, height=3.3)
    for table, rate, color in zip((large, small), rates, (BLUE, ORANGE), strict=True):
        figures.band(axes[0], table[table["x"] > 0], color=color, label=f"step size {rate:g}")
    axes[0].set(xscale="log", yscale="log", xlabel="gradient steps", title="largest output on the training set")
    axes[0].axhline(1, **DASHED)
    axes[0].annotate("where the loss falls", (0.02, 1.4), xycoords=("axes fraction", "data"), fontsize=8.5)
    axes[0].set_ylim(None, 30)
    axes[0].legend(loc="center right")
    n = np.geomspace(10, 1e6, 60)
    axes[1].plot(n, [theory.cluster_cosine(settings["signal"], k) for k in n], color=BLUE, label="cosine in a cluster")
    axes[1].plot(n, [theory.near_orthogonal(k) for k in n], label="2/n², most that the proofs allow", **DASHED)
    axes[1].plot(settings["samples"], seen, "o", color=GREEN, label="largest cosine, median of runs")
    axes[1].set(xscale="log", yscale="log", xlabel="training points n", title="cosines of training points")
    axes[1].legend(loc="lower left", fontsize=8.5)
    return figure


def first_after(x: pd.Series, step: int) -> int:
    """The first recorded number of steps that is at least `step`, of steps + 1 on an axis."""
    return int(min(value for value in x.unique() if value > step) - 1)


def _decades(x: pd.Series) -> Sequence[float]:
    top = float(x.max())
    if top < 1000:
        return [1, 2, 4, 10, 16, 30, 100, 300]
    return [10.0**k for k in range(6) if 10.0**k <= top]
