"""Numbers in the words of a page that come from its run say which statistic or table they are, when pointed at.

Every report of a published page is run again over the files beside it, as they are and with other values in its
tables and statistics: what then changes in a caption or a paragraph came from the run, and must be marked.
"""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from verifig.ground.paths import slugs
from verifig.pages import downloaded, marked, page, prose, render
from verifig.pages.cards import Block
from verifig.pages.picture import Picture
from verifig.planning import rulesets

REPORTS = ROOT / "reports"
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def told(slug: str, factor: float = 1.0) -> "Told":
    """The words of a report, from the files beside its published page, its statistics times a factor."""
    found = []

    class Made(Told):
        def __init__(self, name: str):
            super().__init__(name, REPORTS / name)
            self.statistics = self.statistics.assign(value=factor * self.statistics["value"])
            found.append(self)

    original, page.Page = page.Page, Made
    try:
        render.execute(rulesets.load(slug).folder / "report.py", [])
    finally:
        page.Page = original
    return found[0]


class Told(downloaded.Page):
    """A page that draws nothing and keeps what it says."""

    def figure(self, name, draw, curves, alt, note="", folded=""):
        if name in self.run["figures"]:
            self.pictures[name] = Picture(name, draw, curves, alt, note)
        return Block("", "")

    def text(self, markdown, folded=""):
        self.paragraphs = [*getattr(self, "paragraphs", []), prose.collapse(markdown)]
        return Block("", "")

    def explore(self, made):
        return Block("", "")

    def words(self) -> dict[str, str]:
        """Captions by figure, and all paragraphs."""
        notes = {name: picture.texts(self._frames(name, picture.curves))[1] for name, picture in self.pictures.items()}
        return notes | {"paragraphs": "\n".join(getattr(self, "paragraphs", []))}


def unmarked(text: str) -> list[str]:
    return NUMBER.findall(marked.MARKED.sub("", text))


def changed(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The table with other values in one of its columns of measured values or of yes and no."""
    draw = np.random.default_rng(0)
    for name in frame:
        if frame[name].dtype == bool:
            yield frame.assign(**{name: ~frame[name]})
        elif pd.api.types.is_float_dtype(frame[name]) and frame[name].nunique() > len(frame) / 2:
            yield frame.assign(**{name: frame[name] * 1.7})
            yield frame.assign(**{name: frame[name] * draw.uniform(0.5, 2, len(frame))})


@pytest.mark.parametrize("slug", slugs())
def test_a_number_that_a_caption_takes_from_a_table_says_so(slug):
    lost = {}
    for name, picture in (shown := told(slug)).pictures.items():
        frames = shown._frames(name, picture.curves)
        before = unmarked(picture.texts(frames)[1])
        for k, frame in enumerate(frames):
            for other in changed(frame):
                try:
                    after = unmarked(picture.texts([*frames[:k], other, *frames[k + 1 :]])[1])
                except Exception:  # no run gives such a table
                    continue
                if new := [number for number in after if number not in before]:
                    lost.setdefault(name, set()).update(new)
    assert lost == {}


@pytest.mark.parametrize("slug", slugs())
def test_a_number_that_the_words_of_a_page_take_from_statistics_says_so(slug):
    before, lost = told(slug).words(), {}
    for factor in (1.7, 0.6):
        for name, text in told(slug, factor).words().items():
            known = unmarked(before.get(name, ""))
            if new := [number for number in unmarked(text) if number not in known]:
                lost.setdefault(name, set()).update(new)
    assert lost == {}
