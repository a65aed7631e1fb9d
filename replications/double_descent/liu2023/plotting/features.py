"""Figures of what changes the features or the labels: panels D to F."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.double_descent.liu2023.plotting import select
from replications.double_descent.science.drawing import count, multiples, width_axis
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, TEAL, log_ticks, percent, pick, quartile_band
from verifig.pages.legible import band_is

NOISE_COLOURS = (GREY, BLUE, GREEN, ORANGE, RED, PURPLE, TEAL)


def initialisation(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> Figure:
    """Test MSE by output scale; test error by feature scale at equal relative and at equal absolute rate."""
    figure, axes = figures.grid(2, 2, width=8.8, height=2.9)
    base, rate = select.base_solver(settings), settings["learning_rates"][0]
    scales = {
        *select.scale_solvers(settings),
        *(maps[name]["feature_scale"] for name in select.by_scale(settings, maps)),
    }
    for scale in sorted(scales):
        axes[3].plot([], [], color=select.colour_of(scale), label=f"{scale:g}")
    for scale, solver in select.scale_solvers(settings).items():
        quartile_band(axes[0], select.rows(risk, solver), "width", "test_mse", select.colour_of(scale), f"{scale:g}")
    for place, solver in zip(axes[1:3], (base, f"lr {rate:g}"), strict=True):
        for name, (label, color) in select.by_scale(settings, maps).items():
            frame = percent(select.rows(risk, solver, name), "test_error")
            figures.mean_band(place, frame, "width", "test_error", color, label)
    axes[0].set(title="test MSE, by scale of the output layer", yscale="log")
    axes[1].set(title="test error (%), by scale of the features, rate 1/L", ylim=(0, None))
    axes[2].set(title=f"test error (%), by scale of the features, rate {rate:g}", ylim=axes[1].get_ylim())
    title = f"scale of the initial values\n({count(settings['steps'])} steps)"
    figures.legend_panel(axes[3], axes[3], title=title)
    for place in axes[:3]:
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"]))
    return figure


def normalisation(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> Figure:
    """Test error by width and normalisation, at equal relative and at equal absolute rate."""
    figure, axes = figures.grid(2, width=8.8, height=3.6, sharey=True)
    rate, steps = settings["learning_rates"][0], count(settings["steps"])
    titles = {select.base_solver(settings): f"rate 1/L, {steps} steps", f"lr {rate:g}": f"rate {rate:g}, {steps} steps"}
    for place, (solver, title) in zip(axes, titles.items(), strict=True):
        for name, (label, color) in select.by_normalisation(settings, maps).items():
            style = "--" if maps[name]["normalisation"] == "layer" else "-"  # lies on standardised pixels
            frame = percent(select.rows(risk, solver, name), "test_error")
            figures.mean_band(place, frame, "width", "test_error", color, label, linestyle=style)
        place.set(title=title)
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"]))
    axes[0].set(ylabel="test error (%)")
    figures.legend_outside(axes[0], "lower center", ncols=3)
    return figure


def conditioning(
    kappa: pd.DataFrame, threshold: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]
) -> Figure:
    """Condition number by width and feature map, and its distribution over draws at W = n."""
    figure, axes = figures.grid(2, 2, width=8.8, height=3.1)
    groups = {
        "normalisation": select.by_normalisation(settings, maps),
        "feature scale": select.by_scale(settings, maps),
    }
    for place, (title, group) in zip(axes, groups.items(), strict=False):
        for name, (label, color) in group.items():
            style = "--" if maps[name]["normalisation"] == "layer" else "-"  # lies on standardised pixels
            named = groups["normalisation"].get(name, (f"feature scale {label}",))[0]
            quartile_band(place, pick(kappa, map=name), color=color, label=named, linestyle=style)
        place.set(title=f"condition number, {title}", yscale="log")
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"]))
    for name, (_, color) in (groups["feature scale"] | groups["normalisation"]).items():
        values = np.sort(pick(threshold, map=name)["value"])
        if len(values):
            style = "--" if maps[name]["normalisation"] == "layer" else "-"
            shares = np.arange(1, len(values) + 1) / len(values)
            axes[2].plot(values, shares, color=color, linestyle=style)
    axes[2].set(
        title="W = n: distribution over draws", xscale="log", xlabel="condition number", ylabel="share of draws below"
    )
    figures.legend_panel(axes[3], axes[0], axes[1], title="feature map", ncols=2)
    return figure


def caveat_normalisation(
    risk: pd.DataFrame, kappa: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]
) -> Figure:
    """At W = n by normalisation: condition number, training loss and test error, medians and quartiles."""
    figure, axes = figures.grid(3, width=8.8, height=2.9, sharey=True)
    band_is(axes[0], "medians, bars: quartiles")
    group, n = select.by_normalisation(settings, maps), settings["n"]
    for row, (name, (_, color)) in enumerate(group.items()):
        threshold = pick(select.rows(risk, select.base_solver(settings), name), width=n)
        samples = (
            pick(kappa, map=name, x=n)["value"],
            threshold["train_mse"],
            100 * threshold["test_error"],
        )
        for place, sample in zip(axes, samples, strict=True):
            if len(sample):
                low, middle, high = np.quantile(sample, [0.25, 0.5, 0.75])
                place.plot([low, high], [row, row], color=color, linewidth=2.5, alpha=0.5)
                place.plot(middle, row, "o", color=color, markersize=7)
    axes[0].set_yticks(range(len(group)), [label for label, _ in group.values()])
    axes[0].set(title="condition number", xscale="log")
    axes[1].set(title="train MSE")
    axes[2].set(title="test error (%)")
    return figure


def noise(risk: pd.DataFrame, settings: Mapping) -> Figure:
    """Test error by width and noise for every horizon of the panel, infinity last."""
    steps = [*sorted(settings["noise_horizons"])[-2:], np.inf]
    figure, axes = figures.grid(len(steps), width=8.8, height=3.4, sharey=True)
    for place, horizon in zip(axes, steps, strict=True):
        for share, color in zip(select.noise_levels(settings), NOISE_COLOURS, strict=False):
            frame = percent(select.rows(risk, select.noise_solver(settings, share, horizon)), "test_error")
            figures.mean_band(place, frame, "width", "test_error", color, f"{100 * share:g} %")
        place.set(title="infinitely many steps" if np.isinf(horizon) else f"{count(horizon)} steps")
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"]))
    axes[0].set(ylabel="test error (%)")
    axes[0].legend(loc="upper left", fontsize=8.5, ncols=2, title="label noise", title_fontsize=8.5)
    return figure


def caveat_noise(risk: pd.DataFrame, settings: Mapping) -> Figure:
    """Peak height against training loss by label noise, medians joined along the number of steps."""
    figure, (axes,) = figures.grid(width=7.2, height=3.6)
    band_is(axes, "medians by number of steps, bars: quartiles")
    for share, color in zip(select.noise_levels(settings), NOISE_COLOURS, strict=False):
        points = []
        for steps in sorted(settings["noise_horizons"]):
            chosen = select.rows(risk, select.noise_solver(settings, share, steps))
            if len(chosen):
                loss, height = select.heights(chosen, settings["n"])
                points.append([*np.quantile(loss, [0.25, 0.5, 0.75]), *np.quantile(height, [0.25, 0.5, 0.75])])
        if not points:
            continue
        points = np.array(points)
        axes.errorbar(
            points[:, 1], points[:, 4], color=color, marker="o", label=f"{100 * share:g} %", linewidth=1.2,
            xerr=np.abs(points[:, [0, 2]] - points[:, [1]]).T, yerr=np.abs(points[:, [3, 5]] - points[:, [4]]).T,
        )  # fmt: skip
    axes.set(xlabel="training MSE at W = n", ylabel="peak height h")
    log_ticks(axes.xaxis, (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1))
    if axes.containers:  # at smoke scale no condition has a peak to show
        axes.legend(title="label noise", fontsize=8.5, title_fontsize=8.5)
    return figure
