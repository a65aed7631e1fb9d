"""Figures of the unified picture, two-layer and deep networks, and of "More is Better"; settings as in plots.py."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from replications.double_descent import eigenframework as theory
from replications.double_descent import reference
from replications.double_descent.measuring import widths
from replications.double_descent.plots import (
    BLUE,
    GREEN,
    GREY,
    NOISE_COLOURS,
    OLIVE,
    ORANGE,
    PURPLE,
    RED,
    TEAL,
    count,
    multiples,
    noise_levels,
    noise_solver,
    plain_ticks,
    quartiles,
    rows,
    run_points,
    width_axis,
)
from verifig.judging import stats
from verifig.pages import figures

FAMILIES = {
    "steps": ("gradient descent, steps", BLUE, "o", 8), "rate": ("gradient descent, rate", TEAL, "s", 6.5),
    "momentum": ("momentum", RED, "x", 9), "sgd": ("minibatch SGD", PURPLE, "D", 6.5), "adam": ("Adam", GREEN, "^", 8),
}  # fmt: skip
TWO_LAYER_FLOOR = 1e-7  # train losses of two-layer networks below it leave the frame
RIDGE_COLOURS = (RED, ORANGE, BLUE, GREEN, PURPLE, OLIVE, TEAL)


def loss_peak(table: pd.DataFrame, no_peak: float | None, between: tuple[float, float] | None) -> Figure:
    """Peak height against training loss at W = n: every configuration's median, and single seeds behind.

    `no_peak` is the height up to which the claims see none, `between` the losses that they leave out.
    """
    figure, (axes,) = figures.grid(width=9.2, height=4.2)
    for name, part in table.groupby("name"):
        _, color, marker, size = FAMILIES[name.replace("_", " ").split()[0]]
        axes.plot(part["loss"], part["height"], ".", color=color, alpha=0.55, markersize=4)
        middle = part["loss"].median(), part["height"].median()
        axes.plot(*middle, marker, color=color, markersize=size, markeredgecolor=color if marker == "x" else figures.INK, markeredgewidth=2 if marker == "x" else 0.6)  # fmt: skip
    if no_peak:
        figures.paper_line(axes, no_peak, f"our bound for no peak: h ≤ {no_peak:g}")
    if between:
        axes.axvspan(*between, color=figures.MUTED, alpha=0.15, linewidth=0)
    handles = [
        Line2D([], [], marker=marker, linestyle="none", color=color, label=label)
        for label, color, marker, _ in FAMILIES.values()
    ]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8.5)
    axes.set(xscale="log", yscale="log", xlabel="training MSE at W = n", ylabel="peak height h")
    plain_ticks(axes, "y", (0.5, 1, 2, 5, 10, 20, 50, 100, 1000))
    return figure


def heights(chosen: pd.DataFrame, n: int) -> tuple[pd.Series, pd.Series]:
    """Training loss at W = n and peak height by seed (see `measuring.widths`) of the rows of one way to train."""
    table = chosen.pivot(index="seed", columns="width", values="test_mse")
    grid = table.columns.to_numpy(float)
    inside = (grid >= widths.WINDOW[0] * n - 1e-6) & (grid <= widths.WINDOW[1] * n + 1e-6)
    tail = int(np.argmin(np.abs(grid - widths.TAIL * n)))
    losses = chosen.pivot(index="seed", columns="width", values="train_mse")
    at = int(np.argmin(np.abs(grid - n)))
    return losses.iloc[:, at], table.loc[:, inside].max(axis=1) / table.iloc[:, tail]


def caveat_noise(risk: pd.DataFrame, settings: Mapping) -> Figure:
    """Peak height against training loss by label noise, medians joined along the number of steps."""
    figure, (axes,) = figures.grid(width=7.2, height=3.6)
    for share, color in zip(noise_levels(settings), NOISE_COLOURS, strict=False):
        points = []
        for steps in sorted(settings["noise_horizons"]):
            chosen = rows(risk, noise_solver(settings, share, steps))
            if len(chosen):
                loss, height = heights(chosen, settings["n"])
                points.append([*np.quantile(loss, [0.25, 0.5, 0.75]), *np.quantile(height, [0.25, 0.5, 0.75])])
        if not points:
            continue
        points = np.array(points)
        axes.errorbar(
            points[:, 1], points[:, 4], color=color, marker="o", label=f"{100 * share:g} %", linewidth=1.2,
            xerr=np.abs(points[:, [0, 2]] - points[:, [1]]).T, yerr=np.abs(points[:, [3, 5]] - points[:, [4]]).T,
        )  # fmt: skip
    axes.set(xlabel="training MSE at W = n", ylabel="peak height h")
    plain_ticks(axes, "x", (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1))
    axes.legend(title="label noise", fontsize=8.5, title_fontsize=8.5)
    return figure


def arm(settings: Mapping, base: Mapping) -> str:
    """What tells a two-layer condition from the others, in words."""
    name = "Adam" if settings["optimizer"] == "adam" else "gradient descent"
    if settings["momentum"]:
        name = f"momentum {settings['momentum']:g}"
    if settings["label_noise"] != base["label_noise"]:
        name += f", {100 * settings['label_noise']:g} % label noise"
    if settings["init_scale"] != base["init_scale"]:
        name += f", initial weights × {settings['init_scale']:g}"
    return name


def compared_steps(record_steps: Sequence[int]) -> tuple[int, int]:
    """An early point, nearest to a tenth of the training, and the end."""
    last = max(record_steps)
    return min(record_steps, key=lambda step: abs(step - last / 10)), last


def two_layer(table: pd.DataFrame, base: Mapping, runs: Mapping[str, Mapping], threshold: float) -> Figure:
    """Test MSE by width, early and late, and train MSE late, by optimiser; `threshold` is the width of the dotted line."""
    figure, axes = figures.grid(3, width=10.4, height=3.5)
    short, last = compared_steps(sorted(table["steps"].unique()))
    colours = {"gradient descent": BLUE, "momentum": ORANGE, "Adam": RED}
    others = iter((GREEN, PURPLE, OLIVE, GREY))
    for name, settings in runs.items():
        label, own = arm(settings, base), table[table["run"] == name]
        color = next(others) if "," in label else colours[label.split(" 0")[0]]
        for place, steps, field in ((axes[0], short, "test_mse"), (axes[1], last, "test_mse"), (axes[2], last, "train_mse")):  # fmt: skip
            draw = quartiles if field == "train_mse" else figures.mean_band
            draw(place, own[own["steps"] == steps], "width", field, color, label)
    axes[0].set(title=f"test MSE, {count(short)} steps")
    axes[1].set(title=f"test MSE, {count(last)} steps")
    axes[2].set(title=f"train MSE, {count(last)} steps", yscale="log", ylim=(TWO_LAYER_FLOOR, None))
    top = max(place.get_ylim()[1] for place in axes[:2])
    grid = sorted(table["width"].unique())
    for place in axes[:2]:
        place.set_ylim(0.05, top)
        plain_ticks(place, "y", [tick for tick in (0.05, 0.1, 0.2, 0.3, 0.5, 1, 2) if tick <= top])
    for place in axes:
        width_axis(place, threshold, grid[1::2] if len(grid) > 6 else grid, "hidden width H")
    axes[0].legend(loc="upper left", fontsize=8)
    return figure


def parameter_threshold(inputs: int, classes: int, n: int) -> float:
    """Hidden width at which an inputs-H-classes network with biases has as many parameters as equations, n classes."""
    return (n * classes - classes) / (inputs + 1 + classes)


def curvature(table: pd.DataFrame, settings: Mapping) -> Figure:
    """Mean over draws of the factor by dimension for each horizon."""
    figure, (axes,) = figures.grid(width=6.4, height=3.1)
    n = settings["curvature_rows"]
    for (steps, part), color in zip(table.groupby("steps"), (BLUE, RED, GREEN, ORANGE), strict=False):
        figures.mean_band(axes, part, color=color, label=f"T = {count(steps)} steps")
    ticks = multiples(n, settings["curvature_dimensions"], (0.25, 0.5, 1, 2.5, 5))
    width_axis(axes, n, ticks, "input dimension d")
    axes.set(ylabel="(1 − αλ)²ᵀ, mean over draws", ylim=(-0.03, 1.03))
    axes.legend(loc="upper right")
    return figure


def published(table: pd.DataFrame) -> Figure:
    """Our theory as lines, published experimental means as points, by ridge; the paper's own setting."""
    figure, (axes,) = figures.grid(width=7.2, height=3.5)
    n = reference.FIGURE1["n"]
    ks = np.unique(np.r_[np.geomspace(10, 10000, 50), np.geomspace(0.7, 1.4, 41) * n].round())
    task = reference.figure1_task()
    for (ridge, part), color in zip(table.groupby("ridge"), RIDGE_COLOURS, strict=False):
        axes.plot(
            ks, [theory.risk(task, n, k, ridge)[0] for k in ks], color=color, label=f"our solver, ridge {ridge:.3g}"
        )
        figures.paper_points(axes, part["x"], part["experiment"], None)
    axes.plot(
        [], [], "D", markersize=5, markerfacecolor="none", markeredgecolor=figures.INK, label="published experiment"
    )
    axes.axvline(n, color=figures.MUTED, linestyle=":", linewidth=1)
    plain_ticks(axes, "x", (10, 30, 100, 300, 1000, 3000, 10000))
    axes.set(xlabel="number of features k", ylabel="test MSE")
    axes.legend(loc="upper right", fontsize=8.5)
    return figure


