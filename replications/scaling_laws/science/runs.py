"""People's tables of training runs, read as published: any separator, sizes such as 4.2B, FLOP instead of tokens.

Nothing is guessed in silence: what was read is described in `Runs.notes`, and what cannot be read is refused with the
line and column of the file.
"""

import csv
import gzip
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from verifig.ground.errors import InputError

FLOP_PER_TOKEN_AND_PARAMETER = 6.0
SEPARATORS = (",", "\t", ";", "|")
LONGEST_CELL = 2**24  # published tables hold whole configuration files in one cell
EMPTY = {"", "na", "n/a", "nan", "null", "none", "-"}
UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([kmbgt]?)", re.IGNORECASE)
THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
SIZE, LOSS = "size", "loss"


@dataclass(frozen=True)
class Runs:
    """Training runs: parameters N, training tokens D, loss L, each [rows] float64 and positive; `line` in the file."""

    N: np.ndarray
    D: np.ndarray
    L: np.ndarray
    line: np.ndarray
    names: tuple[str, str, str] = ("N", "D", "L")
    notes: list[str] = field(default_factory=list)


def read(path: Path, columns: str | None = None, flops: str | None = None) -> Runs:
    """Read a table of runs.

    Args:
        columns: names of the columns with parameters, tokens and loss, separated by commas (default N,D,L; with `flops`
            only parameters and loss). A name may be an expression of columns: `10**num_token`, `log(ppl)`.
        flops: name of a column with training compute C in FLOP, in place of tokens: D = C / (6 N).

    Raises:
        InputError: the file or a cell cannot be read; the sentence names line and column.
    """
    names = _names(columns or ("N,L" if flops else "N,D,L"), 2 if flops else 3)
    if flops:
        names = [names[0], flops, names[1]]
    table, lines, notes = _table(path)
    values, empty = _positive(path, table, lines, dict(zip(names, (SIZE, SIZE, LOSS), strict=True)), notes)
    N, D, L = (column[~empty] for column in values)
    if flops:
        D = D / (FLOP_PER_TOKEN_AND_PARAMETER * N)
        notes.append(f"tokens from compute: D = {flops} / (6 {names[0]})")
        names[1] = f"{flops} / (6 {names[0]})"
    return Runs(N, D, L, lines[~empty], tuple(names), notes)


def read_family(path: Path, columns: str = "model,N,D,L") -> pd.DataFrame:
    """Read a table of checkpoints of several models, as `read` reads one of runs.

    Args:
        columns: names of the columns with the model's name, parameters, tokens and loss.

    Returns:
        Columns `model`, `N`, `D`, `L`, one row a checkpoint; rows with an empty cell are left out. `attrs["notes"]` says
        what was read how.

    Raises:
        InputError: the file or a cell cannot be read; the sentence names line and column.
    """
    model, *names = _names(columns, 4)
    table, lines, notes = _table(path)
    if model not in table:
        raise InputError(f"no column {model!r}; the table has {', '.join(map(str, table.columns[:12]))}")
    values, empty = _positive(path, table, lines, dict(zip(names, (SIZE, SIZE, LOSS), strict=True)), notes)
    unnamed = table[model].str.strip().str.lower().isin(EMPTY).to_numpy()
    if unnamed.any():
        raise InputError(f"column {model!r} must name a model; line {lines[np.flatnonzero(unnamed)[0]]} does not")
    frame = pd.DataFrame({"model": table[model].str.strip(), **dict(zip("NDL", values, strict=True))})[~empty]
    for name, sizes in frame.groupby("model")["N"]:
        if sizes.nunique() > 1:
            raise InputError(f"model {name!r} has {sizes.nunique()} sizes in column {names[0]!r}")
    frame = frame.reset_index(drop=True)
    frame.attrs["notes"] = notes
    return frame


def _positive(
    path: Path, table: pd.DataFrame, lines: np.ndarray, kinds: dict[str, str], notes: list[str]
) -> tuple[list[np.ndarray], np.ndarray]:
    """The named columns as positive numbers, and which rows lack one of them, which `notes` then says."""
    values, names = [_column(table, lines, name, kind) for name, kind in kinds.items()], list(kinds)
    empty = np.any([np.isnan(column) for column in values], axis=0)
    if empty.all():
        raise InputError(f"{path}: every row lacks one of {', '.join(names)}")
    if empty.any():
        first = f"the first is line {lines[np.flatnonzero(empty)[0]]}"
        notes.append(f"{empty.sum()} of {len(empty)} rows lack one of {', '.join(names)} and are left out ({first})")
    for name, column in zip(names, values, strict=True):
        bad = np.flatnonzero(~empty & ~(np.isfinite(column) & (column > 0)))
        if len(bad):
            shown = f"has {column[bad[0]]:g}" if name not in table else f"has {table[name].iloc[bad[0]]!r}"
            raise InputError(f"column {name!r} must hold positive numbers; line {lines[bad[0]]} {shown}")
    return values, empty


