"""The data sets that a job reads: embedded ones, optional downloads in data/, files made of a folder of images.

A set of images may be given as a folder (`data_folders` in config/config.yaml): `prepare` makes one file of it.
"""

from collections.abc import Mapping
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.files import sha256
from verifig.ground.paths import name_in_suite
from verifig.planning.rulesets import Experiment, RuleSet, load
from verifig.training.data import EMBEDDED
from verifig.training.members import members_of

FOLDERS = "folders"  # below the data folder: what was made of folders of images


def names(ruleset: RuleSet, entry: Experiment, settings: Mapping) -> list[str]:
    """Data sets that an experiment reads: those that its configuration lists, and those that its settings name.

    Args:
        entry: see `RuleSet.entry`.
        settings: checked; a setting that the schema marks with `data: true` holds names of data sets, one marked with
            a mapping holds values that stand for several.
    """
    known = {*EMBEDDED, *ruleset.downloads}
    properties = ruleset.settings_schema["properties"]
    naming = {name: described["data"] for name, described in properties.items() if described.get("data")}
    named = list(entry.data)
    for member in members_of(settings):
        for name, mark in naming.items():
            if name not in member:
                continue
            parts = mark if isinstance(mark, Mapping) else {}
            for value in [member[name]] if isinstance(member[name], str) else member[name]:
                named += parts.get(value, [value])
    return [name for name in dict.fromkeys(named) if name in known or name in entry.data]


def digest(ruleset: RuleSet, name: str, data_dir: Path) -> str | None:
    """SHA-256 of a data set that a job uses; None for a download that is not there.

    Raises:
        InputError: the name is unknown, or the file in data/ is not the expected one.
    """
    if name in EMBEDDED:
        return EMBEDDED[name]
    if name not in ruleset.downloads:
        raise InputError(f"{name_in_suite(ruleset.folder)}/experiments.yaml: unknown data set {name!r}")
    file = path(ruleset.slug, name, data_dir)
    if not file.exists():
        return None
    entry = ruleset.downloads[name]
    if file == packed(name, data_dir):
        return sha256(file)
    if (found := sha256(file)) != entry.sha256:
        raise InputError(
            f"{file} has sha256 {found}, expected {entry.sha256}: delete it and run `python -m verifig prepare`, "
            f"or put the file from {entry.url or 'its publisher'} there"
        )
    return entry.sha256


def path(slug: str, name: str, data_dir: Path) -> Path:
    """Where a data set lies: what was made of a folder of images if one is given, else the download."""
    entry = load(slug).downloads[name]
    if entry.images and packed(name, data_dir).exists():
        return packed(name, data_dir)
    return Path(data_dir) / entry.file


def packed(name: str, data_dir: Path) -> Path:
    """The file that is made of a folder of images (see `image_folders.sync`)."""
    return Path(data_dir) / FOLDERS / f"{name}.npz"


def from_folders(ruleset: RuleSet, digests: Mapping[str, str | None]) -> dict[str, str]:
    """Of a job's data sets (name -> SHA-256), those that were given as folders of images."""
    known = ruleset.downloads
    return {
        name: found
        for name, found in digests.items()
        if found and name in known and known[name].images and found != known[name].sha256
    }


def folder_of(slug: str, name: str, file: Path) -> Path:
    """The data folder in which a download lies as `file` (the inverse of `path`)."""
    if Path(file).parent.name == FOLDERS:
        return Path(file).parents[1]
    return Path(file).parents[len(Path(load(slug).downloads[name].file).parts) - 1]


def files(job: Mapping, data_dir: Path) -> dict[str, Path | None]:
    """Where the downloads of a training job lie; None for those that it was made without."""
    downloads = {name: digest for name, digest in job["data"].items() if name not in EMBEDDED}
    return {name: path(job["slug"], name, data_dir) if digest else None for name, digest in downloads.items()}
