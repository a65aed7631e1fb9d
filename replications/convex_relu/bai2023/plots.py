"""The figures: each function takes tables of curves (see measure.py), and settings of the run where it needs them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from replications.convex_relu.bai2023.measure import NEAR
from replications.convex_relu.science import laws
from verifig.judging import stats
from verifig.pages import figures
from verifig.pages.figures import BLUE, DASHED, GREEN, GREY, INK, ORANGE, PURPLE, RED, TEAL, log_ticks, pick

LADDER = (RED, ORANGE, GREEN, BLUE, PURPLE)
FLOOR = 1e-9  # gaps and errors below are drawn there
RATIOS = {0.1: PURPLE, 1.0: BLUE, 1.6: GREEN, 2.0: ORANGE, 2.5: RED}
CONDITIONS = {"plain": ("plain", BLUE), "robust": ("robust", ORANGE), "plane": ("robust, in the plane", GREEN)}


def widths(table: pd.DataFrame) -> Figure:
    """Share of runs that end within a gap of the optimum, by width; and the share within 1 % by width and data set."""
    figure, (left, right) = figures.grid(2, width=8.8, height=3.4)
    grid = np.geomspace(FLOOR, 30, 400)
    sizes = sorted(table["neurons"].unique())
    for size, color in zip(sizes, LADDER, strict=False):
        ends = np.sort(pick(table, neurons=size)["value"])
        left.step(
            grid, np.searchsorted(ends, grid, "right") / len(ends), color=color, label=f"{size} neurons", where="post"
        )
    figures.threshold(left, NEAR, "1 %")
    left.set(
        title="Runs within a gap of the optimum",
        xlabel="gap (cost / optimum − 1)",
        ylabel="share of runs",
        xscale="log",
    )
    left.set(xlim=(FLOOR, 30), ylim=(0, 1.02))
    left.legend(loc="upper left")
    near = table.assign(value=table["value"] <= NEAR).groupby(["neurons", "seed"])["value"].mean().reset_index()
    for _, rows in near.groupby("seed"):
        right.plot(rows["neurons"], rows["value"], color=GREY, alpha=0.6, linewidth=1)
    middle = near.groupby("neurons")["value"].mean()
    right.plot(middle.index, middle, color=INK, marker="o", markersize=4, label="mean")
    log_ticks(right.xaxis, sizes)
    right.set(title="Within 1 %, by data set", xlabel="neurons", ylim=(-0.02, 1.02))
    right.legend(loc="lower right")
    for place in (left, right):
        place.yaxis.set_major_formatter(PercentFormatter(1))
    return figure


def certificate(table: pd.DataFrame, fit: pd.DataFrame, penalty: float) -> Figure:
    """The network that is the optimum; what any further neuron would gain by its angle, against what it costs."""
    figure, (left, right) = figures.grid(2, width=8.8, height=3.3)
    data, line = pick(fit, curve="data"), pick(fit, curve="fit")
    left.plot(data["x"], data["value"], "o", color=INK, markersize=4, label="data")
    left.plot(line["x"], line["value"], color=BLUE, label="optimal network")
    left.set(title="The first data set", xlabel="x", ylabel="y")
    left.legend()
    gains = pick(table, curve="gain")
    right.plot(gains["x"], gains["value"] / penalty, color=BLUE, label="at the optimum")
    neurons = pick(table, curve="neurons")["x"]
    right.plot(neurons, np.ones(len(neurons)), "o", color=ORANGE, markersize=6, label="its neurons")
    figures.threshold(right, 1, "", "y", **DASHED)
    right.set(
        title="Gain of a further neuron / its price",
        xlabel="angle of its weights",
        ylim=(0, 1.3),
        xlim=(-np.pi, np.pi),
    )
    right.set_xticks([-np.pi, 0, np.pi], ["−π", "0", "π"])
    right.legend(loc="upper left", ncols=2)
    return figure


def admm(ratios: pd.DataFrame, long: pd.DataFrame | None) -> Figure:
    """Relative error against iterations by ratio of the steps; and at the ratio 1 for longer, by data set."""
    figure, axes = figures.grid(1 if long is None else 2, width=8.8, height=3.4)
    for ratio, color in RATIOS.items():
        rows = pick(ratios, ratio=ratio)
        figures.band(axes[0], rows.assign(value=rows["value"].clip(lower=FLOOR)), color=color, label=f"{ratio:g}")
    axes[0].set(
        title="By γ/ρ", xlabel="iteration", ylabel="|cost / optimum − 1|", xscale="log", yscale="log", ylim=(FLOOR, 1e5)
    )
    axes[0].legend(title="γ/ρ", loc="lower left", ncols=2)
    if long is not None:
        for _, rows in long.groupby("seed"):
            axes[1].plot(rows["x"], rows["value"].clip(lower=FLOOR), color=BLUE, alpha=0.6, linewidth=1.1)
        for level, point in ((1e-3, 1000), (1e-6, 30000)):
            axes[1].plot([point], [level], marker="v", color=RED, markersize=6, linestyle="none")
        axes[1].set(title="γ/ρ = 1, each data set", xlabel="iteration", xscale="log", yscale="log", ylim=(FLOOR, 1e5))
    return figure


def sampling(table: pd.DataFrame, samples: int) -> Figure:
    """Gaps by the number of random patterns, masses of patterns that would lower the optimum, gaps by random neurons."""
    figure, (first, second, third) = figures.grid(3, width=8.8, height=3.2)
    _dots(first, pick(table, curve="patterns"), BLUE)
    first.set(title="Gap, random patterns", xlabel="patterns drawn")
    mass = pick(table, curve="mass")
    rows = {count: stats.mean(part["value"].to_numpy()) for count, part in mass.groupby("x")}
    values = [each.observed for each in rows.values()]
    errors = [
        [each.observed - each.low for each in rows.values()],
        [each.high - each.observed for each in rows.values()],
    ]
    second.errorbar(list(rows), values, errors, color=GREEN, marker="o", markersize=4, label="mean, 95 %")
    counts = np.array(list(rows))
    bound = np.array([laws.unseen_mass(samples, count) for count in counts])
    second.plot(counts, bound, label="(n + 1)/(P + 1)", **DASHED)
    second.plot(counts, bound / 2, label="half of it", color=GREY, linestyle=":")
    log_ticks(second.xaxis, counts)
    log_ticks(second.yaxis, (0.01, 0.03, 0.1, 0.3, 1, 3))
    second.set(title="Mass that would lower it", xlabel="patterns drawn")
    second.legend(loc="lower left", fontsize=8)
    _dots(third, pick(table, curve="neurons"), PURPLE)
    third.set(title="Gap, random neurons", xlabel="neurons drawn")
    return figure


def _dots(axes: Axes, rows: pd.DataFrame, color: str) -> None:
    """A dot a draw, and medians."""
    shown = rows.assign(value=rows["value"].clip(lower=1e-6))
    axes.plot(shown["x"], shown["value"], "o", color=color, alpha=0.3, markersize=3.5, markeredgewidth=0)
    middle = shown.groupby("x")["value"].median()
    axes.plot(middle.index, middle, color=color, marker="_", markersize=14, markeredgewidth=2.2, label="median")
    log_ticks(axes.xaxis, sorted(rows["x"].unique()))
    axes.set(yscale="log")
    axes.legend(loc="lower left")


def images(costs: pd.DataFrame, accuracy: pd.DataFrame, permuted: pd.DataFrame, counts: tuple[int, ...]) -> Figure:
    """The sampled optimum in units of Adam's best cost, and test accuracies by iteration."""
    figure, axes = figures.grid(1 + len(counts), width=8.8, height=3.3)
    sizes = sorted(costs["patterns"].unique())
    for low, high, size in costs[["ratio_low", "ratio_high", "patterns"]].to_numpy():
        axes[0].plot([size, size], [low, high], color=BLUE, alpha=0.5, linewidth=4, solid_capstyle="round")
    figures.threshold(axes[0], 3, "3", "y")
    figures.threshold(axes[0], 1, "Adam", "y")
    log_ticks(axes[0].xaxis, sizes)
    log_ticks(axes[0].yaxis, (1, 2, 3, 5, 10, 20, 50))
    axes[0].set(title="Optimum / Adam's best", xlabel="random patterns", xlim=(sizes[0] / 1.3, sizes[-1] * 1.3))
    for place, count in zip(axes[1:], counts, strict=True):
        figures.band(place, pick(accuracy, patterns=count), color=BLUE, label="ADMM")
        figures.band(place, pick(permuted, patterns=count), color=GREY, label="ADMM, permuted labels")
        reached = pick(costs, patterns=count)["adam_accuracy"].mean()
        place.axhline(reached, color=ORANGE, linewidth=1.3, label="Adam at its end")
        place.axvline(5, color=GREY, linestyle=":", linewidth=1)
        place.set(title=f"Test accuracy, {count} patterns", xlabel="iteration", xscale="log", ylim=(0.4, 1))
        place.yaxis.set_major_formatter(PercentFormatter(1))
    axes[1].legend(loc="lower right", fontsize=8)
    return figure


