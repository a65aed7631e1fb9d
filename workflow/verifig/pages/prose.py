"""Sentences with numbers of a run: how a number is written, and what becomes of a sentence that lacks one."""

import re

import pandas as pd

from verifig.ground import numbers
from verifig.pages import marked, notation

MISSING = "not computed here"
TAKES = ("mean", "median", "min", "max", "range", "count")
LOST = re.compile(rf"{MISSING}|\bnan\b", re.IGNORECASE)
SENTENCE = re.compile(r"\S.*?[.!?][*_)”\"]*(?=\s+[*_(“\"‖√]*[A-Z]|\s*$)|\S.*\S|\S", re.DOTALL)
ITEM = re.compile(r"^(?=\s*(?:[-*]|\d+\.)\s)", re.MULTILINE)


def number(rows: pd.DataFrame, take: str = "mean", percent: bool = False, digits: int | None = None) -> str:
    """Text of a statistic over its units.

    Args:
        rows: columns `value` and `status`, one row a unit. Units that diverged are left out; an event that was never
            seen counts as later than the last step, so that what it enters is written as `> ...`.
        take: mean, median, min, max, range (`low to high`) or count (units that did not diverge).
        percent: shares are written in percent, with the sign.
        digits: significant digits; three, if not given.

    Returns:
        The text; `MISSING` where there is no unit left.

    Raises:
        ValueError: unknown `take`.
    """
    if take not in TAKES:
        raise ValueError(f"take={take!r}: choose from {', '.join(TAKES)}")
    rows = counting(rows)
    if rows.empty:
        return MISSING
    if take == "count":
        return numbers.text(len(rows))
    sign = " %" if percent else ""
    if take == "range":
        low, high = (_one(rows, side, percent, digits) for side in ("min", "max"))
        return f"{low}{sign}" if low == high else f"{low} to {high}{sign}"
    return _one(rows, take, percent, digits) + sign


def counting(rows: pd.DataFrame) -> pd.DataFrame:
    """The units that count: not those that diverged or have no value."""
    return rows[rows["value"].notna() & (rows["status"] != "diverged")]


def _one(rows: pd.DataFrame, take: str, percent: bool, digits: int | None) -> str:
    never = rows["status"] == "never"
    unseen = {"mean": never.any(), "median": never.mean() >= 0.5, "min": never.all(), "max": never.any()}[take]
    value = float(getattr(rows["value"], take)()) * (100 if percent else 1)
    return ("> " if unseen else "") + numbers.text(value, digits or 3)


def plain(markdown: str) -> str:
    """Text without the marks of strong words, code and explained numbers, for what is read aloud."""
    return notation.plain(re.sub(r"\*\*|`", "", marked.plain(markdown)))


def collapse(markdown: str) -> str:
    """Put one "Not computed here." in place of the sentences of each paragraph or list item that lack a number."""
    blocks = re.split(r"(\n\s*\n)", markdown)
    return "".join(block if not block.strip() else _collapse_block(block) for block in blocks)


def _collapse_block(block: str) -> str:
    if not LOST.search(block):
        return block
    return "\n".join(_collapse_item(item.rstrip("\n")) for item in ITEM.split(block) if item.strip())


def _collapse_item(item: str) -> str:
    if not LOST.search(item):
        return item
    mark = re.match(r"\s*(?:[-*]\s|\d+\.\s)?", item)[0]
    kept: list[str] = []
    for sentence in SENTENCE.findall(item[len(mark) :]):
        if not LOST.search(sentence):
            kept.append(sentence)
        elif SAID not in kept:
            kept.append(SAID)
    return mark + " ".join(kept)


SAID = MISSING.capitalize() + "."
