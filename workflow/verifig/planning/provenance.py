"""Provenance: beside every stage's outputs, a record of the job, the outputs' checksums and what the run cost.

A stage's outputs are used only if `problem` finds nothing: the key is the expected one, the record is as it was written
(its seal is the key of the rest of it) and every checksum holds.
"""

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path

from verifig.ground import revision
from verifig.ground.errors import InputError
from verifig.ground.files import read_json, sha256, write_json
from verifig.ground.keys import key
from verifig.ground.version import __version__


def write(path: Path, job: Mapping, outputs: Iterable[Path], facts: Mapping) -> None:
    """Record a finished stage; `outputs` are files or folders beside or below the record's folder."""
    folder = Path(path).parent
    record = {
        "schema": 1,
        "verifig": __version__,
        "key": key(job),
        "job": job,
        "outputs": {file.relative_to(folder).as_posix(): sha256(file) for file in _files(outputs)},
        "commit": revision.commit(),
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **facts,
    }
    write_json(path, record | {"seal": key(record)})


def sealed(record: object) -> bool:
    """Whether this is a record as `write` left it."""
    if not isinstance(record, dict):
        return False
    return record.get("seal") == key({name: value for name, value in record.items() if name != "seal"})


def problem(path: Path, expected_key: str) -> str | None:
    """Why the outputs recorded at `path` may not be used for the job with this key, or None when they may."""
    try:
        record = read_json(path)
    except InputError as error:
        return str(error)
    recorded = record.get("key") if isinstance(record, dict) else None
    if isinstance(recorded, str) and recorded != expected_key:
        stem = path.parent / path.name.partition(".")[0]
        return f"{stem} was made by another job (key {recorded[:12]}, wanted {expected_key[:12]})"
    if not sealed(record):
        return f"{path} is damaged or was altered (its seal does not hold)"
    for name, expected in record["outputs"].items():
        file = path.parent / name
        if not file.is_file():
            return f"{file} is missing"
        if (found := sha256(file)) != expected:
            return f"{file} is corrupted (sha256 {found[:12]}…, expected {expected[:12]}…)"
    return None


def _files(outputs: Iterable[Path]) -> list[Path]:
    result = []
    for output in map(Path, outputs):
        result += sorted(file for file in output.rglob("*") if file.is_file()) if output.is_dir() else [output]
    return result
