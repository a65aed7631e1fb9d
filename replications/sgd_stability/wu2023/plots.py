"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, OLIVE, ORANGE, PURPLE, RED, TEAL, log_ticks, percent, pick

SGD, GD = BLUE, ORANGE
TRACE, FROBENIUS, LARGEST, PATH_NORM, TEST = TEAL, OLIVE, PURPLE, GREEN, RED  # one colour a quantity in all figures
OTHER_START = "#8fb8e8"  # SGD from the other reading of the initialisation
INITIALISATIONS = {"sgd": "covariance I/√d", "sgd_deviation": "standard deviation 1/√d"}
FIRST = 0.3  # share of the steps that Figure R1 shows
NEAR = 1.15  # largest eta/eta* in the right panel of Figure E
BOUND = figures.DASHED | {"linewidth": 1.1, "alpha": 0.75}  # how a bound is drawn


def over_rates(axes: Axes, runs: pd.DataFrame, field: str, colour: str, label: str, x: str = "axis", **line) -> None:
    """Median and range over seeds of a final value over learning rates; open circles where a run did not converge."""
    figures.band(axes, runs, x, field, color=colour, label=label, marker="o", markersize=3.5, **line)
    open_runs = runs[~runs["converged"]]
    if len(open_runs):
        axes.plot(
            open_runs[x],
            open_runs[field],
            "o",
            markersize=7,
            markerfacecolor="none",
            markeredgecolor=colour,
            linewidth=0,
        )


def level(axes: Axes, x: np.ndarray, y: np.ndarray, text: str) -> None:
    """A bound as a dashed line, named in the legend."""
    axes.plot(x, y, label=text, **BOUND)


def constant_level(axes: Axes, y: float, text: str) -> None:
    """A bound that is the same everywhere, named above its right end."""
    axes.axhline(y, **BOUND)
    where = {"xycoords": ("axes fraction", "data"), "xytext": (0, 2), "textcoords": "offset points"}
    axes.annotate(text, (0.99, y), ha="right", va="bottom", fontsize=8, **where)


def _loglog(axes: Axes, **texts: object) -> None:
    axes.set(xscale="log", yscale="log", **texts)
    axes.xaxis.set_minor_formatter(NullFormatter())


def r1(series: pd.DataFrame, axis: float, settings: Mapping, quoted: Mapping) -> Figure:
    """One learning rate over the first iterations: losses, gradient norm and clipping, trace, path norm.

    Args:
        axis: the learning rate as it stands on the axis of Figure R2.
        settings: of SGD.
        quoted: when clipping ends in the paper, as quoted.
    """
    learning_rate = axis / settings["dimension"] ** 0.5 if settings["learning_rate_axis"] == "sqrt_d" else axis
    runs = series[(series["condition"] == "sgd") & np.isclose(series["axis"], axis)]
    runs = runs[runs["x"] <= FIRST * settings["steps"]]
    curve = dict(list(runs.groupby("curve")))
    figure, axes = figures.grid(2, 2, width=8.9, height=2.9)
    for name, colour, label in (("train_loss", SGD, "training"), ("test_loss", TEST, "test")):
        figures.band(axes[0], curve[name][curve[name]["value"] > 0], color=colour, label=label)
    axes[0].set(yscale="log", title="loss", ylabel="half the mean squared error")
    axes[0].legend(loc="lower left")
    peak = curve["peak_norm"][curve["peak_norm"]["x"] > 0]
    figures.band(axes[1], peak[peak["value"] > 0], color=SGD)
    constant_level(axes[1], settings["clip"], "clipping threshold")
    axes[1].set(yscale="log", title="largest gradient norm", ylabel="norm before clipping")
    figures.band(axes[2], curve["tr"], color=TRACE, label="tr G")
    constant_level(axes[2], 2 / learning_rate, "2/η")
    figures.band(axes[2], curve["path_norm"], color=PATH_NORM, label="path norm")
    axes[2].set(yscale="log", title="trace and path norm", ylabel="tr G, path norm")
    axes[2].legend(loc="lower right", bbox_to_anchor=(1, 0.3))
    figures.band(axes[3], percent(curve["clipped"][curve["clipped"]["x"] > 0]), color=SGD)
    axes[3].axvline(quoted["last_clipped"], **BOUND)
    axes[3].annotate(
        f"quoted of the paper: about {quoted['last_clipped']:,}",
        (quoted["last_clipped"], 0.9),
        xycoords=("data", "axes fraction"),
        xytext=(5, 0),
        textcoords="offset points",
        fontsize=8,
    )
    axes[3].set(title="clipped steps (%)", ylabel="share of steps (%)", ylim=(-0.5, None))
    for each in axes:
        each.set_xlabel("iteration")
    return figure


