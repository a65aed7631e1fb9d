"""What the figures share: colours by what a run is, accuracies, the paper's points, legends.

Throughout the page: blue is the paper's remedy (StableMax or the projection), orange the plain run, purple weight decay.
"""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, OLIVE, ORANGE, PURPLE, TEAL, percent, pick

PERCENT_LIMITS = (-3, 103)  # of an axis from 0 to 100 %
REMEDY, PLAIN, DECAY = BLUE, ORANGE, PURPLE
PRECISION_COLOURS = {"float16": OLIVE, "float32": TEAL, "float64": GREEN}
LATE_EPOCHS = (50, 200, 1000, 5000, 20000, 80000)  # numbers of an axis that reaches the paper's last epochs


def accuracies(axes: Axes, frame: pd.DataFrame, condition: str, colour: str = REMEDY, prefix: str = "") -> None:
    """Train (dashed) and test (solid) accuracy with the range over seeds; `prefix` names the arm in the legend."""
    rows = percent(pick(frame, condition=condition))
    train, test = (pick(rows, curve=f"{which}_accuracy") for which in ("train", "test"))
    figures.band(axes, train, color=colour, linestyle="--", label=f"{prefix}train", alpha=0.7)
    figures.band(axes, test, color=colour, label=f"{prefix}test")
    axes.set(xlabel="epoch", ylim=PERCENT_LIMITS)


def paper_train(axes: Axes, points: Mapping) -> None:
    """Training accuracies read off the paper: open squares (its test accuracies are diamonds)."""
    figures.paper_points(axes, points["epoch"], points["accuracy"], "paper, train", marker="s")


def paper_test(axes: Axes, points: Mapping, label: str = "paper, test") -> None:
    """Test accuracies read off the paper: open diamonds."""
    if "modulus" in points:
        label = f"{label} (p = {points['modulus']})"
    figures.paper_points(axes, points["epoch"], points["accuracy"], label)


def legend_below(axes: Sequence[Axes], columns: int) -> None:
    """One legend below all panels, of what any of them names."""
    figures.legend_outside(axes, "lower center", ncols=columns, fontsize=8.5)