def risks(table: pd.DataFrame, n: int, exact: Callable[[float, float], float] | None = None) -> Figure:
    """Simulation (mean, 95 % interval over trials) on theory, by number of features and ridge; and their ratio.

    `exact(k, ridge)` is the theory between the simulated k; without it they are joined by thin straight lines.
    """
    figure, axes = figures.grid(2, width=9.6, height=3.6)
    ks, ridges = sorted(table["x"].unique()), list(table.groupby("ridge"))
    for index, ((ridge, part), color) in enumerate(zip(ridges, RIDGE_COLOURS, strict=False)):
        label = f"ridge {ridge:.3g}"
        if exact:
            fine = np.unique(np.r_[np.geomspace(ks[0], ks[-1], 30), n * np.geomspace(0.7, 1.4, 15)].round())
            axes[0].plot(fine, [exact(k, ridge) for k in fine], color=color, label=label)
        else:
            given = part.groupby("x")["theory"].first()
            axes[0].plot(given.index, given, "_", color=color, markersize=11, markeredgewidth=1.6)
            axes[0].plot(given.index, given, color=color, linewidth=0.7, label=label)
        shift = 1.045 ** (index - (len(ridges) - 1) / 2)  # side by side rather than on top of each other
        for place, values in ((axes[0], part["value"]), (axes[1], 100 * (part["value"] / part["theory"] - 1))):
            found = {k: stats.mean(v.to_numpy(float)) for k, v in values.groupby(part["x"])}
            at = np.array(list(found)) * (shift if place is axes[1] else 1)
            middle = np.array([i.observed for i in found.values()])
            reach = [middle - [i.low for i in found.values()], [i.high for i in found.values()] - middle]
            place.errorbar(at, middle, reach, color=color, linestyle="none", marker="o", markersize=4)
    axes[0].set(title=f"test MSE: theory ({'lines' if exact else 'bars'}), simulation (points)")
    plain_ticks(axes[0], "y", (0.6, 0.8, 1, 1.5, 2, 3, 4, 6, 10))
    axes[1].set(title="simulation over theory − 1 (%)")
    axes[1].axhline(0, color=figures.INK, linewidth=0.8)
    for place in axes:
        plain_ticks(place, "x", ks)
        place.tick_params(axis="x", labelsize=8)
        place.set_xlabel("number of features k")
        place.axvline(n, color=figures.MUTED, linestyle=":", linewidth=1)
    axes[0].legend(loc="upper right", fontsize=8.5)
    return figure


