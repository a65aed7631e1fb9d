"""Figures of free features: metrics over training, the learned geometry, lengths, the optimum, initial values."""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.neural_collapse.dang2023.measuring.geometry import family, imbalance_rate
from replications.neural_collapse.dang2023.plotting import drawing, select
from replications.neural_collapse.dang2023.plotting.drawing import by_depth, colour, entry, legend_below, rows_of
from replications.neural_collapse.dang2023.plotting.select import BALANCED, Heads
from verifig.pages import figures, narrow
from verifig.pages.figures import pick

MATRICES = {"classifier": "classifiers", "feature": "class means", "output": "outputs"}
FAMILIES = {"of": "equal", "etf": "equal, bias", "gof": "unequal"}
STAGES = {"start": "before", "end": "after", "predicted": "predicted"}


def geometry(frame: pd.DataFrame, heads: Heads) -> Figure:
    """Heat maps by condition (rows) and matrix: before, after, predicted.

    After and predicted share a colour scale, before has its own: its size is another. Zero is transparent, so that the
    maps follow the page's ground.
    """
    red, blue = (matplotlib.colors.to_rgb(shade) for shade in ("#b2182b", "#2166ac"))
    stops = [(0, (*blue, 1)), (0.5, (*blue, 0)), (0.5, (*red, 0)), (1, (*red, 1))]
    shades = matplotlib.colors.LinearSegmentedColormap.from_list("signed", stops)
    figure, axes = figures.grid(9, rows=len(heads), width=8.9, height=1.35, narrow_columns=3)
    for row, (condition, settings) in enumerate(heads.items()):
        chosen = pick(frame, condition=condition)
        for block, (matrix, title) in enumerate(MATRICES.items()):
            part = pick(chosen, matrix=matrix)
            for k, (stage, when) in enumerate(STAGES.items()):
                table = pick(part, stage=stage).pivot(index="row", columns="column", values="value")
                each = axes[row * 9 + block * 3 + k]
                scale = part[(part["stage"] == "start") == (stage == "start")]["value"]
                limit = max(float(np.abs(scale).max()), 1e-300)
                if len(table):  # without decay nothing is predicted
                    each.imshow(table, cmap=shades, vmin=-limit, vmax=limit, interpolation="none")
                classes = range(len(table))
                below, left = row == len(heads) - 1, block + k == 0
                if narrow.drawn():  # a row a matrix
                    below, left = below and block == len(MATRICES) - 1, k == 0
                numbers = [str(one + 1) for one in classes]
                each.set_xticks(classes if below else [], numbers if below else [], fontsize=8)
                each.set_yticks(classes if left else [], numbers if left else [], fontsize=8)
                each.tick_params(length=0)
                each.set_xlabel("class" if below else "", fontsize=8.5)
                each.grid(False)
                for spine in each.spines.values():
                    spine.set_visible(True)
                if row == 0 or narrow.drawn():
                    each.set_title(f"{title}\n{when}", fontsize=8.5)
        axes[row * 9].set_ylabel(f"{FAMILIES[family(settings)]}\nclass", fontsize=8.5)
    shown = matplotlib.cm.ScalarMappable(matplotlib.colors.Normalize(-1, 1), shades)
    bar = figure.colorbar(shown, ax=axes, location="bottom", shrink=0.45, aspect=40, ticks=[-1, 0, 1])
    bar.set_label("entry over the largest in size; before has a scale of its own", fontsize=8.5)
    return figure


def balanced(runs: pd.DataFrame, heads: Heads) -> Figure:
    """Equal classes: NC metrics against iterations (log-log), a row without and a row with bias, a line a depth."""
    metrics = {"nc1": "NC1", "nc2_w": "NC2 of classifiers", "nc3": "NC3"}
    figure, axes = figures.grid(len(metrics), rows=len(BALANCED), width=8.9, height=2.8, sharex=True)
    for row, (kind, name) in enumerate(BALANCED.items()):
        for column, (metric, title) in enumerate(metrics.items()):
            each = axes[row * len(metrics) + column]
            by_depth(each, runs, metric, select.of_family(heads, kind))
            each.set(title=f"{title}, {name}", xscale="log", yscale="log")
            if row == len(BALANCED) - 1:
                each.set_xlabel("iteration")
    legend_below(axes, 5)
    return figure


