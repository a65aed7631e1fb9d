"""Checkpoints: what a training job has finished and the state of what it is doing, saved every few seconds.

A checkpoint belongs to one job (its key) and is ignored by any other. Saving is atomic, so a kill at any moment leaves
the last complete one.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from verifig.ground.errors import InputError
from verifig.training import artifacts

SECONDS = float(os.environ.get("VERIFIG_CHECKPOINT_SECONDS", "20"))


class Checkpoint:
    """Named groups of arrays that survive an interruption.

    Args:
        path: the file, or None to keep everything in memory only.
        key: key of the job.
    """

    def __init__(self, path: Path | None, key: str):
        self._path, self._key = path, key
        self._groups: dict[str, dict[str, np.ndarray]] = {}
        self.facts: dict = {}
        self._saved = time.monotonic()
        self.resumed = False
        if path is not None and Path(path).exists():
            self._load()

    def __getitem__(self, group: str) -> dict[str, np.ndarray]:
        return self._groups[group]

    def __contains__(self, group: str) -> bool:
        return group in self._groups

    def keep(self, group: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep a finished group; it is written with the next save."""
        self._groups[group] = dict(arrays)

    def drop(self, group: str) -> None:
        """Forget a group, if it is there."""
        self._groups.pop(group, None)

    @property
    def due(self) -> bool:
        """Whether the last save lies long enough back."""
        return self._path is not None and time.monotonic() - self._saved >= SECONDS

    def save(self, facts: Mapping) -> None:
        """Write everything kept, with JSON facts (costs so far)."""
        if self._path is None:
            return
        flat = {f"{group}|{name}": array for group, arrays in self._groups.items() for name, array in arrays.items()}
        artifacts.write(self._path, flat, {"key": self._key, "groups": list(self._groups), "facts": dict(facts)})
        self._saved = time.monotonic()

    def once(self, group: str, compute: Callable[[], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """The arrays of a group: from the checkpoint if it has them, else computed and kept."""
        if group not in self:
            self.keep(group, {name: np.asarray(array) for name, array in compute().items()})
        return self[group]

    def remove(self) -> None:
        """Delete the file: the job is done."""
        if self._path is not None:
            Path(self._path).unlink(missing_ok=True)

    def _load(self) -> None:
        try:
            stored = artifacts.read(self._path)
        except InputError:
            return  # unreadable: start again
        if stored.meta.get("key") != self._key:
            return
        self._groups = {group: {} for group in stored.meta["groups"]}
        for name, array in stored.items():
            group, _, rest = name.partition("|")
            self._groups[group][rest] = array
        self.facts = stored.meta["facts"]
        self.resumed = True
