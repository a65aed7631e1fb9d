"""The figures: each function takes tables of curves (see measure.py), and settings of the run where it needs them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verifig.pages import figures
from verifig.pages.figures import (
    BLUE,
    DASHED,
    GREEN,
    GREY,
    INDIGO,
    ORANGE,
    PURPLE,
    RED,
    TEAL,
    log_ticks,
    percent,
    pick,
    threshold,
)

NEAREST, SINGULAR, MAJORITY, RELU = BLUE, GREEN, RED, ORANGE  # one colour a limit
NETWORKS = {
    "h2": ("A = A' = 0: h₂", NEAREST),
    "cubic": ("A = 0, A' ≠ 0: cubic, α = 4", SINGULAR),
    "majority": ("A ≠ 0, B' > 1", MAJORITY),
    "relu": ("A ≠ 0, B' = 1: ReLU", RELU),
    "knife": ("cubic with A = 0.05", PURPLE),
    "ordered": ("A ≠ 0, B' < 1", TEAL),
}
LADDER = (GREY, TEAL, GREEN, BLUE, INDIGO, PURPLE, RED)
ORDERS = {1.0: ORANGE, 1.5: PURPLE, 2.0: GREEN, 3.0: TEAL, 4.0: INDIGO, np.inf: NEAREST}
DEPTHS = (1, 2, 4, 8, 16, 32, 64, 256, 1024, 4096)


def order_name(order: float) -> str:
    """The label of a vote."""
    return "nearest neighbour" if np.isinf(order) else f"α = {order:g}"


def regimes(table: pd.DataFrame) -> Figure:
    """Agreement with the nearest neighbour, and predictions of the larger class, against the number of layers."""
    return _by_depth(table, ("h2", "cubic", "majority", "relu"))


def edges(table: pd.DataFrame) -> Figure:
    """The same at the edges: a small mean of the cubic activation, and B' < 1."""
    return _by_depth(table, ("cubic", "knife", "ordered"))


def mnist(table: pd.DataFrame) -> Figure:
    """The same on all of MNIST."""
    return _by_depth(table, ("h2", "cubic", "knife", "majority", "relu"), marker="o")


def _by_depth(table: pd.DataFrame, networks: Sequence[str], **line) -> Figure:
    figure, axes = figures.grid(2, width=8.8, height=3.3)
    shown = {"agreement": "agrees with the nearest neighbour (%)", "majority_share": "predicts the larger class (%)"}
    for place, (field, title) in zip(axes, shown.items(), strict=True):
        for network in networks:
            label, color = NETWORKS[network]
            rows = percent(pick(table, network=network), field)
            figures.mean_band(
                place, rows, y=field, color=color, label=label, **({"marker": "o", "markersize": 3} | line)
            )
        log_ticks(place.xaxis, DEPTHS)
        place.set(title=title, xlabel="hidden layers L", ylim=(48, 102))
    figures.legend_outside(axes[0], "lower center", ncols=min(len(networks), 4))
    return figure


def kernels(table: pd.DataFrame, limit: pd.DataFrame) -> Figure:
    """Kernels by angle and depth in the three regimes, each scaled as its limit asks."""
    figure, axes = figures.grid(3, width=8.9, height=3.3)
    titles = {
        "nearest": "h₂: K over K(0°)",
        "singular": "cubic: K over (L + 1) A'²ᴸ",
        "majority": "A ≠ 0: K over K(90°)",
    }
    for place, (kind, title) in zip(axes, titles.items(), strict=True):
        rows = pick(table, kind=kind)
        for depth, color in zip(sorted(rows["depth"].unique()), LADDER, strict=False):
            each = pick(rows, depth=depth)
            place.plot(each["x"], each["value"], color=color, linewidth=1.4, label=f"L = {depth:g}")
        place.set(title=title, xlabel="angle (degrees)", xlim=(0, 90))
    axes[1].plot(limit["x"], limit["value"], label="limit", **DASHED)
    log_ticks(axes[1].yaxis, (0.01, 1, 100, 1e4))
    axes[1].set(ylim=(0.003, 3e4))
    log_ticks(axes[2].yaxis, (1, 10, 100, 1000))
    axes[0].set(ylim=(-0.03, 1.03))
    figures.legend_outside(axes[1], "lower center", ncols=7)
    return figure


def singularity(table: pd.DataFrame) -> Figure:
    """Limit kernels of the cubic activations against distance, and lines of slope -d; what is left of them."""
    figure, axes = figures.grid(2, width=8.8, height=3.3)
    for d, color in zip(sorted(table["d"].unique()), (TEAL, GREEN, BLUE, PURPLE), strict=False):
        rows = pick(table, d=d)
        radii, logs = rows["x"].to_numpy(), rows["value"].to_numpy()
        anchor = np.mean(logs + d * np.log10(radii))
        axes[0].plot(radii, logs, color=color, label=f"d = {d:g}")
        axes[0].plot(radii, anchor - d * np.log10(radii), **DASHED)
        axes[1].plot(radii, logs + d * np.log10(radii) - anchor, color=color, label=f"d = {d:g}")
    axes[0].set(title="limit kernel (decades)", xlabel="distance |x − x'|", xscale="log")
    axes[1].set(title="its distance from slope −d (decades)", xlabel="distance |x − x'|", xscale="log")
    axes[0].legend(loc="upper right")
    return figure