def imbalanced(runs: pd.DataFrame, heads: Heads) -> Figure:
    """Unequal classes: own metrics, and the misfit to the plain frame that stays."""
    heads = select.imbalanced(heads)
    figure, axes = figures.grid(3, width=8.9, height=3.1)
    titles = {"nc1": "NC1", "nc2_w": "NC2 of classifiers", "nc3": "NC3"}
    for each, (metric, title) in zip(axes, titles.items(), strict=True):
        by_depth(each, runs, metric, heads)
        if metric == "nc2_w":
            by_depth(each, runs, "of_misfit", heads, linestyle="--", alpha=0.7)
            entry(each, "NC2: misfit to the plain frame", linestyle="--")
        each.set(title=title, xlabel="iteration", xscale="log", yscale="log")
    legend_below(axes, 5)
    return figure


def gap(runs: pd.DataFrame, heads: Heads) -> Figure:
    """Relative distance from the optimum and imbalance of the layers, unequal classes."""
    unequal = select.imbalanced(heads)
    figure, axes = figures.grid(2, width=8.9, height=3.4)
    by_depth(axes[0], runs, "gap", unequal)
    axes[0].set(title="objective over the optimum, f / f* − 1", xlabel="iteration", xscale="log", yscale="log")
    deep, off = select.deep(unequal), select.without_decay(heads)
    drawn = [name for name in (*deep, *off) if len(rows_of(runs, "imbalance", name))]
    if deep and drawn:
        first = rows_of(runs, "imbalance", drawn[0])
        times = np.array([first["x"].min(), first["x"].max()])
        start = pick(first, x=times[0])["value"].median()
        line = start * np.exp(-imbalance_rate(heads[drawn[0]]) * (times - times[0]))
        axes[1].plot(times, line, color=figures.MUTED, linewidth=6, alpha=0.35, label="predicted rate")
    for k, name in enumerate(drawn):
        style = (0, (5, 5)) if k % 2 else "-"  # curves of different depth lie on each other
        shade = figures.INK if name in off else colour(heads[name]["depth"])
        text = f"M = {heads[name]['depth']}" + (", no weight decay" if name in off else "")
        figures.band(axes[1], rows_of(runs, "imbalance", name), color=shade, label=text, linestyle=style)
    axes[1].set(title="imbalance of neighbouring layers", xlabel="iteration", yscale="log")
    legend_below(axes, 5)
    return figure


def lengths(table: pd.DataFrame, heads: Heads) -> Figure:
    """Squared lengths of classifiers and class means against class size, with the predicted law."""
    figure, axes = figures.grid(2, width=8.9, height=3.5)
    drawing.lengths(axes, table, select.imbalanced(heads))
    legend_below(axes, 5)
    return figure


def init_gain(runs: pd.DataFrame, heads: Heads) -> Figure:
    """Mean self-output against iterations, every seed, by width."""
    figure, (axes,) = figures.grid(1, width=6.5, height=3.2)
    for (name, settings), style in zip(heads.items(), ("-", (0, (4, 2)), ":"), strict=False):
        rows = pick(runs, curve="self_output", condition=name)
        for k, (seed, one) in enumerate(rows.groupby("seed")):
            label = f"width {settings['width']}" if not k else None
            look = {"color": colour(settings["depth"]), "linestyle": style, "linewidth": 1.4, "gid": f"seed {seed}"}
            axes.plot(one["x"], one["value"], label=label, **look)
    depths = " and ".join(str(depth) for depth in sorted({settings["depth"] for settings in heads.values()}))
    axes.set(title=f"M = {depths}, every seed", xlabel="iteration", ylabel="mean self-output", ylim=(-0.04, 1.04))
    legend_below([axes], 3)
    return figure
