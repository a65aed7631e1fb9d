"""What a pack holds, read without trust.

A pack is a zip of artifacts with their records and of checkpoints of unfinished work. Names must be plain, every key must
be that of its job, every checksum must hold, a checkpoint must be readable to its end, and code and settings must be
those of this checkout. Device and versions may be another machine's.
"""

import hashlib
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.keys import key
from verifig.planning import jobs, machines, provenance, rulesets, unfinished, userconfig
from verifig.planning.unfinished import Unfinished
from verifig.training.checkpoint import Checkpoint

NAME = re.compile(r"(smoke|laptop|paper)/([a-z][a-z0-9_]*)/([A-Za-z0-9_]+)\.(npz|provenance\.json|npz\.ckpt)")
LARGEST = 2**33  # bytes, unpacked

Place = tuple[str, str, str]  # scale, paper, experiment


@dataclass
class Contents:
    """Verified contents of one paper's part of a pack.

    Attributes:
        finished: by experiment, the job that made its artifact.
        begun: by experiment, its unfinished work.
    """

    finished: dict[str, Mapping] = field(default_factory=dict)
    begun: dict[str, Unfinished] = field(default_factory=dict)


def read(file: Path) -> dict[str, bytes]:
    """Members of a pack by name, nothing written yet.

    Raises:
        InputError: no pack, too large, or a member with a name that is not an artifact's.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(Path(file).read_bytes())) as archive:
            if sum(info.file_size for info in archive.infolist()) > LARGEST:
                raise InputError(f"{file} unpacks to more than {LARGEST / 2**30:.0f} GiB")
            for info in archive.infolist():
                if not NAME.fullmatch(info.filename):
                    raise InputError(f"{file} holds {info.filename!r}, which is not the name of an artifact")
            return {info.filename: archive.read(info) for info in archive.infolist()}
    except FileNotFoundError:
        raise InputError(f"{file} does not exist") from None
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{file} is not a readable pack ({error})") from None


def verify(members: Mapping[str, bytes]) -> dict[tuple[str, str], Contents]:
    """What the members are, by scale and paper.

    Raises:
        InputError: the first one that is not as it must be.
    """
    found: dict[tuple[str, str], Contents] = {}
    for name, contents in members.items():
        *place, kind = NAME.fullmatch(name).groups()
        if kind == "npz":
            continue  # verified with its record; without one it is not used
        group = found.setdefault(tuple(place[:2]), Contents())
        if kind == "provenance.json":
            group.finished[place[2]] = _finished(name, record(name, contents), members, tuple(place))
        else:
            group.begun[place[2]] = _begun(name, contents, tuple(place))
    for group in found.values():  # what was finished while it was packed
        group.begun = {name: work for name, work in group.begun.items() if name not in group.finished}
    return found


def record(name: str, text: bytes) -> dict:
    """A record of a pack as it was written.

    Raises:
        InputError: it is not JSON, or its seal does not hold.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InputError(f"{name} is not valid JSON ({error})") from None
    if not provenance.sealed(found):
        raise InputError(f"{name} is damaged or was altered (its seal does not hold)")
    return found


def whole(checkpoint: Path, name: str) -> Unfinished:
    """The unfinished work in a checkpoint, read to its end as whoever goes on from it will read it.

    Args:
        name: what to call it in a sentence.

    Raises:
        InputError: it is damaged, unpacks to too much, or its key is not that of its job.
    """
    try:
        with zipfile.ZipFile(checkpoint) as arrays:
            size = sum(info.file_size for info in arrays.infolist())
    except (zipfile.BadZipFile, OSError):
        size = 0  # the next line says so
    if size > LARGEST:
        raise InputError(f"{name} unpacks to more than {LARGEST / 2**30:.0f} GiB")
    begun = unfinished.read(checkpoint, name)
    try:
        readable = Checkpoint(checkpoint, begun.key).resumed
    except (KeyError, TypeError, AttributeError, ValueError):  # groups that are not what their list says
        readable = False
    if not readable:
        raise InputError(f"{name} is not a readable checkpoint")
    return begun


def require_of_this_checkout(name: str, job: Mapping, place: Place) -> None:
    """Raise unless a job is one of this checkout's, on whatever machine.

    Raises:
        InputError: its code, settings or data are others, or there is no such experiment.
    """
    scale, slug, experiment = place
    here = jobs.train(slug, experiment, scale, "cpu", data_dir=userconfig.load().data)
    # measuring needs no data: what is not here counts as the pinned file
    pinned = rulesets.load(slug).downloads
    here["data"] = {name: digest or pinned[name].sha256 for name, digest in here["data"].items()}
    if differing := machines.differing(job, here):
        raise InputError(f"{name}: {differing[0]} differs from this checkout: use the version that made the pack")


def _finished(name: str, found: Mapping, members: Mapping[str, bytes], place: Place) -> Mapping:
    """The job of a record that fits its place, its artifact, and this checkout."""
    job, outputs = found.get("job"), found.get("outputs")
    if not isinstance(job, dict) or not isinstance(outputs, dict) or key(job) != found.get("key"):
        raise InputError(f"{name}: the key is not that of the job")
    _in_place(f"{name}: the record", job, place)
    artifact = f"{'/'.join(place)}.npz"
    if hashlib.sha256(members.get(artifact, b"")).hexdigest() != outputs.get(f"{place[2]}.npz"):
        raise InputError(f"{artifact} is missing or corrupted (the checksum in its record differs)")
    require_of_this_checkout(name, job, place)
    return job


def _begun(name: str, contents: bytes, place: Place) -> Unfinished:
    """The unfinished work of a checkpoint that fits its place and this checkout."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ckpt").write_bytes(contents)
        begun = whole(Path(folder) / "ckpt", name)
    _in_place(f"{name}: the checkpoint", begun.job, place)
    require_of_this_checkout(name, begun.job, place)
    return begun


def _in_place(what: str, job: Mapping, place: Place) -> None:
    if (claimed := tuple(job.get(part) for part in ("scale", "slug", "experiment"))) != place:
        raise InputError(f"{what} is of {claimed[1]}.{claimed[2]} at {claimed[0]} scale")
