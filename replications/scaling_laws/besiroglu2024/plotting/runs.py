"""Figures of the training runs and of the law that was fitted to them."""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure

from replications.scaling_laws.besiroglu2024.fitting import law
from verifig.pages import figures
from verifig.pages.figures import GREEN

SHADES = LinearSegmentedColormap.from_list("shades", matplotlib.colormaps["magma"](np.linspace(0.2, 1, 64)))
BUDGETS = (1e19, 1e20, 1e21, 1e22)  # FLOP of the lines of equal compute
NEAR = 0.08  # decades of compute within which a run is drawn beside such a line


def c_data(data: pd.DataFrame) -> Figure:
    """Runs over compute and model size, colour = loss; the dropped ones ringed."""
    figure, (axes,) = figures.grid(1, width=7.2, height=3.9)
    points = axes.scatter(
        data["C"],
        data["N"],
        c=data["L"],
        cmap=SHADES,
        norm=LogNorm(2, 5),
        s=22,
        edgecolor=figures.MUTED,
        linewidth=0.3,
    )
    dropped = data[~data["kept"]]
    axes.scatter(dropped["C"], dropped["N"], s=22, facecolor="none", edgecolor=figures.INK, linewidth=0.8)
    axes.scatter(dropped["C"], dropped["N"], s=90, facecolor="none", edgecolor=figures.INK, linewidth=1.1)
    for _, first in dropped.nlargest(1, "N").iterrows():
        axes.annotate("left out", (first["C"], first["N"]), (10, 2), textcoords="offset points", fontsize=8.5)
    axes.set(xscale="log", yscale="log", xlabel="training compute C (FLOP)", ylabel="parameters N")
    _loss_bar(figure, points, axes, [2, 2.5, 3, 4, 5])
    return figure


def _loss_bar(figure: Figure, points, axes: Axes, ticks: list[float]) -> None:
    bar = figure.colorbar(points, ax=axes, label="loss (nats)", shrink=0.9, ticks=ticks)
    bar.ax.set_yticklabels([f"{tick:g}" for tick in ticks])
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)


def c_surface(data: pd.DataFrame, theta: pd.DataFrame) -> Figure:
    """Contours of the refit over N and D with the runs, isoFLOP lines and the optimal policy."""
    figure, axes = figures.grid(2, width=8.8, height=3.9)
    kept = data[data["kept"]]
    N, D = np.geomspace(3e7, 3e10, 120), np.geomspace(2e8, 1.2e12, 120)
    refit = theta["lad"].to_numpy()
    surface = law.loss(refit, *(grid.ravel() for grid in np.meshgrid(N, D))).reshape(len(D), len(N))
    levels = np.geomspace(2.0, 5.0, 15)
    norm = LogNorm(2, 5)
    filled = axes[0].contourf(N, D, surface, levels=levels, norm=norm, cmap=SHADES, alpha=0.85, extend="both")
    for compute in BUDGETS:
        line = compute / 6 / N
        axes[0].plot(N, line, color="white", linewidth=0.9, linestyle="--", alpha=0.9)
        inside = (line > D[0]) & (line < D[-1])
        middle = np.flatnonzero(inside)[int(0.12 * inside.sum())]
        exponent = round(np.log10(compute))
        axes[0].annotate(f"$10^{{{exponent}}}$ FLOP", (N[middle], line[middle]), color="white", fontsize=7.5)
    axes[0].scatter(kept["N"], kept["D"], c=kept["L"], cmap=SHADES, norm=norm, s=14, edgecolor="white", linewidth=0.4)
    budgets = np.geomspace(1e18, 1e24, 60)
    axes[0].plot(*law.policy(refit, budgets), color=GREEN, linewidth=2)
    end = law.policy(refit, 2e21)
    axes[0].annotate("optimal policy", end, (8, -12), textcoords="offset points", color="white", fontsize=8.5)
    axes[0].set(
        xscale="log", yscale="log", xlabel="parameters N", ylabel="tokens D", xlim=(N[0], N[-1]), ylim=(D[0], D[-1])
    )
    axes[0].set_title("fitted loss")
    axes[0].grid(False)
    _loss_bar(figure, filled, axes[0], [2, 2.5, 3, 4, 5])
    for compute, colour in zip(BUDGETS, figures.PALETTE, strict=False):
        sizes = np.geomspace(4e7, 2e10, 100)
        tokens = compute / 6 / sizes
        axes[1].plot(sizes, law.loss(refit, sizes, tokens), color=colour, label=f"$10^{{{round(np.log10(compute))}}}$")
        best, spent = law.policy(refit, compute)
        axes[1].plot(best, law.loss(refit, np.array([best]), np.array([spent])), "o", color=colour, markersize=6)
        near = kept[np.abs(np.log10(kept["C"] / compute)) < NEAR]
        axes[1].plot(near["N"], near["L"], ".", color=colour, markersize=5, alpha=0.75)
    axes[1].set(xscale="log", xlabel="parameters N", ylabel="loss (nats)", ylim=(1.9, 4.2))
    axes[1].set_title("along isoFLOP lines")
    axes[1].legend(title="FLOP", fontsize=8, title_fontsize=8, ncols=2)
    return figure
