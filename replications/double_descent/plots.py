"""Figures of the random-feature panels: each function takes tables of curves (see measure.py) and settings of the run.

`settings` are those of the experiment, `maps` the settings of its conditions (feature maps) by name. Titles, legends and
axes are formed from them, so that a changed setting changes the figure's words with its curves.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from verifig.pages import figures

BLUE, ORANGE, GREEN, PURPLE, RED, OLIVE, TEAL, GREY = figures.PALETTE
HORIZON_COLOURS = (GREY, TEAL, BLUE, GREEN, ORANGE, RED)
NOISE_COLOURS = (GREY, BLUE, GREEN, ORANGE, RED, PURPLE, TEAL)
SCALE_COLOURS = {0: OLIVE, 0.1: GREY, 0.3: TEAL, 1: BLUE, 3: PURPLE, 10: RED}
NORMALISATIONS = {
    "raw": ("raw pixels", GREY), "standardised": ("standardised pixels", BLUE), "layer": ("rows (layer)", GREEN),
    "batch_before": ("columns before activation", PURPLE), "batch": ("columns (batch)", ORANGE),
}  # fmt: skip
LOSS_FLOOR = 1e-8  # train losses below it leave the frame
OPTIMISER_FLOOR = 1e-9  # the same in the panel of optimisers
PURE_NOISE = 1.0  # labels without information: a control, not a level of the panel


def quartiles(axes, frame: pd.DataFrame, x: str, y: str, color, label=None, **line) -> None:
    """Median over seeds with the band from the first to the third quartile (the spread at W = n spans decades)."""
    groups = frame.groupby(x)[y]
    middle = groups.median()
    axes.plot(middle.index, middle, color=color, label=label, **line)
    axes.fill_between(middle.index, groups.quantile(0.25), groups.quantile(0.75), color=color, alpha=0.18, linewidth=0)


def rows(frame: pd.DataFrame, solver: str, feature_map: str = "standardised") -> pd.DataFrame:
    """Rows of one way to train on one feature map."""
    return frame[(frame["map"] == feature_map) & (frame["solver"] == solver)]


def base_solver(settings: Mapping) -> str:
    """The name of plain gradient descent for the experiment's own number of steps."""
    return f"steps {settings['steps']:g}"


def scale_solvers(settings: Mapping) -> dict[float, str]:
    """By scale of the initial output layer, the name of gradient descent from it."""
    base, scales = settings["output_scale"], sorted({settings["output_scale"], *settings["output_scales"]})
    return {scale: base_solver(settings) if scale == base else f"output_scale {scale:g}" for scale in scales}


def noise_solver(settings: Mapping, share: float, steps: float) -> str:
    """The name of gradient descent on labels with a share of noise."""
    plain = f"steps {steps:g}"
    return plain if share == settings["label_noise"] else f"noise {share:g} {plain}"


def noise_levels(settings: Mapping) -> list[float]:
    """All levels of label noise of the panel."""
    return sorted({settings["label_noise"], *settings["noise_levels"]} - {PURE_NOISE})


def count(steps: float) -> str:
    """`1,000` or `∞`."""
    return "∞" if np.isinf(steps) else f"{steps:,.0f}"


def shown_horizons(settings: Mapping) -> list[float]:
    """Up to six horizons, infinity last: powers of ten where there are enough of them, else evenly picked."""
    found = sorted(settings["horizons"])
    decades = [steps for steps in found if steps >= 100 and np.isclose(np.log10(steps) % 1, 0)][:5]
    if len(decades) < 3:
        decades = [found[k] for k in sorted({round(k) for k in np.linspace(0, len(found) - 1, 5)})]
    return [*decades, np.inf]


def colour_of(scale: float) -> str:
    """One colour a scale of initial values, the same in every panel."""
    return SCALE_COLOURS.get(scale, ORANGE)


