"""Figures of the unified picture, two-layer and deep networks, and of "More is Better"."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from replications.double_descent import eigenframework as theory
from replications.double_descent.plots import (
    BLUE,
    GREEN,
    GREY,
    NOISES,
    ORANGE,
    PURPLE,
    RED,
    TEAL,
    plain_log,
    quartiles,
    rows,
    width_axis,
)
from verifig import figures

FAMILIES = {
    "steps": ("gradient descent, steps", BLUE), "rate": ("gradient descent, rate", TEAL), "momentum": ("momentum", RED),
    "sgd": ("minibatch SGD", PURPLE), "adam": ("Adam", GREEN),
}  # fmt: skip
RIDGE_COLOURS = (RED, ORANGE, BLUE, GREEN, PURPLE)


def loss_peak(table: pd.DataFrame) -> Figure:
    """Peak height against training loss at W = n: every configuration's median, and single seeds behind."""
    figure, (axes,) = figures.grid(width=7.6, height=4.2)
    for name, part in table.groupby("name"):
        color = FAMILIES[name.replace("_", " ").split()[0]][1]
        axes.plot(part["loss"], part["height"], ".", color=color, alpha=0.25, markersize=4)
        axes.plot(part["loss"].median(), part["height"].median(), "o", color=color, markersize=8, markeredgecolor=figures.INK, markeredgewidth=0.6)  # fmt: skip
    figures.paper_line(axes, 1.25, "no peak: h ≤ 1.25")
    axes.axvspan(0.0025, 0.009, color=figures.MUTED, alpha=0.12, linewidth=0)
    handles = [
        Line2D([], [], marker="o", linestyle="none", color=color, label=label) for label, color in FAMILIES.values()
    ]
    axes.legend(handles=handles, loc="upper right", fontsize=8.5)
    axes.set(xscale="log", yscale="log", xlabel="training MSE at W = n", ylabel="peak height h")
    return figure


def caveat_noise(risk: pd.DataFrame) -> Figure:
    """Peak height against training loss by label noise, medians joined along the number of steps."""
    figure, (axes,) = figures.grid(width=7.2, height=3.6)
    for share, color in NOISES.items():
        points = []
        for steps in ("1000", "10000"):
            chosen = rows(risk, f"steps {steps}" if share == "0.05" else f"noise {share} steps {steps}")
            table = chosen.pivot(index="seed", columns="width", values="test_mse")
            height = table.loc[:, 80:120].max(axis=1) / table[table.columns[-1]]
            loss = chosen.loc[chosen["width"] == 100, "train_mse"]
            points.append([*np.quantile(loss, [0.25, 0.5, 0.75]), *np.quantile(height, [0.25, 0.5, 0.75])])
        points = np.array(points)
        axes.errorbar(
            points[:, 1], points[:, 4], color=color, marker="o", label=f"{100 * float(share):g} %", linewidth=1.2,
            xerr=np.abs(points[:, [0, 2]] - points[:, [1]]).T, yerr=np.abs(points[:, [3, 5]] - points[:, [4]]).T,
        )  # fmt: skip
    axes.set(xscale="log", xlabel="training MSE at W = n", ylabel="peak height h")
    axes.legend(title="label noise", fontsize=8.5, title_fontsize=8.5)
    return figure


def two_layer(table: pd.DataFrame, threshold: float, ticks=(12, 24, 40, 80, 160), short: int = 300) -> Figure:
    """Test MSE by width, early and late, and train MSE late, by optimiser."""
    figure, axes = figures.grid(3, width=10.4, height=3.5)
    arms = {"gd": ("gradient descent", BLUE), "heavy_ball": ("momentum 0.9", ORANGE), "adam": ("Adam", RED), "adam_clean": ("Adam, no label noise", GREEN), "adam_small_start": ("Adam, small start", PURPLE)}  # fmt: skip
    last = table["steps"].max()
    for name, (label, color) in arms.items():
        own = table[table["run"] == name]
        if own.empty:
            continue
        for place, steps, field in (
            (axes[0], short, "test_mse"),
            (axes[1], last, "test_mse"),
            (axes[2], last, "train_mse"),
        ):
            draw = quartiles if field == "train_mse" else figures.mean_band
            draw(place, own[own["steps"] == steps], "width", field, color, label)
    axes[0].set(title=f"test MSE, {short:,} steps")
    axes[1].set(title=f"test MSE, {last:,} steps", ylim=(0, None))
    axes[0].set_ylim(axes[1].get_ylim())
    axes[2].set(title=f"train MSE, {last:,} steps", yscale="log", ylim=(1e-7, 0.3))
    for place in axes:
        width_axis(place, threshold, "hidden width H", ticks)
    axes[0].legend(loc="upper left", fontsize=8)
    return figure