def r2(runs: pd.DataFrame, paper_sgd: dict, paper_gd: dict) -> Figure:
    """Sharpness and path norm of SGD and of GD, their test losses, their path norms, over learning rates."""
    sgd, gd = (pick(runs, model="relu", condition=name) for name in ("sgd", "gd"))
    figure, axes = figures.grid(2, 2, width=8.9, height=3.3)
    x = np.array(sorted(sgd["axis"].unique()))
    over_rates(axes[0], sgd, "tr", TRACE, "tr G")
    over_rates(axes[0], sgd, "path_norm", PATH_NORM, "path norm")
    level(axes[0], x, 2 / sgd.groupby("axis")["learning_rate"].first().to_numpy(), "2/η")
    figures.paper_points(
        axes[0], paper_sgd["axis"] * 2, paper_sgd["tr"] + paper_sgd["path_norm"], "independent replication"
    )
    _loglog(axes[0], title="(a) SGD", xlabel="√d·η", ylabel="tr G, path norm")
    over_rates(axes[1], gd, "lmax", LARGEST, "‖G‖ (largest eigenvalue)")
    over_rates(axes[1], gd, "path_norm", PATH_NORM, "path norm")
    level(axes[1], x, 2 / x, "2/η")
    figures.paper_points(
        axes[1], paper_gd["axis"] * 2, paper_gd["lmax"] + paper_gd["path_norm"], "independent replication"
    )
    _loglog(axes[1], title="(b) gradient descent", xlabel="η", ylabel="‖G‖, path norm")
    for each, field, title, label in (
        (axes[2], "test_loss", "(c) test loss", "half the mean squared error"),
        (axes[3], "path_norm", "(d) path norm", "Σ |a| ‖w‖"),
    ):
        over_rates(each, sgd, field, SGD, "SGD")
        over_rates(each, gd, field, GD, "gradient descent")
        _loglog(each, title=title, xlabel="√d·η (SGD), η (gradient descent)", ylabel=label)
        log_ticks(each.yaxis, minor=True)
    for each in axes:
        each.legend(loc="lower left", fontsize=8)
    return figure


def r2_init(runs: pd.DataFrame) -> Figure:
    """Trace over the bound and path norm over its bound under both readings of the initialisation."""
    figure, axes = figures.grid(2, width=8.9, height=3.2)
    for (condition, label), colour in zip(INITIALISATIONS.items(), (SGD, OTHER_START), strict=True):
        rows = pick(runs, model="relu", condition=condition)
        rows = rows.assign(path_ratio=rows["path_norm"] * rows["axis"] / 2)
        over_rates(axes[0], rows, "sharp_ratio", colour, label)
        over_rates(axes[1], rows, "path_ratio", colour, label)
    for each, title in ((axes[0], "η E|g|⁴ / (2 tr G)"), (axes[1], "path norm · √d·η / 2")):
        each.axhline(1, **BOUND)
        each.set(xscale="log", title=title, xlabel="√d·η", ylabel="ratio to the bound")
        each.set_ylim(0, max(1.3, each.get_ylim()[1]))
    axes[1].legend(loc="upper right", fontsize=8)
    return figure


