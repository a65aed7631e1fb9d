"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.intrinsic_dimension.li2018 import theory
from replications.intrinsic_dimension.science import laws
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, TEAL, pick, quartile_band

WIDTHS = {"narrow": ("width 16", TEAL), "middle": ("width 32", BLUE), "wide": ("width 64", PURPLE)}
PROJECTIONS = {
    "middle": ("dense", BLUE),
    "other": ("dense,\nother draw", GREY),
    "sparse": ("sparse", ORANGE),
    "fastfood": ("Fastfood", GREEN),
}
PIXELS = {
    "conv": ("convolution, plain", BLUE),
    "conv_shuffled": ("convolution, shuffled", RED),
    "middle": ("perceptron, plain", TEAL),
    "fc_shuffled": ("perceptron, shuffled", ORANGE),
}
LABELS = {
    "random": ("random, converged", BLUE),
    "epochs": ("random, fixed epochs", RED),
    "true": ("true, converged", GREEN),
}
DRAWN = {2: TEAL, 4: BLUE, 6: ORANGE, 8: RED}


def toy(runs: pd.DataFrame, draws: pd.DataFrame, paper: Mapping) -> Figure:
    """Loss left over the first loss by dimension, with its law and the authors' values; distribution over draws."""
    figure, axes = figures.grid(2, width=8.8, height=3.7)
    rows = pick(runs, condition="base")
    constraints = int(rows["constraints"].iloc[0])
    below = np.arange(1, constraints)
    axes[0].fill_between(
        below, *theory.quantiles(constraints, (0.05, 0.95)), color=GREY, alpha=0.25, linewidth=0, label="law, 5 to 95 %"
    )
    grid = np.arange(constraints + 4)
    axes[0].plot(grid, laws.mean_left(grid, constraints), label="law, mean 1 − d/k", **figures.DASHED)
    shown = rows[rows["x"] < constraints + 4]
    axes[0].plot(shown["x"], shown["value"], ".", color=BLUE, markersize=4, alpha=0.6, label="our seeds")
    figures.paper_points(axes[0], *zip(*theory.left(paper["performance"]), strict=True), label="authors, one run")
    axes[0].axvline(constraints, color=GREY, linestyle=":", linewidth=1)
    axes[0].set(title="k = 10 constraints, D = 1,000", xlabel="dimension d", ylabel="least loss / first loss")
    axes[0].legend(fontsize=8.5)
    constraints, grid = int(draws["constraints"].iloc[0]), np.linspace(0, 1, 201)
    for dimension, rows in draws.groupby("dimension"):
        colour = DRAWN.get(dimension, GREY)
        axes[1].plot(rows["x"], rows["value"], color=colour, label=f"d = {dimension}")
        axes[1].plot(grid, laws.law_left(dimension, constraints).cdf(grid), **figures.DASHED)
    axes[1].set(title="over draws (dashed: Beta laws)", xlabel="least loss / first loss", ylabel="share of draws below")
    axes[1].legend(fontsize=8.5, loc="lower right")
    return figure


def grid(authors: pd.DataFrame, ours: pd.DataFrame) -> Figure:
    """Intrinsic dimension over number of parameters: the authors' 20 networks, and our three widths."""
    figure, axes = figures.grid(2, width=8.8, height=3.5)
    for (depth, rows), colour in zip(authors.groupby("depth"), (TEAL, BLUE, PURPLE, ORANGE, RED), strict=True):
        axes[0].plot(
            rows["size"], rows["d"], "D", color=colour, markersize=4.5, markerfacecolor="none", label=f"depth {depth}"
        )
    axes[0].set(title="authors' 20 perceptrons, MNIST", ylim=(0, 1000), ylabel="dimension d")
    axes[0].legend(fontsize=8.5, ncols=2, loc="lower right")
    for condition, (label, colour) in WIDTHS.items():
        rows = pick(ours, condition=condition)
        axes[1].plot(rows["size"], rows["value"], "o", color=colour, markersize=4, alpha=0.7, label=label)
    slow = pick(ours, condition="wide_slow")
    axes[1].plot(slow["size"], slow["value"], "x", color=RED, markersize=5, label="width 64, fewer steps")
    axes[1].set(title="ours, small images", ylim=(0, None))
    axes[1].legend(fontsize=8.5, loc="upper left")
    for place in axes:
        place.set(xscale="log", xlabel="number of parameters D")
    figures.log_ticks(axes[0].xaxis, [5e4, 1e5, 2e5, 5e5, 1e6])
    _between(axes[1], ours["size"])
    figures.log_ticks(axes[1].xaxis, [3000, 5000, 10000, 15000])
    return figure


