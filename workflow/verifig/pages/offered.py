"""Tables behind a figure as small CSV files beside its page: what the figure reads, in few digits, less of it where large."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from verifig.ground.files import write_text
from verifig.measuring.compact import POINTS, rounded, thin
from verifig.pages.picture import Picture
from verifig.pages.tracking import read

DIGITS = 6
LIMIT = 20_000  # bytes of one file: a page has some ten figures, and all pages lie in the repository
FEWEST = 20  # points of a curve: below that, seeds are left out instead


@dataclass(frozen=True)
class Offer:
    """A table as it is offered: its file beside the page, its text, the table, and what of it was left out."""

    file: str
    text: str
    table: str
    said: str

    @property
    def size(self) -> str:
        """`12 kB`."""
        return f"{max(1, round(len(self.text.encode()) / 1000))} kB"


def of_figure(name: str, picture: Picture, frames: Sequence[pd.DataFrame]) -> list[Offer]:
    """The tables that a figure draws, a file each; of one too large what the figure reads, and where need be less."""
    texts = ["" if 2 * len(frame) > LIMIT else _text(frame) for frame in frames]  # a value takes two bytes at least
    large = [not text or len(text) > LIMIT for text in texts]
    kept = read(picture, frames) if any(large) else frames
    told = [
        _fitting(less, frame) if is_large else (text, "")
        for frame, less, text, is_large in zip(frames, kept, texts, large, strict=True)
    ]
    files = [f"data/{name}{'' if len(frames) == 1 else f'.{table}'}.csv" for table in picture.curves]
    return [
        Offer(file, text, table, said) for file, table, (text, said) in zip(files, picture.curves, told, strict=True)
    ]


def write(offers: Sequence[Offer], folder: Path) -> None:
    """Write the files below the folder of a page."""
    for each in offers:
        write_text(folder / each.file, each.text)


def _text(frame: pd.DataFrame) -> str:
    """The table as CSV: seeds side by side where that is shorter."""
    frame = rounded(frame, DIGITS)
    text = frame.to_csv(index=False, lineterminator="\n")
    wide = _wide(frame)
    return text if wide is None else min(wide.to_csv(index=False, lineterminator="\n"), text, key=len)


def _wide(frame: pd.DataFrame) -> pd.DataFrame | None:
    """A table of values by seed with a column for every seed; None if it is of another form."""
    floats = [column for column in frame if pd.api.types.is_float_dtype(frame[column]) and column != "x"]
    values = ["value"] if "value" in floats else floats
    index = [column for column in frame if column not in ("seed", *values)]
    if not values or not index or "seed" not in frame or frame["seed"].nunique() < 2:
        return None
    if frame.duplicated([*index, "seed"]).any() or frame[index].isna().any(axis=None):
        return None
    wide = frame.pivot(index=index, columns="seed", values=values)
    wide.columns = [f"seed {seed}" if values == ["value"] else f"{name} of seed {seed}" for name, seed in wide.columns]
    return wide.reset_index()


def _fitting(kept: pd.DataFrame, whole: pd.DataFrame) -> tuple[str, str]:
    """The text of a table within `LIMIT` if it can be, and what of the whole table it leaves out."""
    said = f"what the figure reads, {len(kept):,} of {len(whole):,} rows" if len(kept) < len(whole) else ""
    if not said and kept.shape != whole.shape:
        said = "the columns that the figure reads"
    texts = ((_text(less), how) for less, how in _smaller(kept))
    text, how = next(told for told in texts if len(told[0]) <= LIMIT)
    return text, ", ".join(filter(None, [said, how]))


def _smaller(frame: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, str]]:
    """The table, and ever less of it: fewer points of each curve, then of the seeds the first, then of the rows one in some."""
    yield frame, ""
    less, how = frame, ""
    points = POINTS
    while points > FEWEST:
        points = max(FEWEST, points // 2)
        thinned = thin(frame, points)
        if len(thinned) < len(frame):
            less, how = thinned, f"about {points} points of each curve"
            yield less, how
    seeds = sorted(less["seed"].unique()) if "seed" in less else []
    for count in range(len(seeds) - 1, 0, -1):
        chosen = less[less["seed"].isin(seeds[:count])]
        yield chosen, ", ".join(filter(None, [how, f"{count} of {len(seeds)} seeds"]))
    for step in range(2, len(less) + 1):
        yield less.iloc[::step], ", ".join(filter(None, [how, f"one row in {step}"]))
