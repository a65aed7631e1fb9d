"""Figures: each function takes tables of curves (see measure.py) and settings of the run."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from replications.double_descent.nakkiran2020 import reference
from replications.double_descent.science.drawing import count, multiples, width_axis
from replications.double_descent.science.statistics import parameter_threshold
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, TEAL, log_ticks, percent, pick, quartile_band

LOSS_FLOOR = 1e-7  # train losses below it leave the frame


def resnet(published: pd.DataFrame, own: pd.DataFrame | None = None) -> Figure:
    """Published test and train error by width, and our own runs where there are some."""
    figure, (axes,) = figures.grid(width=7.2, height=3.4)
    peak = published["x"].iloc[reference.published_peak()]
    for field, color in (("test", BLUE), ("train", GREEN)):
        line = "--" if field == "test" else ":"
        axes.plot(published["x"], 100 * published[field], color=figures.INK, linestyle=line, linewidth=1, marker="D", markerfacecolor="none", markersize=4, label=f"published, {field}")  # fmt: skip
        if own is not None:
            column = "value" if field == "test" else "train"
            figures.band(axes, percent(own, column), y=column, color=color, label=f"ours, {field}")
    width_axis(axes, peak, (1, 2, 4, 8, 16, 32, 64), "width k")
    axes.set(ylabel="error (%)")
    axes.legend(loc="upper right")
    return figure


def samples(sizes: pd.DataFrame, threshold: pd.DataFrame, settings: Mapping) -> Figure:
    """Test error by sample size at one width, and by width for some sample sizes."""
    figure, axes = figures.grid(2, width=8.8, height=3.4, sharey=True)
    for (share, part), color in zip(sizes.groupby("noise"), (BLUE, RED, GREEN), strict=False):
        label = f"label noise {100 * share:g} %"
        figures.mean_band(axes[0], percent(part), color=color, label=label)
    width = settings["sample_width"]
    ticks = multiples(width, settings["sample_sizes"], (0.25, 0.5, 1, 2, 4))
    width_axis(axes[0], width, ticks, f"number of samples n (width {width})")
    noisy = pick(threshold, noise=threshold["noise"].max())
    for (n, part), color in zip(noisy.groupby("n"), (TEAL, ORANGE, PURPLE, GREY), strict=False):
        figures.mean_band(axes[1], percent(part), color=color, label=f"n = {n}")
    share = 100 * threshold["noise"].max()
    width_axis(axes[1], 1, (0.5, 1, 2, 4), f"features over samples, W/n (label noise {share:g} %)")
    axes[0].set(ylabel="test error (%)")
    for place in axes:
        place.legend(loc="upper right", fontsize=8.5)
    return figure


def late(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the networks under Adam at the last three recorded numbers of steps."""
    return table[(table["run"] == "adam") & table["steps"].isin(sorted(table["steps"].unique())[-3:])]


def two_layer(table: pd.DataFrame, settings: Mapping) -> Figure:
    """Test and train MSE of two-layer networks by width after several numbers of steps."""
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    for (steps, chosen), color in zip(late(table).groupby("steps"), (BLUE, GREEN, RED), strict=False):
        figures.mean_band(axes[0], chosen, "width", "test_mse", color, f"{count(steps)} steps")
        quartile_band(axes[1], chosen, "width", "train_mse", color)
    axes[0].set(title="test MSE")
    axes[1].set(title="train MSE", yscale="log", ylim=(LOSS_FLOOR, None))
    log_ticks(axes[0].yaxis, (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1))
    for place in axes:
        width_axis(place, parameter_threshold(settings), sorted(table["width"].unique()), "hidden width H")
    axes[0].legend(loc="upper right", fontsize=8.5)
    return figure
