"""Figures of training time and optimisers: panels B and C, also at full size."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure

from replications.double_descent.liu2023.plotting import select
from replications.double_descent.science.drawing import count, multiples, width_axis
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, OLIVE, ORANGE, PURPLE, RED, log_ticks, percent, quartile_band

SHADES = LinearSegmentedColormap.from_list("shades", matplotlib.colormaps["viridis"](np.linspace(0.12, 1, 64)))
LOSS_FLOOR = 1e-8  # train losses below it leave the frame
OPTIMISER_FLOOR = 1e-9  # the same in the panel of optimisers


def horizons(risk: pd.DataFrame, settings: Mapping) -> Figure:
    """Test MSE, test error and train loss by width for up to six horizons."""
    figure, axes = figures.grid(2, 2, width=8.8, height=2.9)
    for steps, color in select.step_colours(select.shown_horizons(settings)).items():
        chosen = select.rows(risk, f"steps {steps:g}")
        quartile_band(axes[0], chosen, "width", "test_mse", color, count(steps))
        figures.mean_band(axes[1], percent(chosen, "test_error"), "width", "test_error", color)
        chosen = chosen.assign(train_mse=chosen["train_mse"].clip(1e-12))  # 0 from W = n on where fully trained
        quartile_band(axes[2], chosen, "width", "train_mse", color)
    axes[0].set(title="test MSE", yscale="log")
    axes[1].set(title="test error (%)")
    axes[2].set(title="train MSE", yscale="log", ylim=(LOSS_FLOOR, None))
    for place in axes[:3]:
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"]))
    title = "steps of size 1/L\n(L: largest curvature\nof the training loss)"
    figures.legend_panel(axes[3], axes[0], title=title)
    return figure


def heatmap(risk: pd.DataFrame) -> Figure:
    """Median test MSE and mean test error over width x steps, as two maps."""
    figure, axes = figures.grid(2, width=8.8, height=3.9)
    forms = {"test_mse": ("median", "test MSE (median)"), "test_error": ("mean", "test error (%, mean)")}
    for place, (field, (form, title)) in zip(axes, forms.items(), strict=True):
        table = select.by_steps(risk, field, form)
        values = table if field == "test_mse" else 100 * table
        norm = LogNorm() if field == "test_mse" else None
        image = place.imshow(values, origin="lower", aspect="auto", cmap=SHADES, norm=norm)
        worst = values.to_numpy().argmax(1)
        place.plot(worst, range(len(worst)), "o", color="white", mec="black", mew=1.3, markersize=5.5, linestyle="none")
        place.set_yticks(range(len(table)), [count(steps) for steps in table.index], fontsize=8)
        place.set_xticks(range(len(table.columns)), table.columns, rotation=60, fontsize=8)
        place.set(title=title, xlabel="number of features W", ylabel="steps of size 1/L")
        place.grid(False)
        bar = figure.colorbar(image, ax=place, shrink=0.9)
        if norm:
            ticks = [tick for tick in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if norm.vmin <= tick <= norm.vmax]
            bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
            bar.ax.minorticks_off()
    return figure


def optimisers(risk: pd.DataFrame, iterated: pd.DataFrame, settings: Mapping, runs: Mapping[str, Mapping]) -> Figure:
    """Test and train MSE by width after two numbers of full-batch steps of several optimisers.

    `settings` are those of the spectral experiment, `runs` those of the conditions of the iterated one.
    """
    figure, axes = figures.grid(2, 2, width=8.8, height=2.9)
    shared = {width for run in runs.values() for width in run["widths"]}
    short, long = select.optimiser_steps(settings)
    for (label, pattern), color in zip(
        select.optimiser_arms(settings, runs), (BLUE, RED, GREEN, OLIVE, PURPLE), strict=False
    ):
        for place, steps, field in ((axes[0], short, "test_mse"), (axes[1], long, "test_mse"), (axes[2], long, "train_mse")):  # fmt: skip
            chosen = select.run_named(risk, iterated, pattern.format(steps))
            chosen = chosen[chosen["width"].isin(shared)].assign(train_mse=lambda t: t["train_mse"].clip(1e-12))
            quartile_band(place, chosen, "width", field, color, label, marker="o", markersize=3)
    low, high = (f(axes[0].get_ylim()[k], axes[1].get_ylim()[k]) for k, f in ((0, min), (1, max)))
    for place, steps in zip(axes[:2], (short, long), strict=True):
        place.set(title=f"test MSE, {count(steps)} steps", yscale="log", ylim=(max(low, 0.03), high))
    axes[2].set(title=f"train MSE, {count(long)} steps", yscale="log", ylim=(OPTIMISER_FLOOR, None))
    for place in axes[:3]:
        width_axis(place, settings["n"], multiples(settings["n"], shared, (0.5, 1, 2, 4)))
    figures.legend_panel(axes[3], axes[0], axes[1], title="optimiser, learning rate of Adam")
    return figure


def batches(iterated: pd.DataFrame, settings: Mapping, runs: Mapping[str, Mapping]) -> Figure:
    """Test and train MSE by width for the batch sizes and a decaying rate, equal epochs."""
    figure, axes = figures.grid(2, width=8.6, height=3.3)
    for (name, label), color in zip(select.batch_arms(runs).items(), (RED, ORANGE, BLUE, GREEN, PURPLE), strict=False):
        chosen = select.run_points(iterated, name)
        quartile_band(axes[0], chosen, "width", "test_mse", color, label)
        quartile_band(axes[1], chosen.assign(train_mse=chosen["train_mse"].clip(1e-12)), "width", "train_mse", color)
    axes[0].set(title=f"test MSE, {settings['epochs']:,} epochs")
    axes[1].set(title="train MSE", yscale="log", ylim=(LOSS_FLOOR, None))
    log_ticks(axes[0].yaxis, (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1))
    for place in axes:
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"], (0.5, 1, 2, 4)))
    axes[0].legend(loc="upper right", fontsize=8)
    return figure


def author_grid(tables: Mapping[str, pd.DataFrame], runs: Mapping[str, Mapping], n: int, grid: Sequence[int]) -> Figure:
    """Test loss by width on the author's grid, one panel a data set (`tables` by title)."""
    figure, axes = figures.grid(len(tables), width=8.8, height=3.4)
    for place, (title, table) in zip(axes, tables.items(), strict=True):
        for (name, run), color in zip(runs.items(), (RED, GREEN, BLUE, ORANGE), strict=False):
            label = "cross-entropy" if run["loss"] == "cross_entropy" else "squared loss"
            label += ", decaying rate" if run["rate_decay"] else ", constant rate"
            own = select.run_points(table, name)
            if len(own):
                figures.band(place, own, "width", "test_mse", color, label)
        place.set(title=f"{title}, test loss", yscale="log")
        width_axis(place, n, multiples(n, grid))
    axes[0].legend(loc="upper right", fontsize=8.5)
    return figure
