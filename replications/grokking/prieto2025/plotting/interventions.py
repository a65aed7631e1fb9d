"""Collapse brought about: Figures 8 and 14."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.prieto2025.plotting.common import DECAY, PERCENT_LIMITS, PLAIN, REMEDY, legend_below
from verifig.pages import figures
from verifig.pages.figures import MUTED, percent, pick


def fig8(paper: Mapping, runs: pd.DataFrame | None = None) -> Figure:
    """Correct-class logits taken out of the loss, against the untouched run; the paper's points alone without runs."""
    figure, (axes,) = figures.grid(1, width=6)
    arms = (("not_zeroed", "untouched", REMEDY, "D"), ("zeroed", "logits zeroed", PLAIN, "s"))
    for condition, label, colour, marker in arms:
        if runs is not None:
            rows = percent(pick(runs, curve="test_accuracy", condition=condition))
            figures.band(axes, rows, color=colour, label=label)
        value = paper[condition.replace("not_zeroed", "untouched")]
        look = {"marker": marker, "markeredgecolor": colour, "markersize": 7}
        figures.paper_points(axes, [paper["epoch"]], [value], f"paper, {label}", **look)
    figures.threshold(axes, paper["zeroed_at"], "paper: logits zeroed")
    axes.set(xlabel="epoch", ylabel="test accuracy (%)", ylim=PERCENT_LIMITS, xlim=(0, 1.05 * paper["epoch"]))
    legend_below([axes], 4)
    return figure


def fig14(runs: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Test accuracy and collapsed share on MNIST; `names` maps condition to label."""
    figure, axes = figures.grid(2, width=8.4)
    for colour, (condition, label) in zip((PLAIN, DECAY, MUTED), names.items(), strict=False):
        rows = percent(pick(runs, condition=condition))
        figures.band(axes[0], pick(rows, curve="test_accuracy"), color=colour, label=label)
        figures.band(axes[1], pick(rows, curve="collapsed"), color=colour, label=label)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)")
    axes[1].set(title="collapsed samples", xlabel="epoch", ylabel="training samples (%)", ylim=PERCENT_LIMITS)
    legend_below(axes, 3)
    return figure
