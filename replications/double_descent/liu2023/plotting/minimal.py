"""Figures of closed examples: a few points in the plane, the smallest positive curvature."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.double_descent.liu2023.plotting import select
from replications.double_descent.science.drawing import count, multiples, width_axis
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, ORANGE, percent, pick
from verifig.pages.legible import band_is


def minimal(table: pd.DataFrame, n: int, paper: Mapping) -> Figure:
    """Error, MSE, condition number and norm against P/N (`n` points) with the published points."""
    figure, axes = figures.grid(2, 2, width=8.4, height=2.8)
    titles = {"test_error": "classification error (%)", "test_mse": "test MSE", "condition_number": "condition number", "norm": "spectral norm of the weights"}  # fmt: skip
    for place, (field, title) in zip(axes, titles.items(), strict=True):
        chosen, factor = pick(table, field=field), 100 if field == "test_error" else 1
        place.plot(chosen["P"] / n, factor * chosen["mean"], color=BLUE, label="mean, test" if factor > 1 else "mean")
        if factor == 1:
            place.plot(chosen["P"] / n, chosen["median"], color=ORANGE, label="median")
            place.fill_between(chosen["P"] / n, chosen["low"], chosen["high"], color=ORANGE, alpha=0.18, linewidth=0)
            place.set_yscale("log")
            band_is(place, "medians (orange), bands: quartiles")
        else:
            train = pick(table, field="train_error")
            place.plot(train["P"] / n, 100 * train["mean"], color=GREEN, linestyle="--", label="mean, train")
        figures.paper_points(
            place, np.array(paper["P"]) / paper["N"], factor * np.array(paper[field]), "published mean"
        )
        if field in paper["versions_at_N"] and n == paper["N"]:
            place.plot(
                [1, 1], paper["versions_at_N"][field], color=figures.INK, linewidth=1.2, label="its two versions"
            )
        figures.threshold(place, 1)
        place.set(title=title, xlabel="features over points, P/N")
    axes[0].legend(loc="upper right", fontsize=8.5)
    axes[1].legend(loc="upper right", fontsize=8.5)
    return figure


def minimal_descent(table: pd.DataFrame, settings: Mapping) -> Figure:
    """Mean test error by width and horizon, with 95 % intervals over groups of draws."""
    n = settings["descent_n"]
    figure, (axes,) = figures.grid(width=7.2, height=3.4)
    colours = select.step_colours(sorted(table["steps"].unique()))
    for steps, part in table.groupby("steps"):
        color = colours[steps]
        label = "infinitely many steps" if np.isinf(steps) else f"{steps:,.0f} steps"
        figures.mean_band(axes, percent(part), color=color, label=label)
    width_axis(axes, n, multiples(n, table["x"], (0.2, 0.5, 1, 2, 5)), "number of features P")
    used = f"momentum {settings['momentum']:g}, learning rate {settings['learning_rate']:g}"
    axes.set(ylabel="test error (%)", title=f"{n} points, {used}")
    axes.legend(loc="upper left", fontsize=8.5)
    return figure


def curvature(table: pd.DataFrame, settings: Mapping) -> Figure:
    """Mean over draws of the factor by dimension for each horizon."""
    figure, (axes,) = figures.grid(width=6.4, height=3.1)
    n = settings["curvature_rows"]
    colours = select.step_colours(sorted(table["steps"].unique()))
    for steps, part in table.groupby("steps"):
        figures.mean_band(axes, part, color=colours[steps], label=f"T = {count(steps)} steps")
    ticks = multiples(n, settings["curvature_dimensions"], (0.25, 0.5, 1, 2.5, 5))
    width_axis(axes, n, ticks, "input dimension d")
    axes.set(ylabel="(1 − αλ)²ᵀ, mean over draws", ylim=(-0.03, 1.03))
    axes.legend(loc="upper right")
    return figure
