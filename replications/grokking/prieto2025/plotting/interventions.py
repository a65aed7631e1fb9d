"""Collapse brought about: Figures 8 and 14."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.prieto2025.plotting.common import BLUE, ORANGE, curve, legend
from verifig.pages import figures


def fig8(runs: pd.DataFrame) -> Figure:
    """Correct-class logits taken out of the loss, against the untouched run."""
    figure, (axes,) = figures.grid(1, width=6)
    for condition, label, colour in (("not_zeroed", "untouched", BLUE), ("zeroed", "logits zeroed", ORANGE)):
        figures.band(axes, curve(runs, "test_accuracy", condition, True), color=colour, label=label)
    axes.set(xlabel="epoch", ylabel="test accuracy (%)", ylim=(-3, 103))
    legend(axes, "upper left")
    return figure


def fig14(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Test accuracy and collapsed share on MNIST; `names` maps condition to label."""
    figure, axes = figures.grid(2, width=8.4)
    for colour, (condition, label) in zip((ORANGE, BLUE, figures.MUTED), names.items(), strict=False):
        figures.band(axes[0], curve(runs, "test_accuracy", condition, True), color=colour, label=label)
        figures.band(axes[1], curve(runs, "collapsed", condition, True), color=colour, label=label)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)")
    axes[1].set(title="collapsed samples", xlabel="epoch", ylabel="share of training samples (%)", ylim=(-3, 103))
    legend(axes[0], "lower right")
    return figure