def curvature(table: pd.DataFrame) -> Figure:
    """Mean over draws of the factor by dimension for two horizons."""
    figure, (axes,) = figures.grid(width=6.4, height=3.1)
    for (steps, part), color in zip(table.groupby("steps"), (BLUE, RED), strict=True):
        figures.mean_band(axes, part, color=color, label=f"{steps:,.0f} steps")
    width_axis(axes, 20, "input dimension d", (5, 10, 20, 50, 100))
    axes.set(ylabel="(1 − αλ)^(2T), mean over draws", ylim=(-0.03, 1.03))
    axes.legend(loc="upper right")
    return figure


def published(table: pd.DataFrame) -> Figure:
    """Our theory as lines, published experimental means as points, by ridge."""
    figure, (axes,) = figures.grid(width=7.2, height=3.5)
    ks = np.unique(np.geomspace(10, 10000, 60).round())
    task = theory.power_law_task(10000, 1.5, 1.5, 0.5)
    for (ridge, part), color in zip(table.groupby("ridge"), RIDGE_COLOURS, strict=False):
        axes.plot(ks, [theory.risk(task, 256, k, ridge)[0] for k in ks], color=color, label=f"ridge {ridge:.3g}")
        figures.paper_points(axes, part["x"], part["experiment"], "published experiment" if ridge > 1 else None)
    axes.axvline(256, color=figures.MUTED, linestyle=":", linewidth=1)
    axes.set(xscale="log", xlabel="number of features k", ylabel="test MSE", ylim=(0.8, 3))
    axes.legend(loc="upper right", fontsize=8.5)
    return figure


def risks(table: pd.DataFrame, n: int) -> Figure:
    """Simulation (mean, 95 % interval over trials) on theory, by number of features and ridge; and their ratio."""
    figure, axes = figures.grid(2, width=9.2, height=3.6)
    for (ridge, part), color in zip(table.groupby("ridge"), RIDGE_COLOURS, strict=False):
        exact = part.groupby("x")["theory"].first()
        axes[0].plot(exact.index, exact, color=color, label=f"ridge {ridge:.3g}")
        mean, deviation = part.groupby("x")["value"].mean(), part.groupby("x")["value"].sem()
        axes[0].errorbar(mean.index, mean, 1.96 * deviation, color=color, linestyle="none", marker="o", markersize=4)
        ratio = part.assign(value=100 * (part["value"] / part["theory"] - 1))
        figures.mean_band(axes[1], ratio, color=color)
    axes[0].set(title="test MSE: theory (lines), simulation (points)")
    plain_log(axes[0], (0.6, 0.8, 1, 1.5, 2, 3, 4, 6))
    axes[1].set(title="simulation over theory − 1 (%)")
    axes[1].axhline(0, color=figures.INK, linewidth=0.8)
    for place in axes:
        place.set(xscale="log", xlabel="number of features k")
        place.axvline(n, color=figures.MUTED, linestyle=":", linewidth=1)
    axes[0].legend(loc="upper right", fontsize=8.5)
    return figure


def theorem(table: pd.DataFrame) -> Figure:
    """Exact risk at the optimal ridge by k and by n, and at a fixed small ridge by k."""
    figure, (axes,) = figures.grid(width=6.8, height=3.3)
    arms = {"by_k": ("tuned ridge, more features k", BLUE), "by_n": ("tuned ridge, more samples n", GREEN), "ridgeless_by_k": ("fixed small ridge, more features k", RED)}  # fmt: skip
    for order, (label, color) in arms.items():
        chosen = table[table["order"] == order]
        axes.plot(chosen["x"], chosen["value"], color=color, marker="o", markersize=4, label=label)
    axes.axvline(128, color=figures.MUTED, linestyle=":", linewidth=1)
    plain_log(axes, (1, 1.5, 2, 3, 5, 7))
    axes.set(xscale="log", xlabel="k or n (the other is 128)", ylabel="exact test MSE")
    axes.legend(loc="upper right", fontsize=8.5)
    return figure


