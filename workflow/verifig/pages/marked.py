"""Numbers in sentences that say, when one points at them, which statistic or rows of which table of the run they are.

A marked number travels as plain text through f-strings and Markdown, its explanation behind it between characters
that no sentence uses; what shows the sentence turns it into HTML (`spans`) or leaves the number alone (`plain`).
"""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from verifig.ground import numbers
from verifig.judging import stats

OPEN, EXPLAINED, CLOSE = "\ue000", "\ue001", "\ue002"  # private use: no font and no sentence has them
MARKED = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){EXPLAINED}([^{OPEN}{CLOSE}]*){CLOSE}")
TAKEN = {"mean": "mean of", "median": "median of", "min": "smallest of", "max": "largest of", "range": "range over"}


def mark(text: str, explanation: str) -> str:
    """A number with what stands behind it."""
    return f"{OPEN}{text}{EXPLAINED}{explanation}{CLOSE}"


def plain(text: str) -> str:
    """Without explanations: for Markdown, alternative texts and labels."""
    return MARKED.sub(r"\1", text)


def spans(html: str) -> str:
    """Marked numbers of an HTML text as elements that show their explanation on hover and focus."""
    return MARKED.sub(
        lambda found: f'<span class="n" tabindex="0" title="{_attribute(found[2])}">{found[1]}</span>', html
    )


def _attribute(escaped: str) -> str:
    """An explanation, whose text Markdown has escaped, as the value of an attribute."""
    return re.sub(r"<[^>]*>", "", escaped).replace('"', "&quot;")


def unit(claims: Sequence[Mapping], experiment: str, statistic: str) -> str:
    """What a statistic is replicated over, as the claims that judge it say."""
    parts = (part for claim in claims for part in claim["parts"])
    named = (
        part["unit"]
        for part in parts
        if (part["experiment"], part["statistic"]) == (experiment, statistic) and "unit" in part
    )
    return next(named, "seed")


def explanation(rows: pd.DataFrame, take: str, percent: bool = False, unit: str = "seed") -> str:
    """`delay53 · adamw · final accuracy: mean of 5 seeds, 95 % interval 80.2 to 85.1 %`.

    Args:
        rows: of one statistic in the table of statistics, one row a unit that counts.
        take: as in `prose.number`.
    """
    experiment, statistic, condition = rows.iloc[0][["experiment", "statistic", "condition"]]
    values, factor, sign = rows["value"].to_numpy(float), 100 if percent else 1, " %" if percent else ""
    chosen = condition.replace("condition=", "").replace(";", ", ")
    named = " · ".join(filter(None, [experiment, chosen, statistic.replace("_", " ")]))
    if rows["seed"].isna().all():
        return f"{named}: exact"
    units = numbers.count(len(values), unit)
    if take == "count" or len(values) == 1:
        return f"{named}: {units}"
    told = f"{named}: {TAKEN[take]} {units}"
    never = int((rows["status"] == "never").sum())
    if never:
        return f"{told}, in {never} of them not seen by the last step"
    low, high, name = _reach(values, take)
    return f"{told}, {name} {numbers.text(factor * low)} to {numbers.text(factor * high)}{sign}"


def _reach(values: np.ndarray, take: str) -> tuple[float, float, str]:
    """How far the value is certain: its 95 % interval where the units give one, else their range."""
    if take in ("mean", "median") and np.isfinite(values).all():
        found = getattr(stats, take)(values)
        if math.isfinite(found.low) and math.isfinite(found.high):
            return found.low, found.high, "95 % interval"
    return float(values.min()), float(values.max()), "from"


def named(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The same table of curves, which knows its name; so do rows that are chosen of it."""
    frame = frame.copy(deep=False)
    frame.attrs["table"] = table
    return frame


def of_table(text: str, rows: pd.DataFrame, column: str, take: str = "") -> str:
    """A number that a caption forms of rows of a table of curves; on the page it says which.

    Args:
        text: the number, as it is written; without one (`nan`, no rows) it is left as it is.
        rows: those of the table that it is formed of.
        column: the column that is read, or columns and what is done with them ("data less theory").
        take: what is formed of the rows ("mean of", "largest of"); may be empty where it is one row.
    """
    if rows.empty or text == "nan":
        return text
    place = ", ".join(f"{name} = {value}" for name, value in _shared(rows, column).items())
    said = " · ".join(filter(None, [f"table {rows.attrs.get('table', 'of curves')}", place, column.replace("_", " ")]))
    of = f"{take} {numbers.count(len(rows), 'row')}".strip() if take or len(rows) > 1 else ""
    return mark(text, ": ".join(filter(None, [said, of])))


def _shared(rows: pd.DataFrame, column: str) -> dict[str, str]:
    """Columns that tell which rows these are, by name: those besides the column that is read that have one value.

    Of a single row, whose measured values are single too, those of labels, whole numbers and x.
    """
    read = re.findall(r"\w+", column)
    labels = [name for name in rows if name not in read and (len(rows) > 1 or name == "x" or not _is_float(rows[name]))]
    found = {name: rows[name].dropna().unique() for name in labels}
    return {name: _label(values[0]) for name, values in found.items() if len(values) == 1}


def _is_float(column: pd.Series) -> bool:
    return pd.api.types.is_float_dtype(column)


def _label(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
