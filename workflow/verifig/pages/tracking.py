"""Which rows and columns of its tables a figure reads, found by drawing it."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from verifig.pages import marked
from verifig.pages.picture import Picture


class _Tracked(pd.DataFrame):
    """A table that notes what is read of it.

    `choices` are the rows that conditions choose (`table[table["curve"] == "loss"]`), `own` is the place there of the
    choice that this table is, `names` are the columns. A choice no longer counts once it is narrowed by another label;
    narrowed by a measured value (where a curve passes a level) it may well be drawn whole too.
    """

    _metadata: ClassVar = ["choices", "own", "names"]
    choices: list[pd.Index | None] | None = None
    own: int | None = None
    names: set[str] | None = None

    @property
    def _constructor(self):
        return _Tracked

    def __getitem__(self, key):
        found = super().__getitem__(key)
        if self.choices is None or self.names is None:
            return found
        if isinstance(found, _Tracked) and isinstance(key, pd.Series) and pd.api.types.is_bool_dtype(key):
            if self.own is not None and not self._measured(getattr(key, "name", None)):
                self.choices[self.own] = None
            found.choices, found.names, found.own = self.choices, self.names, len(self.choices)
            self.choices.append(found.index)
        else:
            self.names.update([key] if isinstance(key, str) else key if isinstance(key, list) else self.columns)
        return found

    def _measured(self, name):
        return name in self.columns and pd.api.types.is_float_dtype(self.dtypes[name])


def read(picture: Picture, frames: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """The rows and columns of each table that the figure reads, if it looks the same drawn from them alone; else all."""
    tracked = []
    for frame in frames:
        each = _Tracked(frame.reset_index(drop=True))
        each.choices, each.names = [], set()
        tracked.append(each)
    try:
        whole = _seen(picture, frames)
        _seen(picture, tracked)
        rows = [_rows(frame, each.choices) for frame, each in zip(frames, tracked, strict=True)]
        both = [less[_columns(less, each.names)] for less, each in zip(rows, tracked, strict=True)]
        return next((fewer for fewer in (both, rows) if _same(picture, fewer, whole)), list(frames))
    except Exception:  # whatever a function that draws raises on tables of a class of ours
        return list(frames)
    finally:
        plt.close("all")


def _same(picture: Picture, frames: Sequence[pd.DataFrame], whole: tuple) -> bool:
    try:
        return _seen(picture, frames) == whole
    except Exception:  # whatever a function that draws raises where something is missing
        return False


def _seen(picture: Picture, frames: Sequence[pd.DataFrame]) -> tuple:
    """The numbers and words of a figure and what is said of it, for comparison; quicker than its SVG."""
    figure = picture.draw(*frames)
    found = [value for artist in figure.findobj() for value in _values(artist)]
    plt.close(figure)
    return found, [marked.plain(text) for text in picture.texts(frames)]


def _values(artist: Artist) -> Iterator[bytes | str]:
    if isinstance(artist, Line2D):
        yield np.asarray(artist.get_xydata(), float).tobytes()
    elif isinstance(artist, Collection):
        yield np.ma.filled(np.ma.asarray(artist.get_offsets(), float), np.nan).tobytes()
        yield from (path.vertices.tobytes() for path in artist.get_paths())
        yield np.ma.filled(np.ma.asarray(artist.get_array(), float), np.nan).tobytes()
    elif isinstance(artist, AxesImage):
        yield np.ma.filled(np.ma.asarray(artist.get_array(), float), np.nan).tobytes()
    elif isinstance(artist, Patch):
        yield artist.get_path().transformed(artist.get_patch_transform()).vertices.tobytes()
    elif isinstance(artist, Text):
        yield artist.get_text()


def _columns(frame: pd.DataFrame, names: set[str]) -> list[str]:
    """Those that are read, and whatever tells one row from another."""
    return [name for name in frame if name in names or name == "x" or not pd.api.types.is_float_dtype(frame[name])]


def _rows(frame: pd.DataFrame, choices: Sequence[pd.Index | None]) -> pd.DataFrame:
    counting = [index for index in choices if index is not None]
    if not counting:
        return frame
    chosen = set().union(*counting)
    return frame[frame.reset_index(drop=True).index.isin(chosen)].reset_index(drop=True)
