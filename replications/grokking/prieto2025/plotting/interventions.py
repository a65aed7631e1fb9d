"""Collapse brought about: Figures 8 and 14."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.prieto2025.plotting.common import PERCENT_LIMITS, legend
from verifig.pages import figures
from verifig.pages.figures import BLUE, ORANGE, percent, pick


def fig8(runs: pd.DataFrame) -> Figure:
    """Correct-class logits taken out of the loss, against the untouched run."""
    figure, (axes,) = figures.grid(1, width=6)
    for condition, label, colour in (("not_zeroed", "untouched", BLUE), ("zeroed", "logits zeroed", ORANGE)):
        rows = percent(pick(runs, curve="test_accuracy", condition=condition))
        figures.band(axes, rows, color=colour, label=label)
    axes.set(xlabel="epoch", ylabel="test accuracy (%)", ylim=PERCENT_LIMITS)
    legend(axes, "upper left")
    return figure


def fig14(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Test accuracy and collapsed share on MNIST; `names` maps condition to label."""
    figure, axes = figures.grid(2, width=8.4)
    for colour, (condition, label) in zip((ORANGE, BLUE, figures.MUTED), names.items(), strict=False):
        rows = percent(pick(runs, condition=condition))
        figures.band(axes[0], pick(rows, curve="test_accuracy"), color=colour, label=label)
        figures.band(axes[1], pick(rows, curve="collapsed"), color=colour, label=label)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)")
    axes[1].set(title="collapsed samples", xlabel="epoch", ylabel="share of training samples (%)", ylim=PERCENT_LIMITS)
    legend(axes[0], "lower right")
    return figure
