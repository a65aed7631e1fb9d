"""Figures of regularisation sweeps: classes that vanish one by one, and the jump of deeper heads."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.neural_collapse.dang2023 import closed_form
from replications.neural_collapse.dang2023.plotting.drawing import CLASS_COLOURS, colour, entry
from replications.neural_collapse.dang2023.plotting.select import Heads
from verifig.pages import figures


def predicted_lengths(settings: Mapping, decay: float) -> np.ndarray:
    """Squared classifier lengths by class at the minimum, at a common decay of features and weights."""
    solution = closed_form.solve(settings["sizes"], settings["depth"], decay, decay, rank=settings["width"])
    return np.diagonal(closed_form.targets(solution)["classifier"])


def staircase(measured: pd.DataFrame, settings: Mapping) -> Figure:
    """Squared classifier length by class against the common decay, with the closed form and its thresholds."""
    sizes, depth = settings["sizes"], settings["depth"]
    total, distinct = sum(sizes), sorted(set(sizes), reverse=True)
    decays = np.linspace(measured["decay"].min(), measured["decay"].max(), 361)
    predicted = np.array([predicted_lengths(settings, decay) for decay in decays])
    figure, (axes,) = figures.grid(1, width=7.5, height=3.6)
    for k, size in enumerate(distinct):
        shade, line = CLASS_COLOURS[k % len(CLASS_COLOURS)], predicted[:, sizes.index(size)]
        axes.plot(decays, line, color=shade, linewidth=1.2)
        place = (decays[0], line[0])
        axes.annotate(f"n = {size}", place, (8, 3), textcoords="offset points", color=shade, fontsize=9)
        points = figures.pick(measured, size=size)
        # rings inside each other, so that collapsed classes do not hide one another
        ring = {"markersize": 8 - 2 * min(k, 2), "fillstyle": "none"}
        axes.plot(points["decay"], points["classifier"], "o", color=shade, **ring)
        figures.threshold(axes, closed_form.critical_decay(size, total, depth), color=shade, linewidth=1.2)
    axes.set(
        title=f"M = {depth}, classes of {', '.join(map(str, sizes))}",
        xlabel="common decay of features and weights",
        ylabel="squared classifier length p",
    )
    axes.margins(y=0.1)
    return figure


def predicted_branch(depth: int, points: int = 200) -> pd.DataFrame:
    """Self-output and objective of the non-zero branch by pressure beta, up to the spinodal; equal classes."""
    size, classes, rows = 100, 4, []  # neither curve depends on them
    for beta in np.linspace(0.05, closed_form.spinodal(depth) * (1 - 1e-9), points):
        decay = closed_form.decay_at(beta, size, size * classes, depth)
        found = closed_form.solve([size] * classes, depth, decay, decay, local=True)
        rows.append((beta, found.output[0], found.objective))
    return pd.DataFrame(rows, columns=["beta", "self_output", "objective"])


def jump(branches: pd.DataFrame, heads: Heads, sizes: Sequence[int]) -> Figure:
    """Self-output and objective by pressure and depth, warm and cold starts; threshold of the smallest of `sizes`."""
    figure, axes = figures.grid(2, rows=2, width=8.6, height=3.1)
    axes[3].axis("off")
    depths = sorted({1} | {settings["depth"] for settings in heads.values()})
    for depth in depths:
        shade, line = colour(depth), predicted_branch(depth)
        stable = line["beta"] < closed_form.collapse_threshold(depth)
        for each, column in zip(axes[:2], ("self_output", "objective"), strict=True):
            each.plot(line["beta"][stable], line[column][stable], color=shade, label=f"M = {depth}")
            each.plot(line["beta"][~stable], line[column][~stable], color=shade, linestyle="--", linewidth=1.2)
    for name, settings in heads.items():
        warm = settings["start"] == "minimiser"
        shade, points = colour(settings["depth"]), figures.pick(branches, condition=name)
        # squares of different sizes: cold starts of all depths end in the same place
        size = 4.5 if warm else 4 + 2.5 * (depths.index(settings["depth"]) % 3)
        for each, column in zip(axes[:2], ("self_output", "objective"), strict=True):
            fill = shade if warm else "none"
            each.plot(points["beta"], points[column], "o" if warm else "s", color=shade, mfc=fill, markersize=size)
    axes[0].set(title="mean self-output", xlabel="pressure β", ylim=(-0.06, 1))
    axes[1].set(title="objective", xlabel="pressure β", ylim=(0, None))
    axes[1].axhline(0.5, **figures.DASHED, alpha=0.75)
    axes[1].annotate("all classes zero", (0.98, 0.45), xycoords=("axes fraction", "data"), ha="right", fontsize=8)
    entry(axes[0], "closed form, global minimum")
    entry(axes[0], "closed form, local minimum", linestyle="--")
    entry(axes[0], "runs started near a minimiser", marker="o", markersize=4.5, linestyle="none")
    entry(axes[0], "runs started near zero", marker="s", markersize=6, markerfacecolor="none", linestyle="none")
    axes[3].legend(*axes[0].get_legend_handles_labels(), loc="center left", fontsize=9)
    layers, smallest = np.arange(1, 10), min(sizes)
    critical = [closed_form.critical_decay(smallest, sum(sizes), depth) for depth in layers]
    axes[2].plot(layers, critical, color=figures.MUTED, linewidth=1.2)
    for depth, value in zip(layers, critical, strict=True):
        axes[2].plot(depth, value, "o", color=colour(depth) if depth in depths else figures.MUTED)
    axes[2].set(
        title=f"decay that ends a class of {smallest} in {sum(sizes)}",
        xlabel="layers M",
        ylabel="decay",
        ylim=(0, None),
    )
    return figure
