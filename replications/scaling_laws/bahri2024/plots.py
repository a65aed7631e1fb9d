"""Figures of the theory: kernels, random features, variance-limited networks, students."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from replications.scaling_laws.bahri2024 import theory
from replications.scaling_laws.bahri2024.measuring.random_features import FIRST_RANK, LAST_RANK
from verifig.ground import numbers
from verifig.pages import figures
from verifig.pages.figures import BLUE, DASHED, ORANGE, decade_ticks, log_ticks, pick
from verifig.pages.legible import band_is

ZERO = 1e-17  # where an exact zero is drawn on a log axis


def guide(axes: Axes, x: np.ndarray, start: float, exponent: float, text: str) -> None:
    """A dashed power law through (x[0], start)."""
    x = np.asarray(x, float)
    axes.plot(x, start * (x / x[0]) ** -exponent, **DASHED, alpha=0.8, label=text)


def b_duality(frame: pd.DataFrame) -> Figure:
    """Relative change of the loss by trial; exact zeros, which a log axis cannot show, as open circles at its foot."""
    figure, (axes,) = figures.grid(1, width=7, height=2.4)
    trials, values = np.arange(1, len(frame) + 1), frame["difference"].to_numpy()
    some = values > 0
    axes.plot(trials[some], values[some], "o", color=BLUE, markersize=5)
    axes.plot(trials[~some], np.full((~some).sum(), ZERO), "o", color=BLUE, markersize=5, markerfacecolor="none")
    axes.axhline(np.finfo(float).eps, **DASHED)
    place = {"xycoords": ("axes fraction", "data"), "xytext": (4, 0), "textcoords": "offset points", "va": "center"}
    axes.annotate("spacing of float64", (1, np.finfo(float).eps), **place, fontsize=8, annotation_clip=False)
    axes.set(yscale="log", xlabel="trial (random D, P, S and spectrum)", ylabel="relative difference")
    axes.set_ylim(ZERO / 3, 10 * max(values.max(), 1e-15))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def b_power(frame: pd.DataFrame) -> Figure:
    """L(D) by spectral exponent with kappa(D)/(2 S), and the ratio of the two."""
    figure, axes = figures.grid(2, width=8.8, height=3.3)
    for (alpha, rows), colour in zip(frame.groupby("alpha"), figures.PALETTE, strict=False):
        figures.mean_band(axes[0], rows, color=colour, label=f"α = {alpha:g}", marker="o", markersize=4)
        expected = rows.groupby("x")["expected"].first()
        axes[0].plot(expected.index, expected, **DASHED)
        ratio = rows.assign(value=rows["value"] / rows["expected"])
        figures.mean_band(axes[1], ratio, color=colour, label=f"α = {alpha:g}", marker="o", markersize=4)
    axes[0].set(yscale="log", xlabel="samples D", ylabel="loss", title="loss (dashed: κ(D)/2S)")
    axes[1].axhline(1, color=figures.MUTED, linewidth=0.8)
    axes[1].set(xlabel="samples D", ylabel="ratio", title="loss over theory")
    for each in axes:
        log_ticks(each.xaxis, sorted(frame["x"].unique()))
        each.minorticks_off()
        each.legend(fontsize=8)
    return figure


def b_variance(frame: pd.DataFrame, parameters: int) -> Figure:
    """Relative excess loss against samples with the exact expectation and exponent 1."""
    figure, axes = figures.grid(2, width=8.8, height=3.1)
    ratio = frame.assign(value=frame["value"] / frame["expected"])
    label = f"{frame['seed'].nunique()} groups of draws"
    figures.band(axes[0], frame, color=BLUE, label=label, marker="o", markersize=4)
    sizes = np.sort(frame["x"].unique())
    fine = np.geomspace(sizes[0], sizes[-1], 200)
    axes[0].plot(fine, theory.relative_excess(parameters, fine), color=figures.INK, linewidth=1, label="P/(D − P − 1)")
    guide(axes[0], sizes, parameters / sizes[0], 1, "P/D, exponent 1")
    axes[0].set(yscale="log", xlabel="samples D", ylabel="L(D, P)/L(P) − 1", title="excess loss")
    axes[0].legend(fontsize=8)
    figures.mean_band(axes[1], ratio, color=BLUE, marker="o", markersize=4)
    axes[1].axhline(1, color=figures.MUTED, linewidth=0.8)
    axes[1].set(xlabel="samples D", ylabel="ratio", title="over the exact expectation")
    for each in axes:
        log_ticks(each.xaxis, sizes)
        each.minorticks_off()
    return figure


def b_mnist(frame: pd.DataFrame) -> Figure:
    """Losses by data and by parameters for three poolings, with theory."""
    pools = sorted(frame["pool"].unique())
    figure, axes = figures.grid(len(pools), width=8.8, height=3.2, sharey=True)
    for each, pool in zip(np.atleast_1d(axes), pools, strict=True):
        rows = pick(frame, pool=pool)
        scale = rows["expected"].max()
        for kind, label, colour in (("data", "D images", BLUE), ("parameters", "P features", ORANGE)):
            part = pick(rows, kind=kind)
            part = part.assign(value=part["value"] / scale)
            exponent = theory.slope(*part.groupby("x")["value"].mean().reset_index().to_numpy().T)
            figures.mean_band(
                each, part, color=colour, label=f"{label}: {numbers.text(exponent)}", marker="o", markersize=4
            )
        expected = rows.groupby("x")["expected"].first() / scale
        exponent = rows["theory_exponent"].iloc[0]
        each.plot(expected.index, expected, **DASHED, label=f"theory: {numbers.text(exponent)}")
        each.set(xlabel="images D or features P", title=f"pooling {pool} × {pool}")
        log_ticks(each.yaxis, decade_ticks(rows["value"] / scale))
        log_ticks(each.xaxis, sorted(rows["x"].unique()))
        each.legend(fontsize=8, title="exponent", title_fontsize=8)
    np.atleast_1d(axes)[0].set_ylabel("loss, relative")
    return figure


def b_kernels(spectra: pd.DataFrame, points: pd.DataFrame) -> Figure:
    """Kernel spectra, data exponents against spectral exponents, and against the theory of the same spectrum."""
    figure, axes = figures.grid(2, 2, width=8.8, height=3.3)
    colours = dict(zip(sorted(spectra["pool"].unique()), figures.PALETTE, strict=False))
    depths = sorted(spectra["depth"].unique())
    markers = {depth: "os^Dv"[k % 5] for k, depth in enumerate(depths)}
    styles = {depth: ("-", "--", ":", "-.")[k % 4] for k, depth in enumerate(depths)}
    for (pool, depth), rows in spectra.groupby(["pool", "depth"]):
        look = {"color": colours[pool], "linestyle": styles[depth], "linewidth": 1.2}
        axes[0].plot(rows["rank"], rows["value"] / rows["value"].iloc[0], **look)
    fitted = FIRST_RANK, min(LAST_RANK, int(spectra["rank"].max()) // 2)
    axes[0].axvspan(*fitted, color=figures.INK, alpha=0.07, linewidth=0)
    axes[0].set(xscale="log", yscale="log", xlabel="rank i", ylabel="eigenvalue, relative", ylim=(1e-9, 4))
    axes[0].set_title("spectra")
    axes[0].annotate("fitted", (np.sqrt(fitted[0] * fitted[1]), 1.5), ha="center", fontsize=8)
    values = points[["spectral", "theory", "data"]]
    limits = min(0.9 * values.min().min(), 0), 1.05 * values.max().max()
    for each, x, label, title in (
        (axes[1], "spectral", r"spectral exponent $\alpha_K$", "against the fitted power law"),
        (axes[2], "theory", "exponent by theory of the spectrum", "against the whole spectrum"),
    ):
        each.plot(limits, limits, **DASHED)
        for (pool, depth), rows in points.groupby(["pool", "depth"]):
            middle = rows["data"].mean()
            spread = [[middle - rows["data"].min()], [rows["data"].max() - middle]]
            look = {"fmt": markers[depth], "color": colours[pool], "markersize": 6}
            each.errorbar(rows[x].iloc[0], middle, yerr=spread, label=f"pool {pool}, depth {depth}", **look)
        each.set(xlabel=label, ylabel=r"data exponent $\alpha_D$", xlim=limits, ylim=limits, title=title)
    figures.legend_panel(
        axes[3], axes[2], title="pooling of the images, depth of the network\n(bars: range over draws)"
    )
    return figure


def b_excess(frame: pd.DataFrame, label: str, measured: str) -> Figure:
    """Excess loss of trained networks by unit against data or width, beside the paper's exponent 1.

    Args:
        label: of the x axis.
        measured: text of our exponent.
    """
    figure, (axes,) = figures.grid(1, width=6.6, height=3.3)
    for seed, rows in frame.groupby("seed"):
        look = {"color": BLUE, "alpha": 0.25, "linewidth": 0.9, "gid": f"seed {seed}"}
        axes.plot(rows["x"], rows["value"].where(rows["value"] > 0), **look)
    figures.mean_band(axes, frame, color=BLUE, label=f"ours, exponent {measured}", marker="o", markersize=5)
    means = frame.groupby("x")["value"].mean()
    guide(axes, means.index.to_numpy(), means.iloc[0], 1, "paper, exponent 1")
    axes.set(xlabel=label, ylabel="excess loss")
    log_ticks(axes.yaxis, decade_ticks(frame["value"], (1, 3)))
    log_ticks(axes.xaxis, means.index)
    axes.legend(fontsize=8)
    return figure


def one_kind(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first student width and depth, where a table holds several."""
    for name in ("width", "depth"):
        if name in frame:
            frame = pick(frame, **{name: frame[name].iloc[0]})
    return frame