def accuracy(ours: pd.DataFrame, direct: Mapping, level: float, paper: Mapping) -> Figure:
    """Accuracy by dimension: our networks on small images; the authors' on MNIST."""
    figure, axes = figures.grid(2, width=8.8, height=3.6)
    for condition, (label, colour) in WIDTHS.items():
        rows = figures.percent(pick(ours, condition=condition))
        quartile_band(axes[0], rows, color=colour, label=label, marker="o", markersize=3.5)
        axes[0].axhline(100 * direct[condition], color=colour, linestyle=":", linewidth=1)
    figures.threshold(axes[0], 100 * level, "solved", axis="y", **figures.DASHED)
    axes[0].set(title="ours, small images (dotted: direct)", ylabel="test accuracy, %", xlabel="dimension d")
    axes[0].legend(fontsize=8.5, loc="center right")
    named = {
        "fc": ("perceptron", BLUE),
        "softmax": ("softmax regression", GREY),
        "lenet": ("LeNet", GREEN),
        "lenet_shuffled": ("LeNet, shuffled", RED),
    }
    for name, (label, colour) in named.items():
        x, y = np.array(paper[name]["by_dimension"]).T
        axes[1].plot(x, 100 * y, "D-", color=colour, markersize=4, markerfacecolor="none", linewidth=0.8, label=label)
    figures.threshold(axes[1], 90, "solved", axis="y", **figures.DASHED)
    axes[1].set(title="authors' stored results, MNIST", xlabel="dimension d")
    axes[1].legend(fontsize=8.5, loc="lower right")
    figures.log_ticks(axes[0].xaxis, [150, 200, 250, 300, 450])
    figures.log_ticks(axes[1].xaxis, [10, 30, 100, 300, 1000])
    return figure


def projections(ours: pd.DataFrame) -> Figure:
    """Intrinsic dimension by projection, a line a seed; and over that of the dense one."""
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    table = (
        ours[ours["condition"].isin(PROJECTIONS)]
        .pivot(index="seed", columns="condition", values="value")
        .reindex(columns=list(PROJECTIONS))
    )
    places = np.arange(len(PROJECTIONS))
    for place, values in zip(axes, (table, table.div(table["middle"], axis=0)), strict=True):
        for _, row in values.iterrows():
            place.plot(places, row, color=GREY, linewidth=0.7, alpha=0.6)
        for spot, (name, (_, colour)) in zip(places, PROJECTIONS.items(), strict=True):
            place.plot([spot] * len(values), values[name], "o", color=colour, markersize=4.5)
        place.set_xticks(places, [label for label, _ in PROJECTIONS.values()], fontsize=8.5)
    axes[1].axhspan(0.835, 1.197, color=GREY, alpha=0.2, linewidth=0)
    axes[0].set(title="dimension d at which solved", ylim=(0, None))
    axes[1].set(title="over the first dense draw (grey: within 20 %)", ylim=(0, 1.6))
    return figure


