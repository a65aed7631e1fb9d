"""Tables behind a figure as small CSV files beside its page: what the figure reads, in few digits, less of it where large."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from verifig.ground.files import write_text
from verifig.measuring.compact import POINTS, rounded, thin
from verifig.pages import marked
from verifig.pages.picture import Picture
from verifig.pages.tracking import read

DIGITS = 6
LIMIT = 20_000  # bytes of one file: a page has some ten figures, and all pages lie in the repository
TEXTS = ("str", "object")  # types of columns that hold words
SEED = re.compile(r"(?:(?P<name>.+) of )?seed (?P<seed>-?\d+)")  # a column of one seed
FEWEST = 20  # points of a curve: below that, seeds are left out instead


@dataclass(frozen=True)
class Offer:
    """A table as it is offered: its file beside the page, its text, the table, what of it was left out, and its columns.

    `columns` are types by name, of those that do not hold plain numbers (float64), `seed` among them.
    """

    file: str
    text: str
    table: str
    said: str
    columns: Mapping[str, str]

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
        (*_fitting(less, frame), less) if is_large else (text, "", frame)
        for frame, less, text, is_large in zip(frames, kept, texts, large, strict=True)
    ]
    files = [f"data/{name}{'' if len(frames) == 1 else f'.{table}'}.csv" for table in picture.curves]
    offers = [
        Offer(file, text, table, said, _columns(frame))
        for file, table, (text, said, frame) in zip(files, picture.curves, told, strict=True)
    ]
    if any(large) and not _drawable(picture, offers):  # then what the figure reads is offered, however large
        offers = [replace(offer, text=_text(less), said="") for offer, less in zip(offers, kept, strict=True)]
    return offers


def give(picture: Picture, offers: Sequence[Offer], texts: Sequence[str]) -> bool:
    """Whether the offers alone give the texts of a figure; how many rows a number comes from may differ."""
    try:
        found = picture.texts([table(offer.text, offer.columns) for offer in offers])
    except Exception:  # whatever a caption raises where something is missing
        return False
    return [*map(marked.plain, found)] == [*map(marked.plain, texts)]


def _drawable(picture: Picture, offers: Sequence[Offer]) -> bool:
    try:
        plt.close(picture.draw(*(table(offer.text, offer.columns) for offer in offers)))
    except Exception:  # whatever a function that draws raises where something is missing
        plt.close("all")
        return False
    return True


def _columns(frame: pd.DataFrame) -> dict[str, str]:
    return {name: str(kind) for name, kind in frame.dtypes.items() if str(kind) != "float64"}


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
    undefined = {name: frame[name].astype(object).where(frame[name].notna(), "nan") for name in values}
    wide = frame.assign(**undefined).pivot(index=index, columns="seed", values=values)  # empty: no such row
    wide.columns = [f"seed {seed}" if values == ["value"] else f"{name} of seed {seed}" for name, seed in wide.columns]
    return frame[index].drop_duplicates().merge(wide.reset_index(), on=index)  # in the order of the table


def table(text: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """The table of an offer from its text, seeds that stand side by side one after the other.

    Args:
        columns: see `Offer`.
    """
    read = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    if "seed" in columns and "seed" not in read:
        read = _long(read, [name for name, kind in columns.items() if name in read and kind in TEXTS])
    return pd.DataFrame({name: _typed(read[name], columns.get(name, "float64")) for name in read})


def _long(wide: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """The inverse of `_wide`: within each curve (rows of the same labels) seed after seed."""
    places = {name: match for name in wide if (match := SEED.fullmatch(name))}
    index = [name for name in wide if name not in places]
    found = []
    for seed in dict.fromkeys(match["seed"] for match in places.values()):
        names = {name: match["name"] or "value" for name, match in places.items() if match["seed"] == seed}
        rows = wide[[*index, *names]].rename(columns=names).assign(seed=seed)
        found.append(rows[(rows[list(names.values())] != "").any(axis=1)])
    long = pd.concat(found)
    if labels:
        curves = wide.groupby(labels, sort=False).ngroup().to_numpy()[long.index]
        long = long.iloc[np.argsort(curves, kind="stable")]
    return long.reset_index(drop=True)


def _typed(column: pd.Series, kind: str) -> pd.Series:
    if kind in TEXTS:
        return column
    if kind == "bool":
        return column == "True"
    return column.replace("", "nan").astype(float).astype(kind)


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
