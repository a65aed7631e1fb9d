"""The figures: each function takes tables of curves (see measuring/) and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from replications.grokking.doshi2024.phases import PHASES
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, OLIVE, ORANGE, PURPLE, RED, TEAL, percent, pick

SETS = {  # one colour a set in all figures
    "train": ("all training labels", GREY),
    "clean": ("clean training labels", GREEN),
    "corrupted": ("corrupted labels", RED),
    "test": ("test", BLUE),
}
COLOURS = dict(zip(PHASES, (TEAL, "#9cc4ee", BLUE, ORANGE, GREY), strict=True))
LETTERS = dict(zip(PHASES, "CPFMX", strict=True))
TITLES = {"low": "lowest ratio first", "high": "highest ratio first", "random": "random order (control)"}


def fig4(runs: pd.DataFrame, histograms: pd.DataFrame, decays: Mapping[str, float], paper: Mapping) -> Figure:
    """Accuracies over steps above, histograms of participation ratios below, a column for each weight decay.

    Args:
        decays: by condition, the weight decay.
        paper: `counts`: by condition, [(ratio, share of neurons)]; `train`: by condition, training accuracy at the end.
    """
    figure, axes = figures.grid(len(decays), 2, width=3.0 * len(decays), height=2.6)
    for column, (condition, decay) in enumerate(decays.items()):
        top, bottom = axes[column], axes[column + len(decays)]
        for name in ("train", "corrupted", "test"):
            label, colour = SETS[name]
            rows = percent(pick(runs, condition=condition, curve=name))
            width = 3.5 if name == "train" else 1.5  # where all labels are fitted, two curves are one
            figures.band(top, rows, color=colour, label=label, linewidth=width)
        top.set(title=f"weight decay {decay:g}", xlabel="step", ylim=(-3, 103))
        if condition in paper["train"]:
            place = [runs["x"].max()], [100 * paper["train"][condition]]
            figures.paper_points(top, *place, "paper, training, modulo 97", clip_on=False)
            top.legend(handles=top.get_lines()[-1:], fontsize=8, loc="lower right")
        _histogram(bottom, pick(histograms, condition=condition), paper["counts"].get(condition, []))
    axes[0].set_ylabel("accuracy, %")
    axes[0].legend(fontsize=8, loc="center right")
    axes[len(decays)].set_ylabel("neurons, %")
    return figure


def _histogram(axes: Axes, rows: pd.DataFrame, paper: Sequence[tuple[float, float]]) -> None:
    """Mean shares of neurons in percent, by participation ratio over seeds; open diamonds: the paper's peaks."""
    shares = 100 * rows.groupby("x")["value"].mean()
    width = shares.index[1] - shares.index[0]
    axes.bar(shares.index, shares, 0.9 * width, color=PURPLE)
    axes.set(xlabel="participation ratio of a neuron", xlim=(0, 1), ylim=(0, 100))
    if paper:
        ratios, theirs = zip(*paper, strict=True)
        figures.paper_points(axes, ratios, [100 * share for share in theirs], "paper, modulo 97")
        axes.legend(fontsize=8)


def fig6(pruned: pd.DataFrame, condition: str, paper: Mapping[str, Mapping]) -> Figure:
    """Accuracies against the share of neurons removed, a panel for each order of removal.

    Args:
        paper: by order, `removed` and the accuracies `corrupted` and `test` there.
    """
    figure, axes = figures.grid(len(TITLES), width=8.9, height=2.9, sharey=True)
    for panel, (order, title) in zip(axes, TITLES.items(), strict=True):
        rows = percent(pick(pruned, condition=condition, order=order), "x", "value")
        for name in ("clean", "corrupted", "test"):
            label, colour = SETS[name]
            figures.band(panel, pick(rows, curve=name), color=colour, label=label)
            if order in paper and name in paper[order]:
                place = ([100 * share for share in paper[order][key]] for key in ("removed", name))
                figures.paper_points(panel, *place, "", markeredgecolor=colour, clip_on=False)
        panel.set(title=title, xlabel="neurons removed, %", xlim=(0, 100), ylim=(-3, 103))
    axes[0].set_ylabel("accuracy, %")
    axes[2].legend(fontsize=8, loc="lower left")
    return figure


