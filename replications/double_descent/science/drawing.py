"""How the papers' figures are drawn: logarithmic axes with plain numbers, bands of quartiles, colours."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from verifig.pages import figures

BLUE, ORANGE, GREEN, PURPLE, RED, OLIVE, TEAL, GREY = figures.PALETTE


def count(steps: float) -> str:
    """`1,000` or `∞`."""
    return "∞" if np.isinf(steps) else f"{steps:,.0f}"


def quartiles(axes, frame: pd.DataFrame, x: str, y: str, color, label=None, **line) -> None:
    """Median over seeds with the band from the first to the third quartile (the spread at W = n spans decades)."""
    groups = frame.groupby(x)[y]
    middle = groups.median()
    axes.plot(middle.index, middle, color=color, label=label, **line)
    axes.fill_between(middle.index, groups.quantile(0.25), groups.quantile(0.75), color=color, alpha=0.18, linewidth=0)


def width_axis(axes, threshold: float, ticks: Sequence[float], label: str = "number of features W") -> None:
    """Logarithmic width axis with plain numbers, the interpolation threshold dotted."""
    plain_ticks(axes, "x", ticks)
    axes.set_xlabel(label)
    axes.axvline(threshold, color=figures.MUTED, linestyle=":", linewidth=1)


def multiples(n: float, widths: Sequence[float], ratios: Sequence[float] = (0.2, 0.5, 1, 2, 4)) -> list[float]:
    """Ticks at n times `ratios` that lie within `widths`."""
    return [n * ratio for ratio in ratios if min(widths) <= n * ratio * 1.001 and n * ratio <= max(widths) * 1.001]


def plain_ticks(axes, which: str, ticks: Sequence[float]) -> None:
    """Logarithmic axis ("x" or "y") with these ticks written as plain numbers."""
    getattr(axes, f"set_{which}scale")("log")
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
