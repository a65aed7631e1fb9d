"""Figures of what the fit leaves open: bootstraps, the optimal policy, and where the optimiser stopped."""

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from replications.scaling_laws.besiroglu2024 import published
from replications.scaling_laws.besiroglu2024.fitting import law
from verifig.pages import figures, narrow
from verifig.pages.figures import BLUE, ORANGE, RED, pick

DENSITY = LinearSegmentedColormap.from_list("density", [(BLUE, 0.06), (BLUE, 1)])  # on light and on dark ground
CELLS = 30  # of a side of a density
LABELS = {"A": "ln A", "B": "ln B", "E": "E", "alpha": "α", "beta": "β"}
ENDS = {"mean": ("mean of the losses", RED), "sum": ("sum", ORANGE), "scaled": ("1,000 × sum", BLUE)}


def c_width(bootstrap: pd.DataFrame, paper: dict) -> Figure:
    """Histogram of a over bootstraps with its 80 % interval, beside the three intervals of Hoffmann et al."""
    figure, axes = figures.grid(2, width=8.8, height=2.9, sharex=True)
    values = bootstrap["a"]
    low, high = values.quantile(0.1), values.quantile(0.9)
    axes[0].hist(values, bins=60, color=BLUE, alpha=0.45)
    axes[0].axvspan(low, high, color=BLUE, alpha=0.18, linewidth=0)
    axes[0].set(xlabel="compute exponent a of N", ylabel="bootstrap fits")
    axes[0].set_title(f"{len(values):,} bootstraps, 80 % shaded")
    intervals = [("refit, bootstrap", low, values.median(), high, BLUE)]
    for row in paper["rows"]:
        intervals.append((row["name"], row["low"], row["value"], row["high"], figures.INK))
    for position, (_, left, middle, right, colour) in enumerate(reversed(intervals)):
        axes[1].plot([left, right], [position] * 2, color=colour, linewidth=4, solid_capstyle="butt", alpha=0.8)
        axes[1].plot(middle, position, "D", color=colour, markersize=5)
        place = {"textcoords": "offset points", "va": "center", "fontsize": 8}
        axes[1].annotate(f"width {right - left:.3f}", (max(right, middle), position), (8, 0), **place)
    axes[1].set(yticks=range(len(intervals)), yticklabels=[name for name, *_ in reversed(intervals)])
    axes[1].set(ylim=(-0.6, len(intervals) - 0.4), xlabel="compute exponent a of N", xlim=(0.42, 0.6))
    axes[0].set_xticks([0.44, 0.48, 0.52, 0.56, 0.6])
    return figure


def c_pairs(bootstrap: pd.DataFrame) -> Figure:
    """Every pair of parameters over the bootstrap fits, in logs where A, B and E are concerned.

    A matrix, with histograms on its diagonal and correlations above; on a narrow screen the pairs two by two, the most
    correlated first, with their correlation as title.
    """
    values = bootstrap.assign(**{name: np.log(bootstrap[name]) for name in ("A", "B")})
    correlations = values[list(LABELS)].corr()
    if narrow.drawn():
        return _pairs_by_correlation(values, correlations)
    names = list(LABELS)
    figure, axes = figures.grid(len(names), len(names), width=8.4, height=1.6)
    for each, (y, x) in zip(axes, itertools.product(names, names), strict=True):
        row, column = names.index(y), names.index(x)
        if column > row:
            each.axis("off")
            correlation = correlations.loc[y, x]
            each.text(0.5, 0.5, _signed(correlation), ha="center", va="center", fontsize=9 + 4 * abs(correlation))
            continue
        if row == column:
            each.hist(values[x], bins=40, color=BLUE, alpha=0.5)
            each.set_yticks([])
        else:
            _pair(each, values, x, y)
        each.tick_params(labelsize=7)
        each.locator_params(nbins=3)
        each.grid(False)
        if row == len(names) - 1:
            each.set_xlabel(LABELS[x], fontsize=9)
        else:
            each.set_xticklabels([])
        if column == 0 and row:
            each.set_ylabel(LABELS[y], fontsize=9)
        elif row != column:
            each.set_yticklabels([])
    figures.legend_outside(axes[len(names)], "upper right")
    return figure