def pixels(table: pd.DataFrame, found: pd.DataFrame, level: float) -> Figure:
    """Accuracy by dimension of convolution and perceptron, pixels plain and shuffled; dimension at which each is solved."""
    figure, axes = figures.grid(2, width=8.8, height=3.6)
    for spot, (condition, (label, colour)) in enumerate(PIXELS.items()):
        rows = figures.percent(pick(table, condition=condition))
        quartile_band(axes[0], rows, color=colour, label=label, marker="o", markersize=3.5)
        values = pick(found, condition=condition)["value"]
        axes[1].plot(values, [spot] * len(values), "o", color=colour, markersize=4, alpha=0.7)
        axes[1].plot([np.exp(np.log(values).mean())], [spot], "|", color=colour, markersize=18, markeredgewidth=2)
    figures.threshold(axes[0], 100 * level, "solved", axis="y", **figures.DASHED)
    figures.log_ticks(axes[0].xaxis, [100, 150, 200, 300, 450])
    axes[0].set(title="accuracy", ylabel="test accuracy, %", xlabel="dimension d")
    axes[0].legend(fontsize=8.5, loc="lower right")
    axes[1].set_yticks(range(len(PIXELS)), [label.replace(", ", ",\n") for label, _ in PIXELS.values()], fontsize=8.5)
    axes[1].set_ylim(len(PIXELS) - 0.5, -0.5)
    axes[1].set(title="dimension at which solved (bar: mean)", xlabel="dimension d")
    return figure


def labels(found: pd.DataFrame, paper: Mapping) -> Figure:
    """Dimensions per image by number of images: ours at two budgets; dimensions of random and true labels; the authors'."""
    figure, axes = figures.grid(3, width=8.8, height=3.3)
    for place, column, arms in (
        (axes[0], "per_image", ("random", "epochs")),
        (axes[1], "value", ("random", "epochs", "true")),
    ):
        for arm in arms:
            label, colour = LABELS[arm]
            rows = found[found["condition"].str.startswith(arm)]
            quartile_band(place, rows, x="samples", y=column, color=colour, label=label, marker="o", markersize=4)
        _images(place, sorted(found["samples"].unique()))
    axes[0].set(title="ours, dimensions an image", ylim=(0, None))
    axes[1].set(title="ours, dimensions")
    if found["value"].notna().any():
        figures.log_ticks(axes[1].yaxis, [50, 100, 200, 300, 500, 700])
    axes[1].legend(fontsize=8.5, loc="upper left")
    axes[0].legend(fontsize=8.5, loc="lower left")
    images, dimensions = np.array(paper["by_images"]).T
    axes[2].plot(images, dimensions / images, "D-", color=RED, markersize=5, markerfacecolor="none", linewidth=0.9)
    axes[2].set(title="authors, an image", ylim=(0, None))
    _images(axes[2], images)
    return figure


def _between(axes: Axes, places: Iterable[float]) -> None:
    """Limits of a logarithmic x axis around places, also where nothing is drawn at them."""
    axes.set_xlim(0.85 * min(places), max(places) / 0.85)


def _images(axes: Axes, ticks: Sequence[int]) -> None:
    axes.set_xlabel("images")
    _between(axes, ticks)
    figures.log_ticks(axes.xaxis, list(ticks))


def mnist(table: pd.DataFrame, paper: Mapping) -> Figure:
    """Accuracy by dimension on all of MNIST, with the authors' stored values."""
    figure, axes = figures.grid(1, width=7.5, height=3.8)
    arms = {
        "fc_200": ("perceptron", BLUE, "fc"),
        "lenet": ("LeNet", GREEN, "lenet"),
        "lenet_shuffled": ("LeNet, shuffled", RED, "lenet_shuffled"),
    }
    for condition, (label, colour, name) in arms.items():
        quartile_band(
            axes[0],
            figures.percent(pick(table, condition=condition)),
            color=colour,
            label=label,
            marker="o",
            markersize=3,
        )
        x, y = np.array(paper[name]["by_dimension"]).T
        figures.paper_points(axes[0], x, 100 * y, label=f"authors, {label}", markeredgecolor=colour)
    figures.threshold(axes[0], 90, "solved", axis="y", **figures.DASHED)
    axes[0].set(ylabel="test accuracy, %", xlabel="dimension d")
    figures.log_ticks(axes[0].xaxis, [10, 30, 100, 300, 1000])
    axes[0].legend(fontsize=8.5, loc="lower right")
    return figure
