"""Figures of the hitchhiker's guide: heat maps of extrapolation errors, baselines, parameters, loss curves."""

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verifig.pages import figures, narrow
from verifig.pages.figures import BLUE, GREEN, ORANGE, PURPLE, RED, decade_ticks, log_ticks, paper_points, pick

FAMILIES = {"opt": "OPT", "gpt3": "GPT-3", "olmo": "OLMo", "t5": "T5"}
FAMILY_COLOURS = {"opt": BLUE, "gpt3": ORANGE, "olmo": GREEN, "t5": PURPLE, "chinchilla": RED}
UNITS = {"opt": "perplexity", "gpt3": "nats", "olmo": "nats", "t5": "bits"}
WORST = 35  # upper end of the colour scale, as in the paper
GOALS = (15, 10, 5)


def size(value: float) -> str:
    """1.25e8 -> 125M."""
    return f"{value / 1e9:.3g}B" if value >= 1e9 else f"{value / 1e6:.3g}M"


def heat(axes: Axes, table: pd.DataFrame, digits: int = 1) -> object:
    """A table of errors in percent as coloured cells with their values; where there is none, a dash."""
    image = axes.pcolormesh(
        np.arange(table.shape[1] + 1),
        np.arange(table.shape[0] + 1),
        np.ma.masked_invalid(np.minimum(table.to_numpy(), 200)),
        cmap="YlOrRd",
        vmin=0,
        vmax=WORST,
        edgecolors="face",
        linewidth=0.3,
    )
    for row, values in enumerate(table.to_numpy()):
        for column, value in enumerate(values):
            if np.isfinite(value):
                text = f"{value:.{digits}f}" if value < 100 else f"{value:.0f}"
                colour = "white" if value > 0.65 * WORST else "#1f2430"
                axes.text(column + 0.5, row + 0.45, text, ha="center", va="center", fontsize=7, color=colour)
            else:
                axes.text(column + 0.5, row + 0.45, "–", ha="center", va="center", fontsize=7, color=figures.MUTED)
    axes.set(xticks=np.arange(table.shape[1]) + 0.5, yticks=np.arange(table.shape[0]) + 0.5)
    axes.set_xticklabels([f"{100 * c:g}" if isinstance(c, float) and c <= 1 else str(c) for c in table.columns])
    axes.set_yticklabels([str(index) for index in table.index])
    axes.tick_params(labelsize=8, length=0)
    axes.grid(False)
    return image


def pivot(frame: pd.DataFrame, rows: str, columns: str, value: str = "error") -> pd.DataFrame:
    return frame.pivot(index=rows, columns=columns, values=value).sort_index().sort_index(axis=1)


def h_fig1(grid: pd.DataFrame) -> Figure:
    """Ours beside the authors' cells for both families, the cheapest cells that reach 15, 10 and 5 % starred."""
    families = [name for name in FAMILIES if name in set(grid["family"])]
    figure, axes = figures.grid(2, len(families), width=8.8, height=3.0)
    for row, family in enumerate(families):
        cells = pick(grid, family=family, grid="final")
        ours, authors = pivot(cells, "models", "share"), pivot(cells, "models", "share", "authors")
        image = heat(axes[2 * row], ours)
        heat(axes[2 * row + 1], authors.dropna(how="all").reindex(ours.index), 2)
        _stars(axes[2 * row], cells, ours)
        axes[2 * row].set(title=f"{FAMILIES[family]}, ours", ylabel="smallest models used")
        axes[2 * row + 1].set(title=f"{FAMILIES[family]}, authors' printed cells")
    for each in axes[-2:]:
        each.set_xlabel("share of training used (%)")
    figure.colorbar(image, ax=list(axes), **narrow.bar(label="error (ARE, %)", shrink=0.6, aspect=30))
    return figure


