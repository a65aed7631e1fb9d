"""Weight decay: Figures 6c and 15."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.grokking.prieto2025.measuring.levels import FIT
from replications.grokking.prieto2025.plotting.common import DECAY, PERCENT_LIMITS, REMEDY, accuracies, legend_below
from verifig.pages import figures
from verifig.pages.figures import percent, pick

DECAYS = ("#dca6ea", DECAY, "#9344c9", "#7a4fe0", "#5561e8")  # the more decay, the darker; 4 as in Figure 6c


def fig6c(delay: pd.DataFrame, decay: float) -> Figure:
    """Accuracy, training loss and norm of AdamW with weight decay against epochs on a log axis.

    The accuracy of perpAdamW is drawn beside.
    """
    label = f"decay {decay:g}"
    figure, axes = figures.grid(3, width=8.9, height=2.9)
    rows = delay[delay["x"] > 0]
    accuracies(axes[0], rows, "perp_adamw", REMEDY, "perpAdamW, ")
    accuracies(axes[0], rows, "adamw_wd4", DECAY, f"{label}, ")
    axes[0].set(title="accuracy", ylabel="accuracy (%)")
    figures.band(axes[1], pick(rows, curve="train_loss", condition="adamw_wd4"), color=DECAY)
    axes[1].set(title="training loss", xlabel="epoch", ylabel="loss (nats)", yscale="log")
    figures.band(axes[2], pick(rows, curve="norm", condition="adamw_wd4"), color=DECAY)
    axes[2].set(title="norm of all weights", xlabel="epoch", ylabel="L2 norm (no unit)")
    for each in axes:
        each.set_xscale("log")
    legend_below(axes, 4)
    return figure


def fig15(runs: pd.DataFrame, decays: Mapping[str, float], chou: Mapping) -> Figure:
    """Test accuracy over epochs, and the epochs until the test set is learnt, by weight decay.

    `decays` maps condition to weight decay; the run with the projection is drawn beside.
    """
    figure, axes = figures.grid(2, width=8.9)
    for colour, (condition, decay) in zip(DECAYS, decays.items(), strict=False):
        rows = pick(runs, curve="test_accuracy", condition=condition)
        figures.band(axes[0], percent(rows), color=colour, label=f"decay {decay:g}")
        _arrivals(axes[1], decay, rows, colour)
    rows = pick(runs, curve="test_accuracy", condition="perp_adamw")
    figures.band(axes[0], percent(rows), color=REMEDY, label="projection")
    _arrivals(axes[1], 0.0, rows, REMEDY)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="test accuracy (%)", ylim=PERCENT_LIMITS)
    axes[1].set(title=f"epochs to test accuracy {100 * FIT:g} %", xlabel="weight decay", ylabel="epoch", ylim=(0, None))
    for name, colour in (("weight decay", DECAY), ("projection", REMEDY)):
        value = chou[name.replace(" ", "_")]
        look = figures.DASHED | {"color": colour, "label": f"Chou, tuned {name}: {value}"}
        figures.threshold(axes[1], value, axis="y", **look)
    ticks = sorted(set(decays.values()))
    axes[1].set_xticks([0, *ticks], ["projection,\nno decay", *(f"{tick:g}" for tick in ticks)])
    legend_below(axes, 4)
    return figure


def _arrivals(axes: Axes, x: float, frame: pd.DataFrame, colour: str) -> None:
    """First log points at or above `FIT` by seed as dots; a triangle at the last epoch for runs that never get there."""
    if frame.empty:
        return
    reached = frame[frame["value"] >= FIT].groupby("seed")["x"].min()
    axes.plot([x] * len(reached), reached, "o", color=colour, markersize=5, alpha=0.8)
    never = frame["seed"].nunique() - len(reached)
    axes.plot([x] * never, [frame["x"].max()] * never, "^", color=colour, markersize=7, markerfacecolor="none")
