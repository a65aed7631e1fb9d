"""Optional downloads into data/: the only code of the suite that touches the network.

Everything is checked against a SHA-256 before it is used. Needs nothing that a bare training machine lacks.
"""

import http.client
import os
import shutil
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.files import atomic, sha256
from verifig.planning import datasets, image_folders, rulesets, userconfig
from verifig.planning.rulesets import RuleSet

TIMEOUT_SECONDS = 10  # without an answer
LONGEST_SECONDS = 600  # for a whole file
BLOCK = 2**18


def mirror() -> Path | None:
    """The folder that VERIFIG_DATA_MIRROR names, or None.

    Raises:
        InputError: it does not exist.
    """
    value = os.environ.get("VERIFIG_DATA_MIRROR")
    if not value:
        return None
    if not Path(value).is_dir():
        raise InputError(f"VERIFIG_DATA_MIRROR={value} is not a folder")
    return Path(value)


def fetch(
    ruleset: RuleSet, scale: str, experiments: list[str], data_dir: Path, overrides: Mapping[str, Mapping] | None = None
) -> None:
    """Fetch the downloads that these experiments need, read the folders given instead, and print how that went.

    Args:
        overrides: the user's settings by experiment, which may name other data.

    Raises:
        InputError: a file with a wrong checksum, or a folder that is none of images.
    """
    wanted: set[str] = set()
    for experiment in experiments:
        entry = ruleset.entry(experiment, scale)
        settings = rulesets.settings(ruleset, experiment, scale, (overrides or {}).get(experiment))
        wanted.update(datasets.names(ruleset, entry, settings))
    given = userconfig.load().data_folders
    for name, entry in ruleset.downloads.items():
        if name not in wanted:
            continue
        how = image_folders.sync(name, given.get(name), data_dir) if entry.images else None
        how = how or bring(ruleset, name, data_dir)
        if how != "there":
            print(f"{ruleset.slug}: data {name}: {how}")


def bring(ruleset: RuleSet, name: str, data_dir: Path) -> str:
    """Bring one download into `data_dir`: what is there, else the mirror, else the pinned address.

    Returns how it was had ("there", "mirror", "downloaded") or why not.

    Raises:
        InputError: a file that is there, or in the mirror, has the wrong checksum.
    """
    if datasets.digest(ruleset, name, data_dir):
        return "there"
    entry = ruleset.downloads[name]
    target = datasets.path(ruleset.slug, name, data_dir)
    source = mirror() / entry.file if mirror() else None
    if source is not None and source.is_file():
        if (found := sha256(source)) != entry.sha256:
            raise InputError(f"{source} has sha256 {found}, expected {entry.sha256}")
        with atomic(target) as temporary:
            shutil.copyfile(source, temporary)
        return "mirror"
    if entry.url:
        return _download(entry.url, entry.sha256, target)
    if entry.images:
        return f"no download: name a folder of its images as data_folders.{name} in config/config.yaml"
    return f"put it at {target}"


def _download(url: str, expected: str, target: Path) -> str:
    """Download to `target` if the checksum is right; returns "downloaded" or the reason why not."""
    try:
        with atomic(target) as temporary:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response, open(temporary, "wb") as stream:
                _copy(response, stream)
            if (found := sha256(temporary)) != expected:
                raise OSError(f"wrong sha256 {found}, expected {expected}")
    except (OSError, ValueError, http.client.HTTPException) as error:  # a proxy may answer anything
        reason = getattr(error, "reason", error)
        return f"not reachable: {url} ({reason}); it may be put at {target} by hand"
    return "downloaded"


def _copy(response, stream) -> None:
    """Copy a whole response, which may not take for ever.

    Raises:
        TimeoutError: the time for a whole file is over.
    """
    end = time.monotonic() + LONGEST_SECONDS
    while block := response.read(BLOCK):
        stream.write(block)
        if time.monotonic() > end:
            raise TimeoutError(f"not finished after {LONGEST_SECONDS} s")
