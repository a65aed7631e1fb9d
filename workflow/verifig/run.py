"""What a training function is given: its settings, its data, a place to keep finished parts, a way to report progress."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from verifig import data, rulesets
from verifig.checkpoint import Checkpoint
from verifig.errors import InputError
from verifig.provenance import Stopwatch

LOG_SECONDS = 5.0


@dataclass
class Run:
    """One training job in progress."""

    job: Mapping
    device: torch.device
    checkpoint: Checkpoint
    log: Callable[[str], None]
    data_dir: Path
    on_progress: Callable[[int, int], None] | None = None
    facts: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        used = self.checkpoint.facts
        self.stopwatch = Stopwatch(used.get("wall_seconds", 0.0), used.get("cpu_seconds", 0.0))
        self._started = self._spoke = time.monotonic()
        if self.checkpoint.resumed:
            self.log(f"resumed after {used.get('cpu_seconds', 0.0):.0f} CPU seconds")

    @property
    def settings(self) -> Mapping:
        return self.job["settings"]

    @property
    def members(self) -> list[dict]:
        """One settings mapping per condition and seed (see `rulesets.members`)."""
        return rulesets.members(self.settings)

    def array(self, name: str) -> tuple[np.ndarray, ...]:
        """An embedded data set by name (see `data.embedded`)."""
        return data.embedded(name)

    def path(self, name: str) -> Path | None:
        """Path of an optional download, or None when the job was made without it.

        Raises:
            InputError: it is not among the experiment's data.
        """
        if name not in self.job["data"]:
            where = f"{self.job['slug']}.{self.job['experiment']}"
            raise InputError(f"the data set {name!r} is not among the data of {where} in config.yaml")
        return data.path(self.job["slug"], name, self.data_dir) if self.job["data"][name] else None

    def once(self, name: str, compute: Callable[[], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Arrays of a finished part, computed at most once even if the job is interrupted and resumed."""
        result = self.checkpoint.once(name, compute)
        self.save_if_due()
        return result

    def save_if_due(self) -> None:
        """Write the checkpoint if the last one lies long enough back."""
        if self.checkpoint.due:
            self.save()

    def save(self) -> None:
        """Write the checkpoint with the costs so far."""
        self.checkpoint.save(self.stopwatch.read())

    def progress(self, done: int, total: int, what: str = "steps") -> None:
        """Report `done` of `total`; a log line at most every few seconds, with rate and time left."""
        if self.on_progress is not None:
            self.on_progress(done, total)
        now = time.monotonic()
        if done == 0:
            self._started = now
        elif now - self._spoke >= LOG_SECONDS or done == total:
            rate = done / max(now - self._started, 1e-9)
            self.log(f"{done:,}/{total:,} {what}, {rate:,.0f}/s, {(total - done) / rate:,.0f} s left")
            self._spoke = now