def d1(runs: pd.DataFrame) -> Figure:
    """Diagonal network: trace, Frobenius norm, largest eigenvalue under SGD and GD; test errors."""
    sgd, gd = (pick(runs, model="diagonal", condition=name) for name in ("sgd", "gd"))
    figure, axes = figures.grid(2, 2, width=8.9, height=3.1)
    x = np.array(sorted(sgd["axis"].unique()))
    for each, rows, title in ((axes[0], sgd, "(a) SGD"), (axes[1], gd, "(b) gradient descent")):
        for field, colour, label in (
            ("tr", TRACE, "tr G"),
            ("fro", FROBENIUS, "‖G‖_F (Frobenius norm)"),
            ("lmax", LARGEST, "‖G‖ (largest eigenvalue)"),
        ):
            over_rates(each, rows, field, colour, label)
        level(each, x, 2 / x, "2/η")
        _loglog(each, title=title, xlabel="η", ylabel="tr G, ‖G‖_F, ‖G‖", ylim=(0.3, 2000))
    over_rates(axes[2], sgd, "test_nmse", SGD, "SGD")
    over_rates(axes[2], gd, "test_nmse", GD, "gradient descent")
    _loglog(axes[2], title="(c) normalised test error", xlabel="η", ylabel="mean squared error / mean y²")
    figures.legend_panel(axes[3], axes[0], axes[2])
    return figure


def d2(runs: pd.DataFrame, series: pd.DataFrame) -> Figure:
    """Balance ratio at the end against that at the start, and over iterations of SGD."""
    figure, axes = figures.grid(2, width=8.9, height=3.4)
    ends = pick(runs, model="balance")
    for condition, label, colour in (("sgd", "SGD", SGD), ("gd", "gradient descent", GD)):
        over_rates(axes[0], pick(ends, condition=condition), "balance", colour, label, x="initial_ratio")
    x = np.array(sorted(pick(ends, condition="sgd")["initial_ratio"].unique()))
    level(axes[0], x, x, "unchanged")
    axes[0].set(
        yscale="log", title="end against start", xlabel="r at the start", ylabel="r at the end", ylim=(0.8, None)
    )
    log_ticks(axes[0].xaxis, x, minor=True)
    axes[0].legend(loc="upper left", fontsize=8)
    sgd = pick(series, condition="sgd", curve="balance")
    for ratio, colour in zip(x, figures.PALETTE, strict=False):
        rows = sgd[np.isclose(sgd["initial_ratio"], ratio)]
        figures.band(axes[1], rows, color=colour, label=f"from r = {ratio:g}")
    axes[1].set(yscale="log", title="SGD", xlabel="iteration", ylabel="r", ylim=(0.8, None))
    axes[1].legend(loc="upper right", fontsize=8)
    for each in axes:
        log_ticks(each.yaxis, minor=True)
    return figure


def b(runs: pd.DataFrame) -> Figure:
    """Trace over batch sizes with the bound 2B/eta, and the learning rate over the exact threshold of each run."""
    rows = pick(runs, model="batch_size")
    x = np.array(sorted(rows["batch_size"].unique()))
    rate = rows["learning_rate"].iloc[0]
    figure, axes = figures.grid(2, width=8.9, height=3.2)
    over_rates(axes[0], rows, "tr", TRACE, "tr G", x="batch_size")
    level(axes[0], x, 2 * x / rate, "2B/η")
    axes[0].axhline((rows["initial_trace_ratio"] * 2 / rate).median(), color=figures.MUTED, linewidth=1)
    axes[0].annotate(
        "at the start",
        (0.01, (rows["initial_trace_ratio"] * 2 / rate).median()),
        xycoords=("axes fraction", "data"),
        va="bottom",
        fontsize=8,
    )
    axes[0].set(yscale="log", title="trace at the end")
    axes[0].legend(loc="lower right", fontsize=8)
    over_rates(axes[1], rows, "threshold_ratio", SGD, "η/η*", x="batch_size")
    constant_level(axes[1], 1, "exact threshold")
    axes[1].set(title="η over the exact threshold η*")
    axes[1].set_ylim(0, max(1.15, axes[1].get_ylim()[1]))
    for each in axes:
        log_ticks(each.xaxis, x)
        each.set(xlabel="batch size")
    axes[0].set_ylabel("tr G")
    axes[1].set_ylabel("η/η*")
    return figure


