"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.last_iterate.science import laws, schedules
from verifig.pages import figures
from verifig.pages.figures import BLUE, DASHED, GREEN, MUTED, OLIVE, ORANGE, PURPLE, RED, TEAL, pick

LOOK = {
    "inverse_root": ("steps 1/√t", ORANGE),
    "constant": ("steps 1/√T", BLUE),
    "linear_decay": ("linear decay", GREEN),
    "tight_decay": ("linear decay", GREEN),
    "late_decay": ("linear decay, cut at half (control)", RED),
    "average": ("average of all iterates", PURPLE),
    "suffix": ("average of the second half", TEAL),
}
MULTIPLES = (RED, OLIVE, BLUE, GREEN, PURPLE)


def logarithm(last: pd.DataFrame, shuffled: pd.DataFrame) -> Figure:
    """sqrt(T) f over T: last iterates by step sizes with the lower bound; averages, and ties broken in random order."""
    figure, axes = figures.grid(2, width=8.9, height=3.3, sharey=True)
    for name in ("inverse_root", "constant", "late_decay", "linear_decay"):
        _line(axes[0], last, name)
    horizons = np.unique(last["x"])
    axes[0].plot(horizons, np.log(horizons) / 32, label="lower bound, ln(T)/32", **DASHED)
    axes[0].set(title="last iterate", ylabel="√T f")
    _line(axes[1], last, "inverse_root", color=MUTED, label="last iterate")
    for name in ("suffix", "average"):
        _line(axes[1], last, name)
    figures.band(axes[1], shuffled, color=RED, label="last iterate, random ties (control)", marker=".")
    axes[1].set(title="steps 1/√t: averages, and no adversary")
    for panel in axes:
        _horizons(panel, horizons)
        panel.set_ylim(0, 0.62)
        panel.legend(fontsize=8, loc="upper left")
    return figure


def guarantee(normalised: pd.DataFrame, attained: pd.DataFrame, ratios: pd.DataFrame) -> Figure:
    """Errors over the guarantee of linear decay: the worst case over T with a problem that attains it; random problems."""
    figure, axes = figures.grid(2, width=8.9, height=3.3)
    horizons = np.unique(normalised["x"])
    for name in ("inverse_root", "constant", "tight_decay"):
        _line(axes[0], normalised, name)
        errors = np.sort(pick(ratios, schedule=name)["ratio"])
        shares = 100 * (1 - np.arange(1, len(errors) + 1) / len(errors))
        axes[1].step(errors, shares, where="post", color=LOOK[name][1], label=LOOK[name][0])
    best = [steps**0.5 * schedules.constant_step_guarantee(steps) for steps in horizons]
    axes[0].plot(horizons, best, ":", color=BLUE, label="bound, best constant step")
    rows = pick(attained, schedule="tight_decay")
    axes[0].plot(rows["x"], rows["value"], "s", color=PURPLE, markersize=5, label="largest coordinate")
    figures.log_ticks(axes[0].xaxis, (1, 4, 16, 64, 256, 1024, 4096, 16384))
    axes[0].set(title="worst case, B = R = 1", xlabel="steps T", ylabel="√T f", ylim=(0, 2.8))
    axes[1].set(title="random problems", xlabel="√(N + 1) f", ylabel="% of problems above", xlim=(0, 1.1))
    figures.threshold(axes[0], 1, axis="y", **DASHED)
    figures.threshold(axes[1], 1, "guarantee", **DASHED)
    axes[0].legend(fontsize=8, loc="upper left")
    axes[1].legend(fontsize=8, loc="upper right", bbox_to_anchor=(0.86, 1))
    return figure


def noise(quadratic: pd.DataFrame, sharp: pd.DataFrame) -> Figure:
    """T E F of the quadratic by law, with its limits; sqrt(T) E F of the norm by step sizes and dimension."""
    figure, axes = figures.grid(2, width=8.9, height=3.3)
    for colour, (multiple, rows) in zip(MULTIPLES, quadratic.groupby("multiple"), strict=False):
        axes[0].plot(rows["x"], rows["value"], color=colour, label=f"c = {multiple:g}")
        if np.isfinite(limit := laws.quadratic_limit(multiple)):
            axes[0].plot(rows["x"].iloc[[0, -1]], [limit, limit], ":", color=colour, linewidth=1)
    axes[0].set(title="a quadratic, by law", ylabel="T E F", xlabel="steps T", xscale="log")
    figures.log_ticks(axes[0].yaxis, (0.1, 0.3, 0.5, 1, 3, 10, 30))
    axes[0].legend(fontsize=8, loc="upper left")
    for name in ("inverse_root", "constant", "linear_decay"):
        label, colour = LOOK[name]
        for (_, rows), line in zip(pick(sharp, schedule=name).groupby("dimension"), ("-", "--", ":"), strict=False):
            named = label if line == "-" else None
            figures.mean_band(axes[1], rows, color=colour, label=named, linestyle=line, marker=".")
    figures.threshold(axes[1], 1, "law, constant steps", axis="y", **DASHED)
    axes[1].set(title="the norm, by runs", ylabel="√T E F", xlabel="steps T", xscale="log")
    figures.log_ticks(axes[1].yaxis, (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10))
    axes[1].legend(fontsize=8, loc="lower left")
    return figure


def _line(axes: Axes, table: pd.DataFrame, schedule: str, **line) -> None:
    label, colour = LOOK[schedule]
    rows = pick(table, schedule=schedule)
    axes.plot(rows["x"], rows["value"], **({"color": colour, "label": label, "marker": ".", "markersize": 4} | line))


def _horizons(axes: Axes, horizons: np.ndarray) -> None:
    axes.set_xlabel("steps T")
    figures.log_ticks(axes.xaxis, [int(each) for each in horizons])
