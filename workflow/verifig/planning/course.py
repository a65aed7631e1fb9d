"""What a training job measures as it goes, kept for people who watch it: one line of JSON a log point.

The file lies beside the checkpoint (`Layout.course`). It is no output of the workflow and no number is read from it:
the artifact holds every record in full. Here are only means over seeds, of records of one number a member, and where a
condition has more than a few hundred log points every second, every fourth ... of them.
"""

import itertools
import json
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from verifig.ground.files import write_text
from verifig.ground.paths import COURSE
from verifig.planning.by_condition import Grouped

MOST_ROWS = 300  # of a condition; with more every second one goes
LATEST_SECONDS = 1.0  # a log point that is not kept for good is written if the last one written is older


@dataclass(frozen=True)
class Row:
    """A log point of some members.

    Attributes:
        record: number of records taken before it in this job.
        point: number of log points before it in the training of these members.
        step: steps (or blocks of them) that they have taken.
        share: of the job (of its part, where it has several), done before it, between 0 and 1.
        conditions: by name `{"seeds": [...], "means": {field: mean over these seeds, None where not finite}}`.
    """

    record: int
    point: int
    step: int
    share: float
    conditions: Mapping[str, Mapping]

    @property
    def members(self) -> dict[str, list[int]]:
        """Seeds by condition."""
        return {name: list(entry["seeds"]) for name, entry in self.conditions.items()}


class Course:
    """Listens to what a training job measures (`Run.on_record`), keeps it, and tells it on.

    A file that cannot be written is given up without a word: no training fails for it.

    Args:
        path: the file, or None to keep everything in memory only.
        job: of the training; a job that is begun anew begins a new file.
        key: of the job.
        records: taken before the checkpoint that the job goes on from, 0 if it begins; what was kept of later ones is
            dropped, since they will be taken again.
        share: how much of the job is done.
        told: is given all rows whenever there is a new one.
        clock: seconds, as `time.monotonic`.
    """

    def __init__(
        self,
        path: Path | None,
        job: Mapping,
        key: str,
        records: int = 0,
        share: Callable[[], float] = lambda: 0.0,
        told: Callable[[Sequence[Row]], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._path, self._share, self._told, self._clock = path, share, told, clock
        self._head = {name: job.get(name) for name in ("slug", "experiment", "scale")}
        self._head |= {"key": key, "every": 1, "host": os.uname().nodename, "process": os.getpid()}
        self._grouped = Grouped(job.get("settings", {}))
        self.rows: list[Row] = []
        self.records = records
        if records and path is not None and (before := read(path)) is not None and before.head["key"] == key:
            self._head["every"] = before.head["every"]
            self.rows = [row for row in before.rows if row.record < records]
        self._counts = Counter(name for row in self.rows for name in row.conditions)
        self._room = max([MOST_ROWS, *self._counts.values()])
        self._point, self._wrote = -1, clock()
        self._members: Sequence[Mapping] | None = None
        self._waiting: tuple | None = None  # the last log point, while it is not written
        self._rewrite()

    def __call__(self, members: Sequence[Mapping], step: int, record: Mapping[str, np.ndarray]) -> None:
        """Take note of what was measured of some members after a number of steps."""
        if members is not self._members:
            self._begin(members, step)
        self._point += 1
        self._waiting = self.records, self._point, step, record
        self.records += 1
        if self._point % self._head["every"] == 0 or self._clock() - self._wrote >= LATEST_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the last log point, if it is not written yet."""
        if self._waiting is None:
            return
        number, point, step, record = self._waiting
        self._waiting, self._wrote = None, self._clock()
        conditions = self._grouped.means(record)
        if not conditions:
            return
        row = Row(number, point, step, round(self._share(), 4), conditions)
        self.rows.append(row)
        self._counts.update(list(conditions))
        if max(self._counts.values()) > self._room:
            self._thin()
        else:
            self._write("a", line(vars(row)))
        if self._told is not None:
            self._told(self.rows)

    def _begin(self, members: Sequence[Mapping], step: int) -> None:
        """Other members are in training now; the first ones may be those that were when the checkpoint was written."""
        self.flush()
        last = self.rows[-1] if self.rows and self._members is None else None
        self.rows = thinned(self.rows, self._head["every"])
        self._counts = Counter(name for row in self.rows for name in row.conditions)
        self._members = members
        self._grouped.begin(members)
        goes_on = last is not None and last.members == self._grouped.seeds and last.step < step
        self._point = last.point if goes_on else -1

    def _thin(self) -> None:
        """Keep every second log point of those kept so far, and the last one of each group of members."""
        self._head["every"] *= 2
        self.rows = thinned(self.rows, self._head["every"])
        self._counts = Counter(name for row in self.rows for name in row.conditions)
        self._room = max(MOST_ROWS, 3 * max(self._counts.values()) // 2)
        self._rewrite()

    def _rewrite(self) -> None:
        text = line(self._head) + "".join(line(vars(row)) for row in self.rows)
        self._write("w", text)

    def _write(self, how: str, text: str) -> None:
        if self._path is None:
            return
        with suppress(OSError):
            if how == "w":
                write_text(self._path, text)
                return
            with open(self._path, "a", encoding="utf-8") as stream:
                stream.write(text)
            return
        self._path = None


@dataclass(frozen=True)
class Kept:
    """A file of rows as it was read.

    Attributes:
        path: of the file.
        head: what job it is of (`slug`, `experiment`, `scale`, `key`), the `host` and `process` that wrote it, and of
            how many log points one is kept (`every`).
        rows: in the order in which they were written.
        age: seconds since the last one was.
    """

    path: Path
    head: Mapping
    rows: Sequence[Row]
    age: float

    @property
    def title(self) -> str:
        return f"{self.head['slug']}.{self.head['experiment']}"


def read(path: Path) -> Kept | None:
    """What a job has kept; None where there is no such file. Lines that are not whole are left out."""
    try:
        text, age = path.read_text(encoding="utf-8", errors="replace"), time.time() - path.stat().st_mtime
    except OSError:
        return None
    head, *lines = [*map(_parsed, text.splitlines()), None]
    names = ("slug", "experiment", "scale", "key", "every", "host", "process")
    if not isinstance(head, dict) or not all(name in head for name in names):
        return None
    rows = [row for row in map(_row, lines) if row is not None]
    return Kept(path, head, thinned(rows, head["every"]), age)


def below(folder: Path, experiment: str | None = None) -> list[Kept]:
    """What jobs have kept in a folder, or below it as in a results folder; the one written to last at the end.

    Args:
        experiment: only of this one.
    """
    pattern = f"{experiment or '*'}{COURSE}"
    found = [read(path) for form in ("", "*/", "*/*/", "*/*/*/") for path in folder.glob(form + pattern)]
    return sorted([kept for kept in found if kept is not None], key=lambda kept: -kept.age)


def line(value: Mapping) -> str:
    """A line of JSON."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False) + "\n"


def thinned(rows: Sequence[Row], every: int) -> list[Row]:
    """Of every group of members each so many log points, and the last one."""
    return [
        row
        for row, after in itertools.pairwise([*rows, None])
        if row.point % every == 0 or after is None or after.members != row.members or after.point <= row.point
    ]


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:  # cut in half by a kill
        return None


def _row(found: object) -> Row | None:
    try:
        row = Row(**found)
        sound = all(isinstance(n, int) for n in (row.record, row.point, row.step)) and math.isfinite(row.share)
        sound = sound and all(isinstance(entry["means"], dict) and entry["seeds"] for entry in row.conditions.values())
    except (TypeError, KeyError, AttributeError):
        return None
    return row if sound else None
