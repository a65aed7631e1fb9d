"""Artifacts: named arrays in an .npz with the key of the job that made them. No pickle, equal bytes for equal arrays."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from verifig.ground.errors import InputError
from verifig.ground.files import atomic

META = "__meta__"


class Artifact(Mapping):
    """Arrays by name, and `meta` (the JSON that `write` was given)."""

    def __init__(self, arrays: Mapping[str, np.ndarray], meta: Mapping):
        self._arrays, self.meta = dict(arrays), dict(meta)

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def __iter__(self):
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def write(path: Path, arrays: Mapping[str, np.ndarray], meta: Mapping) -> None:
    """Write arrays (any dtype but object) and JSON metadata atomically, in the order of their names."""
    contents = {META: np.array(json.dumps(meta, sort_keys=True))}
    contents |= {name: np.asarray(array) for name, array in sorted(arrays.items())}
    if objects := [name for name, array in contents.items() if array.dtype == object]:
        raise TypeError(f"array {objects[0]!r} holds Python objects; artifacts hold numbers and text only")
    with atomic(path) as temporary, open(temporary, "wb") as stream:
        np.savez(stream, **contents)


def read(path: Path) -> Artifact:
    """Read an artifact.

    Raises:
        InputError: the file is missing, truncated or not an artifact.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        meta = json.loads(str(arrays.pop(META)))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except Exception as error:  # zipfile and numpy raise many unrelated types for a damaged file
        why = " ".join(str(error).split())[:120]
        raise InputError(f"{path} is not a readable artifact ({why}); delete it and run again") from None
    return Artifact(arrays, meta)
