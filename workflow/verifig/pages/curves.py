"""Curves of a drawn figure, and which entries of its legends stand for which of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from verifig.pages.figures import INK

Look = tuple[str, str, str]  # colour, line style, marker
NOTHING = ("", " ", "None", "none", None)


@dataclass(eq=False)
class Curve:
    """A line or a set of points, the bands and bars around it, and the labels of the entries that stand for it.

    `unit` is what it was drawn for, if that is said: `axes.plot(..., gid="seed 3")`.
    """

    artist: Artist
    axes: Axes
    unit: str = ""
    around: list[Artist] = field(default_factory=list)
    label: str = ""
    entries: list[str] = field(default_factory=list)

    @property
    def scattered(self) -> bool:
        """Points that matplotlib draws one by one."""
        return isinstance(self.artist, PathCollection)

    @property
    def only(self) -> str:
        """`x` or `y` for a line across the axes, which has a value on that axis alone."""
        x, y = self.artist.get_transform().contains_branch_seperately(self.axes.transData)
        return "" if x == y or self.scattered else "x" if x else "y"

    @property
    def look(self) -> Look:
        """How it is drawn."""
        return look(self.artist)


def look(artist: Artist) -> Look:
    """Colour, line style and marker (`open` if it is not filled) of a line or of points.

    Points without a line have the colour of their face, open ones that of their edge.
    """
    if isinstance(artist, Line2D):
        style, marker = ("" if each in NOTHING else str(each) for each in (artist.get_linestyle(), artist.get_marker()))
        face, edge = artist.get_markerfacecolor(), artist.get_markeredgecolor()
        empty = str(face) == "none"
        color = artist.get_color() if style else edge if empty else face
        return to_hex(color), style, f"open {marker}" if marker and empty else marker
    if isinstance(artist, PathCollection):
        faces, edges = artist.get_facecolor(), artist.get_edgecolor()
        return to_hex([*faces, *edges, "none"][0]), "", "o" if len(faces) else "open o"
    return "", "", ""


def curves_of(figure: Figure) -> Iterator[Curve]:
    """Lines, also those across the axes, and points of all panels, in the order in which they are drawn."""
    for axes in figure.axes:
        bars = {each.lines[0]: each for each in axes.containers if isinstance(each, ErrorbarContainer)}
        caps = {cap for each in bars.values() for cap in each.lines[1]}
        drawn = [each for each in axes.get_children() if _is_curve(each, axes, caps)]
        found = [Curve(each, axes, each.get_gid() or "", label=_label(each)) for each in drawn]
        for curve in found:
            if container := bars.get(curve.artist):
                curve.around += [*container.lines[1], *container.lines[2]]
                curve.label = curve.label or _own(container.get_label())
        for band in axes.collections:
            if isinstance(band, FillBetweenPolyCollection) and not _label(band):
                _of_band(band, found, axes)
        yield from found


def _is_curve(artist: Artist, axes: Axes, caps: set[Artist]) -> bool:
    if not artist.get_visible() or artist in caps:
        return False
    if isinstance(artist, PathCollection):
        return bool(np.isfinite(np.ma.filled(artist.get_offsets(), np.nan)).all(axis=1).any())
    if not isinstance(artist, Line2D) or not any(artist.get_transform().contains_branch_seperately(axes.transData)):
        return False
    return bool(np.isfinite(np.asarray(artist.get_xydata(), float)).all(axis=1).any())


def _of_band(band: Artist, found: Sequence[Curve], axes: Axes) -> None:
    """A band belongs to the last line before it of its colour, else to the first one after."""
    order = {artist: place for place, artist in enumerate(axes.get_children())}
    color = to_hex(band.get_facecolor()[0])
    alike = [curve for curve in found if curve.look[0] == color]
    before = [curve for curve in alike if order[curve.artist] < order[band]]
    for curve in before[-1:] or alike[:1]:
        curve.around.append(band)


def _label(artist: Artist) -> str:
    return _own(artist.get_label())


def _own(label: object) -> str:
    return "" if str(label).startswith("_") else str(label)


def entries_of(figure: Figure) -> dict[str, list[tuple[Artist, ...]]]:
    """Labels of all legends, in order, and for each what stands for it there: text and handle, by legend.

    Labels at the end of lines (`figures.end_labels`) are entries too.
    """
    found: dict[str, list[tuple[Artist, ...]]] = {}
    for legend in [*figure.legends, *(axes.get_legend() for axes in figure.axes)]:
        if isinstance(legend, Legend):
            for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=False):
                found.setdefault(text.get_text(), []).append((text, *([handle] if handle else [])))
    for axes in figure.axes:
        for text in axes.texts:
            if _label(text):
                found.setdefault(_label(text), []).append((text,))
    return found


def titles_of(figure: Figure) -> dict[str, str]:
    """Titles of legends, by the labels below them; none for a label that stands below several titles."""
    found: dict[str, set[str]] = {}
    for legend in filter(None, [*figure.legends, *(axes.get_legend() for axes in figure.axes)]):
        for text in legend.get_texts():
            found.setdefault(text.get_text(), set()).add(legend.get_title().get_text())
    return {label: titles.pop() for label, titles in found.items() if len(titles) == 1}


def join(figure: Figure, curves: Sequence[Curve], entries: Mapping[str, Sequence[tuple[Artist, ...]]]) -> None:
    """Give every curve its entries: that of its label, or those that look like it.

    A curve without a label belongs to the one entry of its look or, if there is none, of its colour. Entries in ink
    that no curve is labelled with stand for a line style or a marker, whatever the colour, in the panels that have an
    empty line of that label, else in all.
    """
    looks = {label: look(places[0][1]) for label, places in entries.items() if len(places[0]) > 1}
    labelled = {curve.label for curve in curves}
    styles = {label: seen[1:] for label, seen in looks.items() if seen[0] == to_hex(INK) and label not in labelled}
    panels = {label: [axes for axes in figure.axes if label in map(_label, axes.get_lines())] for label in styles}
    for curve in curves:
        if curve.label in entries:
            curve.entries.append(curve.label)
        elif not curve.label:
            same = [label for label, seen in looks.items() if seen == curve.look and label not in styles]
            colour = [label for label, seen in looks.items() if seen[0] == curve.look[0] != to_hex(INK)]
            found = same or colour
            curve.entries += found if len(found) == 1 else []
        curve.entries += [
            label
            for label, seen in styles.items()
            if seen == curve.look[1:] and curve.axes in (panels[label] or figure.axes)
        ]
