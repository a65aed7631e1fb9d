"""The figures: each function takes tables of curves (see measure.py), and the authors' values where there are some."""

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
    INK,
    OLIVE,
    ORANGE,
    PURPLE,
    RED,
    TEAL,
    log_ticks,
    paper_points,
    pick,
)
from verifig.pages.legible import band_is

MACHINES = {"frobenius": ("least Frobenius norm", BLUE), "nuclear": ("least nuclear norm", ORANGE)}
TRAINED = {"w": ("W trained", GREEN), "kq": ("K and Q trained", PURPLE)}
INPUTS = {5: BLUE, 10: GREEN, 15: PURPLE}  # colours of numbers of inputs
PREDICTIONS = {
    "line": ("generalised SVM, line", BLUE),
    "direction": ("generalised SVM, direction alone", ORANGE),
    "single": ("SVM of single tokens", RED),
}
ARITHMETIC = {
    "authors": ("the authors' arithmetic", RED),
    "rounding_alone": ("cancellation alone", OLIVE),
    "offset_alone": ("offset of the norm alone", TEAL),
    "stable": ("neither", BLUE),
}
PICTURES = {"two_clouds": "two clouds", "one_cloud": "one token against a cloud"}


def _band(axes: Axes, rows: pd.DataFrame, color: str, label: str, line: str = "value", band=("low", "high")) -> None:
    axes.plot(rows["x"], rows[line], color=color, label=label)
    axes.fill_between(rows["x"], rows[band[0]], rows[band[1]], color=color, alpha=0.18, linewidth=0)


def local(table: pd.DataFrame, paper: Mapping) -> Figure:
    """Correlation of W with both SVMs against iterations, W or K and Q trained; the likeliest token's probability."""
    figure, axes = figures.grid(3, width=8.9, height=3.2, sharey=True)
    for place, (condition, (title, _)) in zip(axes, TRAINED.items(), strict=False):
        for curve, (label, color) in MACHINES.items():
            _band(place, pick(table, condition=condition, curve=curve), color, label)
            if condition == "w":
                points = paper[curve]
                paper_points(place, list(points), list(points.values()), "authors", markeredgecolor=color, markersize=7)
        place.set(title=f"{title}: correlation", xlabel="iteration")
    for condition, (label, color) in TRAINED.items():
        _band(axes[2], pick(table, condition=condition, curve="probability"), color, label)
        points = paper["probability"][condition]
        paper_points(axes[2], list(points), list(points.values()), "authors", markeredgecolor=color, markersize=7)
    axes[2].set(title="probability of the likeliest token", xlabel="iteration", ylim=(-0.05, 1.06))
    axes[2].legend(loc="lower right", fontsize=8.5)
    axes[1].legend(loc="lower right", fontsize=8.5)
    for place in axes:
        band_is(place, "means, bands: 10th to 90th percentile")
    return figure


def _log_radius(points: np.ndarray) -> np.ndarray:
    """Points [..., 2] drawn in at log10(1 + their length), at their angle."""
    length = np.linalg.norm(points, axis=-1, keepdims=True)
    return points / np.maximum(length, 1e-300) * np.log10(1 + length)


def paths(table: pd.DataFrame, images: pd.DataFrame) -> Figure:
    """Paths of W z of both queries, W or K and Q trained, and the rays on which the SVMs put them."""
    figure, axes = figures.grid(2, width=8.8, height=4.2)
    for place, (picture, title) in zip(axes, PICTURES.items(), strict=True):
        reach = 0.0
        for number, color in ((1, BLUE), (2, RED)):
            for kind, style in (("w", "-"), ("kq", "--")):
                rows = pick(table, condition=f"{picture}_{kind}", input=number)
                if rows.empty:
                    continue
                drawn = _log_radius(rows[["first", "second"]].to_numpy())
                reach = max(reach, np.linalg.norm(drawn, axis=1).max())
                place.plot(*drawn.T, style, color=color, label=f"query {number}, {TRAINED[kind][0]}")
            for machine, style in (("frobenius", "-"), ("nuclear", ":")):
                row = pick(images, condition=f"{picture}_w", direction=machine, input=number)[["x", "y"]].to_numpy()[0]
                ray = row / np.linalg.norm(row)
                label = f"SVM, {MACHINES[machine][0]}" if number == 1 else None
                place.plot([0, reach * ray[0]], [0, reach * ray[1]], style, color=INK, linewidth=0.8, label=label)
        place.set(title=title, aspect="equal", xlabel="first entry", ylabel="second entry")
    figures.legend_outside(axes[0], "lower center", ncols=3)
    return figure


