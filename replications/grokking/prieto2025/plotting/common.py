"""What the figures share: colours, curves of a condition, accuracies, the paper's points."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from verifig.pages import figures

BLUE, ORANGE, GREEN, PURPLE, RED = figures.PALETTE[:5]


def curve(frame: pd.DataFrame, name: str, condition: str, percent: bool = False) -> pd.DataFrame:
    """Rows of one curve and condition; accuracies in percent if asked."""
    rows = frame[(frame["curve"] == name) & (frame["condition"] == condition)]
    return rows.assign(value=rows["value"] * 100) if percent else rows


def accuracies(axes: Axes, frame: pd.DataFrame, condition: str, colour: str = BLUE, prefix: str = "") -> None:
    """Train (dashed) and test (solid) accuracy with the range over seeds; `prefix` names the arm in the legend."""
    train, test = (curve(frame, f"{which}_accuracy", condition, True) for which in ("train", "test"))
    figures.band(axes, train, color=colour, linestyle="--", label=f"{prefix}train", alpha=0.7)
    figures.band(axes, test, color=colour, label=f"{prefix}test")
    axes.set(xlabel="epoch", ylim=(-3, 103))


def paper_train(axes: Axes, points: Mapping) -> None:
    """Training accuracies read off the paper: open squares (its test accuracies are diamonds)."""
    figures.paper_points(axes, points["epoch"], points["accuracy"], "paper, train", marker="s")


def paper_test(axes: Axes, points: Mapping) -> None:
    """Test accuracies read off the paper: open diamonds."""
    figures.paper_points(axes, points["epoch"], points["accuracy"], "paper, test")


def legend(axes: Axes, place: str, **options) -> None:
    """A small legend, if there is anything to name."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc=place, fontsize=8, **options)