def _stars(axes: Axes, cells: pd.DataFrame, table: pd.DataFrame) -> None:
    """Mark the cheapest cell (training FLOP of what is used) that reaches each goal; two models are not identified."""
    usable = cells[cells["models"] > 2]
    goals: dict[tuple[float, int], list[str]] = {}
    for goal in GOALS:
        reached = usable[usable["error"] <= goal]
        if len(reached):
            best = reached.loc[reached["flop"].idxmin()]
            goals.setdefault((best["share"], best["models"]), []).append(str(goal))
    for (share, count), names in goals.items():
        x, y = table.columns.get_loc(share), table.index.get_loc(count)
        place = {"ha": "center", "va": "center", "fontsize": 7, "weight": "bold", "color": "#1f2430"}
        axes.text(x + 0.5, y + 0.8, f"★{names[-1]}", **place)  # the strictest goal that it is the cheapest for


def h_fig1a(scale_up: pd.DataFrame) -> Figure:
    """Error from four consecutive sizes by how much larger the target is."""
    families = [name for name in FAMILIES if name in set(scale_up["family"])]
    figure, axes = figures.grid(len(families), width=8.8, height=2.9)
    for each, family in zip(axes, families, strict=True):
        table = pivot(pick(scale_up, family=family), "factor", "share")
        image = heat(each, table)
        each.set_yticklabels([f"×{factor:.3g}" for factor in table.index])
        each.set(title=FAMILIES[family], xlabel="share of training used (%)", ylabel="scale-up")
    figure.colorbar(image, ax=list(axes), **narrow.bar(label="error (ARE, %)", shrink=0.9))
    return figure


def h_fig1c(windows: pd.DataFrame, paper: Mapping) -> Figure:
    """Error by number of consecutive models and the largest of them, below it the authors' in brackets."""
    families = [name for name in FAMILIES if name in set(windows["family"])]
    figure, axes = figures.grid(len(families), width=8.8, height=3.0)
    for each, family in zip(axes, families, strict=True):
        table = pivot(pick(windows, family=family), "models", "largest").dropna(axis=1, how="all")
        image = heat(each, table)
        each.set_xticklabels([size(value) for value in table.columns])
        for models, largest, error in paper.get(family, []):
            if models in table.index and largest in table.columns:
                value = table.loc[models, largest]
                place = table.columns.get_loc(largest) + 0.5, table.index.get_loc(models) + 0.17
                colour = "white" if value > 0.65 * WORST else "#1f2430"
                each.text(*place, f"({error:.2f})", ha="center", va="center", fontsize=7, color=colour)
        each.set(title=FAMILIES[family], xlabel="largest model used", ylabel="models used")
    figure.colorbar(image, ax=list(axes), **narrow.bar(label="error (ARE, %)", shrink=0.9))
    return figure


def h_baseline(baselines: pd.DataFrame, paper: Mapping) -> Figure:
    """Error of the law and of two baselines by the number of smallest models, with the authors' for the best loss."""
    families = [name for name in FAMILIES if name in set(baselines["family"])]
    figure, axes = figures.grid(len(families), width=8.8, height=3.8)
    for each, family in zip(axes, families, strict=True):
        rows = baselines[(baselines["family"] == family) & (baselines["models"] > 2)]
        for name, label, colour in (
            ("most", "most-trained model's last losses", figures.MUTED),
            ("best", "best loss seen", ORANGE),
            ("law", "scaling law", BLUE),
        ):
            each.plot(rows["models"], rows[name], "o-", color=colour, label=label)
        published = [pair for pair in paper["families"].get(family, []) if pair[0] in set(rows["models"])]
        paper_points(
            each, *np.transpose(published or np.empty((0, 2))), "best loss seen, authors' figure", markersize=8
        )
        each.axhline(
            paper["best"], **figures.DASHED, alpha=0.75, label="best loss seen, paper's mean over all families"
        )
        each.set(title=FAMILIES[family], xlabel="smallest models used", xticks=rows["models"])
        log_ticks(each.yaxis, (1, 3, 10, 30, 100))
        each.yaxis.set_view_interval(1, 100)  # at least
    axes[0].set_ylabel("error (ARE, %)")
    figures.legend_outside(axes[0], "lower center", ncols=2)
    return figure