def noise(table: pd.DataFrame) -> Figure:
    """Clean test errors of singular votes by order, with right and with wrong training labels; the nearest neighbour as a level."""
    figure, (axes,) = figures.grid(width=6.8, height=3.4)
    for condition, label, color in (("wrong", "with wrong training labels", RED), ("right", "all labels right", TEAL)):
        rows = percent(pick(table, labels=condition))
        if rows.empty:
            continue
        figures.mean_band(axes, rows[np.isfinite(rows["x"])], color=color, label=label, marker="o", markersize=4)
        level = rows[np.isinf(rows["x"])]["value"].mean()
        axes.axhline(level, color=color, linestyle=":", linewidth=1.3, label=f"nearest neighbour, {label}")
    axes.set(xticks=[2, 4, 6, 8, 12, 16], xlabel="order α of the singularity", ylabel="test error (%)", ylim=(0, None))
    figures.legend_outside(axes, "right upper")
    return figure


def consistency(table: pd.DataFrame, laws: pd.DataFrame) -> Figure:
    """Errors against the number of points by order, for a constant target and for a cap; laws as dashed levels."""
    figure, axes = figures.grid(2, width=8.8, height=3.5, sharey=True)
    for place, target in zip(axes, ("constant", "cap"), strict=True):
        for order in sorted(table["order"].unique()):
            rows = pick(table, target=target, order=order)
            color = ORDERS.get(order, GREY)
            figures.mean_band(place, rows, color=color, label=order_name(order), marker="o", markersize=3)
        log_ticks(place.xaxis, (100, 1000, 1e4, 1e5, 1e6, 1e7))
        place.set(xlabel="training points n", title="constant target" if target == "constant" else "a cap")
    for value in laws["value"]:
        axes[0].axhline(value, **DASHED)
    axes[0].set(ylabel="test error")
    figures.legend_outside(axes[0], "lower center", ncols=6)
    return figure


def depth(table: pd.DataFrame, noise: float, law: float) -> Figure:
    """Errors, and agreement with the vote of infinite depth, against the number of layers, by kernel and target.

    Args:
        noise: the Bayes error; law: the error of a vote of order alpha + 2 among many points.
    """
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    looks = {"ntk": ("all layers trained", ORANGE), "nngp": ("last layer alone", BLUE)}
    panels = (
        (axes[0], "constant", "error", "constant target: error"),
        (axes[1], "cap", "agreement", "a cap: agreement with the limit"),
    )
    for place, condition, field, title in panels:
        for kernel, (label, color) in looks.items():
            rows = pick(table, condition=condition, kernel=kernel)
            figures.mean_band(place, rows, y=field, color=color, label=label, marker="o", markersize=3)
        _solved(place, pick(table, condition=condition, kernel="solved"), field)
        log_ticks(place.xaxis, (1, 10, 100, 1000, 1e4, 1e5))
        place.set(title=title, xlabel="hidden layers L")
    threshold(axes[0], noise, "Bayes error", "y")
    threshold(axes[0], law, "law of order α + 2", "y", **DASHED)
    figures.legend_outside(axes[0], "lower center", ncols=3)
    return figure


def _solved(place: Axes, rows: pd.DataFrame, field: str) -> None:
    middle = rows.groupby("x")[field].mean()
    place.plot(middle.index, middle, "D", color=RED, markersize=6, markerfacecolor="none", label="all layers, solved")


def width(table: pd.DataFrame) -> Figure:
    """Relative error of tangent kernels of single finite networks against their depth, by inner product of the inputs."""
    figure, axes = figures.grid(3, width=8.9, height=3.2, sharey=True)
    looks = {"relu": ("ReLU", ORANGE), "sine": ("sine", TEAL), "cubic": ("cubic", GREEN), "h2": ("h₂", BLUE)}
    for place, xi in zip(axes, sorted(table["xi"].unique(), reverse=True), strict=False):
        for activation, (label, color) in looks.items():
            rows = pick(table, activation=activation, xi=xi)
            figures.band(place, rows, color=color, label=label, marker="o", markersize=4)
        threshold(place, 1, axis="y")
        log_ticks(place.yaxis, (0.03, 0.1, 0.3, 1, 3, 10, 30, 100))
        place.set(title=f"ξ = {xi:g}", xlabel="hidden layers L", xticks=sorted(table["x"].unique()))
    axes[0].set(ylabel="error of a network, relative")
    figures.legend_outside(axes[0], "lower center", ncols=4)
    return figure
