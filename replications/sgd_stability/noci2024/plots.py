"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, INDIGO, ORANGE, PURPLE, RED, log_ticks, pick, quartile_band

COLOURS = (RED, ORANGE, GREEN, BLUE, PURPLE, INDIGO)  # from narrow to wide
ARMS = {"mup": "μP", "ntp": "NTP", "unscaled": "μP, rate not rescaled"}


def sharpness(table: pd.DataFrame) -> Figure:
    """γ² times the sharpness over steps by width, a panel an arm."""
    figure, axes = figures.grid(3, width=8.8, height=3.3, sharey=True)
    for place, (arm, title) in zip(axes, ARMS.items(), strict=True):
        _by_width(place, pick(table, arm=arm), "sharpness")
        place.set(title=title, xlabel="steps")
    axes[0].set(ylabel="γ² × sharpness", ylim=(0, None))
    axes[0].legend(loc="lower right", fontsize=8.5)
    return figure


def _by_width(axes: Axes, table: pd.DataFrame, column: str) -> None:
    """Medians and quartiles of a column over steps, a line a width."""
    for colour, (width, rows) in zip(COLOURS, table.groupby("width"), strict=False):
        quartile_band(axes, rows, y=column, color=colour, label=f"N = {width:,}")


def rates(table: pd.DataFrame) -> Figure:
    """Final training loss over the learning rate by width, its lowest median marked; μP also over the weights' own rate."""
    figure, axes = figures.grid(3, width=8.8, height=3.4, sharey=True)
    for place, (arm, title) in zip(axes, ARMS.items(), strict=True):
        rows = pick(table, arm="ntp" if arm == "ntp" else "mup")
        if arm == "unscaled":
            rows = rows.assign(x=rows["x"] * rows["width"])
        _losses(place, rows)
        log_ticks(place.xaxis, 4.0 ** np.arange(-2, 7))
        place.set(title=title, xlabel="rate of the weights" if arm == "unscaled" else "learning rate η")
    axes[0].set(ylabel="final cross-entropy", yscale="log", ylim=(3e-4, 5))
    axes[0].legend(loc="lower left", fontsize=8.5)
    return figure


def _losses(axes: Axes, table: pd.DataFrame) -> None:
    for colour, (width, rows) in zip(COLOURS, table.groupby("width"), strict=False):
        shown = rows.assign(value=rows["value"].clip(upper=1e3))  # diverged runs leave the picture upwards
        quartile_band(axes, shown, color=colour, label=f"N = {width:,}")
        middle = shown.groupby("x")["value"].median()
        axes.plot([middle.idxmin()], [middle.min()], "o", color=colour, markersize=6)


def edge(table: pd.DataFrame) -> Figure:
    """Learning rate times sharpness over 2 by width, at the large rate and at the small one."""
    figure, axes = figures.grid(2, width=8.8, height=3.2)
    for place, arm in zip(axes, ("edge", "mup"), strict=True):
        _by_width(place, pick(table, arm=arm), "edge")
        place.set(xlabel="steps", ylim=(0, None))
    figures.threshold(axes[0], 1, "2 / learning rate", axis="y", **figures.DASHED)
    axes[0].set(title="large rate", ylabel="η × γ² × sharpness / 2")
    axes[1].set(title="small rate")
    axes[0].legend(loc="lower right", fontsize=8.5)
    return figure


def hessian(table: pd.DataFrame) -> Figure:
    """Largest eigenvalue of the Gauss-Newton part over that of the Hessian by width, a panel a parametrisation."""
    figure, axes = figures.grid(2, width=8.8, height=3.2, sharey=True)
    for place, arm in zip(axes, ("mup", "ntp"), strict=True):
        rows = pick(table, arm=arm)
        _by_width(place, rows.assign(x=rows["x"].clip(lower=2)), "over_hessian")
        place.set(title=ARMS[arm], xlabel="steps (left end: start)", xscale="log", ylim=(0, 1.1))
    axes[0].set_ylabel("Gauss-Newton / Hessian")
    axes[1].legend(loc="lower right", fontsize=8.5)
    return figure
