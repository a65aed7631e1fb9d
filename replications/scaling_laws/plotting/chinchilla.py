"""Figures of the Chinchilla refit."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from replications.scaling_laws import published
from replications.scaling_laws.fitting import law
from replications.scaling_laws.fitting.own import ScalingLaw
from verifig.pages import figures

BLUE, ORANGE, GREEN, PURPLE, RED = figures.PALETTE[:5]
BUDGETS = (1e19, 1e20, 1e21, 1e22)  # FLOP of the lines of equal compute
NEAR = 0.08  # decades of compute within which a run is drawn beside such a line
ENDS = {"mean": ("mean of the losses", RED), "sum": ("sum", ORANGE), "scaled": ("1,000 × sum", BLUE)}
COEFFICIENTS = {"A": "A", "B": "B", "E": "E", "alpha": "α", "beta": "β", "a": "a = β/(α+β)"}
FITS = {
    "hoffmann_rounded": ("Hoffmann, rounded", RED),
    "hoffmann": ("Hoffmann, unrounded", ORANGE),
    "lad": ("refit", BLUE),
    "huber": ("Huber minimum", GREEN),
}


def c_data(data: pd.DataFrame) -> Figure:
    """Runs over compute and model size, colour = loss; the dropped ones ringed."""
    figure, (axes,) = figures.grid(1, width=7.2, height=3.9)
    points = axes.scatter(
        data["C"],
        data["N"],
        c=data["L"],
        cmap="magma",
        norm=LogNorm(2, 5),
        s=22,
        edgecolor=figures.MUTED,
        linewidth=0.3,
    )
    dropped = data[~data["kept"]]
    axes.scatter(dropped["C"], dropped["N"], s=22, facecolor="none", edgecolor=figures.INK, linewidth=0.8)
    axes.scatter(dropped["C"], dropped["N"], s=90, facecolor="none", edgecolor=figures.INK, linewidth=1.1)
    for _, first in dropped.nlargest(1, "N").iterrows():
        axes.annotate("left out", (first["C"], first["N"]), (10, 2), textcoords="offset points", fontsize=8.5)
    axes.set(xscale="log", yscale="log", xlabel="training compute C (FLOP)", ylabel="parameters N")
    _loss_bar(figure, points, axes, [2, 2.5, 3, 4, 5])
    return figure


def _loss_bar(figure: Figure, points, axes: Axes, ticks: list[float]) -> None:
    bar = figure.colorbar(points, ax=axes, label="loss (nats)", shrink=0.9, ticks=ticks)
    bar.ax.set_yticklabels([f"{tick:g}" for tick in ticks])
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)


def c_surface(data: pd.DataFrame, theta: pd.DataFrame) -> Figure:
    """Contours of the refit over N and D with the runs, isoFLOP lines and the optimal policy."""
    figure, axes = figures.grid(2, width=9.6, height=3.9)
    kept = data[data["kept"]]
    N, D = np.geomspace(3e7, 3e10, 120), np.geomspace(2e8, 1.2e12, 120)
    refit = theta["lad"].to_numpy()
    surface = law.loss(refit, *(grid.ravel() for grid in np.meshgrid(N, D))).reshape(len(D), len(N))
    levels = np.geomspace(2.0, 5.0, 15)
    norm = LogNorm(2, 5)
    filled = axes[0].contourf(N, D, surface, levels=levels, norm=norm, cmap="magma", alpha=0.85, extend="both")
    for compute in BUDGETS:
        line = compute / 6 / N
        axes[0].plot(N, line, color="white", linewidth=0.9, linestyle="--", alpha=0.9)
        inside = (line > D[0]) & (line < D[-1])
        middle = np.flatnonzero(inside)[int(0.12 * inside.sum())]
        exponent = round(np.log10(compute))
        axes[0].annotate(f"$10^{{{exponent}}}$ FLOP", (N[middle], line[middle]), color="white", fontsize=7.5)
    axes[0].scatter(kept["N"], kept["D"], c=kept["L"], cmap="magma", norm=norm, s=14, edgecolor="white", linewidth=0.4)
    budgets = np.geomspace(1e18, 1e24, 60)
    axes[0].plot(*law.policy(refit, budgets), color=GREEN, linewidth=2)
    end = law.policy(refit, 2e21)
    axes[0].annotate("optimal policy", end, (8, -12), textcoords="offset points", color="white", fontsize=8.5)
    axes[0].set(
        xscale="log", yscale="log", xlabel="parameters N", ylabel="tokens D", xlim=(N[0], N[-1]), ylim=(D[0], D[-1])
    )
    axes[0].set_title("fitted loss")
    axes[0].grid(False)
    _loss_bar(figure, filled, axes[0], [2, 2.5, 3, 4, 5])
    for compute, colour in zip(BUDGETS, figures.PALETTE, strict=False):
        sizes = np.geomspace(4e7, 2e10, 100)
        tokens = compute / 6 / sizes
        axes[1].plot(sizes, law.loss(refit, sizes, tokens), color=colour, label=f"$10^{{{round(np.log10(compute))}}}$")
        best, spent = law.policy(refit, compute)
        axes[1].plot(best, law.loss(refit, np.array([best]), np.array([spent])), "o", color=colour, markersize=6)
        near = kept[np.abs(np.log10(kept["C"] / compute)) < NEAR]
        axes[1].plot(near["N"], near["L"], ".", color=colour, markersize=5, alpha=0.75)
    axes[1].set(xscale="log", xlabel="parameters N", ylabel="loss (nats)", ylim=(1.9, 4.2))
    axes[1].set_title("along isoFLOP lines")
    axes[1].legend(title="FLOP", fontsize=8, title_fontsize=8, ncols=2)
    return figure


def c_table(fits: pd.DataFrame, errors: pd.Series) -> Figure:
    """Each coefficient by fit with one bootstrap standard error; the published value as an open diamond."""
    figure, axes = figures.grid(6, width=11, height=2.6, sharey=True)
    rows = fits.set_index("fit")
    names = ["lad", "huber", "hoffmann", "hoffmann_rounded"]
    values = law.coefficients(published.REFIT)
    targets = dict(zip(COEFFICIENTS, [*values, law.compute_exponent(published.REFIT)], strict=True))
    for each, (name, label) in zip(axes, COEFFICIENTS.items(), strict=True):
        for row, fit in enumerate(names):
            colour = FITS[fit][1]
            spread = errors[name] if fit in ("lad", "huber") else 0
            each.errorbar(rows.loc[fit, name], -row, xerr=spread or None, fmt="o", color=colour, markersize=5.5)
        each.plot(targets[name], 0, "D", markerfacecolor="none", markeredgecolor=figures.INK, markersize=9)
        each.set(title=label, yticks=[-k for k in range(len(names))], ylim=(-3.6, 0.6))
        each.tick_params(axis="x", labelsize=7.5)
        each.locator_params(axis="x", nbins=3)
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
            axes.plot(paper[name], row, "D", markerfacecolor="none", markeredgecolor=figures.INK, markersize=10)
    axes.set(yticks=range(len(rows)), yticklabels=[FITS[name][0] for name in rows["fit"]])
    axes.set(xlabel=f"log-likelihood of {runs} runs (diamonds: notebook)", ylim=(-0.6, len(rows) - 0.4))
    axes.set_xlim(low - margin, high + 2.5 * margin)
    return figure


def c_residuals(residuals: pd.DataFrame) -> Figure:
    """Violins of L - prediction, and the residuals against tokens."""
    figure, axes = figures.grid(2, width=9.6, height=3.5, sharey=True)
    names = ["hoffmann_rounded", "hoffmann", "lad"]
    groups = [residuals.loc[residuals["fit"] == name, "residual"].to_numpy() for name in names]
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
        rows = residuals[residuals["fit"] == name]
        look = {"color": FITS[name][1], "markersize": 4, "alpha": 0.7, "label": FITS[name][0]}
        axes[1].plot(rows["D"], rows["residual"], ".", **look)
    axes[1].axhline(0, color=figures.MUTED, linewidth=0.8)
    axes[1].set(xscale="log", xlabel="training tokens D")
    axes[1].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=8)
    return figure


def c_width(bootstrap: pd.DataFrame, paper: dict) -> Figure:
    """Histogram of a over bootstraps with its 80 % interval, beside the three intervals of Hoffmann et al."""
    figure, axes = figures.grid(2, width=9.6, height=2.9, sharex=True)
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
    return figure


def c_policy(policy: pd.DataFrame) -> Figure:
    """Optimal tokens per parameter by compute with its 80 % band."""
    figure, (axes,) = figures.grid(1, width=7.6, height=3.9)
    axes.fill_between(
        policy["C"], policy["bootstrap_low"], policy["bootstrap_high"], color=BLUE, alpha=0.22, linewidth=0
    )
    axes.plot(policy["C"], policy["lad"], color=BLUE, label="refit, 80 % of bootstraps")
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
    axes.axhline(20, color=figures.INK, linestyle=(0, (4, 3)), linewidth=1, alpha=0.75)
    axes.annotate("20 tokens per parameter", (1e28, 20), (0, 3), textcoords="offset points", ha="right", fontsize=8)
    axes.plot(published.CHINCHILLA_FLOP, 1.4e12 / 70e9, "D", color=figures.INK, markersize=6)
    axes.annotate("Chinchilla", (published.CHINCHILLA_FLOP, 20), (7, 6), textcoords="offset points", fontsize=8.5)
    axes.set(xscale="log", yscale="log", xlabel="compute C (FLOP)", ylabel="optimal tokens per parameter")
    axes.set(yticks=[2, 5, 10, 20, 50, 100, 200], yticklabels=["2", "5", "10", "20", "50", "100", "200"], ylim=(2, 300))
    axes.minorticks_off()
    axes.legend(loc="upper left", fontsize=8)
    return figure


def c_stopping(traces: pd.DataFrame, subsamples: pd.DataFrame, paper: dict) -> Figure:
    """Where L-BFGS-B stops for three scalings of the same objective; exponents of the subsample fits.

    The three paths are the same as far as they go: one line, and each one's end.
    """
    figure, axes = figures.grid(2, width=9.6, height=3.4)
    best = traces["objective"].min()
    traces = traces.assign(above=np.maximum(traces["objective"] / best - 1, 1e-9))
    longest = traces[traces["fit"] == "scaled"]
    axes[0].plot(longest["iteration"], longest["above"], color=figures.MUTED, linewidth=1.4)
    for name, (label, colour) in ENDS.items():
        end = traces[traces["fit"] == name].iloc[-1]
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
        axes[1].hist(subsamples.loc[subsamples["fit"] == name, "a"], bins=bins, color=colour, alpha=0.55, label=label)
    published_interval = paper["rows"][-1]
    low, high = published_interval["low"], published_interval["high"]
    axes[1].axvspan(low, high, color=figures.INK, alpha=0.5, linewidth=0)
    place = {"xycoords": ("data", "axes fraction"), "ha": "right", "va": "top", "fontsize": 8}
    axes[1].annotate("published\ninterval", (low - 0.0005, 0.97), **place)
    count = (subsamples["fit"] == "converged").sum()
    axes[1].set(xlabel=f"exponent a of {count} fits to 80 % of the runs", ylabel="fits")
    axes[1].set_title("and the exponents that this gives")
    axes[1].legend(loc="upper right", fontsize=8)
    return figure


def c_pairs(bootstrap: pd.DataFrame) -> Figure:
    """Every pair of parameters over the bootstrap fits, in logs where A, B and E are concerned."""
    values = bootstrap.assign(**{name: np.log(bootstrap[name]) for name in ("A", "B")})
    labels = {"A": "ln A", "B": "ln B", "E": "E", "alpha": "α", "beta": "β"}
    hoffmann = law.coefficients(published.HOFFMANN)
    marks = dict(zip(labels, [*published.HOFFMANN[:2], *hoffmann[2:]], strict=True))
    figure, axes = figures.grid(5, 5, width=8.4, height=1.6)
    for index, each in enumerate(axes):
        row, column = divmod(index, 5)
        y, x = list(labels)[row], list(labels)[column]
        if column > row:
            each.axis("off")
            correlation = np.corrcoef(values[x], values[y])[0, 1]
            shown = f"{correlation:+.2f}".replace("-", "−")
            each.text(0.5, 0.5, shown, ha="center", va="center", fontsize=9 + 4 * abs(correlation))
            continue
        if row == column:
            each.hist(values[x], bins=40, color=BLUE, alpha=0.5)
            each.set_yticks([])
        else:
            density = each.hexbin(values[x], values[y], gridsize=20, cmap="Blues", mincnt=1, linewidths=0)
            density.set_rasterized(False)
            each.plot(marks[x], marks[y], "D", markerfacecolor="none", markeredgecolor=RED, markersize=4.5)
        each.tick_params(labelsize=6.5)
        each.locator_params(nbins=3)
        each.grid(False)
        if row == 4:
            each.set_xlabel(labels[x], fontsize=9)
        else:
            each.set_xticklabels([])
        if column == 0 and row:
            each.set_ylabel(labels[y], fontsize=9)
        elif row != column:
            each.set_yticklabels([])
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
        each.plot(
            paper["left_out"],
            paper[name],
            "D",
            markerfacecolor="none",
            markeredgecolor=figures.INK,
            markersize=10,
            label="published",
        )
        each.set(xlabel="highest losses left out", ylabel=label, xticks=counts)
    axes[0].set(yscale="log")
    axes[0].legend(fontsize=8)
    return figure


def own_fit(found: ScalingLaw) -> Figure:
    """Anybody's runs: contours of the fit with the optimal policy, dashed beyond the runs, and fitted against observed."""
    figure, axes = figures.grid(2, width=9.4, height=3.7)
    N, D, L = found.runs.N, found.runs.D, found.runs.L
    sizes = np.geomspace(N.min() / 2, N.max() * 2, 100)
    tokens = np.geomspace(D.min() / 2, D.max() * 2, 100)
    surface = found.predict(*(grid.ravel() for grid in np.meshgrid(sizes, tokens))).reshape(100, 100)
    contours = axes[0].contour(sizes, tokens, surface, levels=np.geomspace(L.min(), L.max(), 10), cmap="magma")
    axes[0].scatter(N, D, c=L, cmap="magma", s=18, edgecolor=figures.MUTED, linewidth=0.3)
    box = (N.min(), D.min()), N.max() - N.min(), D.max() - D.min()
    axes[0].add_patch(Rectangle(*box, fill=False, edgecolor=figures.MUTED, linestyle=":", label="range of the runs"))
    compute = 6 * N * D
    if found.no_policy is None:
        for budgets, style, label in (
            (np.geomspace(compute.min(), compute.max(), 60), "-", "optimal policy"),
            (np.geomspace(compute.max(), 10 * compute.max(), 20), "--", "extrapolated"),
        ):
            axes[0].plot(*law.policy(found.theta, budgets), color=GREEN, linewidth=2, linestyle=style, label=label)
    else:
        axes[0].set_title("no optimal policy from these runs")
    axes[0].set(xscale="log", yscale="log", xlabel="parameters N", ylabel="tokens D")
    axes[0].set(xlim=(sizes[0], sizes[-1]), ylim=(tokens[0], tokens[-1]))
    axes[0].clabel(contours, fontsize=7)
    axes[0].legend(fontsize=8)
    predicted = found.predict(N, D)
    axes[1].plot(predicted, L, ".", color=BLUE, markersize=5)
    axes[1].plot([L.min(), L.max()], [L.min(), L.max()], color=figures.INK, linestyle=(0, (4, 3)), linewidth=1)
    axes[1].set(xlabel="fitted loss (nats)", ylabel="loss (nats)")
    return figure
