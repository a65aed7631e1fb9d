"""With and without the gradient's component along the weights: Figures 1a, 6a and 6b."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.prieto2025.plotting.common import accuracies, legend, paper_test, paper_train
from verifig.pages import figures
from verifig.pages.figures import BLUE, ORANGE, RED


def fig1a(edge: pd.DataFrame, test: Mapping, train: Mapping) -> Figure:
    """perpAdamW with the paper's points, and the same without the projection."""
    figure, axes = figures.grid(2, width=8.4, sharey=True)
    accuracies(axes[0], edge, "perp_adamw")
    paper_test(axes[0], test)
    paper_train(axes[0], train)
    axes[0].set(title="perpAdamW", ylabel="accuracy (%)")
    accuracies(axes[1], edge, "adamw", ORANGE)
    axes[1].set(title="AdamW")
    legend(axes[0], "upper left")
    legend(axes[1], "center right")
    return figure


def fig6a(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """The transformer under several optimisers; `names` maps condition to title."""
    figure, axes = figures.grid(len(names), width=9, sharey=True)
    for each, (condition, title) in zip(axes, names.items(), strict=True):
        accuracies(each, runs, condition)
        each.set(title=title)
    axes[0].set_ylabel("accuracy (%)")
    legend(axes[-1], "center right")
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
    frames, colours = (slow, slow, delay, delay), (BLUE, ORANGE, BLUE, ORANGE)
    for each, frame, panel, colour in zip(axes, frames, panels, colours, strict=True):
        accuracies(each, frame, panel.condition, colour)
        if panel.train:
            paper_train(each, panel.train)
        if panel.test:
            paper_test(each, panel.test)
        each.set(title=panel.title)
    axes[0].axhspan(chou["low"], chou["high"], color=RED, alpha=0.2, linewidth=0, label="plateau in a replication")
    for each in axes:
        legend(each, "center right")
    for each in axes[::2]:
        each.set_ylabel("accuracy (%)")
    return figure
