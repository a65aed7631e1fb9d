"""Downloads for the experiments of one scale, and no others; needs nothing that a bare training machine lacks."""

import dataclasses
from pathlib import Path

from verifig import data
from verifig.rulesets import RuleSet


def fetch(ruleset: RuleSet, scale: str, experiments: list[str], data_dir: Path) -> None:
    """Fetch the downloads that these experiments need, and print how that went.

    Raises:
        InputError: a file with a wrong checksum.
    """
    wanted = {name for experiment in experiments for name in ruleset.entry(experiment, scale).get("data", [])}
    known = {name: entry for name, entry in ruleset.config.get("data", {}).items() if name in wanted}
    reduced = dataclasses.replace(ruleset, config={**ruleset.config, "data": known})
    for name, how in data.fetch(reduced, data_dir).items():
        if how != "there":
            print(f"{ruleset.slug}: data {name}: {how}")
