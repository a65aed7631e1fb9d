"""A figure as a report gives it: what draws it, from which tables, and what is said of it."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from verifig.pages import figures, marked, prose


@dataclass(frozen=True)
class Picture:
    """What draws a figure from which tables of curves, its texts (or what makes them), and where it was saved."""

    heading: str
    draw: Callable[..., Figure]
    curves: Sequence[str]
    alt: str | Callable[..., str]
    note: str | Callable[..., str]
    path: Path | None = None  # None: not drawn

    def texts(self, frames: Sequence[pd.DataFrame]) -> tuple[str, str]:
        """Alternative text and note, made from the tables that are drawn, which know their names then (see `marked`)."""
        named = [marked.named(frame, table) for frame, table in zip(frames, self.curves, strict=True)]
        return prose.plain(_told(self.alt, named)), _told(self.note, named)

    def shown(self, frames: Sequence[pd.DataFrame]) -> tuple[str, str, str]:
        """The figure as it would be drawn from some tables, but for its layout, and its texts: to compare."""
        figure = self.draw(*frames)
        figure.set_layout_engine("none")
        return figures.svg(figure, "figure", ""), *self.texts(frames)


def _told(text: str | Callable[..., str], frames: Sequence[pd.DataFrame]) -> str:
    """A caption or alternative text: as it stands, or made from the tables that were drawn."""
    if isinstance(text, str):
        return text
    text = text(*frames) if inspect.signature(text).parameters else text()
    return prose.collapse(text)
