"""What the figures share: accuracies, the paper's points, legends."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from verifig.pages import figures
from verifig.pages.figures import BLUE, percent, pick

PERCENT_LIMITS = (-3, 103)  # of an axis from 0 to 100 %


def accuracies(axes: Axes, frame: pd.DataFrame, condition: str, colour: str = BLUE, prefix: str = "") -> None:
    """Train (dashed) and test (solid) accuracy with the range over seeds; `prefix` names the arm in the legend."""
    rows = percent(pick(frame, condition=condition))
    train, test = (pick(rows, curve=f"{which}_accuracy") for which in ("train", "test"))
    figures.band(axes, train, color=colour, linestyle="--", label=f"{prefix}train", alpha=0.7)
    figures.band(axes, test, color=colour, label=f"{prefix}test")
    axes.set(xlabel="epoch", ylim=PERCENT_LIMITS)


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