def theorem(table: pd.DataFrame, settings: Mapping) -> Figure:
    """Exact risk at the optimal ridge by k and by n, and at a fixed small ridge by k."""
    figure, (axes,) = figures.grid(width=6.8, height=3.3)
    n, small = settings["theorem_n"], settings["small_ridge"]
    arms = {"by_k": ("tuned ridge, more features k", BLUE), "by_n": ("tuned ridge, more samples n", GREEN), "ridgeless_by_k": (f"ridge {small:g}, more features k", RED)}  # fmt: skip
    for order, (label, color) in arms.items():
        chosen = table[table["order"] == order]
        axes.plot(chosen["x"], chosen["value"], color=color, marker="o", markersize=4, label=label)
    axes.axvline(n, color=figures.MUTED, linestyle=":", linewidth=1)
    plain_ticks(axes, "y", (0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10))
    plain_ticks(axes, "x", sorted(table["x"].unique()))
    axes.set(xlabel=f"k or n (the other is {n})", ylabel="exact test MSE")
    axes.legend(loc="upper right", fontsize=8.5)
    return figure


def fitting(mnist: pd.DataFrame, cifar: pd.DataFrame) -> Figure:
    """Risk by fitting ratio for both tasks and every noise level, minima of the formula and of the stored arrays."""
    figure, axes = figures.grid(2, width=9.2, height=3.6)
    ratio = np.linspace(0, 0.985, 200)
    for place, (title, ((a, b), _)), optima in zip(axes, reference.KERNEL_OPTIMA.items(), (mnist, cifar), strict=True):
        for (_, row), color in zip(optima.iterrows(), (GREY, BLUE, ORANGE, RED, GREEN), strict=False):
            curve = theory.fitting_risk(ratio, a, b, row["noise"])
            low = curve.min()
            place.plot(ratio, curve / low, color=color, label=f"noise {row['noise']:g}")
            at = theory.fitting_risk(row["formula"], a, b, row["noise"]) / low
            place.plot(row["formula"], at, "o", color=color, markersize=6)
            stored = theory.fitting_risk(row["stored"], a, b, row["noise"]) / low
            figures.paper_points(place, [row["stored"]], [stored], None)
        place.plot(
            [], [], "D", markersize=5, markerfacecolor="none", markeredgecolor=figures.INK, label="published optimum"
        )
        place.set(title=f"exponents of {title}", xlabel="fitting ratio R = train error / test error", ylim=(0.98, 1.6))
    axes[0].set(ylabel="test error over its minimum")
    axes[0].legend(loc="upper left", fontsize=8.5)
    return figure