def robust(table: pd.DataFrame) -> Figure:
    """Accuracies of paired plain and robust networks, and worst-case losses by attack against the formula."""
    figure, (left, right) = figures.grid(2, width=8.8, height=3.4)
    for kind, color in (("clean", TEAL), ("attacked", RED)):
        pairs = table[table["condition"].isin(["plain", "robust"])].pivot(
            index="seed", columns="condition", values=kind
        )
        for k, (_, row) in enumerate(pairs.iterrows()):
            name = "not attacked" if kind == "clean" else "attacked"
            left.plot(
                [0, 1],
                row[["plain", "robust"]],
                "o-",
                color=color,
                markersize=4,
                linewidth=1.1,
                label=None if k else name,
            )
    left.set_xticks([0, 1], ["plain", "robust"])
    left.set(title="Test accuracy", xlim=(-0.3, 1.3), ylim=(0, 1.02))
    left.yaxis.set_major_formatter(PercentFormatter(1))
    left.legend(loc="lower right")
    for condition, (name, color) in CONDITIONS.items():
        rows = pick(table, condition=condition)
        right.plot(rows["hinge"], rows["hinge_attacked"], "o", color=color, markersize=5, label=name)
    plain = pick(table, condition="plain")
    right.plot(
        plain["hinge_far"], plain["hinge_far_attacked"], "x", color=BLUE, markersize=6, label="plain, beyond its radius"
    )
    most = max(table["hinge_attacked"].max(), plain["hinge_far_attacked"].max())
    right.plot([0, most], [0, most], **DASHED)
    right.set(title="Mean worst-case hinge loss", xlabel="by the formula", ylabel="found by attacks")
    right.legend(loc="lower right", fontsize=8)
    return figure


def pairs_at_paper_scale(mnist: pd.DataFrame, cifar: pd.DataFrame, reported: float) -> Figure:
    """Test accuracy by iteration on the full pairs of classes."""
    figure, axes = figures.grid(2, width=8.8, height=3.2)
    for place, rows, name in zip(
        axes, (mnist, cifar), ("MNIST, 2 against 8", "CIFAR-10, birds against ships"), strict=True
    ):
        figures.band(place, rows, color=BLUE, label="ADMM")
        place.set(title=name, xlabel="iteration")
        place.yaxis.set_major_formatter(PercentFormatter(1))
    figures.paper_line(axes[0], reported, "third party")
    axes[0].set(ylabel="test accuracy")
    return figure
