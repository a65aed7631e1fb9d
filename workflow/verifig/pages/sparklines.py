"""Curves of a training job on a terminal: a table of last values with sparklines, by condition."""

import math
import shutil
import sys
from collections.abc import Sequence

from rich.table import Table

from verifig.ground import numbers
from verifig.pages.terminal import escaped
from verifig.planning.curves import Curves, Line, fields

BLOCKS, PLAIN = "▁▂▃▄▅▆▇█", "_.-~=+*#"  # the second where a terminal has no blocks
WIDTH, NARROW = 16, 8  # characters of a sparkline, the second on a terminal of less than 120
VALUE = 8  # characters of a value: 0.000123
LOG_SPAN = 100.0  # positive values that differ by more are drawn on a log scale
MOST_FIELDS = 3


def spark(values: Sequence[float], width: int = WIDTH, marks: str = BLOCKS) -> str:
    """A curve as at most `width` characters, blanks where a value is not finite."""
    chosen = (
        values if len(values) <= width else [values[round(k * (len(values) - 1) / (width - 1))] for k in range(width)]
    )
    finite = [value for value in chosen if math.isfinite(value)]
    if not finite:
        return " " * len(chosen)
    scale = math.log if min(finite) > 0 and max(finite) > LOG_SPAN * min(finite) else float
    low, high = scale(min(finite)), scale(max(finite))
    height = (len(marks) - 1) / (high - low) if high > low else 0.0
    return "".join(marks[round((scale(v) - low) * height)] if math.isfinite(v) else " " for v in chosen)


def table(found: Curves, names: Sequence[str] | None = None, most: int | None = None) -> Table:
    """One row a condition: its step, seeds, and of each field the last value and a sparkline.

    Args:
        names: of the fields, None: the three most telling.
        most: of the conditions, those written last.
    """
    names = fields(found, MOST_FIELDS) if names is None else names
    result = Table("condition", "seeds", "step", *names, box=None, pad_edge=False)
    room = shutil.get_terminal_size().columns
    width = WIDTH if room >= 120 else NARROW
    widths = [0, 5, 6, *(max(VALUE + 1 + width, len(name)) for name in names)]
    for column, least in zip(result.columns, widths, strict=True):
        column.no_wrap, column.min_width = True, least
    result.columns[0].max_width = longest = max(room - sum(widths) - 2 * len(widths), 9)
    for column in result.columns[1:3]:
        column.justify = "right"
    shown = list(found)[-most:] if most else list(found)
    for name in shown:
        lines = [by_field[-1] for by_field in found[name].values()]
        latest = max(lines, key=lambda line: line.steps[-1])
        cells = [_cell(found[name][each][-1], width) if each in found[name] else "" for each in names]
        result.add_row(escaped(_shortened(name, longest)), _seeds(latest.seeds), f"{latest.steps[-1]:,}", *cells)
    if hidden := len(found) - len(shown):
        result.caption = f"and {numbers.count(hidden, 'condition')} before"
        result.caption_justify = "left"
    return result


def _shortened(name: str, longest: int) -> str:
    """A name with both its ends: those of conditions often begin alike."""
    half = longest // 2
    return name if len(name) <= longest else f"{name[:half]}…{name[half + 1 - longest :]}"


def _cell(line: Line, width: int) -> str:
    value = numbers.text(line.last) if math.isfinite(line.last) else "–"
    return f"{value:<{VALUE}} {spark(line.values, width, _marks())}"


def _marks() -> str:
    try:
        BLOCKS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return PLAIN
    return BLOCKS


def _seeds(seeds: Sequence[int]) -> str:
    """`0`, `0–4` or `1, 3`."""
    first, last = min(seeds), max(seeds)
    if sorted(seeds) == list(range(first, last + 1)):
        return str(first) if first == last else f"{first}–{last}"
    return ", ".join(map(str, seeds))