def by_normalisation(settings: Mapping, maps: Mapping[str, Mapping]) -> dict[str, tuple[str, str]]:
    """Label and colour of the feature maps that differ in normalisation alone."""
    order = list(NORMALISATIONS)
    chosen = [name for name, s in maps.items() if s["feature_scale"] == settings["feature_scale"]]
    chosen.sort(key=lambda name: order.index(maps[name]["normalisation"]))
    return {name: NORMALISATIONS[maps[name]["normalisation"]] for name in chosen}


def by_scale(settings: Mapping, maps: Mapping[str, Mapping]) -> dict[str, tuple[str, str]]:
    """Label and colour of the feature maps that differ in the scale of the first layer alone."""
    chosen = [name for name, s in maps.items() if s["normalisation"] == settings["normalisation"]]
    chosen.sort(key=lambda name: maps[name]["feature_scale"])
    scales = [maps[name]["feature_scale"] for name in chosen]
    return {name: (f"{scale:g}", colour_of(scale)) for name, scale in zip(chosen, scales, strict=True)}


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


def percent(frame: pd.DataFrame, field: str = "test_error") -> pd.DataFrame:
    """A share in percent."""
    return frame.assign(**{field: 100 * frame[field]})


def minimal(table: pd.DataFrame, n: int, paper: Mapping) -> Figure:
    """Error, MSE, condition number and norm against P/N (`n` points) with the published points."""
    figure, axes = figures.grid(2, 2, width=8.4, height=2.8)
    titles = {"test_error": "classification error (%)", "test_mse": "test MSE", "condition_number": "condition number", "norm": "spectral norm of the weights"}  # fmt: skip
    for place, (field, title) in zip(axes, titles.items(), strict=True):
        chosen, factor = table[table["field"] == field], 100 if field == "test_error" else 1
        place.plot(chosen["P"] / n, factor * chosen["mean"], color=BLUE, label="mean, test" if factor > 1 else "mean")
        if factor == 1:
            place.plot(chosen["P"] / n, chosen["median"], color=ORANGE, label="median")
            place.fill_between(chosen["P"] / n, chosen["low"], chosen["high"], color=ORANGE, alpha=0.18, linewidth=0)
            place.set_yscale("log")
        else:
            train = table[table["field"] == "train_error"]
            place.plot(train["P"] / n, 100 * train["mean"], color=GREEN, linestyle="--", label="mean, train")
        figures.paper_points(
            place, np.array(paper["P"]) / paper["N"], factor * np.array(paper[field]), "published mean"
        )
        place.axvline(1, color=figures.MUTED, linestyle=":", linewidth=1)
        place.set(title=title, xlabel="features over points, P/N")
    axes[0].legend(loc="upper right", fontsize=8.5)
    axes[1].legend(loc="upper right", fontsize=8.5)
    return figure


def minimal_descent(table: pd.DataFrame, n: int, momentum: float, rate: float) -> Figure:
    """Mean test error by width and horizon, with 95 % intervals over groups of draws."""
    figure, (axes,) = figures.grid(width=7.2, height=3.4)
    colours = (GREY, BLUE, GREEN, ORANGE, RED, PURPLE, TEAL)
    for (steps, part), color in zip(table.groupby("steps"), colours, strict=False):
        label = "infinitely many steps" if np.isinf(steps) else f"{steps:,.0f} steps"
        figures.mean_band(axes, part.assign(value=100 * part["value"]), color=color, label=label)
    width_axis(axes, n, multiples(n, table["x"], (0.2, 0.5, 1, 2, 5)), "number of features P")
    axes.set(ylabel="test error (%)", title=f"{n} points, momentum {momentum:g}, learning rate {rate:g}")
    axes.legend(loc="upper left", fontsize=8.5)
    return figure