def _names(text: str, wanted: int) -> list[str]:
    """Column names separated by commas; quotes and brackets keep a comma inside a name."""
    names = next(csv.reader([text], skipinitialspace=True), [])
    if len(names) != wanted or not all(name.strip() for name in names):
        what = {
            2: "two columns (parameters and loss)",
            3: "three columns (parameters, tokens, loss)",
            4: "four columns (model, parameters, tokens, loss)",
        }[wanted]
        raise InputError(f'--columns {text!r} must name {what}, separated by commas; "quotes" keep a comma in a name')
    return [name.strip() for name in names]


def _table(path: Path) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """(cells as text, line of the file on which each row ends, notes)."""
    text = _text(path)
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(f"{path} is not a readable CSV file (line {reader.line_num}: {error})") from None
    if not rows:
        raise InputError(f"{path} is not a readable CSV file (it is empty)")
    names = [name.strip() for name in rows[0][1]]
    if len(rows) == 1:
        raise InputError(f"{path} has no rows below its header")
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise InputError(f"{path}, line {line}: the row has {len(row)} fields, the header names {len(names)}")
    if twice := [name for k, name in enumerate(names) if name in names[:k] and name]:
        raise InputError(f"{path}: the header names the column {twice[0]!r} twice")
    table = pd.DataFrame([row for _, row in rows[1:]], columns=names, dtype=str)
    marks = {"\t": "tabs", ";": "semicolons", "|": "bars"}
    return (
        table,
        np.array([line for line, _ in rows[1:]]),
        [f"columns separated by {marks[separator]}"] if separator in marks else [],
    )


def _text(path: Path) -> str:
    """The file's text; gzip by its suffix, byte-order marks removed."""
    try:
        raw = Path(path).read_bytes()
        raw = gzip.decompress(raw) if Path(path).suffix == ".gz" else raw
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{path} is not a readable CSV file ({' '.join(str(error).split())[:120]})") from None
    if "\0" in text:
        raise InputError(f"{path} is not a readable CSV file (it holds zero bytes)")
    return text


def _column(table: pd.DataFrame, lines: np.ndarray, name: str, kind: str) -> np.ndarray:
    """A column, or an expression of columns, as numbers [rows]; empty cells are NaN."""
    if name in table:
        return _numbers(table[name], lines, name, kind)
    known = ", ".join(map(str, table.columns[:12])) + (", …" if len(table.columns) > 12 else "")
    used = [column for column in table.columns if column and re.search(rf"(?<!\w){re.escape(column)}(?!\w)", name)]
    if not used:
        raise InputError(f"no column {name!r}; the table has {known}")
    numbers = pd.DataFrame({column: _numbers(table[column], lines, column, SIZE) for column in used})
    try:
        with np.errstate(all="ignore"):
            return np.asarray(numbers.eval(name, engine="python", local_dict={}, global_dict={}), float)
    except Exception as error:  # whatever an expression can raise
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{name!r} is neither a column nor an expression of columns ({reason}); {known}") from None


def _numbers(cells: pd.Series, lines: np.ndarray, name: str, kind: str) -> np.ndarray:
    """Cells as numbers: 1e9, 1,000,000 and, for sizes, 4.2B or 125m."""
    result = np.empty(len(cells))
    for k, cell in enumerate(cells.str.strip()):
        if cell.lower() in EMPTY:
            result[k] = np.nan
            continue
        plain = cell.replace(",", "") if THOUSANDS.fullmatch(cell) else cell
        match = QUANTITY.fullmatch(plain)
        if match is None or (match[2] and kind == LOSS):
            raise InputError(f"column {name!r} must hold positive numbers; line {lines[k]} has {cell!r}")
        result[k] = float(match[1]) * UNITS[match[2].lower()]
    return result


def size(text: str) -> float | None:
    """A size as people write it (1e9, 4.2B, 125m); None for anything else."""
    match = QUANTITY.fullmatch(text.strip())
    return None if match is None else float(match[1]) * UNITS[match[2].lower()]


def of_frame(frame: pd.DataFrame, columns: Sequence[str] = ("N", "D", "L")) -> Runs:
    """Runs from a table in memory; the index of a row stands in for its line.

    Raises:
        InputError: a missing column, or a value that is not a positive number.
    """
    values = []
    for name in columns:
        if name not in frame.columns:
            raise InputError(f"no column {name!r}; the table has {', '.join(map(str, frame.columns))}")
        column = pd.to_numeric(frame[name], errors="coerce").to_numpy(float)
        bad = np.flatnonzero(~(np.isfinite(column) & (column > 0)))
        if len(bad):
            shown = frame[name].iloc[bad[0]]
            raise InputError(f"column {name!r} must hold positive numbers; row {bad[0] + 1} has {shown!r}")
        values.append(column)
    return Runs(*values, np.asarray(frame.index), tuple(columns))
