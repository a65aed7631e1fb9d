"""Naive loss minimisation: Figure 5."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from verifig.pages import figures
from verifig.pages.figures import INDIGO, PINK, RED, pick


def fig5(runs: pd.DataFrame, names: Mapping[str, str], paper: Mapping) -> Figure:
    """Cosine of weights and negative gradient by layer beside the training accuracy; `names` maps condition to title."""
    figure, axes = figures.grid(len(names), width=8.4, sharey=True)
    labels = ("layer 1", "layer 2", "layer 3 (output)")
    for each, (condition, title) in zip(axes, names.items(), strict=True):
        for layer, (label, colour) in enumerate(zip(labels, (INDIGO, PINK, RED), strict=True), start=1):
            figures.band(each, pick(runs, curve=f"alignment_{layer}", condition=condition), color=colour, label=label)
        accuracy = pick(runs, curve="train_accuracy", condition=condition)
        figures.band(each, accuracy, color=figures.MUTED, linestyle="--", label="training accuracy")
        each.set(title=title, xlabel="epoch", ylim=(-0.25, 1.05))
    figures.paper_line(axes[0], paper["cosine"], f"paper: up to {paper['cosine']:g} (output layer)")
    axes[0].set_ylabel("cosine (weights, −gradient)")
    figures.legend_outside(axes[0], "lower center", ncols=4, fontsize=8.5)
    return figure
