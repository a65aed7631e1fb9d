"""Which lines of a paper's code draw a figure."""

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType

import pandas as pd
from matplotlib.figure import Figure

from verifig.ground.paths import REPLICATIONS, name_in_suite


@dataclass(frozen=True)
class Lines:
    """A function in a file of the suite, with its first and its last line."""

    file: str
    function: str
    first: int
    last: int


def drawn(draw: Callable[..., Figure], frames: Sequence[pd.DataFrame]) -> tuple[Figure, Lines | None]:
    """The figure, and the function of the paper that made it: the outermost one outside its report that returns a figure."""
    found: list[CodeType] = []

    def note(frame: FrameType, event: str, value: object) -> None:
        if event == "return" and isinstance(value, Figure) and _of_a_paper(frame.f_code):
            found.append(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        figure = draw(*frames)
    finally:
        sys.setprofile(before)
    return figure, _lines(found[-1]) if found else None


def _of_a_paper(code: CodeType) -> bool:
    path = Path(code.co_filename)
    return path.name != "report.py" and path.is_relative_to(REPLICATIONS)


def _lines(code: CodeType) -> Lines:
    source, first = inspect.getsourcelines(code)
    return Lines(name_in_suite(Path(code.co_filename)), code.co_name, first, first + len(source) - 1)
