"""With and without the gradient's component along the weights: Figures 1a, 6a and 6b."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.prieto2025.plotting.common import (
    PERCENT_LIMITS,
    PLAIN,
    REMEDY,
    accuracies,
    legend_below,
    paper_test,
    paper_train,
)
from verifig.pages import figures


def fig1a(edge: pd.DataFrame, test: Mapping, train: Mapping) -> Figure:
    """perpAdamW with the paper's points, and the same without the projection."""
    figure, axes = figures.grid(2, width=8.4, sharey=True)
    accuracies(axes[0], edge, "perp_adamw", prefix="perpAdamW, ")
    paper_test(axes[0], test)
    paper_train(axes[0], train)
    axes[0].set(title="perpAdamW", ylabel="accuracy (%)")
    accuracies(axes[1], edge, "adamw", PLAIN, "AdamW, ")
    axes[1].set(title="AdamW")
    legend_below(axes, 3)
    return figure


def fig6a(names: Mapping[str, str], paper: Mapping[str, Mapping], runs: pd.DataFrame | None = None) -> Figure:
    """The transformer under several optimisers, or the paper's points alone where none was trained.

    `names` maps condition to title, `paper` condition to points.
    """
    figure, axes = figures.grid(len(names), width=8.6, sharex=True, sharey=True)
    last = max(max(paper[condition]["epoch"]) for condition in names)
    for each, (condition, title) in zip(axes, names.items(), strict=True):
        if runs is not None:
            accuracies(each, runs, condition)
        paper_test(each, paper[condition])
        each.set(title=title, xlabel="epoch", ylim=PERCENT_LIMITS)
    if runs is None:
        axes[0].set_xlim(0, 1.05 * last)
    axes[0].set_ylabel("accuracy (%)")
    legend_below(axes, 3)
    return figure


class Panel(NamedTuple):
    """One condition with its title and the paper's points."""

    condition: str
    title: str
    train: Mapping | None = None
    test: Mapping | None = None


def fig6b(slow: pd.DataFrame, delay: pd.DataFrame, panels: Sequence[Panel], chou: Mapping) -> Figure:
    """With (left) and without the projection: the disputed learning rate above, SGD below.

    `panels` go from left to right and from above to below.
    """
    figure, axes = figures.grid(2, rows=2, width=8.4, height=2.8, sharey=True)
    frames, looks = (slow, slow, delay, delay), ((REMEDY, "projected, "), (PLAIN, "not projected, ")) * 2
    for each, frame, panel, (colour, prefix) in zip(axes, frames, panels, looks, strict=True):
        accuracies(each, frame, panel.condition, colour, prefix)
        if panel.train:
            paper_train(each, panel.train)
        if panel.test:
            paper_test(each, panel.test)
        each.set(title=panel.title)
    look = {"facecolor": "none", "edgecolor": figures.MUTED, "hatch": "////", "linewidth": 0, "alpha": 0.8}
    axes[0].axhspan(chou["low"], chou["high"], **look, label="plateau of test accuracy, Chou")
    legend_below(axes, 4)
    for each in axes[::2]:
        each.set_ylabel("accuracy (%)")
    return figure
