"""Figures of a page as they are drawn: the picture, wide and narrow, its texts, the tables beside it, the way back to its code."""

import tempfile
from pathlib import Path

from verifig.ground.paths import Layout
from verifig.pages import code_lines, defaults, figures, legible, narrow, offered, touching, way_back
from verifig.pages.cards import Block
from verifig.pages.notices import Absent
from verifig.pages.offered import Offer
from verifig.pages.picture import Picture
from verifig.pages.reading import Reading


class Drawing(Reading):
    """The results of one paper at one scale, and the pictures that are drawn from them.

    Args:
        rendered: whether they are saved as part of a page, with their data; else they go to a temporary folder.
    """

    def __init__(self, layout: Layout, rendered: bool):
        super().__init__(layout)
        self._rendered = rendered
        self._drawn = self.layout.page / "figures" if rendered else Path(tempfile.mkdtemp(prefix="verifig-"))
        self.pictures: dict[str, Picture] = {}
        self.offers: dict[str, list[Offer]] = {}  # by figure, the tables that lie beside the page
        self.kept_texts: dict[str, tuple[str, str]] = {}  # by figure, its texts where those tables do not give them
        self._back: dict[str, Block] = {}  # by figure, the way back to its data and code
        self._conventional: set[str] = set()  # figures whose bands are what those of most are (see `legible`)

    def _draw(self, name: str, picture: Picture, path: Path) -> tuple[str, str] | Absent:
        """Save a figure and return its texts; if that cannot be, say why, and leave an empty picture where one must be."""
        if name not in self.figures():
            return Absent(picture.heading, "scale")
        if not self.has(*picture.curves):
            figures.placeholder(path)
            return Absent(picture.heading, self._why_missing(name))
        frames = self._frames(name, picture.curves)
        self._read_off.clear()
        try:
            (figure, lines), texts = code_lines.drawn(picture.draw, frames), picture.texts(frames)
        except Exception as error:
            if not self.what_if:
                raise
            figures.placeholder(path)
            return Absent(picture.heading, "error", f"{type(error).__name__}: {error}")
        changed = self._changed(name)
        old = defaults.curves(self.ruleset, self.scale, picture.curves, self._runs(name)) if changed else None
        if old:
            figures.behind(figure, picture.draw, old)
        if legible.conventional(figure):
            self._conventional.add(name)
        touching.save(figure, path, texts[0])
        if self._rendered:  # not in a notebook, whose page is that of another run
            self._draw_narrow(picture, frames, old, path, texts[0])
            runs, read_off, renewable = self._runs(name), self._read_off, not self.what_if
            self.offers[name] = offered.of_figure(name, picture, frames)
            if not offered.give(picture, self.offers[name], texts):
                self.kept_texts[name] = texts
            offered.write(self.offers[name], self.layout.page)
            self._back[name] = way_back.of_figure(
                self.layout,
                picture.heading,
                self.offers[name],
                name in self.kept_texts,
                lines,
                None if self.ruleset.figures[name].published else runs,
                read_off,
                renewable,
            )
        return texts

    def _draw_narrow(self, picture, frames, old, path, title) -> None:
        """Save the figure once more for narrow screens, where that can be (see `narrow.settle`)."""
        with narrow.drawing():
            figure = picture.draw(*frames)
            if old:
                figures.behind(figure, picture.draw, old)
        if narrow.settle(figure):
            touching.save(figure, narrow.beside(path), title)