def horizons(risk: pd.DataFrame, settings: Mapping) -> Figure:
    """Test MSE, test error and train loss by width for up to six horizons."""
    figure, axes = figures.grid(3, width=10.4, height=3.5)
    for steps, color in zip(shown_horizons(settings), HORIZON_COLOURS, strict=False):
        chosen = rows(risk, f"steps {steps:g}")
        quartiles(axes[0], chosen, "width", "test_mse", color, count(steps))
        figures.mean_band(axes[1], percent(chosen), "width", "test_error", color)
        if np.isfinite(steps):  # fully trained the loss is 0 from W = n on
            quartiles(axes[2], chosen.assign(train_mse=chosen["train_mse"].clip(1e-12)), "width", "train_mse", color)
    axes[0].set(title="test MSE", yscale="log")
    axes[1].set(title="test error (%)")
    axes[2].set(title="train MSE", yscale="log", ylim=(LOSS_FLOOR, None))
    for place in axes:
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"]))
    axes[0].legend(loc="upper left", fontsize=7.5, title="steps of size 1/L", title_fontsize=7.5)
    return figure


def heatmap(risk: pd.DataFrame) -> Figure:
    """Median test MSE and mean test error over width x steps, as two maps."""
    figure, axes = figures.grid(2, width=9.6, height=3.8)
    forms = {"test_mse": ("median", "test MSE (log10 of the median)"), "test_error": ("mean", "test error (%, mean)")}
    for place, (field, (form, title)) in zip(axes, forms.items(), strict=True):
        table = by_steps(risk, field, form)
        values = np.log10(table) if field == "test_mse" else 100 * table
        image = place.imshow(values, origin="lower", aspect="auto", cmap="viridis")
        worst = values.to_numpy().argmax(1)
        place.plot(worst, range(len(worst)), "o", color="white", mec="black", markersize=4.5, linestyle="none")
        place.set_yticks(range(len(table)), [count(steps) for steps in table.index], fontsize=8)
        place.set_xticks(range(len(table.columns)), table.columns, rotation=60, fontsize=8)
        place.set(title=title, xlabel="number of features W", ylabel="steps of size 1/L")
        place.grid(False)
        figure.colorbar(image, ax=place, shrink=0.9)
    return figure


def by_steps(risk: pd.DataFrame, field: str, form: str) -> pd.DataFrame:
    """One field of gradient descent, `form` over seeds, as a table steps x width."""
    chosen = risk[(risk["map"] == "standardised") & risk["solver"].str.startswith("steps ")]
    chosen = chosen.assign(steps=chosen["solver"].str.removeprefix("steps ").astype(float))
    return chosen.groupby(["steps", "width"])[field].agg(form).unstack()


def optimisers(risk: pd.DataFrame, iterated: pd.DataFrame, settings: Mapping, runs: Mapping[str, Mapping]) -> Figure:
    """Test and train MSE by width after two numbers of full-batch steps of several optimisers.

    `settings` are those of the spectral experiment, `runs` those of the conditions of the iterated one.
    """
    figure, axes = figures.grid(3, width=10.4, height=3.4)
    shared = {width for run in runs.values() for width in run["widths"]}
    short, long = optimiser_steps(settings)
    for (label, pattern), color in zip(
        optimiser_arms(settings, runs), (BLUE, RED, GREEN, ORANGE, PURPLE), strict=False
    ):
        for place, steps, field in ((axes[0], short, "test_mse"), (axes[1], long, "test_mse"), (axes[2], long, "train_mse")):  # fmt: skip
            chosen = run_named(risk, iterated, pattern.format(steps))
            chosen = chosen[chosen["width"].isin(shared)].assign(train_mse=lambda t: t["train_mse"].clip(1e-12))
            quartiles(place, chosen, "width", field, color, label, marker="o", markersize=3)
    low, high = (f(axes[0].get_ylim()[k], axes[1].get_ylim()[k]) for k, f in ((0, min), (1, max)))
    for place, steps in zip(axes[:2], (short, long), strict=True):
        place.set(title=f"test MSE, {count(steps)} steps", yscale="log", ylim=(max(low, 0.03), high))
    axes[2].set(title=f"train MSE, {count(long)} steps", yscale="log", ylim=(OPTIMISER_FLOOR, None))
    for place in axes:
        width_axis(place, settings["n"], multiples(settings["n"], shared, (0.5, 1, 2, 4)))
    axes[1].legend(loc="upper right", fontsize=8)
    return figure


