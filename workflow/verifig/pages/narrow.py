"""Figures for narrow screens: the same panels, one below the other, as wide as a phone shows without shrinking them.

`figures.grid` asks here for its shape. Everything else that has to give way (titles, legends beside the panels, labels
that only the outer panels had) is settled once a figure is drawn, so that no function that draws has to think of it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

from verifig.pages import legible

WIDTH = 3.75  # inches, 360 pixels
MOST = 4  # columns; more are a matrix, whose rows and columns mean something: it says how many a phone can show
TALLEST = 3.3  # inches of a panel, so that it stays wider than high
SUFFIX = "_narrow"  # of the file beside the wide one
ORDER = '<p class="small stacked">Here the panels stand one below the other, row by row from left to right.</p>'
PLACE = re.compile(r"\b(left|right|middle|above|below|upper|lower|top|bottom)\b", re.IGNORECASE)
WORD = re.compile(r"\$[^$]*\$\S*|\S+")
FRAME = re.compile(r'd="M[\d.]+ ([\d.]+)h([\d.]+)v-([\d.]+)h-\2v\3z"')  # of a saved figure, then of its panels
LABELS = 34  # points below a panel: its numbers and label
HEADING = 14  # points above a panel
_narrow: ContextVar[bool] = ContextVar("narrow", default=False)


@contextmanager
def drawing() -> Iterator[None]:
    """Within, figures are drawn for a narrow screen."""
    token = _narrow.set(True)
    try:
        yield
    finally:
        _narrow.reset(token)


def drawn() -> bool:
    """Whether figures are drawn for a narrow screen: for a matrix of panels, which has another form there."""
    return _narrow.get()


def shape(
    columns: int, rows: int, width: float, height: float, options: dict, kept: int = 1
) -> tuple[int, int, float, float, dict]:
    """Columns, rows, width and height (of a row, in inches) and options of a figure: as given, or in `kept` columns.

    A matrix for which they are not named stays as it is.
    """
    if not _narrow.get() or (columns > MOST and kept == 1):
        return columns, rows, width, height, options
    left = {name: value for name, value in options.items() if name not in ("width_ratios", "height_ratios")}
    left |= {name: False for name in ("sharex", "sharey") if left.get(name) in ("row", "col")}
    return kept, rows * columns // kept, min(width, WIDTH), min(height, TALLEST), left


def bar(**options) -> dict:
    """Options of a colour bar that stands beside panels, on a narrow screen below them: there they need all the width."""
    return {"location": "bottom", "label": options.get("label")} if _narrow.get() else options


def beside(path: Path) -> Path:
    """Where the narrow form of a saved figure stands."""
    return path.with_stem(f"{path.stem}{SUFFIX}")


def first_panel(svg: str) -> str | None:
    """Width over height, for CSS, of a saved narrow figure up to the end of its first panel; None with one panel alone."""
    frames = [tuple(map(float, found.groups())) for found in FRAME.finditer(svg)]
    if len(frames) < 2:
        return None
    (_, width, _), (bottom, _, _), *others = frames
    below = [other - height for other, _, height in others if other - height > bottom]
    return f"{width:g}/{min(bottom + LABELS, min(below) - HEADING):g}" if below else None


def or_wide(image: str, small: str) -> str:
    """The HTML of an image that gives way to a `small` one, if there is one, where the page is as narrow as a phone."""
    if not small:
        return image
    return f'<picture><source media="(max-width: 40rem)" srcset="{small}">{image}</picture>'


def names_places(note: str) -> bool:
    """Whether a caption tells panels by where they stand in the wide figure."""
    return bool(PLACE.search(note))


def settle(figure: Figure) -> bool:
    """Make what was drawn within `drawing` fit its width; whether that is possible."""
    if figure.get_size_inches()[0] > WIDTH + 0.01:
        return False
    legible.unmark(figure)
    panels = [axes for axes in figure.axes if axes.axison and not hasattr(axes, "_colorbar")]
    for name in ("x", "y"):
        _pass_on(panels, name)
    for text in _headings(figure, panels):
        _wrap(text)
    alone = [axes.get_legend() for axes in panels if len(panels) == 1 and axes.get_legend()]
    for legend in [*figure.legends, *alone]:  # within a panel there was room when it was wide
        _refit(figure, legend)
    _break_labels(figure, panels)
    return True


def _pass_on(panels: list[Axes], name: str) -> None:
    """Give panels that share an axis, of which only the outer ones had numbers and a label, these on each."""
    given = [getattr(axes, f"get_{name}label")() for axes in panels]
    for k, axes in enumerate(panels):
        shared = getattr(axes, f"get_shared_{name}_axes")()
        others = [other for other, panel in enumerate(panels) if other != k and shared.joined(axes, panel)]
        if others:
            axes.tick_params(axis=name, labelbottom=True, labelleft=True)
        if named := [other for other in others if given[other]] if not given[k] else []:
            getattr(axes, f"set_{name}label")(given[min(named, key=lambda other: abs(other - k))])


def _headings(figure: Figure, panels: list[Axes]) -> Iterator[Text]:
    yield from (text for text in (figure._suptitle, figure._supxlabel) if text is not None)
    for axes in panels:
        yield from (axes.title, axes._left_title, axes._right_title, axes.xaxis.label)


def _wrap(text: Text) -> None:
    """Break a heading into lines that fit; formulas stay whole."""
    wide = 0.69 if text.get_fontweight() in ("bold", 700) else 0.6  # of a letter, as a share of its height
    letters = int(0.72 * WIDTH * 72 / (wide * text.get_fontsize()))
    lines = []
    for line in text.get_text().split("\n"):
        lines.append("")
        for word in WORD.findall(line):
            if lines[-1] and len(lines[-1]) + 1 + len(word) > letters:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 1:
        text.set_text("\n".join(lines))


def _break_labels(figure: Figure, panels: list[Axes]) -> None:
    """Break labels of vertical axes that are longer than their panel, and would be cut at the edge of the figure."""
    figure.draw_without_rendering()
    for axes in panels:
        label, words = axes.yaxis.label, axes.get_ylabel().split()
        if label.get_window_extent().height > axes.bbox.height and len(words) > 1:
            half = min(range(1, len(words)), key=lambda k: abs(len(" ".join(words[:k])) - len(" ".join(words[k:]))))
            label.set_text(" ".join(words[:half]) + "\n" + " ".join(words[half:]))


def _refit(figure: Figure, legend: Legend) -> None:
    """Put a figure's legend above or below the panels, in as many columns as fit."""
    below = "lower" in (legend._outside_loc or "") or legend._loc in (3, 4, 8)
    look = {
        "handles": legend.legend_handles,
        "labels": [text.get_text() for text in legend.get_texts()],
        "loc": f"outside {'lower' if below else 'upper'} left",
        "title": legend.get_title().get_text() or None,
        "fontsize": min(legend._fontsize, 9),
    }
    columns = max(legend._ncols, 2)
    legend.remove()
    while True:
        fitted = figure.legend(**look, ncols=columns)
        if columns == 1 or fitted.get_window_extent().width <= figure.bbox.width:
            return
        fitted.remove()
        columns -= 1