def b_fig1b(students: pd.DataFrame, exponents: pd.DataFrame) -> Figure:
    """Test loss by sample size and dimension, and the exponents against 4/d."""
    students, exponents = one_kind(students), one_kind(exponents)
    figure, axes = figures.grid(2, width=8.8, height=3.5)
    for (dimension, rows), colour in zip(students.groupby("d"), figures.PALETTE, strict=False):
        logs = rows.assign(value=np.log(rows["value"]))
        means = logs.groupby("x")["value"].mean()
        axes[0].plot(means.index, np.exp(means), "o-", color=colour, markersize=4, label=f"d = {dimension}")
        ends = rows.groupby("x")["value"]
        axes[0].fill_between(means.index, ends.min(), ends.max(), color=colour, alpha=0.13, linewidth=0)
    band_is(axes[0], "geometric means, bands: range over seeds")
    axes[0].set(yscale="log", xlabel="samples D", ylabel="lowest test loss", title="students")
    log_ticks(axes[0].xaxis, sorted(students["x"].unique()))
    axes[0].minorticks_off()
    axes[0].legend(fontsize=8)
    inverse = exponents.assign(value=4 / exponents["value"])
    figures.mean_band(axes[1], inverse, color=BLUE, marker="o", markersize=5, label="ours, 95 % interval")
    axes[1].plot(exponents["x"], inverse["value"], ".", color=BLUE, alpha=0.5, markersize=5)
    line = np.array([exponents["x"].min(), exponents["x"].max()])
    axes[1].plot(line, line, **DASHED, label=r"paper: 4/$\alpha_D$ = d")
    axes[1].set(xlabel="input dimension d", ylabel=r"4/$\alpha_D$", title="exponent against dimension", ylim=(0, None))
    axes[1].set_xticks(sorted(exponents["x"].unique()))
    axes[1].legend(fontsize=8)
    return figure


def b_sweep(frame: pd.DataFrame) -> Figure:
    """Loss by parameters for each depth with the most samples, a panel a dimension."""
    if "samples" in frame:
        frame = pick(frame, samples=frame["samples"].max())
    dimensions = sorted(frame["d"].unique())
    figure, axes = figures.grid(3, -(-len(dimensions) // 3), width=8.8, height=2.8)
    for each, dimension in zip(axes, dimensions, strict=False):
        for (depth, rows), colour in zip(pick(frame, d=dimension).groupby("depth"), figures.PALETTE, strict=False):
            figures.band(each, rows, x="parameters", color=colour, label=f"depth {depth}", marker="o", markersize=3)
        each.set(xscale="log", yscale="log", title=f"d = {dimension}", xlabel="parameters")
    for each in axes[len(dimensions) :]:
        each.axis("off")
    axes[0].set_ylabel("lowest test loss")
    axes[0].legend(fontsize=8)
    return figure
