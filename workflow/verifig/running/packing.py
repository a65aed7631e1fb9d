"""`verifig pack` and `unpack`: finished artifacts between machines, so that a GPU's results can be judged on a laptop.

A pack is a zip of artifacts with their provenance. Unpacking trusts nothing: names must be plain, every record's key must
be that of its job, every checksum must hold, and code and settings must be those of this checkout.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.files import atomic, write_text
from verifig.ground.keys import key
from verifig.ground.paths import AFTER_TRAINING, SCALES, Layout, ruleset_dir
from verifig.planning import jobs, provenance, rulesets, userconfig
from verifig.running import alone, folders

NAME = re.compile(r"(smoke|laptop|paper)/([a-z][a-z0-9_]*)/([A-Za-z0-9_]+)\.(npz|provenance\.json)")
MACHINE = ("device", "versions", "threads")  # parts of a job that may differ between machines
LARGEST = 2**33


def pack(results: Path, scale: str, slug: str, file: Path) -> None:
    """Write the finished artifacts of a paper at a scale to a zip file.

    Raises:
        InputError: there are none, or one is damaged.
    """
    ruleset_dir(slug)
    layout = Layout(results, scale, slug)
    records = [
        path for path in sorted(layout.folder.glob("*.provenance.json")) if _experiment(path) not in AFTER_TRAINING
    ]
    if not records:
        raise InputError(f"{layout.folder} holds no finished artifacts")
    with atomic(file) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records:
            name = _experiment(record)
            if problem := provenance.problem(record, _record(str(record), record.read_bytes()).get("key")):
                raise InputError(problem)
            for path in (layout.artifact(name), record):
                archive.write(path, f"{scale}/{slug}/{path.name}")
    print(f"packed {len(records)} artifacts into {file}")


def unpack(file: Path, out: Path, last_stage: str = "judge") -> None:
    """Unpack, verify, and measure, judge and report below `out` as far as `last_stage`.

    Raises:
        InputError: not a pack, an unsafe name, a wrong key or checksum, or code or settings other than this checkout's.
    """
    members = _read(file)
    records = {name: _record(name, text) for name, text in members.items() if name.endswith(".json")}
    groups: dict[tuple[str, str], dict[str, Mapping]] = {}
    for name, record in records.items():
        scale, slug, experiment, _ = NAME.fullmatch(name).groups()
        _verify(name, record, members, (scale, slug, experiment))
        groups.setdefault((scale, slug), {})[experiment] = record["job"]
    missing = {place: _missing_data(place[1], place[0], train_jobs) for place, train_jobs in groups.items()}
    for (scale, slug), train_jobs in groups.items():
        folders.protect(out, slug, scale, train_jobs, missing[scale, slug], last_stage)
    for (scale, slug), train_jobs in groups.items():
        layout = Layout(Path(out), scale, slug)
        for experiment in train_jobs:
            with atomic(layout.artifact(experiment)) as temporary:
                temporary.write_bytes(members[f"{scale}/{slug}/{experiment}.npz"])
            record = members[f"{scale}/{slug}/{experiment}.provenance.json"].decode()
            write_text(layout.provenance(experiment), record)
        print(f"unpacked {len(train_jobs)} artifacts of {slug} at {scale} scale")
        alone.finish(slug, scale, train_jobs, layout, last_stage, missing[scale, slug])


def _missing_data(slug: str, scale: str, train_jobs: Mapping) -> dict[str, list[str]]:
    """Experiments that are not in a pack and could not be trained here either, with the data that they lack."""
    changes = {name: {} for name in rulesets.load(slug).experiments(scale) if name not in train_jobs}
    return jobs.training(slug, scale, changes, "cpu", data_dir=userconfig.load().data)[1]


def _experiment(record: Path) -> str:
    return record.name.removesuffix(".provenance.json")


def _read(file: Path) -> dict[str, bytes]:
    """Members of a pack by name, nothing written yet."""
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


def _record(name: str, text: bytes) -> dict:
    """A record of a pack as it was written."""
    try:
        record = json.loads(text)
    except ValueError as error:
        raise InputError(f"{name} is not valid JSON ({error})") from None
    if not provenance.sealed(record):
        raise InputError(f"{name} is damaged or was altered (its seal does not hold)")
    return record


def _verify(name: str, record: Mapping, members: Mapping[str, bytes], place: tuple[str, str, str]) -> None:
    """Raise unless a record fits its place, its artifact, and this checkout."""
    scale, slug, experiment = place
    job, outputs = record.get("job"), record.get("outputs")
    if not isinstance(job, dict) or not isinstance(outputs, dict) or key(job) != record.get("key"):
        raise InputError(f"{name}: the key is not that of the job")
    if (claimed := tuple(job.get(part) for part in ("scale", "slug", "experiment"))) != place or scale not in SCALES:
        raise InputError(f"{name}: the record is of {claimed[1]}.{claimed[2]} at {claimed[0]} scale")
    artifact = f"{scale}/{slug}/{experiment}.npz"
    if hashlib.sha256(members.get(artifact, b"")).hexdigest() != outputs.get(f"{experiment}.npz"):
        raise InputError(f"{artifact} is missing or corrupted (the checksum in its record differs)")
    here = jobs.train(slug, experiment, scale, "cpu", data_dir=userconfig.load().data)
    # measuring needs no data: what is not here counts as the pinned file
    pinned = rulesets.load(slug).downloads
    here["data"] = {name: digest or pinned[name].sha256 for name, digest in here["data"].items()}
    if differing := [part for part in here if part not in MACHINE and here[part] != job.get(part)]:
        raise InputError(f"{name}: {differing[0]} differs from this checkout: use the version that made the pack")
