"""The figures: each function takes tables of curves (see measure.py), and values of the paper where it marks them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from verifig.pages import figures
from verifig.pages.figures import BLUE, DASHED, GREEN, GREY, ORANGE, PURPLE, log_ticks, pick

DENSITIES = {50: GREEN, 20: BLUE, 10: PURPLE, 5: ORANGE}  # in %
RULES = {
    "dense": ("dense", GREY, "o"), "erk": ("ERK", BLUE, "o"), "snip": ("SNIP ratio", GREEN, "s"),
    "uniform": ("uniform", ORANGE, "^"), "uniform_plus": ("uniform+", PURPLE, "v"), "er": ("ER", BLUE, "o"),
    "snip_ratio": ("SNIP ratio", GREEN, "s"), "snip_mask": ("SNIP mask", PURPLE, "D"),
    "reversed": ("reversed", GREY, "x"),
}  # fmt: skip


def widths(gaps: pd.DataFrame) -> Figure:
    """Dense minus sparse test accuracy over width, by density: runs and means."""
    figure, axes = figures.grid(2, width=8.8, height=3.5)
    points = figures.percent(gaps)
    for density, color in DENSITIES.items():
        part = pick(points, density=density)
        axes[0].plot(part["x"], part["value"], "o", color=color, markersize=3, alpha=0.35)
        means = part.groupby("x")["value"].mean()
        axes[0].plot(means.index, means, color=color, label=f"density {density / 100:g}")
        figures.mean_band(axes[1], part[part["x"] > part["x"].min()], color=color, label=f"density {density / 100:g}")
    ticks = sorted(gaps["x"].unique())
    for place in axes:
        place.set(xscale="log", xlabel="width")
        log_ticks(place.xaxis, ticks)
    axes[0].set(yscale="log", ylabel="dense − sparse (points)", title="all widths, logarithmic")
    axes[1].axhline(0, **DASHED)
    axes[1].set(title="without the narrowest")
    axes[1].legend(loc="upper right", fontsize=8.5)
    return figure


def ratios(accuracy: pd.DataFrame, densities: pd.DataFrame) -> Figure:
    """Left: test accuracy by rule, a point a run. Right: the density that each rule gives the three layers."""
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    shown = [rule for rule in ("snip_mask", "er", "snip_ratio", "uniform", "reversed") if rule in set(accuracy["rule"])]
    for place, rule in enumerate(shown):
        label, color, marker = RULES[rule]
        values = 100 * pick(accuracy, rule=rule)["value"]
        spread = np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else np.zeros(1)
        axes[0].plot(place + spread, values, "o", color=color, markersize=4, alpha=0.5)
        axes[0].plot([place - 0.25, place + 0.25], [values.mean()] * 2, color=color, linewidth=2.2)
        layer = pick(densities, rule=rule)
        axes[1].plot(layer["x"], layer["value"], color=color, marker=marker, label=label)
    axes[0].set(ylabel="test accuracy (%)", title="after training")
    axes[0].set_xticks(range(len(shown)), [RULES[rule][0] for rule in shown], fontsize=8.5)
    axes[1].set(yscale="log", ylabel="density", title="density by layer")
    last = int(densities["x"].max())
    axes[1].set_xticks(range(1, last + 1), ["first", *["hidden"] * (last - 2), "output"])
    axes[1].legend(loc="lower left", fontsize=8.5)
    return figure


def depths(published: pd.DataFrame, other: Mapping, ours: pd.DataFrame | None = None) -> Figure:
    """Left: the paper's accuracies at sparsity 0.9. Right: dense minus ERK by sparsity. `ours`: our runs beside, if any.

    Args:
        other: `depths` and, by sparsity, `erk` accuracies in % of the paper's figure.
    """
    figure, axes = figures.grid(2, width=8.8, height=3.5)
    for rule in ("dense", "erk", "snip", "uniform", "uniform_plus"):
        label, color, marker = RULES[rule]
        part = pick(published, rule=rule)
        axes[0].plot(part["x"], part["value"], marker=marker, markersize=4, color=color, label=label)
        if ours is not None:
            found = pick(ours, rule=rule)
            axes[0].plot(found["x"], found["value"], "_", color=color, markersize=9)
    dense = pick(published, rule="dense")["value"].to_numpy()
    gaps = {0.9: dense - pick(published, rule="erk")["value"].to_numpy()}
    gaps |= {sparsity: dense - np.array(values) for sparsity, values in other["erk"].items()}
    for (sparsity, values), color in zip(gaps.items(), (BLUE, PURPLE, GREEN, ORANGE), strict=False):
        axes[1].plot(other["depths"], values, marker="o", markersize=4, color=color, label=f"sparsity {sparsity:g}")
    axes[1].axhline(0, **DASHED)
    for place in axes:
        place.set(xscale="log", xlabel="depth")
        log_ticks(place.xaxis, other["depths"])
    axes[0].set(ylabel="test accuracy (%)", title="sparsity 0.9")
    axes[1].set(ylabel="dense − ERK (points)", title="gap by sparsity")
    axes[0].legend(loc="lower right", fontsize=8.5)
    axes[1].legend(loc="upper right", fontsize=8.5)
    return figure


def layers(table: pd.DataFrame) -> Figure:
    """Density of each layer, from the stem to the head, by rule."""
    figure, (axes,) = figures.grid(1, width=8.8, height=3.4)
    for rule in ("uniform", "uniform_plus", "er", "erk"):
        label, color, marker = RULES[rule]
        color = {"er": GREEN}.get(rule, color)
        part = pick(table, rule=rule)
        axes.plot(part["x"], part["value"], marker=marker, markersize=4, linewidth=0.9, color=color, label=label)
    kinds = pick(table, rule="erk").sort_values("x")["layer"].tolist()
    marked = [k for k, kind in enumerate(kinds) if k == 0 or kind != kinds[k - 1]]
    names = [kinds[k].replace("shortcut ", "1×1 ").replace(" to ", "→") for k in marked]
    axes.set_xticks(marked, names, rotation=45, ha="right", fontsize=8.5)
    axes.set(yscale="log", ylabel="density")
    figures.legend_outside(axes, "center right")
    return figure


def counts(table: pd.DataFrame) -> Figure:
    """Test accuracy over the number of weights: dense narrow networks and sparse wide ones, runs and means."""
    figure, (axes,) = figures.grid(1, width=6.4, height=3.4)
    for net, color, label in (("dense", GREY, "dense and narrow"), ("sparse", PURPLE, "sparse (ER) and wide")):
        part = figures.percent(pick(table, net=net))
        axes.plot(part["x"], part["value"], "o", color=color, markersize=4, alpha=0.4)
        means = part.groupby("pair")[["x", "value"]].mean().sort_values("x")
        axes.plot(means["x"], means["value"], color=color, label=label)
        for pair, place in means.iterrows():
            width = int(pick(part, pair=pair)["width"].iloc[0])
            side = (0, 9) if net == "dense" else (0, -15)
            spot = (place["x"], place["value"])
            axes.annotate(f"width {width}", spot, xytext=side, textcoords="offset points", ha="center", fontsize=8.5)
    axes.set(xscale="log", xlabel="weights", ylabel="test accuracy (%)")
    axes.margins(0.12, 0.15)
    log_ticks(axes.xaxis, [4000, 6000, 8000, 12000])
    axes.legend(loc="lower right")
    return figure