def ranks(table: pd.DataFrame, paper: Mapping) -> Figure:
    """Mean ranks by dimension for both norms, as counted by the authors and not; how many draws have a solution."""
    figure, axes = figures.grid(3, width=8.9, height=3.5)
    for n, color in INPUTS.items():
        for place, curve, style in (
            (axes[0], "counted", "-"), (axes[0], "feasible", ":"), (axes[1], "nuclear", "-"), (axes[1], "unfinished", ":"), (axes[2], "draws", "-"),
        ):  # fmt: skip
            rows = pick(table, inputs=n, curve=curve).sort_values("dimension")
            label = f"n = {n}" if style == "-" else None
            place.plot(rows["dimension"], rows["value"], style, color=color, marker="o", markersize=3.5, label=label)
        for place, name in ((axes[0], "frobenius"), (axes[1], "nuclear")):
            points = paper[name][n]
            paper_points(place, list(points), list(points.values()), None, markeredgecolor=color, markersize=7)
    paper_points(axes[0], [], [], "authors' figure", markersize=7)
    axes[0].plot([], [], ":", color=INK, label="Frobenius: draws with a solution alone")
    axes[1].plot([], [], ":", color=INK, label="nuclear: solver stopped early")
    axes[0].set(title="rank, Frobenius norm", ylim=(0, 16))
    axes[1].set(title="rank, nuclear norm", ylim=(0, 16), xlim=axes[0].get_xlim())
    axes[2].set(title="draws with a solution")
    for place in axes:
        place.set(xlabel="dimension d", xticks=(1, 5, 10, 15, 20))
    figures.legend_outside(axes[:2], "lower center", ncols=3)
    return figure


def selection(table: pd.DataFrame) -> Figure:
    """Share of runs that select the best token of every input, by dimension, with 95 % intervals; equal scores beside."""
    figure, (axes,) = figures.grid(width=6.4, height=3.4)
    for (inputs, tokens), color in zip(((4, 4), (6, 8)), (TEAL, PURPLE), strict=True):
        for equal, marker, style in ((False, "o", "-"), (True, "s", "none")):
            rows = pick(table, inputs=inputs, tokens=tokens, equal_scores=equal).sort_values("dimension")
            if rows.empty:
                continue
            found = [
                stats.share(np.arange(runs) < optimal)
                for optimal, runs in zip(rows["optimal"], rows["runs"], strict=True)
            ]
            middle, low, high = (np.array([getattr(i, end) for i in found]) for end in ("observed", "low", "high"))
            label = f"n = {inputs}, T = {tokens}" + (", equal scores" if equal else "")
            reach = 100 * np.array([middle - low, high - middle])
            axes.errorbar(
                rows["dimension"],
                100 * middle,
                reach,
                color=color,
                marker=marker,
                markersize=5,
                linestyle=style,
                label=label,
            )
    log_ticks(axes.xaxis, (2, 4, 8, 10, 40))
    axes.set(xlabel="dimension d", ylabel="runs that select every best token (%)", ylim=(0, 103))
    band_is(axes, "bars: 95 % intervals")
    axes.legend(loc="lower right", fontsize=8.5)
    return figure


def multi(table: pd.DataFrame, counts: pd.DataFrame, paper: Mapping) -> Figure:
    """1 - correlation with the three predictions by dimension, means with 95 % intervals; the share of accepted runs."""
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    for name, (label, color) in PREDICTIONS.items():
        groups = pick(table, prediction=name).groupby("dimension")["value"]
        found = {d: stats.mean(values.to_numpy()) for d, values in groups}
        middle, low, high = (np.array([getattr(i, end) for i in found.values()]) for end in ("observed", "low", "high"))
        reach = [middle - np.maximum(low, 1e-4), high - middle]
        axes[0].errorbar(list(found), middle, reach, color=color, marker="o", markersize=4.5, label=label)
        points = paper[name]
        paper_points(axes[0], list(points), list(points.values()), None, markeredgecolor=color, markersize=7)
    paper_points(axes[0], [], [], "authors", markersize=7)
    log_ticks(axes[0].yaxis, (0.005, 0.01, 0.02, 0.05, 0.1, 0.2))
    axes[0].set(title="1 − correlation with W", xlabel="dimension d", xticks=(4, 6, 8, 10), ylim=(0.004, 0.3))
    band_is(axes[0], "bars: 95 % intervals")
    axes[1].bar(counts["dimension"], 100 * counts["accepted"] / counts["trained"], width=0.9, color=TEAL)
    axes[1].set(title="runs that are accepted (%)", xlabel="dimension d", xticks=sorted(counts["dimension"]))
    figures.legend_outside(axes[0], "lower center", ncols=2)
    return figure


def stall(table: pd.DataFrame) -> Figure:
    """1 - correlation and the norm of W against iterations, by arithmetic, medians and quartiles on log axes."""
    figure, axes = figures.grid(2, width=8.8, height=3.5)
    for condition, (label, color) in ARITHMETIC.items():
        for place, curve in zip(axes, ("distance", "norm"), strict=True):
            rows = pick(table, condition=condition, curve=curve)
            _band(place, rows[rows["x"] > 0], color, label, "middle", ("first", "third"))
            band_is(place, "medians, bands: quartiles")
    last = table["x"].max()
    guide = np.array([last / 8, last])
    axes[0].plot(guide, 2e-3 * (guide / guide[0]) ** -2.0, label="iterations to the power −2", **DASHED)
    log_ticks(axes[0].xaxis, (1, 10, 100, 1000, 8000))
    log_ticks(axes[1].xaxis, (1, 10, 100, 1000, 8000))
    axes[0].set(yscale="log", title="1 − correlation with the SVM", xlabel="iteration", ylim=(3e-5, 1.5))
    axes[1].set(yscale="log", title="norm of W", xlabel="iteration")
    figures.legend_outside(axes[0], "lower center", ncols=3)
    return figure