def optimiser_arms(settings: Mapping, runs: Mapping[str, Mapping]) -> list[tuple[str, str]]:
    """(label, pattern of the run's name for a number of steps): gradient descent, momentum, Adam by learning rate."""
    arms = [("gradient descent", "steps {:g}")]
    arms += [(f"momentum {m:g}", f"momentum {m:g} steps {{:g}}") for m in settings["momenta"][:1]]
    return arms + [(f"Adam {r['learning_rate']:g}", f"{n} {{:g}}") for n, r in runs.items() if r["optimizer"] == "adam"]


def run_named(risk: pd.DataFrame, iterated: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows of an iterated run, or of a spectral one."""
    return iterated[iterated["run"] == name] if name in set(iterated["run"]) else rows(risk, name)


def optimiser_steps(settings: Mapping) -> tuple[int, int]:
    """The shorter and the longer number of steps after which optimisers are compared."""
    return min(settings["momentum_horizons"]), max(settings["momentum_horizons"])


def batch_arms(runs: Mapping[str, Mapping]) -> dict[str, str]:
    """Minibatch runs of the batch panel by condition, with their labels."""
    chosen = {n: r for n, r in runs.items() if r["optimizer"] == "sgd" and r["loss"] == "mse" and not r["train_first_layer"]}  # fmt: skip
    ordered = sorted(chosen, key=lambda name: (chosen[name]["rate_decay"], chosen[name]["batch_size"]))
    return {n: f"batch {chosen[n]['batch_size']}" + ", decaying rate" * chosen[n]["rate_decay"] for n in ordered}


def run_points(iterated: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The rows of a condition at its last recorded point."""
    parts = iterated["run"].str.rsplit(" ", n=1)
    mine = iterated[parts.str[0] == condition]
    points = parts.str[1].astype(float)[mine.index]
    return mine[points == points.max()]


def batches(iterated: pd.DataFrame, settings: Mapping, runs: Mapping[str, Mapping]) -> Figure:
    """Test and train MSE by width for the batch sizes and a decaying rate, equal epochs."""
    figure, axes = figures.grid(2, width=8.6, height=3.3)
    for (name, label), color in zip(batch_arms(runs).items(), (RED, ORANGE, BLUE, GREEN, PURPLE), strict=False):
        chosen = run_points(iterated, name)
        quartiles(axes[0], chosen, "width", "test_mse", color, label)
        quartiles(axes[1], chosen.assign(train_mse=chosen["train_mse"].clip(1e-12)), "width", "train_mse", color)
    axes[0].set(title=f"test MSE, {settings['epochs']:,} epochs")
    axes[1].set(title="train MSE", yscale="log", ylim=(LOSS_FLOOR, None))
    plain_ticks(axes[0], "y", (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1))
    for place in axes:
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"], (0.5, 1, 2, 4)))
    axes[0].legend(loc="upper right", fontsize=8)
    return figure


def initialisation(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> Figure:
    """Test MSE by output scale; test error by feature scale at equal relative and at equal absolute rate."""
    figure, axes = figures.grid(3, width=10.4, height=3.4)
    base, rate = base_solver(settings), settings["learning_rates"][0]
    for scale, solver in scale_solvers(settings).items():
        quartiles(axes[0], rows(risk, solver), "width", "test_mse", colour_of(scale), f"{scale:g}")
    for place, solver in zip(axes[1:], (base, f"lr {rate:g}"), strict=True):
        for name, (label, color) in by_scale(settings, maps).items():
            figures.mean_band(place, percent(rows(risk, solver, name)), "width", "test_error", color, label)
    axes[0].set(title=f"test MSE, {count(settings['steps'])} steps", yscale="log")
    axes[0].legend(loc="upper left", fontsize=8, title="output scale", title_fontsize=8)
    axes[1].set(title="test error (%), rate 1/L", ylim=(0, None))
    axes[1].legend(loc="upper right", fontsize=8, title="feature scale", title_fontsize=8)
    axes[2].set(title=f"test error (%), rate {rate:g}", ylim=axes[1].get_ylim())
    for place in axes:
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"]))
    return figure


def normalisation(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> Figure:
    """Test error by width and normalisation, at equal relative and at equal absolute rate."""
    figure, axes = figures.grid(2, width=9.6, height=3.5, sharey=True)
    rate, steps = settings["learning_rates"][0], count(settings["steps"])
    titles = {base_solver(settings): f"rate 1/L, {steps} steps", f"lr {rate:g}": f"rate {rate:g}, {steps} steps"}
    for place, (solver, title) in zip(axes, titles.items(), strict=True):
        for name, (label, color) in by_normalisation(settings, maps).items():
            style = "--" if maps[name]["normalisation"] == "layer" else "-"  # lies on standardised pixels
            frame = percent(rows(risk, solver, name))
            figures.mean_band(place, frame, "width", "test_error", color, label, linestyle=style)
        place.set(title=title)
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"]))
    axes[0].set(ylabel="test error (%)")
    axes[1].legend(loc="upper right", fontsize=8)
    return figure


def conditioning(
    kappa: pd.DataFrame, threshold: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]
) -> Figure:
    """Condition number by width and feature map, and its distribution over draws at W = n."""
    figure, axes = figures.grid(3, width=10.6, height=3.6)
    groups = {"normalisation": by_normalisation(settings, maps), "feature scale": by_scale(settings, maps)}
    for place, (title, group) in zip(axes, groups.items(), strict=False):
        for name, (label, color) in group.items():
            style = "--" if maps[name]["normalisation"] == "layer" else "-"  # lies on standardised pixels
            quartiles(place, kappa[kappa["map"] == name], "x", "value", color, label, linestyle=style)
        place.set(title=f"condition number, {title}", yscale="log", ylim=(None, 200 * kappa["value"].median() ** 1.5))
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"]))
        place.legend(loc="upper left", fontsize=7)
    scales = {name: (f"scale {label}", color) for name, (label, color) in groups["feature scale"].items()}
    for name, (label, color) in (scales | groups["normalisation"]).items():
        values = np.sort(threshold.loc[threshold["map"] == name, "value"])
        if len(values):
            style = "--" if name not in groups["normalisation"] else "-"
            shares = np.arange(1, len(values) + 1) / len(values)
            axes[2].plot(values, shares, color=color, label=label, linestyle=style)
    axes[2].set(title="W = n: share of draws below", xscale="log", xlabel="condition number")
    axes[2].legend(loc="lower right", fontsize=7.5)
    return figure


def caveat_normalisation(
    risk: pd.DataFrame, kappa: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]
) -> Figure:
    """At W = n by normalisation: condition number, training loss and test error, medians and quartiles."""
    figure, axes = figures.grid(3, width=10.2, height=2.9, sharey=True)
    group, n = by_normalisation(settings, maps), settings["n"]
    for row, (name, (_, color)) in enumerate(group.items()):
        threshold = rows(risk, base_solver(settings), name)
        threshold = threshold[threshold["width"] == n]
        samples = (
            kappa.loc[(kappa["map"] == name) & (kappa["x"] == n), "value"],
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
    figure, axes = figures.grid(len(steps), width=10.4, height=3.4, sharey=True)
    for place, horizon in zip(axes, steps, strict=True):
        for share, color in zip(noise_levels(settings), NOISE_COLOURS, strict=False):
            frame = percent(rows(risk, noise_solver(settings, share, horizon)))
            figures.mean_band(place, frame, "width", "test_error", color, f"{100 * share:g} %")
        place.set(title="infinitely many steps" if np.isinf(horizon) else f"{count(horizon)} steps")
        width_axis(place, settings["n"], multiples(settings["n"], settings["widths"]))
    axes[0].set(ylabel="test error (%)")
    axes[0].legend(loc="upper left", fontsize=8.5, ncols=2, title="label noise", title_fontsize=8.5)
    return figure
