"""What figures share: colours, gains over the teacher by probe.

Throughout the page a probe has a colour, a regime another, and the teacher is orange.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from replications.random_teachers.sarnthein2023.measuring.conditions import PROBES, REGIMES
from verifig.judging import stats
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, OLIVE, PURPLE, RED, TEAL

PROBE_COLOURS = dict(zip(PROBES, (BLUE, OLIVE, GREEN), strict=True))
REGIME_COLOURS = dict(zip(REGIMES, (TEAL, PURPLE, RED), strict=True))


def gains(final: pd.DataFrame, probe: str) -> np.ndarray:
    """Student minus teacher, in percentage points, by seed."""
    return 100 * (final[probe] - final[f"teacher_{probe}"]).to_numpy(float)


def interval(axes: Axes, place: float, values: np.ndarray, colour: str, vertical: bool = True, **marker) -> None:
    """Mean and 95 % interval over seeds as a dot with a bar."""
    found = stats.mean(values)
    ends, middle = (found.low, found.high), found.observed
    xs, ys = ([place, place], ends) if vertical else (ends, [place, place])
    axes.plot(xs, ys, color=colour, linewidth=1.4)
    spot = (place, middle) if vertical else (middle, place)
    axes.plot(*spot, **({"marker": "o", "markersize": 5, "color": colour, "linestyle": "none"} | marker))


def gain_lines(axes: Axes, final: pd.DataFrame, setting: str, probes: Mapping[str, str], size: float = 4) -> None:
    """Gain over the teacher against a setting, a line a probe with marks of `size`."""
    for probe, label in probes.items():
        rows = pd.DataFrame({"x": final[setting], "value": gains(final, probe)})
        figures.mean_band(axes, rows, color=PROBE_COLOURS[probe], label=label, marker="o", markersize=size)