def h_final(values: dict[str, tuple[float, float]]) -> Figure:
    """Error from all checkpoints and from the last ones alone, by family."""
    figure, (axes,) = figures.grid(1, width=6, height=2.1)
    for row, (every, last) in enumerate(values.values()):
        axes.plot([every, last], [row, row], color=figures.MUTED, linewidth=1.2, zorder=1)
        axes.plot(every, row, "o", color=BLUE, markersize=9, label="all checkpoints" if row == 0 else None)
        label = "last checkpoint of each model" if row == 0 else None
        axes.plot(last, row, "D", color=ORANGE, markersize=8, label=label)
        for value, side in ((min(every, last), -1), (max(every, last), 1)):
            place = {"textcoords": "offset points", "va": "center", "ha": "left" if side > 0 else "right"}
            axes.annotate(f"{value:.2f} %", (value, row), (12 * side, 0), **place, fontsize=9)
    axes.set(yticks=range(len(values)), yticklabels=[FAMILIES[name] for name in values], ylim=(-0.5, len(values) - 0.1))
    ends = np.array(list(values.values()))
    log_ticks(axes.xaxis, (0.1, 0.3, 1, 3, 10, 30, 100))
    axes.set(xlim=(ends.min() / 2.5, ends.max() * 2.5), xlabel="error (ARE, %)")
    axes.legend(fontsize=8, loc="upper left", ncols=2)
    return figure


def h_fig3(parameters: pd.DataFrame) -> Figure:
    """alpha against a, beta against b, and E, over families."""
    figure, axes = figures.grid(3, width=8.8, height=3.3)
    ordered = parameters.assign(E=np.exp(parameters["e"])).sort_values("E").reset_index(drop=True)
    ordered["rank"] = ordered.index
    groups = {"chinchilla": "Chinchilla"} | FAMILIES
    panels = (("a", "alpha", "a = ln A", "α"), ("b", "beta", "b = ln B", "β"), ("rank", "E", "family, by E", "E"))
    for each, (x, y, x_label, y_label) in zip(axes, panels, strict=True):
        rest = ordered[~ordered["family"].isin(groups)]
        each.scatter(rest[x], rest[y], color=figures.MUTED, s=30, alpha=0.8, label="data-constrained")
        for name, label in groups.items():
            row = pick(ordered, family=name)
            if len(row):
                each.scatter(row[x], row[y], color=FAMILY_COLOURS[name], s=42, label=label)
        each.set(xlabel=x_label, ylabel=y_label, title=f"{y_label} against {x}" if x != "rank" else "E, in own units")
    figures.legend_outside(axes[2], "lower center", ncols=5)
    return figure


def h_fig4(starts: pd.DataFrame) -> Figure:
    """Error against the share of training that is dropped at the beginning."""
    families = [name for name in FAMILIES if name in set(starts["family"])]
    figure, axes = figures.grid(len(families), width=8.8, height=3.0)
    for each, family in zip(axes, families, strict=True):
        rows = starts[(starts["family"] == family) & (starts["models"] > 2)]
        counts = sorted(rows["models"].unique())
        for count, colour in zip(counts, figures.PALETTE, strict=False):
            line = pick(rows, models=count).dropna(subset="error")
            each.plot(100 * line["start"], line["error"], "o-", color=colour, markersize=4, label=f"{count} models")
        each.set(title=FAMILIES[family], xlabel="dropped (% of what is used)", ylim=(0, None))
        each.legend(fontsize=8)
    axes[0].set_ylabel("error (ARE, %)")
    return figure


def h_fig5(grid: pd.DataFrame, family: str, paper: dict) -> Figure:
    """Error with and without the first tokens for one family (last 30 % of the target), by number of models."""
    rows = grid[(grid["family"] == family) & (grid["models"] > 2)]
    counts = sorted(rows["models"].unique())[:3]
    figure, axes = figures.grid(len(counts), width=8.8, height=3.3, sharey=True)
    for each, count in zip(axes, counts, strict=True):
        for key, label, colour in (("late_no_cut", "all tokens", ORANGE), ("late", "without the first 10B", BLUE)):
            line = pick(rows, grid=key, models=count)
            each.plot(100 * line["share"], line["error"], "o-", color=colour, markersize=4, label=label)
        if family == "opt":
            low, high = paper["with_cut"]
            points = [(share, error) for models, share, error in paper["no_cut"] if models == count]
            paper_points(each, *np.transpose(points or np.empty((0, 2))), "all tokens, authors' figure", markersize=7)
            label = f"without the first 10B, paper: {low}–{high} %"
            each.axhspan(low, high, color=figures.INK, alpha=0.1, linewidth=0, label=label)
        title = f"{FAMILIES[family]}, {count} smallest models"
        each.set(title=title, xlabel="share of training used (%)", ylim=(0, None))
    axes[0].set_ylabel("error (ARE, %)")
    figures.legend_outside(axes[0], "lower center", ncols=4)
    return figure


