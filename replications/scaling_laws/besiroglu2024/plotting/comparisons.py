"""Figures that set the fits beside each other: coefficients, likelihoods, residuals, highest losses left out."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.scaling_laws.besiroglu2024 import published
from replications.scaling_laws.besiroglu2024.fitting import law
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, ORANGE, RED, paper_points, pick
from verifig.pages.legible import band_is

COEFFICIENTS = {"A": "A", "B": "B", "E": "E", "alpha": "α", "beta": "β", "a": "a = β/(α+β)"}
FITS = {
    "hoffmann_rounded": ("Hoffmann, rounded", RED),
    "hoffmann": ("Hoffmann, unrounded", ORANGE),
    "lad": ("refit", BLUE),
    "huber": ("Huber minimum", GREEN),
}


def c_table(fits: pd.DataFrame, errors: pd.Series) -> Figure:
    """Each coefficient by fit with one bootstrap standard error; the published value as an open diamond."""
    figure, axes = figures.grid(3, 2, width=8.8, height=2.3, sharey=True)
    band_is(axes[0], "bars: one bootstrap standard error; diamonds: the published refit")
    rows = fits.set_index("fit")
    names = ["lad", "huber", "hoffmann", "hoffmann_rounded"]
    values = law.coefficients(published.REFIT)
    targets = dict(zip(COEFFICIENTS, [*values, law.compute_exponent(published.REFIT)], strict=True))
    for each, (name, label) in zip(axes, COEFFICIENTS.items(), strict=True):
        for row, fit in enumerate(names):
            colour = FITS[fit][1]
            spread = errors[name] if fit in ("lad", "huber") else 0
            each.errorbar(rows.loc[fit, name], -row, xerr=spread or None, fmt="o", color=colour, markersize=5.5)
        paper_points(each, targets[name], 0, None, markersize=9)
        each.set(title=label, yticks=[-k for k in range(len(names))], ylim=(-3.6, 0.6))
        each.locator_params(axis="x", nbins=4)
    axes[0].set_yticklabels(
        ["refit: least absolute\ndeviations", "refit: Huber sum", "Hoffmann, unrounded", "Hoffmann, rounded"]
    )
    return figure


def c_likelihood(likelihood: pd.DataFrame, paper: dict, runs: str) -> Figure:
    """Log-likelihood of each parameter vector on so many `runs`, with the notebook's values."""
    figure, (axes,) = figures.grid(1, width=7, height=2.2)
    rows = likelihood[likelihood["fit"].isin(FITS)].sort_values("log_likelihood")
    low, high = rows["log_likelihood"].min(), rows["log_likelihood"].max()
    margin = 0.07 * (high - low)
    for row, (name, value) in enumerate(zip(rows["fit"], rows["log_likelihood"], strict=True)):
        colour = FITS[name][1]
        axes.plot([low - 2 * margin, value], [row, row], color=colour, linewidth=2)
        axes.plot(value, row, "o", color=colour, markersize=7)
        axes.annotate(f"{value:.2f}", (value, row), (9, 0), textcoords="offset points", va="center", fontsize=9)
        if name in paper:
            paper_points(axes, paper[name], row, None, markersize=10)
    axes.set(yticks=range(len(rows)), yticklabels=[FITS[name][0] for name in rows["fit"]])
    axes.set(xlabel=f"log-likelihood of {runs} runs (diamonds: notebook)", ylim=(-0.6, len(rows) - 0.4))
    axes.set_xlim(low - margin, high + 2.5 * margin)
    return figure


def c_residuals(residuals: pd.DataFrame) -> Figure:
    """Violins of L - prediction, and the residuals against tokens."""
    figure, axes = figures.grid(2, width=8.8, height=3.5, sharey=True)
    band_is(axes[0], "shapes and dots: all residuals of a fit, bars: their mean")
    names = ["hoffmann_rounded", "hoffmann", "lad"]
    groups = [pick(residuals, fit=name)["residual"].to_numpy() for name in names]
    bodies = axes[0].violinplot(groups, positions=range(3), widths=0.85, showextrema=False, points=200)
    for body, name in zip(bodies["bodies"], names, strict=True):
        body.set(facecolor=FITS[name][1], alpha=0.35)
    for position, (name, values) in enumerate(zip(names, groups, strict=True)):
        jitter = position + 0.07 * np.sin(np.arange(len(values)) * 2.4)
        axes[0].plot(jitter, values, ".", color=FITS[name][1], markersize=2.5, alpha=0.6)
        axes[0].plot([position - 0.2, position + 0.2], [values.mean()] * 2, color=figures.INK, linewidth=1.8)
        place = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "bottom", "annotation_clip": False}
        axes[0].annotate(f"mean {values.mean():+.4f}".replace("-", "−"), (position, 1.01), fontsize=8, **place)
    axes[0].axhline(0, color=figures.MUTED, linewidth=0.8)
    axes[0].set(xticks=range(3), xticklabels=["Hoffmann,\nrounded", "Hoffmann,\nunrounded", "refit"])
    axes[0].set_ylabel("loss − prediction (nats)")
    for name in ("hoffmann_rounded", "lad"):
        rows = pick(residuals, fit=name)
        look = {"color": FITS[name][1], "markersize": 4, "alpha": 0.7, "label": FITS[name][0]}
        axes[1].plot(rows["D"], rows["residual"], ".", **look)
    axes[1].axhline(0, color=figures.MUTED, linewidth=0.8)
    axes[1].set(xscale="log", xlabel="training tokens D")
    axes[1].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=8)
    return figure


def c_outliers(fits: pd.DataFrame, paper: dict, dropped: int) -> Figure:
    """B and the compute exponent by the number of highest losses left out; the refit leaves out `dropped`."""
    figure, axes = figures.grid(2, width=8.4, height=2.7)
    rows = fits.set_index("fit")
    counts = list(published.ABLATED)
    for each, (name, label) in zip(axes, (("B", "B"), ("a", "compute exponent a")), strict=True):
        values = [rows.loc[f"without_{count}", name] for count in counts]
        each.plot(counts, values, "o-", color=GREEN, label="Huber sum")
        lad = [rows.loc["lad_all_rows", name], rows.loc["lad", name]]
        each.plot([0, dropped], lad, "s", color=BLUE, markersize=5, label="least absolute deviations")
        paper_points(each, paper["left_out"], paper[name], "published", markersize=10)
        each.set(xlabel="highest losses left out", ylabel=label, xticks=counts)
    axes[0].set(yscale="log")
    axes[0].legend(fontsize=8)
    return figure
