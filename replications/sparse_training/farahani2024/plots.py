"""The figures: each function takes tables of curves (see measure.py)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from verifig.pages import figures
from verifig.pages.figures import BLUE, DASHED, GREEN, GREY, ORANGE, PURPLE, pick

PICKS = {
    "best": ("lowest loss before training", BLUE), "random": ("random", GREY), "worst": ("highest loss", ORANGE),
    "trained": ("lowest loss after 50 steps", PURPLE), "whole": ("whole network", GREEN),
    "eighth": ("an eighth of the units", ORANGE),
}  # fmt: skip


def search(accuracy: pd.DataFrame, differences: pd.DataFrame, picks: tuple[str, ...], band: float = 1.0) -> Figure:
    """Left: mean test accuracy by training step and pick. Right: difference to the random pick, in points.

    Args:
        picks: which picks are drawn; on the right those that are not `random`.
        band: half-width of the band of equality, in points.
    """
    figure, axes = figures.grid(2, width=8.8, height=3.6)
    for name in picks:
        label, color = PICKS[name]
        figures.mean_band(axes[0], figures.percent(pick(accuracy, picks=name)), color=color, label=label)
        gain = figures.percent(pick(differences, first=name, second="random"))
        if len(gain):
            figures.mean_band(axes[1], gain, color=color, label=label)
    axes[1].axhspan(-band, band, color=GREY, alpha=0.2, linewidth=0)
    axes[1].axhline(0, **DASHED)
    for place in axes:
        place.set(xlabel="training step")
        _steps(place, accuracy["x"])
    axes[0].set(ylabel="test accuracy (%)", title="while training")
    axes[1].set(ylabel="points", title="minus the random one")
    axes[0].legend(loc="lower right", fontsize=8.5)
    return figure


def _steps(axes, x: pd.Series) -> None:
    """A logarithmic axis of steps with a place for 0."""
    shown = sorted(x.unique())
    axes.set_xscale("symlog", linthresh=max(10, min([step for step in shown if step > 0], default=10)))
    axes.set_xticks(shown, [f"{step:g}" for step in shown], fontsize=8.5)
    axes.minorticks_off()
    axes.set_xlim(-1, 1.15 * max(shown))


def scores(table: pd.DataFrame) -> Figure:
    """Losses of all candidates before training, less the mean of their seed: pooled over seeds, and the extremes of each."""
    figure, axes = figures.grid(2, width=8.8, height=3.1)
    found = table.dropna(subset=["value"])
    centred = found["value"] - found.groupby("seed")["value"].transform("mean")
    axes[0].hist(centred, 40, color=BLUE, alpha=0.6)
    axes[0].set(xlabel="loss less the mean of the seed", ylabel="candidates", title="all candidates")
    groups = found.groupby("seed")["value"]
    for values, label, color in ((groups.min(), "best", BLUE), (groups.median(), "median", GREY), (groups.max(), "worst", ORANGE)):  # fmt: skip
        axes[1].plot(np.arange(len(values)), np.sort(values), "o", markersize=3, color=color, label=label)
    axes[1].axhline(np.log(10), **DASHED)
    axes[1].set(xlabel="seed, sorted", ylabel="loss", title="extremes of each seed")
    axes[1].legend(loc="upper left", fontsize=8.5)
    return figure


def sizes(accuracy: pd.DataFrame) -> Figure:
    """Test accuracy by step: the whole network, a random quarter and a random eighth of its units."""
    figure, (axes,) = figures.grid(1, width=6.8, height=3.4)
    for name, label, color in (("whole", "whole network", GREEN), ("random", "a quarter of the units", GREY), ("eighth", "an eighth", ORANGE)):  # fmt: skip
        figures.mean_band(axes, figures.percent(pick(accuracy, picks=name)), color=color, label=label)
    _steps(axes, accuracy["x"])
    axes.set(xlabel="training step", ylabel="test accuracy (%)")
    axes.legend(loc="lower right")
    return figure
