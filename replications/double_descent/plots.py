"""Figures of the random-feature panels: each function takes tables of curves (see measure.py) and returns a figure."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator, ScalarFormatter

from verifig import figures

BLUE, ORANGE, GREEN, PURPLE, RED, OLIVE, TEAL, GREY = figures.PALETTE
HORIZONS = {
    "steps 100": ("100 steps", GREY), "steps 1000": ("1,000", TEAL), "steps 10000": ("10,000", BLUE),
    "steps 100000": ("100,000", GREEN), "steps 1e+06": ("1,000,000", ORANGE), "steps inf": ("∞", RED),
}  # fmt: skip
MAPS = {
    "raw": ("raw pixels", GREY), "standardised": ("standardised pixels", BLUE), "layer": ("layer", GREEN),
    "batch_before": ("batch, before tanh", PURPLE), "batch": ("batch", ORANGE),
}  # fmt: skip
SCALES = {
    "scale_tenth": ("0.1", GREY), "scale_third": ("0.3", TEAL), "standardised": ("1", BLUE), "scale_three": ("3", PURPLE),
    "scale_ten": ("10", ORANGE),
}  # fmt: skip
NOISES = {"0": GREY, "0.05": BLUE, "0.1": GREEN, "0.2": ORANGE, "0.4": RED}


def quartiles(axes, frame: pd.DataFrame, x: str, y: str, color, label=None, **line) -> None:
    """Median over seeds with the band from the first to the third quartile (the spread at W = n spans decades)."""
    groups = frame.groupby(x)[y]
    middle = groups.median()
    axes.plot(middle.index, middle, color=color, label=label, **line)
    axes.fill_between(middle.index, groups.quantile(0.25), groups.quantile(0.75), color=color, alpha=0.18, linewidth=0)


def rows(frame: pd.DataFrame, solver: str, feature_map: str = "standardised") -> pd.DataFrame:
    return frame[(frame["map"] == feature_map) & (frame["solver"] == solver)]


def width_axis(axes, n: float = 100, label: str = "number of features W", ticks=(20, 50, 100, 200, 400)) -> None:
    """Logarithmic width axis with plain numbers and the threshold marked."""
    axes.set(xscale="log", xlabel=label)
    axes.xaxis.set_major_locator(FixedLocator(list(ticks)))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.axvline(n, color=figures.MUTED, linestyle=":", linewidth=1)


def plain_log(axes, ticks) -> None:
    """Logarithmic y axis with these ticks written as plain numbers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(FixedLocator(list(ticks)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def percent(frame: pd.DataFrame, field: str = "test_error") -> pd.DataFrame:
    return frame.assign(**{field: 100 * frame[field]})


def minimal(table: pd.DataFrame, paper: dict) -> Figure:
    """Error, MSE, condition number and norm against P/N with the published points."""
    figure, axes = figures.grid(2, 2, width=8.4, height=2.8)
    titles = {"test_error": "classification error (%)", "test_mse": "test MSE", "condition_number": "condition number", "norm": "spectral norm of the weights"}  # fmt: skip
    for place, (field, title) in zip(axes, titles.items(), strict=True):
        chosen, factor = table[table["field"] == field], 100 if field == "test_error" else 1
        place.plot(chosen["P"] / 6, factor * chosen["mean"], color=BLUE, label="mean, test" if factor > 1 else "mean")
        if factor == 1:
            place.plot(chosen["P"] / 6, chosen["median"], color=ORANGE, label="median")
            place.fill_between(chosen["P"] / 6, chosen["low"], chosen["high"], color=ORANGE, alpha=0.18, linewidth=0)
            place.set_yscale("log")
        else:
            train = table[table["field"] == "train_error"]
            place.plot(train["P"] / 6, 100 * train["mean"], color=GREEN, linestyle="--", label="mean, train")
        figures.paper_points(place, np.array(paper["P"]) / 6, factor * np.array(paper[field]), "published mean")
        place.axvline(1, color=figures.MUTED, linestyle=":", linewidth=1)
        place.set(title=title, xlabel="features over points, P/N")
    axes[0].legend(loc="upper right", fontsize=8.5)
    axes[1].legend(loc="upper right", fontsize=8.5)
    return figure


def minimal_descent(table: pd.DataFrame) -> Figure:
    """Mean test error by width and horizon, with 95 % intervals over groups of draws."""
    figure, (axes,) = figures.grid(width=7.2, height=3.4)
    colours = (GREY, BLUE, GREEN, ORANGE, RED)
    for (steps, part), color in zip(table.groupby("steps"), colours, strict=False):
        label = "infinitely many steps" if np.isinf(steps) else f"{steps:,.0f} steps"
        figures.mean_band(axes, part.assign(value=100 * part["value"]), color=color, label=label)
    width_axis(axes, 10, "number of features P", (2, 5, 10, 20, 50))
    axes.set(ylabel="test error (%)", title="ten points, momentum 0.95, learning rate 0.1")
    axes.legend(loc="upper left", fontsize=8.5)
    return figure


def horizons(risk: pd.DataFrame, n: int = 100) -> Figure:
    """Test MSE, test error and train loss by width for six horizons."""
    figure, axes = figures.grid(3, width=10.4, height=3.5)
    for solver, (label, color) in HORIZONS.items():
        chosen = rows(risk, solver)
        quartiles(axes[0], chosen, "width", "test_mse", color, label)
        figures.mean_band(axes[1], percent(chosen), "width", "test_error", color, label)
        if solver != "steps inf":
            quartiles(
                axes[2], chosen.assign(train_mse=chosen["train_mse"].clip(1e-12)), "width", "train_mse", color, label
            )
    axes[0].set(title="test MSE", yscale="log", ylim=(0.03, 400))
    axes[1].set(title="test error (%)")
    axes[2].set(title="train MSE", yscale="log", ylim=(1e-8, 0.3))
    for place in axes:
        width_axis(place, n, ticks=(20, 50, 100, 200, 400) if n == 100 else (100, 400, n, 4000))
    axes[0].legend(loc="upper right", fontsize=8, title="steps of size 1/L", title_fontsize=8)
    return figure


def heatmap(risk: pd.DataFrame) -> Figure:
    """Median test MSE and mean test error over width x steps, as two maps."""
    figure, axes = figures.grid(2, width=9.6, height=3.8)
    chosen = risk[(risk["map"] == "standardised") & risk["solver"].str.startswith("steps ")]
    chosen = chosen.assign(steps=chosen["solver"].str.removeprefix("steps ").astype(float))
    for place, (field, form, title) in zip(
        axes,
        (("test_mse", "median", "test MSE (log10 of the median)"), ("test_error", "mean", "test error (%)")),
        strict=True,
    ):
        table = chosen.groupby(["steps", "width"])[field].agg(form).unstack()
        values = np.log10(table) if field == "test_mse" else 100 * table
        image = place.imshow(values, origin="lower", aspect="auto", cmap="magma")
        for row, line in enumerate(values.to_numpy()):
            column = int(np.argmax(line))
            place.plot(column, row, "o", color="white", markersize=3)
        labels = ["∞" if np.isinf(steps) else f"{steps:,.0f}" for steps in table.index]
        place.set_yticks(range(len(labels)), labels, fontsize=8)
        place.set_xticks(range(len(table.columns)), table.columns, rotation=60, fontsize=8)
        place.set(title=title, xlabel="number of features W", ylabel="steps of size 1/L")
        place.grid(False)
        figure.colorbar(image, ax=place, shrink=0.9)
    return figure


def optimisers(risk: pd.DataFrame, iterated: pd.DataFrame) -> Figure:
    """Test and train MSE by width after 1,000 and 10,000 full-batch steps of four optimisers."""
    figure, axes = figures.grid(3, width=10.4, height=3.4)
    arms = {"GD": ("steps {}", BLUE), "momentum 0.99": ("momentum 0.99 steps {}", RED), "Adam 0.001": ("adam_slow {}", GREEN), "Adam 0.01": ("adam_fast {}", ORANGE)}  # fmt: skip
    for label, (name, color) in arms.items():
        for place, steps in zip(axes, (1000, 10000), strict=False):
            quartiles(
                place,
                _arm(risk, iterated, name.format(steps)),
                "width",
                "test_mse",
                color,
                label,
                marker="o",
                markersize=3,
            )
        quartiles(
            axes[2],
            _arm(risk, iterated, name.format(10000)),
            "width",
            "train_mse",
            color,
            label,
            marker="o",
            markersize=3,
        )
    axes[0].set(title="test MSE, 1,000 steps", yscale="log", ylim=(0.05, 10))
    axes[1].set(title="test MSE, 10,000 steps", yscale="log", ylim=(0.05, 10))
    axes[2].set(title="train MSE, 10,000 steps", yscale="log", ylim=(1e-9, 0.3))
    for place in axes:
        width_axis(place)
    axes[0].legend(loc="upper left", fontsize=8.5)
    return figure


def _arm(risk: pd.DataFrame, iterated: pd.DataFrame, name: str) -> pd.DataFrame:
    if name.startswith("adam"):
        chosen = iterated[iterated["run"] == name]
    else:
        chosen = rows(risk, name)
        chosen = chosen[chosen["width"].isin([40, 80, 90, 100, 110, 120, 200, 400])]
    return chosen.assign(train_mse=chosen["train_mse"].clip(1e-10))


def batches(iterated: pd.DataFrame) -> Figure:
    """Test and train MSE by width for three batch sizes and a decaying rate, equal epochs."""
    figure, axes = figures.grid(2, width=8.6, height=3.3)
    arms = {"sgd_1 1000": ("batch 1", RED), "sgd_10 1000": ("batch 10", ORANGE), "sgd_100 1000": ("batch 100", BLUE), "sgd_1_decay 1000": ("batch 1, decaying rate", GREEN)}  # fmt: skip
    for name, (label, color) in arms.items():
        chosen = iterated[iterated["run"] == name]
        quartiles(axes[0], chosen, "width", "test_mse", color, label)
        quartiles(axes[1], chosen, "width", "train_mse", color, label)
    axes[0].set(title="test MSE, 1,000 epochs", yscale="log")
    axes[1].set(title="train MSE", yscale="log", ylim=(1e-8, 0.3))
    plain_log(axes[0], (0.1, 0.15, 0.2, 0.3))
    for place in axes:
        width_axis(place, ticks=(50, 100, 200, 400))
    axes[1].legend(loc="lower left", fontsize=8.5)
    return figure


def initialisation(risk: pd.DataFrame) -> Figure:
    """Test MSE by output scale; test error by feature scale at equal relative and at equal absolute rate."""
    figure, axes = figures.grid(3, width=10.4, height=3.4)
    scales = {"output_scale 0": ("0", GREY), "steps 10000": ("1", BLUE), "output_scale 3": ("3", ORANGE), "output_scale 10": ("10", RED)}  # fmt: skip
    for solver, (label, color) in scales.items():
        quartiles(axes[0], rows(risk, solver), "width", "test_mse", color, label)
    for place, solver in zip(axes[1:], ("steps 10000", "lr 0.01"), strict=True):
        for feature_map, (label, color) in SCALES.items():
            figures.mean_band(place, percent(rows(risk, solver, feature_map)), "width", "test_error", color, label)
    axes[0].set(title="test MSE, 10,000 steps", yscale="log")
    axes[0].legend(loc="upper left", fontsize=8, title="output scale", title_fontsize=8)
    axes[1].set(title="test error (%), rate 1/L", ylim=(0, None))
    axes[1].legend(loc="upper right", fontsize=8, title="feature scale", title_fontsize=8)
    axes[2].set(title="test error (%), rate 0.01", ylim=axes[1].get_ylim())
    for place in axes:
        width_axis(place)
    return figure


def normalisation(risk: pd.DataFrame) -> Figure:
    """Test error by width for five feature maps, at equal relative and at equal absolute rate."""
    figure, axes = figures.grid(2, width=8.8, height=3.4, sharey=True)
    for place, (solver, title) in zip(
        axes, (("steps 10000", "rate 1/L, 10,000 steps"), ("lr 0.01", "rate 0.01, 10,000 steps")), strict=True
    ):
        for feature_map, (label, color) in MAPS.items():
            figures.mean_band(place, percent(rows(risk, solver, feature_map)), "width", "test_error", color, label)
        place.set(title=title)
        width_axis(place)
    axes[0].set(ylabel="test error (%)")
    axes[1].legend(loc="upper right", fontsize=8.5)
    return figure


def conditioning(kappa: pd.DataFrame, threshold: pd.DataFrame) -> Figure:
    """Condition number by width and feature map, and its distribution over draws at W = n."""
    figure, axes = figures.grid(3, width=10.6, height=3.5)
    for place, group, title in ((axes[0], MAPS, "normalisation"), (axes[1], SCALES, "feature scale")):
        for feature_map, (label, color) in group.items():
            quartiles(place, kappa[kappa["map"] == feature_map], "x", "value", color, label)
        place.set(title=f"condition number, {title}", yscale="log", ylim=(5, 5e4))
        width_axis(place)
        place.legend(loc="upper right", fontsize=8)
    for feature_map, (label, color) in (
        MAPS | {"scale_third": ("scale 0.3", TEAL), "scale_ten": ("scale 10", RED)}
    ).items():
        values = np.sort(threshold.loc[threshold["map"] == feature_map, "value"])
        if len(values):
            axes[2].plot(values, np.arange(1, len(values) + 1) / len(values), color=color, label=label)
    axes[2].set(title="at W = n: share of draws below", xscale="log", xlabel="condition number")
    axes[2].legend(loc="lower right", fontsize=8)
    return figure


def caveat_normalisation(risk: pd.DataFrame, kappa: pd.DataFrame) -> Figure:
    """At W = n by feature map: condition number, training loss and test error, medians or means with intervals."""
    figure, axes = figures.grid(3, width=10.2, height=2.9, sharey=True)
    names = list(MAPS)
    for row, name in enumerate(names):
        color = MAPS[name][1]
        threshold = rows(risk, "steps 10000", name)
        threshold = threshold[threshold["width"] == 100]
        values = kappa.loc[(kappa["map"] == name) & (kappa["x"] == 100), "value"], threshold["train_mse"], 100 * threshold["test_error"]  # fmt: skip
        for place, sample in zip(axes, values, strict=True):
            low, middle, high = np.quantile(sample, [0.25, 0.5, 0.75])
            place.plot([low, high], [row, row], color=color, linewidth=2.5, alpha=0.5)
            place.plot(middle, row, "o", color=color, markersize=7)
    axes[0].set_yticks(range(len(names)), [MAPS[name][0] for name in names])
    axes[0].set(title="condition number", xscale="log")
    axes[1].set(title="train MSE")
    axes[2].set(title="test error (%)")
    return figure


def noise(risk: pd.DataFrame) -> Figure:
    """Test error by width and noise after 1,000 steps, 10,000 steps and fully trained."""
    figure, axes = figures.grid(3, width=10.4, height=3.4, sharey=True)
    for place, (steps, title) in zip(
        axes, (("1000", "1,000 steps"), ("10000", "10,000 steps"), ("inf", "infinitely many steps")), strict=True
    ):
        for share, color in NOISES.items():
            solver = f"steps {steps}" if share == "0.05" else f"noise {share} steps {steps}"
            label = f"{100 * float(share):g} %"
            figures.mean_band(place, percent(rows(risk, solver)), "width", "test_error", color, label)
        place.set(title=title)
        width_axis(place)
    axes[0].set(ylabel="test error (%)")
    axes[0].legend(loc="upper left", fontsize=8.5, ncols=2, title="label noise", title_fontsize=8.5)
    return figure