def fig3(cells: pd.DataFrame) -> Figure:
    """The phase of every entry of the grid, a panel for each weight decay."""
    decays = sorted(cells["weight_decay"].unique())
    figure, axes = figures.grid(len(decays), width=2.4 * len(decays) + 1.4, height=2.9, sharey=True)
    colours = ListedColormap([COLOURS[name] for name in PHASES])
    for panel, decay in zip(axes, decays, strict=True):
        rows = percent(pick(cells, weight_decay=decay), "train_fraction", "corruption")
        table = rows.pivot(index="train_fraction", columns="corruption", values="phase")
        codes = table.map(lambda name: PHASES.index(name) if name in PHASES else np.nan).to_numpy(float)
        panel.imshow(codes, cmap=colours, vmin=-0.5, vmax=len(PHASES) - 0.5, origin="lower", aspect="auto")
        if codes.size <= 40:
            for (i, j), name in np.ndenumerate(table.to_numpy()):
                panel.annotate(LETTERS.get(name, "?"), (j, i), ha="center", va="center", fontsize=9)
        _ticks(panel, table)
        panel.set(title=f"weight decay {decay:g}", xlabel="corrupted labels, %")
    axes[0].set_ylabel("pairs trained on, %")
    shown = [Patch(color=COLOURS[name], label=f"{LETTERS[name]} {name}") for name in PHASES]
    figure.legend(handles=shown, fontsize=8, ncols=len(shown), loc="outside lower center")
    return figure


def _ticks(axes: Axes, table: pd.DataFrame) -> None:
    """At most six numbers on each axis of a map."""
    for axis, labels in ((axes.xaxis, table.columns), (axes.yaxis, table.index)):
        places = np.unique(np.linspace(0, len(labels) - 1, min(6, len(labels))).round().astype(int))
        axis.set_ticks(places, [f"{labels[k]:g}" for k in places])
    axes.grid(False)


def analytic(solution: pd.DataFrame, known: pd.DataFrame, high: Sequence[float]) -> Figure:
    """Accuracy and outputs of the analytic solution by width; participation ratios of known vectors by transform.

    Args:
        high: participation ratios of the paper's periodic neurons, from and to.
    """
    figure, axes = figures.grid(3, width=8.9, height=3.0)
    solution = percent(solution, "accuracy")
    for look, (p, rows) in zip(((BLUE, 4), (OLIVE, 1.5)), solution.groupby("p"), strict=False):
        line = dict(zip(("color", "linewidth"), look, strict=True))  # the curves of all p lie on one another
        figures.band(axes[0], rows, y="accuracy", label=f"p = {p}", **line)
        figures.band(axes[1], rows, y="correct", label=f"power 1/3, p = {p}", **line)
        figures.band(axes[1], rows, y="printed_correct", label=f"power −1/3, p = {p}", **line, linestyle="--")
    axes[0].set(title="accuracy, %", xlabel="neurons N", ylim=(0, 105))
    figures.threshold(axes[1], 1, axis="y")
    axes[1].set(title="mean output, correct class", xlabel="neurons N", yscale="log")
    axes[0].legend(fontsize=8)
    axes[1].legend(fontsize=8)
    _ratios(axes[2], pick(known, p=known["p"].max()), high)
    return figure


def _ratios(axes: Axes, known: pd.DataFrame, high: Sequence[float]) -> None:
    vectors = list(known["vector"].unique())
    for shift, (transform, colour) in zip((-0.2, 0.2), (("one_sided", PURPLE), ("all", ORANGE)), strict=True):
        rows = pick(known, transform=transform).set_index("vector")["value"]
        label = {"one_sided": "one-sided transform", "all": "all frequencies (Eq. 3)"}[transform]
        places = np.arange(len(vectors)) + shift
        for place, value in zip(places, rows[vectors], strict=True):
            axes.annotate(f"{value:.2g}", (place, value), ha="center", va="bottom", fontsize=8)
        axes.bar(places, rows[vectors], 0.36, color=colour, label=label)
    axes.axhspan(*high, color=figures.MUTED, alpha=0.25, linewidth=0, label="periodic neurons, Figure 4")
    axes.set_xticks(range(len(vectors)), [name.replace("_", "-") for name in vectors])
    axes.set(title="participation ratio", ylim=(0, 1.12))
    axes.legend(fontsize=8, loc="upper right", bbox_to_anchor=(1, 0.74))
