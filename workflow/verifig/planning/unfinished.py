"""Unfinished work: what a checkpoint says of its job, of how far it is, and of what it has cost.

The training stage keeps these facts with every checkpoint (`Progress`); who plans, packs or goes on reads them (`read`).
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from verifig.ground.errors import InputError
from verifig.ground.keys import key
from verifig.training.artifacts import META

COUNTS = ("done", "total", "part")


class Progress:
    """Listens to what a training job reports; a job of several parts counts each of them from the beginning.

    Args:
        facts: those of the checkpoint that the job goes on from.
        on_progress: told the same.
    """

    def __init__(self, facts: Mapping, on_progress: Callable[[int, int], None] | None = None):
        self.facts = {name: facts.get(name, 0) for name in COUNTS}
        self._part, self._last, self._told = 0, 0, on_progress

    @property
    def share(self) -> float:
        """Of the part that it is in, between 0 and 1."""
        return self.facts["done"] / self.facts["total"] if self.facts["total"] else 0.0

    def __call__(self, done: int, total: int) -> None:
        """Take note of `done` of `total` steps (or whatever the job counts) of a part."""
        if done == 0 or done < self._last or self._part == 0:
            self._part += 1
        self._last = done
        if done:  # a job that goes on reports 0 before it has read how far it was
            self.facts = dict(zip(COUNTS, (done, total, self._part), strict=True))
        if self._told is not None:
            self._told(done, total)


@dataclass(frozen=True)
class Unfinished:
    """A training job that was begun.

    Attributes:
        seconds: of the clock, that it has run so far.
        done, total: steps (or whatever it counts) of the part that it is in.
        part: number of that part, from 1; 0 where nothing was reported yet.
        processors: names of those that it ran on.
    """

    job: Mapping
    key: str
    seconds: float
    done: int
    total: int
    part: int
    processors: tuple[str, ...]

    @property
    def share(self) -> float:
        """Of the part that it is in, between 0 and 1."""
        return self.done / self.total if self.total else 0.0

    @property
    def further(self) -> tuple[int, float]:
        """Larger for what is further on."""
        return self.part, self.share

    @property
    def seconds_left(self) -> float | None:
        """Of that part, as fast as so far (all parts counted as equally long); None where nothing was done yet."""
        return self.seconds * (1 - self.share) / (self.part - 1 + self.share) if self.done else None

    def __str__(self) -> str:
        shown = f"{math.floor(100 * self.share)} % done"
        return f"{shown} of part {self.part}" if self.part > 1 else shown


def read(checkpoint: Path, called: str | None = None) -> Unfinished:
    """What a checkpoint says of its job; its arrays are not read.

    Args:
        called: what to call it in a sentence (default: its path).

    Raises:
        InputError: it is missing, damaged, says nothing of its job, or its key is not that of the job.
    """
    called = called or str(checkpoint)
    try:
        with np.load(checkpoint, allow_pickle=False) as stored:
            meta = json.loads(str(stored[META]))
        facts = meta["facts"]
        counts = [facts[name] for name in COUNTS]
        processors = [name for name in facts["processors"] if isinstance(name, str)]
        found = Unfinished(dict(facts["job"]), meta["key"], facts["wall_seconds"], *counts, tuple(processors))
        sound = all(isinstance(count, int) for count in counts)
        sound = sound and 0 <= found.done <= found.total and found.part >= (found.done > 0)
        sound = sound and all(0 <= facts[name] < math.inf for name in ("wall_seconds", "cpu_seconds"))
    except Exception:  # zipfile, numpy and json raise many unrelated types for what is damaged
        sound = False
    if not sound:
        raise InputError(f"{called} is not a readable checkpoint")
    if key(found.job) != found.key:
        raise InputError(f"{called}: the key is not that of the job")
    return found


def find(checkpoint: Path) -> Unfinished | None:
    """The unfinished work in a checkpoint; None where there is none, or none that can be read."""
    try:
        return read(checkpoint)
    except InputError:
        return None