def fitting(mnist: pd.DataFrame, cifar: pd.DataFrame) -> Figure:
    """Risk by fitting ratio for both tasks and four noise levels, minima of the formula and of the stored arrays."""
    figure, axes = figures.grid(2, width=9.2, height=3.6)
    ratio = np.linspace(0, 0.985, 200)
    for place, title, (a, b), optima in (
        (axes[0], "exponents of MNIST", (1.12, 1.36), mnist),
        (axes[1], "exponents of CIFAR-10", (1.17, 1.14), cifar),
    ):
        for (_, row), color in zip(optima.iterrows(), (GREY, BLUE, ORANGE, RED), strict=True):
            curve = theory.fitting_risk(ratio, a, b, row["noise"])
            low = curve.min()
            place.plot(ratio, curve / low, color=color, label=f"noise {row['noise']:g}")
            at = theory.fitting_risk(row["formula"], a, b, row["noise"]) / low
            place.plot(row["formula"], at, "o", color=color, markersize=6)
            stored = theory.fitting_risk(row["stored"], a, b, row["noise"]) / low
            figures.paper_points(place, [row["stored"]], [stored], "published optimum" if row["noise"] == 0 else None)
        place.set(title=title, xlabel="fitting ratio R = train error / test error", ylim=(0.98, 1.6))
    axes[0].set(ylabel="test error over its minimum")
    axes[0].legend(loc="upper left", fontsize=8.5)
    return figure


def resnet(published: pd.DataFrame, own: pd.DataFrame | None = None) -> Figure:
    """Published test and train error by width, and our own runs where there are some."""
    figure, (axes,) = figures.grid(width=7.2, height=3.4)
    for field, color in (("test", BLUE), ("train", GREEN)):
        axes.plot(published["x"], 100 * published[field], color=figures.INK, linestyle="--", linewidth=1, marker="D", markerfacecolor="none", markersize=4)  # fmt: skip
        axes.annotate(f"published, {field}", (published["x"].iloc[-1], 100 * published[field].iloc[-1]), textcoords="offset points", xytext=(-4, 7), ha="right", fontsize=8.5)  # fmt: skip
        if own is not None:
            column = "value" if field == "test" else "train"
            figures.band(axes, own.assign(**{column: 100 * own[column]}), y=column, color=color, label=f"ours, {field}")
    width_axis(axes, 10, "width k", (1, 2, 4, 10, 20, 64))
    axes.set(ylabel="error (%)")
    if own is not None:
        axes.legend(loc="upper right")
    return figure


def samples(sizes: pd.DataFrame, threshold: pd.DataFrame) -> Figure:
    """Test error by sample size at width 100, and by width for three sample sizes."""
    figure, axes = figures.grid(2, width=9.2, height=3.4, sharey=True)
    for (share, part), color in zip(sizes.groupby("noise"), (BLUE, RED), strict=False):
        label = f"label noise {100 * share:g} %"
        figures.mean_band(axes[0], part.assign(value=100 * part["value"]), color=color, label=label)
    width_axis(axes[0], 100, "number of samples n (width 100)", (25, 50, 100, 200, 400))
    noisy = threshold[threshold["noise"] == threshold["noise"].max()]
    for (n, part), color in zip(noisy.groupby("n"), (TEAL, ORANGE, PURPLE), strict=False):
        figures.mean_band(axes[1], part.assign(value=100 * part["value"]), color=color, label=f"n = {n}")
    width_axis(axes[1], 1, "features over samples, W/n (label noise 20 %)", (0.5, 1, 2, 4))
    axes[0].set(ylabel="test error (%)")
    for place in axes:
        place.legend(loc="upper right", fontsize=8.5)
    return figure


def author_grid(mnist: pd.DataFrame, fashion: pd.DataFrame) -> Figure:
    """Test MSE (or cross-entropy) by width on the author's grid."""
    figure, axes = figures.grid(2, width=9.2, height=3.4)
    arms = {"constant 1000": ("constant rate", RED), "decay 1000": ("decaying rate", BLUE), "cross_entropy 100000": ("cross-entropy", GREEN)}  # fmt: skip
    for place, table, title in ((axes[0], mnist, "MNIST"), (axes[1], fashion, "Fashion-MNIST")):
        for name, (label, color) in arms.items():
            own = table[table["run"] == name]
            if not own.empty:
                figures.band(place, own, "width", "test_mse", color, label)
        place.set(title=f"{title}, test loss", yscale="log")
        width_axis(place)
    axes[0].legend(loc="upper right", fontsize=8.5)
    return figure