def h_fig6(paper: Mapping, *tables: pd.DataFrame) -> Figure:
    """Error from one model and borrowed exponents by share of training, a line a size, darker for larger models."""
    rows_of = -(-len(tables) // 2)
    figure, axes = figures.grid(min(2, len(tables)), rows_of, width=8.8, height=3.2, sharey=True)
    log_ticks(axes[0].yaxis, (1, 3, 10, 30, 100, 300))
    axes[0].set(ylim=(0.05, 400))
    for each in axes[len(tables) :]:
        each.axis("off")
    for each, table in zip(axes, tables, strict=False):
        sizes = sorted(table["size"].unique())
        shades = matplotlib.colormaps["viridis_r"](np.linspace(0.1, 0.72, len(sizes)))
        for index, value in enumerate(sizes):
            rows = pick(table, size=value)
            look = {"color": shades[index], "marker": "o", "markersize": 3}
            style = "--" if index == len(sizes) - 1 else "-"
            each.plot(100 * rows["share"], rows["error"], linestyle=style, label=size(value), **look)
        family = table["family"].iloc[0]
        if points := [(share, error) for value, share, error in paper.get(family, []) if value in sizes]:
            paper_points(each, *np.transpose(points), "authors' figure", markersize=7)
        each.set(title=FAMILIES[family], xlabel="share of training used (%)", ylabel="error (ARE, %)")
        each.legend(fontsize=8, ncols=3, loc="lower left", handlelength=1.6, columnspacing=1)
    return figure


def h_fig7(lines: pd.DataFrame) -> Figure:
    """Loss curves; dashed what the law fitted to the four smallest models says."""
    families = [name for name in FAMILIES if name in set(lines["family"])]
    figure, axes = figures.grid(len(families), width=8.8, height=3.8)
    for each, family in zip(axes, families, strict=True):
        rows = pick(lines, family=family)
        last, names = rows["index"].max(), {}
        each.set(title=FAMILIES[family], xscale="log", xlabel="training tokens D", ylabel=f"loss ({UNITS[family]})")
        log_ticks(each.yaxis, decade_ticks(rows["L"], (1, 1.5, 2, 2.5, 3, 4, 5, 7)))
        each.minorticks_off()
        for index in sorted(rows["index"].unique()):
            line = pick(rows, index=index)
            name = size(line["N"].iloc[0])
            colour, names[name] = RED if index == last else BLUE, name
            each.plot(line["D"], line["L"], color=colour, alpha=0.3 + 0.6 * index / last, linewidth=1.4, label=name)
            late = line[line["D"] > 1e10]
            each.plot(late["D"], late["predicted"], color=figures.INK, linestyle="--", linewidth=0.9, alpha=0.8)
        each.get_ylim()  # settles the limits that the labels are placed by
        figures.end_labels(each, names, gap=0.05)
    return figure


def h_fig8(grid: pd.DataFrame) -> Figure:
    """Error of the smallest model predicted from the largest."""
    families = [name for name in FAMILIES if name in set(grid["family"])]
    figure, axes = figures.grid(len(families), width=8.8, height=2.9)
    for each, family in zip(axes, families, strict=True):
        cells = pick(grid, family=family, grid="scale_down")
        image = heat(each, pivot(cells, "models", "share"))
        each.set(title=FAMILIES[family], xlabel="share of training used (%)", ylabel="largest models used")
    figure.colorbar(image, ax=list(axes), **narrow.bar(label="error (ARE, %)", shrink=0.9))
    return figure
