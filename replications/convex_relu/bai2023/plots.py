"""The figures: each function takes tables of curves and returns a matplotlib figure."""

import pandas as pd
from matplotlib.figure import Figure

from verifig.pages import figures


def fig1(losses: pd.DataFrame) -> Figure:
    """Loss against steps by condition, with the range over seeds."""
    figure, (axes,) = figures.grid(1, width=6)
    for colour, (name, rows) in zip(figures.PALETTE, losses.groupby("condition"), strict=False):
        figures.band(axes, rows, color=colour, label=name)
    axes.set(xlabel="step", ylabel="loss", yscale="log")
    axes.legend()
    return figure
