"""What a figure needs to be read: bands that say what they are, log axes with numbers, letters that are large enough.

Settled for every figure when it is saved, so that no function that draws has to think of it.
"""

import textwrap
from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from verifig.pages import marked

SMALLEST = 7.0  # points, 9.3 pixels
WIDEST = 8.95  # inches, 859 pixels: what the column of a page holds without shrinking it
FEWEST = 3  # labelled ticks of a log axis
STEPS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9))
NOTE = 8.0  # points of the line that says what bands are
LINE = 0.17  # inches that a line of it takes
CONVENTION = "medians, bands: range"  # of `figures.band`
CONVENTION_TOLD = (
    "Lines are medians over seeds or draws and bands their range, unless a figure or its caption says otherwise."
)


def band_is(axes: Axes, what: str) -> None:
    """Say what lines and bands of a panel are ("median, band: range"); it stands once below the figure."""
    known = axes.__dict__.setdefault("_bands", [])
    if what not in known:
        known.append(what)


def conventional(figure: Figure) -> bool:
    """Whether a figure has bands, and all of them follow the convention."""
    return {what for axes in figure.axes for what in getattr(axes, "_bands", [])} == {CONVENTION}


def bands(figure: Figure) -> str:
    """One line on what all bands of a figure are: said once if the same everywhere, by panel if not.

    Nothing where all follow the convention, which a page says once.
    """
    if conventional(figure):
        return ""
    panels: dict[str, list[str]] = {}
    for axes in figure.axes:
        for what in getattr(axes, "_bands", []):
            panels.setdefault(what, []).append(_name(axes))
    if len(panels) < 2:
        return "".join(f"{_told(what)}." for what in panels)
    return "; ".join(f"{', '.join(dict.fromkeys(filter(None, names)))}: {what}" for what, names in panels.items()) + "."


def _told(what: str) -> str:
    return f"Lines: {what}" if what.startswith(("median", "mean", "geometric")) else what[0].upper() + what[1:]


def _name(axes: Axes) -> str:
    return axes.get_title(loc="left") or axes.get_title() or axes.get_ylabel()


def numbered(axis: Axis) -> list[float]:
    """Where numbers stand on an axis, within what it shows."""
    low, high = sorted(axis.get_view_interval())
    slack = 1e-9 * high
    labelled = {}
    for minor in (False, True):
        places = axis.get_ticklocs(minor=minor)
        form = axis.get_minor_formatter() if minor else axis.get_major_formatter()
        labelled |= dict(zip(places, form.format_ticks(places), strict=False))
    return sorted(place for place, text in labelled.items() if text and low - slack <= place <= high + slack)


def number_log_axes(figure: Figure) -> None:
    """Give every log axis that shows fewer than three numbers as many as it needs."""
    for axis in _log_axes(figure):
        if len(numbered(axis)) >= FEWEST:
            continue
        for steps in STEPS:
            axis.set_major_locator(LogLocator(subs=steps, numticks=20))
            axis.set_major_formatter(FuncFormatter(_plain))
            if len(numbered(axis)) >= FEWEST:
                break
        axis.set_minor_formatter(NullFormatter())
        axis.set_minor_locator(NullLocator())


def _plain(value: float, _=None) -> str:
    """`0.02`, `2000`, and beyond that powers of ten."""
    if 1e-4 < value < 1e5:
        return f"{value:g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    power = f"10^{{{int(exponent)}}}"
    return f"${power}$" if float(mantissa) == 1 else rf"${float(mantissa):g}\cdot{power}$"


def _log_axes(figure: Figure) -> Iterator[Axis]:
    for axes in figure.axes:
        if axes.axison and not hasattr(axes, "_colorbar"):
            yield from (axis for axis in (axes.xaxis, axes.yaxis) if axis.get_scale() == "log" and axis.get_visible())


def unmark(figure: Figure) -> None:
    """Take the explanations of marked numbers, which no picture shows, out of its texts and labels (see `marked`)."""
    for text in figure.findobj(Text):
        text.set_text(marked.plain(text.get_text()))
    for named in [*figure.findobj(), *(each for axes in figure.axes for each in axes.containers)]:
        if marked.OPEN in str(named.get_label()):
            named.set_label(marked.plain(named.get_label()))


def settle(figure: Figure, ink: str) -> None:
    """Number log axes, enlarge letters that are too small, and write below (above a legend there) what bands are."""
    unmark(figure)
    number_log_axes(figure)
    for text in figure.findobj(Text):
        if text.get_fontsize() < SMALLEST:
            text.set_fontsize(SMALLEST)
    said, engine = bands(figure), figure.get_layout_engine()
    if not said:
        return
    width, height = figure.get_size_inches()
    lines = textwrap.wrap(said, int(width * 14.5))
    strip = LINE * len(lines) + 0.06
    taken, place = strip / (height + strip), {"color": ink, "fontsize": NOTE, "alpha": 0.85, "linespacing": 1.3}
    above = any((legend._outside_loc or "") == "lower" for legend in figure.legends)
    if isinstance(engine, ConstrainedLayoutEngine):
        figure.set_size_inches(width, height + strip)
        engine.set(rect=(0, 0 if above else taken, 1, 1 - taken))
    y, side = (1 - 0.03 / height, "top") if above else (0.03 / height, "bottom")
    figure.text(0.06 / width, y, "\n".join(lines), va=side, ha="left", **place)


def defects(figure: Figure) -> list[str]:
    """What keeps a settled figure from being read: for tests."""
    found = []
    if figure.get_size_inches()[0] > WIDEST:
        found.append(f"{figure.get_size_inches()[0]:g} inches wide, the page shows {WIDEST:g}")
    small = {text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_fontsize() < SMALLEST}
    found += [f"{text!r} is too small" for text in sorted(small)]
    for axis in _log_axes(figure):
        if len(numbered(axis)) < FEWEST:
            found.append(f"{axis.axis_name} of {_name(axis.axes)!r} has {len(numbered(axis))} numbers")
    for axes in figure.axes:
        filled = [each for each in axes.collections if _fills(each) and str(each.get_label()).startswith("_")]
        if filled and not getattr(axes, "_bands", []):
            found.append(f"a band of {_name(axes)!r} does not say what it is")
    return found


def _fills(collection: object) -> bool:
    return isinstance(collection, PolyCollection) and type(collection).__name__ == "FillBetweenPolyCollection"
