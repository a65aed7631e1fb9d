"""Which tables of a paper-scale run are kept for its figures, and how they are made small enough for the repository."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd

from verifig.judging.recorded import Record
from verifig.measuring.compact import POINTS, packed, rounded, thin
from verifig.pages.picture import Picture

BUDGET = 300_000  # bytes a paper
STATISTICS = "statistics.parquet"
UNIT = ["experiment", "condition", "statistic", "seed"]


def merged(
    new: Mapping[str, pd.DataFrame], old: Mapping[str, pd.DataFrame], before: Record, fresh: Mapping[str, Mapping]
) -> dict[str, pd.DataFrame]:
    """Tables of new runs with those recorded `before` of other experiments; a table that both have is the new one.

    Statistics are merged by experiment, and so are the rows of a table of curves that name theirs.

    Args:
        fresh: by experiment, the new runs.
    """
    only_old = set(before.runs) - set(fresh)
    replaced = {name for name in fresh if name in before.runs and fresh[name]["key"] != before.runs[name]["key"]}
    result = dict(old) | dict(new)
    for name in set(old) & set(new):
        if name == STATISTICS:
            rows = old[name][~old[name]["experiment"].isin(replaced)]
            both = pd.concat([new[name], rows]).drop_duplicates(UNIT)
            result[name] = both.sort_values(UNIT, kind="stable").reset_index(drop=True)
        else:
            rows = old[name][_naming(old[name], only_old)]
            if len(rows) and list(rows) == list(new[name]):
                result[name] = pd.concat([new[name], rows], ignore_index=True)
    return result


def _naming(frame: pd.DataFrame, experiments: Collection[str]) -> pd.Series:
    """Which rows name one of these experiments in one of their texts."""
    texts = frame[[name for name in frame if pd.api.types.is_string_dtype(frame[name])]]
    return texts.isin(list(experiments)).any(axis=1)


def small(
    frames: Mapping[str, pd.DataFrame], pictures: Sequence[Picture], budget: int = BUDGET
) -> tuple[dict[str, bytes], list[str]]:
    """The statistics and the curves that some pictures draw, as small files by name, and the names of those too large.

    Curves are thinned. If the files still exceed the budget together, what changes no picture is left out, then half of
    the points are and half again, then the largest tables.
    """
    used = {f"curves/{name}.parquet" for picture in pictures for name in picture.curves} & set(frames)
    if not used:
        return {}, []
    kept = {name: rounded(thin(frames[name])) for name in (STATISTICS, *sorted(used))}
    files, left_out = _files(kept), []
    for points in (POINTS, POINTS // 2, POINTS // 4):
        if _size(files) > budget:
            kept = {name: thin(frame, points) for name, frame in needed(kept, pictures).items()}
            files = _files(kept)
    while _size(files) > budget:
        largest = max(files, key=lambda name: len(files[name]))
        left_out.append(largest)
        del files[largest]
    return files, left_out


def _files(frames: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    return {name: packed(frame) for name, frame in frames.items()}


def _size(files: Mapping[str, bytes]) -> int:
    return sum(map(len, files.values()))


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """sha256 of files by name."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def needed(frames: Mapping[str, pd.DataFrame], pictures: Sequence[Picture]) -> dict[str, pd.DataFrame]:
    """The tables without the columns and the rows of a label (a curve, a condition) that no picture and no caption needs.

    What a picture needs is found by drawing it without. Tables of a picture that could not be drawn stay whole: with
    runs that are still to come it may need all.
    """
    result = dict(frames)
    whole = {name for picture in pictures if picture.path is None for name in picture.curves}
    for name in [name for name in frames if name.startswith("curves/")]:
        table = name.removeprefix("curves/").removesuffix(".parquet")
        drawing = [picture for picture in pictures if table in picture.curves]
        if table in whole or not drawing:
            continue
        before = [_shown(picture, result) for picture in drawing]
        if None in before:  # nothing to compare with
            continue
        for label, value in list(_labels(result[name])):
            less = result | {name: _without(result[name], label, value)}
            if all(_shown(picture, less) == shown for picture, shown in zip(drawing, before, strict=True)):
                result = less
    return result


def _labels(frame: pd.DataFrame) -> Iterator[tuple[str, str | None]]:
    """Columns as (name, None), then each label of a column of texts."""
    yield from ((column, None) for column in frame)
    for column in frame:
        if pd.api.types.is_string_dtype(frame[column]):
            yield from ((column, value) for value in frame[column].unique())


def _without(frame: pd.DataFrame, column: str, value: str | None) -> pd.DataFrame:
    if value is None:
        return frame.drop(columns=column)
    return frame[frame[column] != value].reset_index(drop=True) if column in frame else frame


def _shown(picture: Picture, frames: Mapping[str, pd.DataFrame]) -> tuple | None:
    """A picture and what is said of it, for comparison; None if it cannot be drawn."""
    try:
        return picture.shown([frames[f"curves/{name}.parquet"] for name in picture.curves])
    except Exception:  # whatever a function that draws raises where something is missing
        return None
    finally:
        plt.close("all")
