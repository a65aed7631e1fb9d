"""Weight decay: Figures 6c and 15."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.grokking.prieto2025.measuring.levels import FIT
from replications.grokking.prieto2025.plotting.common import PERCENT_LIMITS, accuracies
from verifig.pages import figures
from verifig.pages.figures import BLUE, PURPLE, percent, pick


def fig6c(delay: pd.DataFrame, decay: float) -> Figure:
    """Accuracy, training loss and norm of AdamW with weight decay against epochs on a log axis.

    The accuracy of perpAdamW is drawn beside.
    """
    label = f"decay {decay:g}"
    figure, axes = figures.grid(3, width=10)
    rows = delay[delay["x"] > 0]
    accuracies(axes[0], rows, "perp_adamw", BLUE, "perpAdamW, ")
    accuracies(axes[0], rows, "adamw_wd4", PURPLE, f"{label}, ")
    axes[0].set(title="accuracy", ylabel="accuracy (%)")
    figures.band(axes[1], pick(rows, curve="train_loss", condition="adamw_wd4"), color=PURPLE)
    axes[1].set(title=f"training loss, {label}", xlabel="epoch", ylabel="loss (nats)", yscale="log")
    figures.band(axes[2], pick(rows, curve="norm", condition="adamw_wd4"), color=PURPLE)
    axes[2].set(title=f"all weights, {label}", xlabel="epoch", ylabel="L2 norm")
    for each in axes:
        each.set_xscale("log")
    figures.legend_outside(axes[0], "lower left", ncols=4, fontsize=8)
    return figure


def fig15(runs: pd.DataFrame, decays: Mapping[str, float]) -> Figure:
    """Test accuracy over epochs, and the epochs until the test set is learnt, by weight decay.

    `decays` maps condition to weight decay; the run with the projection is drawn beside.
    """
    figure, axes = figures.grid(2, width=9)
    for colour, (condition, decay) in zip(figures.PALETTE[1:], decays.items(), strict=False):
        rows = pick(runs, curve="test_accuracy", condition=condition)
        figures.band(axes[0], percent(rows), color=colour, label=f"decay {decay:g}")
        _arrivals(axes[1], decay, rows, colour)
    rows = pick(runs, curve="test_accuracy", condition="perp_adamw")
    figures.band(axes[0], percent(rows), color=BLUE, label="projection")
    _arrivals(axes[1], 0.0, rows, BLUE)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)", ylim=PERCENT_LIMITS)
    axes[1].set(title=f"epochs to test accuracy {FIT:g}", xlabel="weight decay", ylim=(0, None))
    ticks = sorted(set(decays.values()))
    axes[1].set_xticks([0, *ticks], ["projection,\nno decay", *(f"{tick:g}" for tick in ticks)])
    figures.legend_outside(axes[0], "lower left", ncols=6, fontsize=8)
    return figure


def _arrivals(axes: Axes, x: float, frame: pd.DataFrame, colour: str) -> None:
    """First log points at or above `FIT` by seed as dots; a triangle at the last epoch for runs that never get there."""
    if frame.empty:
        return
    reached = frame[frame["value"] >= FIT].groupby("seed")["x"].min()
    axes.plot([x] * len(reached), reached, "o", color=colour, markersize=5, alpha=0.8)
    never = frame["seed"].nunique() - len(reached)
    axes.plot([x] * never, [frame["x"].max()] * never, "^", color=colour, markersize=7, markerfacecolor="none")
