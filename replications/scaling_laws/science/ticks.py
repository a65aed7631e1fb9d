"""Plain numbers as ticks of logarithmic axes."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes


def decades(axes: Axes, ticks: Sequence[float]) -> None:
    """A log x axis with these ticks alone."""
    axes.set_xscale("log")
    axes.set(xticks=ticks, xticklabels=[f"{tick:g}" for tick in ticks])
    axes.minorticks_off()


def plain_heights(axes: Axes, values: pd.Series, steps: Sequence[float] = (1, 2, 3, 5)) -> None:
    """A log y axis with ticks at `steps` of every decade between the smallest and the largest value."""
    axes.set_yscale("log")
    ticks = [step * 10.0**k for k in range(-9, 6) for step in steps]
    ticks = [tick for tick in ticks if 0.85 * values[values > 0].min() <= tick <= 1.2 * values.max()]
    axes.set(yticks=ticks, yticklabels=[f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