def _pairs_by_correlation(values: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    pairs = sorted(itertools.combinations(LABELS, 2), key=lambda pair: -abs(correlations.loc[pair]))
    figure, axes = figures.grid(2, len(pairs) // 2, width=8.4, height=1.75, narrow_columns=2)
    for each, (x, y) in zip(axes, pairs, strict=True):
        _pair(each, values, x, y)
        each.set_title(_signed(correlations.loc[x, y]), fontsize=9)
        each.set_xlabel(LABELS[x], fontsize=9)
        each.set_ylabel(LABELS[y], fontsize=9)
        each.tick_params(labelsize=7)
        each.locator_params(nbins=3)
        each.grid(False)
    figures.legend_outside(axes[0], "upper left")
    return figure


def _pair(axes: Axes, values: pd.DataFrame, x: str, y: str) -> None:
    """Density of the bootstrap fits, and the published parameters."""
    hoffmann = law.coefficients(published.HOFFMANN)
    marks = dict(zip(LABELS, [*published.HOFFMANN[:2], *hoffmann[2:]], strict=True))
    counts, *edges = np.histogram2d(values[x], values[y], bins=CELLS)
    sides = [end for each in edges for end in (each[0], each[-1])]
    shown = np.where(counts > 0, counts, np.nan).T
    axes.imshow(shown, cmap=DENSITY, origin="lower", extent=sides, aspect="auto", interpolation="none")
    mark = {"markerfacecolor": "none", "markeredgecolor": RED, "markersize": 4.5, "linestyle": "none"}
    axes.plot(marks[x], marks[y], "D", label="Hoffmann et al., unrounded", **mark)
    axes.autoscale()
    axes.margins(0.04)


def _signed(correlation: float) -> str:
    return f"{correlation:+.2f}".replace("-", "−")


def c_policy(policy: pd.DataFrame, paper: dict) -> Figure:
    """Optimal tokens per parameter by compute with its 80 % band."""
    figure, (axes,) = figures.grid(1, width=7.6, height=3.9)
    axes.fill_between(
        policy["C"],
        policy["bootstrap_low"],
        policy["bootstrap_high"],
        color=BLUE,
        alpha=0.22,
        linewidth=0,
        label="80 % of our bootstraps",
    )
    axes.plot(policy["C"], policy["lad"], color=BLUE, label="refit")
    for side in ("low", "high"):
        axes.plot(
            policy["C"],
            policy[f"normal_{side}"],
            color=BLUE,
            linewidth=0.9,
            linestyle=":",
            label="80 % of normal draws (as published)" if side == "low" else None,
        )
    axes.plot(
        policy["C"],
        policy["hoffmann_published_exponent"],
        color=ORANGE,
        label=f"Hoffmann et al., method 3 (a = {published.HOFFMANN_EXPONENT})",
    )
    for side in ("low", "high"):
        label = f"paper's band from $10^{{26}}$ FLOP on: {paper['low']} to {paper['high']}" if side == "low" else None
        line = {"color": figures.INK, "linewidth": 2, "label": label}
        axes.plot([paper["from"], policy["C"].max()], [paper[side]] * 2, **line)
    figures.paper_points(axes, [published.CHINCHILLA_FLOP], [paper["hoffmann"]], "notebook, Hoffmann et al.")
    axes.axhline(20, **figures.DASHED, alpha=0.75)
    below = {"textcoords": "offset points", "ha": "right", "va": "top", "fontsize": 8}
    axes.annotate("20 tokens per parameter", (1e28, 20), (0, -3), **below)
    axes.plot(published.CHINCHILLA_FLOP, 1.4e12 / 70e9, "D", color=figures.INK, markersize=6)
    axes.annotate("Chinchilla", (published.CHINCHILLA_FLOP, 20), (7, 6), textcoords="offset points", fontsize=8.5)
    axes.set(xscale="log", xlabel="compute C (FLOP)", ylabel="optimal tokens per parameter")
    figures.log_ticks(axes.yaxis, (2, 5, 10, 20, 50, 100, 200))
    axes.set_ylim(2, 300)
    axes.minorticks_off()
    axes.legend(loc="upper left", fontsize=8)
    return figure


def c_stopping(traces: pd.DataFrame, subsamples: pd.DataFrame, paper: dict) -> Figure:
    """Where L-BFGS-B stops for three scalings of the same objective; exponents of the subsample fits.

    The three paths are the same as far as they go: one line, and each one's end.
    """
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    best = traces["objective"].min()
    traces = traces.assign(above=np.maximum(traces["objective"] / best - 1, 1e-9))
    longest = pick(traces, fit="scaled")
    axes[0].plot(longest["iteration"], longest["above"], color=figures.MUTED, linewidth=1.4)
    for name, (label, colour) in ENDS.items():
        end = pick(traces, fit=name).iloc[-1]
        text = f"{label}: stops after {end['iteration']:.0f}"
        axes[0].plot(end["iteration"], end["above"], "o", color=colour, markersize=8, label=text)
    axes[0].set(yscale="log", xlabel="iteration of L-BFGS-B", ylabel="objective over its minimum − 1")
    axes[0].set_title("where default tolerances stop")
    axes[0].legend(loc="lower left", fontsize=8)
    shown = {
        "mean": ("mean, as it stopped", RED),
        "sum": ("sum, as it stopped", ORANGE),
        "converged": ("converged", BLUE),
    }
    ends = subsamples[subsamples["fit"].isin(shown)]
    bins = np.linspace(ends["a"].quantile(0.005) - 0.01, ends["a"].quantile(0.995) + 0.01, 61)
    for name, (label, colour) in shown.items():
        axes[1].hist(pick(subsamples, fit=name)["a"], bins=bins, color=colour, alpha=0.55, label=label)
    published_interval = paper["rows"][-1]
    low, high = published_interval["low"], published_interval["high"]
    axes[1].axvspan(low, high, color=figures.INK, alpha=0.5, linewidth=0, label="interval of Hoffmann et al.")
    count = (subsamples["fit"] == "converged").sum()
    axes[1].set(xlabel=f"exponent a of {count} fits to 80 % of the runs", ylabel="fits")
    axes[1].set_title("and the exponents that this gives")
    axes[1].legend(loc="upper right", fontsize=8)
    return figure
