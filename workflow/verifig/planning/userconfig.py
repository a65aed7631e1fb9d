"""The user's knobs (config/config.yaml), checked, with defaults filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from verifig.ground import paths, schema
from verifig.ground.errors import InputError
from verifig.ground.yaml_files import read_yaml
from verifig.planning import rulesets, themes


@dataclass(frozen=True)
class UserConfig:
    """What to run: scale, papers (those of themes that are named; all if nothing is), device, seeds, data folder, image data sets given as folders.

    Paths are absolute.
    """

    scale: str
    papers: tuple[str, ...]
    device: str
    seeds: int | None
    data: Path
    data_folders: Mapping[str, Path]


def load(values: Mapping | None = None, on_cluster: bool = False) -> UserConfig:
    """Check the given values, or config/config.yaml.

    Raises:
        InputError: an unknown key, scale or paper, a wrong type; on a cluster's node `device: auto`, which machines with
            and without a GPU would read differently.
    """
    given = _configured() if values is None else dict(values)
    described = read_yaml(paths.SCHEMAS / "config.schema.yaml")
    schema.validate(given, described, "config")
    full = {name: entry["default"] for name, entry in described["properties"].items()} | given
    papers = themes.expand(full["papers"])
    if on_cluster and full["device"] == "auto":
        raise InputError("config: on a cluster device must be cuda or cpu: auto depends on the machine")
    known = image_sets()
    if other := [name for name in full["data_folders"] if name not in known]:
        raise InputError(
            f"config: data_folders names the unknown image data set {other[0]!r} (known: {', '.join(known)})"
        )
    return UserConfig(
        full["scale"],
        tuple(papers),
        full["device"],
        full["seeds"],
        _folder(full["data"]),
        {name: _folder(folder) for name, folder in full["data_folders"].items()},
    )


def _folder(path: str) -> Path:
    """A folder of the user's: `~` is the home folder, a relative path is relative to the checkout, wherever one stands."""
    return (paths.ROOT if paths.CHECKOUT else Path.cwd()) / Path(path).expanduser()


def _configured() -> dict:
    """What config/config.yaml says; an installed package has none, so the defaults hold."""
    return read_yaml(paths.ROOT / "config" / "config.yaml") if paths.CHECKOUT else {}


def image_sets() -> list[str]:
    """Names of the data sets of images in all rule sets: those that may be given as folders."""
    entries = [rulesets.load(slug).downloads for slug in paths.slugs()]
    return sorted({name for each in entries for name, entry in each.items() if entry.images})
