"""Curves of training jobs as a figure: a panel a field, a colour a condition, another run's in grey behind."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from verifig.ground.errors import InputError
from verifig.ground.files import atomic
from verifig.pages import figures, legible
from verifig.planning.curves import Curves, Line, fields

DECADES = 100.0  # values that differ by more are shown on a logarithmic axis
MOST_PANELS = 24
PANELS_IN_A_ROW = 2
MOST_NAMED = 30  # conditions in a legend


def save(
    jobs: Mapping[str, Curves],
    path: Path,
    names: Sequence[str] | None = None,
    behind: Mapping[str, Curves] | None = None,
    whose: str = "",
) -> None:
    """Draw curves of jobs by title, and write them as SVG or PNG.

    Args:
        names: of the fields, None: all, of several jobs the three most telling of each.
        behind: curves of another run, drawn in grey behind those of the same title; `whose` they are.

    Raises:
        InputError: there is nothing to draw.
    """
    figure = draw(jobs, names, behind or {}, whose)
    if path.suffix == ".svg":
        figures.save(figure, path, "curves of " + ", ".join(jobs))
        return
    legible.settle(figure, figures.INK)
    with atomic(path) as temporary:
        figure.savefig(temporary, format="png", dpi=160, facecolor="white", transparent=False)
    plt.close(figure)


def draw(jobs: Mapping[str, Curves], names: Sequence[str] | None, behind: Mapping[str, Curves], whose: str) -> Figure:
    """The figure (see `save`)."""
    most = None if len(jobs) == 1 else 3
    panels = [
        (title, name)
        for title, found in jobs.items()
        for name in (names or fields(found, most))
        if any(name in by_field for by_field in found.values())
    ][:MOST_PANELS]
    if not panels:
        raise InputError("there are no curves to draw")
    columns = min(len(panels), PANELS_IN_A_ROW)
    figure, every = figures.grid(columns, -(-len(panels) // columns), width=8.0, height=2.9)
    for axes in every[len(panels) :]:
        axes.axis("off")
    colours = _colours(dict.fromkeys(chain.from_iterable(jobs.values())))
    for axes, (title, name) in zip(every, panels, strict=False):
        axes.set_title(name if len(jobs) == 1 else f"{title}: {name}")
        axes.set_xlabel("steps")
        _panel(axes, jobs[title], name, colours, behind.get(title, {}), whose)
    if len(colours) <= MOST_NAMED:
        figures.legend_outside(list(every[: len(panels)]), "lower center", ncols=_columns(colours))
    return figure


def _panel(axes: Axes, found: Curves, name: str, colours: Mapping, behind: Curves, whose: str) -> None:
    grey = {"color": figures.MUTED, "alpha": 0.5, "linewidth": 1.2, "zorder": 0.5}
    for condition, by_field in found.items():
        for line in by_field.get(name, []):
            axes.plot(line.steps, line.values, color=colours[condition], label=condition)
    for line in chain.from_iterable(by_field.get(name, []) for by_field in behind.values()):
        axes.plot(line.steps, line.values, label=whose, **grey)
    lines = [line for each in (found, behind) for by_field in each.values() for line in by_field.get(name, [])]
    _scale(axes.yaxis, chain.from_iterable(line.values for line in lines))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if _spread(lines):
        _scale(axes.xaxis, [step for line in lines for step in line.steps if step > 0])


def _scale(axis: Axis, values: Iterable[float]) -> None:
    """Logarithmic where all values are positive and differ by decades."""
    finite = [value for value in values if math.isfinite(value)]
    if finite and min(finite) > 0 and max(finite) > DECADES * min(finite):
        getattr(axis.axes, f"set_{axis.axis_name}scale")("log")


def _spread(lines: Sequence[Line]) -> bool:
    """Whether log points lie closer together at the beginning, as if on a logarithmic axis."""
    longest = max(lines, key=lambda line: len(line.steps)).steps
    return len(longest) > 4 and float(np.median(longest)) < longest[-1] / 4


def _colours(names: Iterable[str]) -> dict[str, object]:
    """One a condition; grey is the other run's."""
    names = list(names)
    own = [colour for colour in figures.PALETTE if colour != figures.MUTED] + [figures.PINK, figures.INDIGO]
    if len(names) > len(own):
        own = sns.husl_palette(len(names), s=0.75, l=0.58)
    return dict(zip(names, own, strict=False))


def _columns(names: Iterable[str]) -> int:
    """Of a legend, as many as fit below the panels."""
    return max(1, min(5, int(95 / (max(map(len, names)) + 6))))
