"""What a training program is given: its settings, its files, a place to keep finished parts, a way to report progress."""

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from verifig.ground.errors import InputError, Stopped
from verifig.training.checkpoint import Checkpoint
from verifig.training.device import prepare_torch
from verifig.training.members import members_of

LOG_SECONDS = 5.0


@dataclass
class Run:
    """One training job in progress.

    Attributes:
        files: the downloads of the job by name, None where it was made without one.
        stop: whether it is time to end, asked after every step and every finished part.
        costs: the seconds and the memory used so far, kept with the checkpoint.
        on_progress: told how much of how much is done.
        on_record: told members, the steps they have taken, and what was measured of them: name -> array [members, ...].
        facts: what the program adds to the record of the run.
    """

    job: Mapping
    checkpoint: Checkpoint
    files: Mapping[str, Path | None]
    log: Callable[[str], None] = print
    costs: Callable[[], Mapping] = dict
    on_progress: Callable[[int, int], None] | None = None
    on_record: Callable[[Sequence[Mapping], int, Mapping[str, np.ndarray]], None] | None = None
    stop: Callable[[], bool] = bool
    facts: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._spoke = time.monotonic()
        self._first: tuple[int, float] | None = None

    @property
    def settings(self) -> Mapping:
        return self.job["settings"]

    @property
    def device(self) -> torch.device:
        return torch.device(self.job["device"])

    @property
    def members(self) -> list[dict]:
        """One settings mapping per condition and seed (see `members.members_of`)."""
        return members_of(self.settings)

    def path(self, name: str) -> Path | None:
        """Path of an optional download, or None when the job was made without it.

        Raises:
            InputError: it is not among the experiment's data.
        """
        if name not in self.files:
            where = f"{self.job['slug']}.{self.job['experiment']}"
            raise InputError(f"the data set {name!r} is not among the data of {where} in config.yaml")
        return self.files[name]

    def once(self, name: str, compute: Callable[[], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Arrays of a finished part, computed at most once even if the job is interrupted and resumed."""
        result = self.checkpoint.once(name, compute)
        self.save_if_due()
        return result

    @property
    def due(self) -> bool:
        """Whether the checkpoint should be written now: the last one lies long enough back, or it is time to end."""
        return self.checkpoint.due or self.stop()

    def save_if_due(self) -> None:
        """Write the checkpoint if it is due (see `save`)."""
        if self.due:
            self.save()

    def save(self) -> None:
        """Write the checkpoint with the costs so far.

        Raises:
            Stopped: it is time to end.
        """
        self.checkpoint.save(self.costs())
        if self.stop():
            raise Stopped(
                f"{self.job['slug']}.{self.job['experiment']} ended before it was done; its checkpoint is saved"
            )

    def progress(self, done: int, total: int, what: str = "steps") -> None:
        """Report `done` of `total`; a log line at most every few seconds, with rate and time left.

        The rate counts from the first report of something done: a run that goes on does not start at 0.
        """
        if self.on_progress is not None:
            self.on_progress(done, total)
        now = time.monotonic()
        if done == 0:
            self._first = None
            return
        if self._first is None:
            self._first = done, now
        since, start = self._first
        if done > since and (now - self._spoke >= LOG_SECONDS or done == total):
            rate = (done - since) / max(now - start, 1e-9)
            self.log(f"{done:,}/{total:,} {what}, {rate:,.0f}/s, {(total - done) / rate:,.0f} s left")
            self._spoke = now

    def recorded(self, members: Sequence[Mapping], steps: int, record: Mapping[str, np.ndarray]) -> None:
        """Report what was measured of some members after a number of steps: name -> array [members, ...]."""
        if self.on_record is not None:
            self.on_record(members, steps, record)


def execute(run: Run) -> Mapping[str, np.ndarray]:
    """Run a job's program, the function of its own name in the module of its name, and return its arrays by name."""
    prepare_torch(run.job["device"], run.job["threads"], run.settings.get("tf32", False))
    module = importlib.import_module(run.job["module"])
    return getattr(module, run.job["program"])(run)
