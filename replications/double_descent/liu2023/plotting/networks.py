"""Figures of two-layer networks, and of all configurations together: panels G and H."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from replications.double_descent.liu2023.plotting import select
from replications.double_descent.science.drawing import count, width_axis
from replications.double_descent.science.statistics import parameter_threshold
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, OLIVE, PURPLE, RED, TEAL, log_ticks, pick, quartile_band

FAMILIES = {
    "steps": ("gradient descent, steps", BLUE, "o", 8), "rate": ("gradient descent, rate", TEAL, "s", 6.5),
    "momentum": ("momentum", RED, "x", 9), "sgd": ("minibatch SGD", PURPLE, "D", 6.5), "adam": ("Adam", GREEN, "^", 8),
}  # fmt: skip
LOSS_FLOOR = 1e-7  # train losses below it leave the frame


def two_layer(table: pd.DataFrame, base: Mapping, runs: Mapping[str, Mapping]) -> Figure:
    """Test MSE by width, early and late, and train MSE late, by optimiser; dotted where parameters equal equations."""
    figure, axes = figures.grid(2, 2, width=8.8, height=3.0)
    short, last = select.compared_steps(sorted(table["steps"].unique()))
    colours, others = select.OPTIMISER_COLOURS, iter((TEAL, OLIVE, PURPLE, GREY))
    for name, settings in select.arms(base, runs).items():
        label, own = select.arm(settings, base), pick(table, run=name)
        color = next(others) if "," in label else colours[label.split(" 0")[0]]
        for place, steps, field in ((axes[0], short, "test_mse"), (axes[1], last, "test_mse"), (axes[2], last, "train_mse")):  # fmt: skip
            draw = quartile_band if field == "train_mse" else figures.mean_band
            draw(place, pick(own, steps=steps), "width", field, color, label)
    axes[0].set(title=f"test MSE, {count(short)} steps")
    axes[1].set(title=f"test MSE, {count(last)} steps")
    axes[2].set(title=f"train MSE, {count(last)} steps", yscale="log", ylim=(LOSS_FLOOR, None))
    top = max(place.get_ylim()[1] for place in axes[:2])
    grid = sorted(table["width"].unique())
    for place in axes[:2]:
        place.set_ylim(0.05, top)
        log_ticks(place.yaxis, (0.05, 0.1, 0.2, 0.3, 0.5, 1, 2))
    for place in axes[:3]:
        width_axis(place, parameter_threshold(base), grid[1::2] if len(grid) > 6 else grid, "hidden width H")
    figures.legend_panel(axes[3], axes[0])
    return figure


def loss_peak(table: pd.DataFrame, no_peak: float | None, between: tuple[float, float] | None) -> Figure:
    """Peak height against training loss at W = n: every configuration's median, and single seeds behind.

    `no_peak` is the height up to which the claims see none, `between` the losses that they leave out.
    """
    figure, (axes,) = figures.grid(width=8.8, height=4.6)
    for name, part in table.groupby("name"):
        _, color, marker, size = FAMILIES[name.replace("_", " ").split()[0]]
        axes.plot(part["loss"], part["height"], ".", color=color, alpha=0.75, markersize=4)
        middle = part["loss"].median(), part["height"].median()
        axes.plot(*middle, marker, zorder=4 if marker == "x" else 3, color=color, markersize=size, markeredgecolor=color if marker == "x" else figures.INK, markeredgewidth=2 if marker == "x" else 0.6)  # fmt: skip
    if no_peak:
        axes.axhline(no_peak, **figures.DASHED, alpha=0.75, label=f"no peak: h up to {no_peak:g} (our bound)")
    if between:
        axes.axvspan(*between, color=figures.MUTED, alpha=0.15, linewidth=0, label="losses that B5 leaves out")
    handles = [
        Line2D([], [], marker=marker, linestyle="none", color=color, label=f"{label} (dots: seeds)" if not k else label)
        for k, (label, color, marker, _) in enumerate(FAMILIES.values())
    ]
    handles += axes.get_legend_handles_labels()[0]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    axes.set(xscale="log", yscale="log", xlabel="training MSE at W = n", ylabel="peak height h")
    log_ticks(axes.yaxis, (0.5, 1, 2, 5, 10, 20, 50, 100, 1000))
    return figure
