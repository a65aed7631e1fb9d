"""Figures by locality of the start: gains, the share of units that fire, divergence and distance.

`regimes` are labels by experiment. Conditions that did not run are not drawn.
"""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.random_teachers.sarnthein2023.measuring.conditions import BY_IMAGES, BY_OUTPUTS, REGIMES
from replications.random_teachers.sarnthein2023.plotting.drawing import PROBE_COLOURS, REGIME_COLOURS, gain_lines
from verifig.pages import figures
from verifig.pages.figures import ORANGE, percent, pick

NOT_BY_ALPHA = {*BY_OUTPUTS, *BY_IMAGES, "permuted"} - {"full"}  # differ from `full` in more than alpha


def by_alpha(final: pd.DataFrame) -> pd.DataFrame:
    """Rows of conditions that differ in alpha alone."""
    return final[(final["source"] == "real") & ~final["condition"].isin(NOT_BY_ALPHA)]


def gains(
    curves: Sequence[pd.DataFrame],
    finals: Sequence[pd.DataFrame],
    probes: Mapping[str, str],
    regimes: Mapping[str, str],
    over_training: Mapping[str, Mapping[str, str]],
) -> Figure:
    """Gain by locality in three regimes (above), the linear probe over training in two, and the units that fire.

    Args:
        over_training: by experiment, labels of the conditions whose probe over training is drawn.
    """
    figure, axes = figures.grid(3, 2, width=8.9, height=3.2)
    for each, final, regime in zip(axes[:3], finals, REGIMES, strict=True):
        rows = by_alpha(final)
        gain_lines(each, rows, "alpha", probes, 3.5)
        each.axhline(0, color=figures.MUTED, linewidth=1)
        each.set_title(regimes[regime].replace(": ", "\n"), fontsize=9)
        each.set(xlabel="alpha (0: copy, 1: independent)", ylabel="student − teacher (points)")
    _over_training(axes[3:5], curves, finals, over_training)
    for final, regime in zip(finals, REGIMES, strict=True):
        look = {"color": REGIME_COLOURS[regime], "label": regimes[regime], "marker": "o", "markersize": 3.5}
        figures.mean_band(axes[5], percent(by_alpha(final), "alive"), "alpha", "alive", **look)
    axes[5].set_title("embedding units that fire", fontsize=9)
    axes[5].set(xlabel="alpha (0: copy, 1: independent)", ylabel="units (%)", ylim=(0, 105))
    figures.legend_outside(axes[[0, 3, 4, 5]], "lower center", ncols=4, fontsize=8.5)
    return figure


def _over_training(
    axes: Sequence[Axes],
    curves: Sequence[pd.DataFrame],
    finals: Sequence[pd.DataFrame],
    over_training: Mapping[str, Mapping[str, str]],
) -> None:
    """The linear probe by step for a few starts, a panel a regime."""
    labels = list(dict.fromkeys(label for names in over_training.values() for label in names.values()))
    styles = dict(zip(labels, ("-", (0, (4, 2)), (0, (1, 1.5)), "-."), strict=False))  # one an alpha in both panels
    for each, experiment in zip(axes, over_training, strict=True):
        which = REGIMES.index(experiment)
        names = over_training[experiment]
        for condition, label in names.items():
            rows = percent(pick(curves[which], condition=condition, probe="linear"))
            figures.mean_band(each, rows, color=PROBE_COLOURS["linear"], label=label, linestyle=styles[label])
        ends = finals[which][finals[which]["condition"].isin(names)].drop_duplicates("seed")
        each.axhline(100 * ends["teacher_linear"].mean(), color=ORANGE, label="teacher")
        each.set_title(f"{experiment}: linear probe\nover training", fontsize=9)
        each.set(xlabel="step", ylabel="test accuracy (%)")


def divergence(finals: Sequence[pd.DataFrame], regimes: Mapping[str, str]) -> Figure:
    """Final divergence and distance from the start by locality, in three regimes."""
    figure, axes = figures.grid(2, width=8.4)
    for final, regime in zip(finals, REGIMES, strict=True):
        rows = by_alpha(final)
        for each, field in zip(axes, ("kl", "distance"), strict=True):
            colour, label = REGIME_COLOURS[regime], regimes[regime]
            figures.band(each, rows, "alpha", field, color=colour, label=label, marker="o", markersize=3.5)
    axes[0].set(
        title="KL to the teacher at the end", xlabel="alpha (0: copy, 1: independent)", ylabel="KL (nats)", yscale="log"
    )
    axes[1].set(
        title="distance from the start",
        xlabel="alpha (0: copy, 1: independent)",
        ylabel="L2 distance of parameters",
        ylim=(0, None),
    )
    figures.legend_outside(axes[0], "lower center", ncols=3, fontsize=8.5)
    return figure