def resnet(published: pd.DataFrame, own: pd.DataFrame | None = None) -> Figure:
    """Published test and train error by width, and our own runs where there are some."""
    figure, (axes,) = figures.grid(width=7.2, height=3.4)
    peak = published["x"].iloc[reference.published_peak()]
    for field, color in (("test", BLUE), ("train", GREEN)):
        line = "--" if field == "test" else ":"
        axes.plot(published["x"], 100 * published[field], color=figures.INK, linestyle=line, linewidth=1, marker="D", markerfacecolor="none", markersize=4, label=f"published, {field}")  # fmt: skip
        if own is not None:
            column = "value" if field == "test" else "train"
            figures.band(axes, own.assign(**{column: 100 * own[column]}), y=column, color=color, label=f"ours, {field}")
    width_axis(axes, peak, (1, 2, 4, 8, 16, 32, 64), "width k")
    axes.set(ylabel="error (%)")
    axes.legend(loc="upper right")
    return figure


def samples(sizes: pd.DataFrame, threshold: pd.DataFrame, settings: Mapping) -> Figure:
    """Test error by sample size at one width, and by width for some sample sizes."""
    figure, axes = figures.grid(2, width=9.2, height=3.4, sharey=True)
    for (share, part), color in zip(sizes.groupby("noise"), (BLUE, RED, GREEN), strict=False):
        label = f"label noise {100 * share:g} %"
        figures.mean_band(axes[0], part.assign(value=100 * part["value"]), color=color, label=label)
    width = settings["sample_width"]
    ticks = multiples(width, settings["sample_sizes"], (0.25, 0.5, 1, 2, 4))
    width_axis(axes[0], width, ticks, f"number of samples n (width {width})")
    noisy = threshold[threshold["noise"] == threshold["noise"].max()]
    for (n, part), color in zip(noisy.groupby("n"), (TEAL, ORANGE, PURPLE, GREY), strict=False):
        figures.mean_band(axes[1], part.assign(value=100 * part["value"]), color=color, label=f"n = {n}")
    share = 100 * threshold["noise"].max()
    width_axis(axes[1], 1, (0.5, 1, 2, 4), f"features over samples, W/n (label noise {share:g} %)")
    axes[0].set(ylabel="test error (%)")
    for place in axes:
        place.legend(loc="upper right", fontsize=8.5)
    return figure


def author_grid(tables: Mapping[str, pd.DataFrame], runs: Mapping[str, Mapping], n: int, grid: Sequence[int]) -> Figure:
    """Test loss by width on the author's grid, one panel a data set (`tables` by title)."""
    figure, axes = figures.grid(len(tables), width=9.2, height=3.4)
    for place, (title, table) in zip(axes, tables.items(), strict=True):
        for (name, run), color in zip(runs.items(), (RED, GREEN, BLUE, ORANGE), strict=False):
            label = "cross-entropy" if run["loss"] == "cross_entropy" else "squared loss"
            label += ", decaying rate" if run["rate_decay"] else ", constant rate"
            own = run_points(table, name)
            if len(own):
                figures.band(place, own, "width", "test_mse", color, label)
        place.set(title=f"{title}, test loss", yscale="log")
        width_axis(place, n, multiples(n, grid))
    axes[0].legend(loc="upper right", fontsize=8.5)
    return figure
