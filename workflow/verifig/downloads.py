"""Downloads for the experiments of one scale, and no others; needs nothing that a bare training machine lacks."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from verifig import data, image_folders, rulesets, userconfig
from verifig.rulesets import RuleSet


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
        wanted.update(data.names(ruleset, entry, settings))
    known = {name: entry for name, entry in ruleset.config.get("data", {}).items() if name in wanted}
    given = userconfig.load().data_folders
    found = {name: image_folders.sync(name, given.get(name), data_dir) for name in known if known[name].get("images")}
    downloads = {name: entry for name, entry in known.items() if found.get(name) is None}
    found |= data.fetch(dataclasses.replace(ruleset, config={**ruleset.config, "data": downloads}), data_dir)
    for name, how in found.items():
        if how != "there":
            print(f"{ruleset.slug}: data {name}: {how}")
