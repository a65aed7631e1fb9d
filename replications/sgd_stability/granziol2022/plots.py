"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verifig.pages import figures
from verifig.pages.figures import BLUE, GREY, INK, ORANGE, PURPLE, RED, band, pick

COLOURS = {"sgd": ("SGD", BLUE), "adam": ("Adam", ORANGE)}


def sharpness(table: pd.DataFrame) -> Figure:
    """Largest eigenvalue of batches over that of all samples against batch size, with the fitted model; its excess."""
    figure, (left, right) = figures.grid(2, width=8.8, height=3.5)
    for axes, offset in ((left, 0), (right, 1)):
        rows = table.assign(**{name: table[name] - offset for name in ("inflation", "model", "copies")})
        band(axes, rows, y="model", color=PURPLE, label="spiked model, fitted from 4 to 128", linestyle="--")
        band(axes, rows, y="inflation", color=BLUE, label="batches", marker=".")
        level = rows.groupby("x")["copies"].median()
        axes.plot(level.index, level, color=GREY, label="batches of one sample (medians)", linestyle=":")
        axes.set(xscale="log", yscale="log", xlabel="batch size B")
        _sizes(axes, table["x"])
    left.set(ylabel="largest eigenvalue, batch / full", title="batch over full")
    figures.log_ticks(left.yaxis, [1, 2, 3, 5, 8])
    left.set_ylim(0.9, 14)
    right.set(ylabel="batch / full − 1", title="the excess")
    middle = float(np.median((pick(table, x=16)["inflation"] - 1).to_numpy()))
    for slope, style in ((-1, "-"), (-0.5, "-.")):
        _guide(right, [4, 128], 16, 0.6 * middle, slope, f"slope {'−1' if slope == -1 else '−1/2'}", style)
    left.legend(fontsize=8, loc="upper right")
    right.legend(*_only(right, "slope"), fontsize=8, loc="lower left")
    return figure


def rates(
    linear: pd.DataFrame, theory: pd.DataFrame, noisy: pd.DataFrame, closed: Callable[[Sequence[float], str], Sequence]
) -> Figure:
    """Largest stable rates of linear regression: SGD without noise and its exact threshold; SGD and Adam with label noise.

    Args:
        closed: (batch sizes, optimizer) -> the closed form under label noise.
    """
    figure, (left, right) = figures.grid(2, width=8.8, height=3.5)
    band(left, linear, y="rate", color=BLUE, label="SGD, by bisection", marker=".", linestyle="none")
    left.plot(theory["x"], theory["rate"], color=RED, linewidth=1, label="exact: 2B/(B+d+1)")
    first = float(theory["rate"].iloc[0])
    _guide(left, [1, 128], 1, first, 1, "slope 1", ":")
    for name, (label, colour) in COLOURS.items():
        rows = pick(noisy, optimizer=name)
        sizes = sorted(rows["x"].unique())
        band(right, rows, y="rate", color=colour, label=label, marker=".", linestyle="none")
        right.plot(sizes, closed(sizes, name), color=colour, linestyle="--", linewidth=1, label=f"closed form, {label}")
        level = 0.7 * float(rows.groupby("x")["rate"].median().iloc[0])
        slope, text = (1, "slope 1") if name == "sgd" else (0.5, "slope 1/2")
        _guide(right, [1, 32], 1, level, slope, text, ":" if name == "sgd" else "-.")
    left.set(title="no noise", ylabel="largest stable rate")
    right.set(title="label noise", ylabel="largest rate with falling loss")
    for axes, table in ((left, linear), (right, noisy)):
        axes.set(xscale="log", yscale="log", xlabel="batch size B")
        _sizes(axes, table["x"])
        axes.legend(fontsize=8, loc="lower right" if axes is left else "upper left")
    low, high = right.get_ylim()
    right.set_ylim(low, 4 * high)
    return figure


def networks(table: pd.DataFrame) -> Figure:
    """Largest rates of networks against batch size."""
    figure, axes = figures.grid(2, width=8.8, height=3.3)
    for place, (name, (label, colour)) in zip(axes, COLOURS.items(), strict=True):
        rows = pick(table, optimizer=name)
        band(place, rows, y="rate", color=colour, label="networks on digits", marker=".")
        middle = rows.groupby("x")["rate"].median()
        for slope, text, style in ((1, "slope 1", ":"), (0.5, "slope 1/2", "-.")):
            _guide(place, [1, 8], 1, float(middle.iloc[0]), slope, text, style)
        place.set(xscale="log", yscale="log", xlabel="batch size B", title=label)
        _sizes(place, table["x"])
        figures.log_ticks(place.yaxis, figures.decade_ticks(rows["rate"]))
        place.legend(fontsize=8, loc="upper left")
    axes[0].set_ylabel("largest rate that trains")
    return figure


def _guide(axes: Axes, ends: Sequence[float], at: float, level: float, slope: float, text: str, style: str) -> None:
    """A line of a power law through (at, level)."""
    x = np.asarray(ends, float)
    axes.plot(x, level * (x / at) ** slope, color=INK, linewidth=0.8, linestyle=style, label=text)


def _only(axes: Axes, word: str) -> tuple[list, list]:
    """Handles and labels of the legend whose label contains a word."""
    pairs = [pair for pair in zip(*axes.get_legend_handles_labels(), strict=True) if word in pair[1]]
    return [handle for handle, _ in pairs], [label for _, label in pairs]


def _sizes(axes: Axes, sizes: pd.Series) -> None:
    shown = sorted(sizes.unique())
    figures.log_ticks(axes.xaxis, shown if len(shown) <= 6 else shown[::2])
