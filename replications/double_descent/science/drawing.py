"""How the papers' figures are drawn: axes of widths with the interpolation threshold, numbers of steps."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from verifig.pages import figures


def count(steps: float) -> str:
    """`1,000` or `∞`."""
    return "∞" if np.isinf(steps) else f"{steps:,.0f}"


def width_axis(axes: Axes, threshold: float, ticks: Sequence[float], label: str = "number of features W") -> None:
    """Logarithmic width axis with plain numbers, the interpolation threshold dotted."""
    figures.log_ticks(axes.xaxis, ticks)
    axes.set_xlabel(label)
    figures.threshold(axes, threshold)


def multiples(n: float, widths: Sequence[float], ratios: Sequence[float] = (0.2, 0.5, 1, 2, 4)) -> list[float]:
    """Ticks at n times `ratios` that lie within `widths`."""
    return [n * ratio for ratio in ratios if min(widths) <= n * ratio * 1.001 and n * ratio <= max(widths) * 1.001]
