"""The user's knobs (config/config.yaml), checked, with defaults filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from verifig import paths, schema
from verifig.errors import InputError
from verifig.files import read_yaml


@dataclass(frozen=True)
class UserConfig:
    """What to run: scale, papers (all if none are named), device, seeds, data folder (absolute)."""

    scale: str
    papers: tuple[str, ...]
    device: str
    seeds: int | None
    data: Path


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
    unknown = [name for name in full["papers"] if name not in paths.slugs()]
    if unknown:
        raise InputError(f"config: unknown paper {unknown[0]!r} (known: {', '.join(paths.slugs())})")
    if on_cluster and full["device"] == "auto":
        raise InputError("config: on a cluster device must be cuda or cpu: auto depends on the machine")
    return UserConfig(
        full["scale"], tuple(full["papers"] or paths.slugs()), full["device"], full["seeds"], _data(full["data"])
    )


def _data(folder: str) -> Path:
    """The data folder: `~` is the home folder, a relative path is relative to the checkout, wherever one stands."""
    base = paths.ROOT if paths.CHECKOUT else Path.cwd()
    return base / Path(folder).expanduser()


def _configured() -> dict:
    """What config/config.yaml says; an installed package has none, so the defaults hold."""
    return read_yaml(paths.ROOT / "config" / "config.yaml") if paths.CHECKOUT else {}