def e(losses: pd.DataFrame, rates: pd.DataFrame, boundary: pd.Series) -> Figure:
    """Median loss of linearised SGD over steps by eta/eta*, and its growth with the boundary of each group."""
    figure, axes = figures.grid(2, width=8.9, height=3.3)
    ratios = sorted(losses["ratio"].unique())
    for ratio, colour in zip(ratios, figures.PALETTE, strict=False):
        rows = losses[np.isclose(losses["ratio"], ratio)]
        figures.band(axes[0], rows.assign(value=np.log10(np.e) * rows["value"]), color=colour, label=f"{ratio:g}")
    axes[0].set(title="loss, median of each group", xlabel="step of linearised SGD", ylabel="log₁₀ loss", ylim=(-8, 9))
    axes[0].legend(title="η/η*", loc="lower left", fontsize=8, title_fontsize=8, ncols=2)
    near = rates[rates["x"] <= NEAR]
    axes[1].plot(near["x"], near["value"], "o", color=SGD, markersize=4, alpha=0.7, label="groups of replicas")
    middle = near.groupby("x")["value"].median()
    axes[1].plot(middle.index, middle, color=SGD, linewidth=1.2)
    axes[1].axhline(0, color=figures.MUTED, linewidth=1)
    axes[1].axvline(1, **BOUND)
    axes[1].plot(boundary, np.zeros(len(boundary)), "D", color=RED, markersize=5, label="growth turns positive")
    axes[1].set(title="growth per 1,000 steps", xlabel="η/η*", ylabel="change of ln loss")
    axes[1].legend(loc="upper left", fontsize=8)
    return figure


def minima(section: pd.DataFrame, spectrum: pd.DataFrame, learning_rate: float) -> Figure:
    """Loss along the top eigenvector of G at the minima of GD and of SGD, and the spectra of G."""
    figure, axes = figures.grid(2, width=8.9, height=3.3)
    for name, label, colour in (("gd", "gradient descent", GD), ("sgd", "SGD", SGD)):
        axes[0].plot(section["x"], section[name], color=colour, label=label)
        values = spectrum[name]
        axes[1].plot(spectrum["x"], values, color=colour, label=f"{label}: sum {values.sum():,.0f}")
    axes[0].set(
        title="along the sharpest direction", xlabel="distance from the minimum", ylabel="training loss", ylim=(0, None)
    )
    axes[0].legend(loc="upper center", fontsize=8)
    axes[1].axhline(2 / learning_rate, label="2/η", **BOUND)
    axes[1].set(
        xscale="log", yscale="log", title="eigenvalues of G", xlabel="rank", ylabel="eigenvalue", ylim=(0.01, None)
    )
    axes[1].legend(loc="lower left", fontsize=8)
    return figure


def oracles(population: pd.DataFrame, bounds: pd.DataFrame) -> Figure:
    """Computed population thresholds on their closed forms, and the bounds around eta* on random instances."""
    figure, axes = figures.grid(2, width=8.9, height=3.3)
    batch = np.geomspace(1, 16, 50)
    for law, shift, colour, label in (
        ("gaussian", 1, figures.INK, "Gaussian inputs: 2B/(B+d+1)"),
        ("sphere", -1, figures.GREY, "on the sphere: 2B/(B+d−1)"),
    ):
        rows = pick(population, law=law)
        axes[0].plot(batch, 2 * batch / (batch + 10 + shift), color=colour, label=label)
        axes[0].plot(rows["batch"], rows["value"], "o", color=colour, markersize=5)
    log_ticks(axes[0].xaxis, (1, 4, 16))
    axes[0].set(title="η* of regression, d = 10", xlabel="batch size", ylabel="largest stable rate η*", ylim=(0, 1.5))
    axes[0].legend(loc="upper left", fontsize=8)
    names = {"largest_norm_bound": "2 / max |g|²", "fourth_moment_bound": "2 tr G / E|g|⁴", "trace_bound": "2 / tr G"}
    for row, (name, colour) in enumerate(zip(names, (figures.GREY, figures.INK, TRACE), strict=True)):
        values = np.sort(bounds[name])
        axes[1].plot(values, row + np.linspace(-0.2, 0.2, len(values)), "o", color=colour, markersize=3.5)
    axes[1].axvline(1, **BOUND)
    axes[1].set(title="bounds over η*, random instances", yticks=range(3), yticklabels=list(names.values()))
    log_ticks(axes[1].xaxis, minor=True)
    axes[1].set(ylim=(-0.5, 2.5), xlim=(0.1, 10), xlabel="bound / η*")
    return figure
