"""Rule sets as data: what a `config.yaml` and a `settings.schema.yaml` say, merged per scale and checked.

Settings of an experiment = defaults of its program, then the experiment's, then the scale's, then the user's.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verifig.ground import paths, schema
from verifig.ground.errors import InputError
from verifig.ground.spelling import did_you_mean
from verifig.ground.yaml_files import read_yaml
from verifig.planning import checks, overrides
from verifig.training.members import members_of, merge


@dataclass(frozen=True)
class RuleSet:
    """One replication: `config` and `settings_schema` as read, validated."""

    slug: str
    folder: Path
    config: Mapping
    settings_schema: Mapping

    def experiments(self, scale: str) -> list[str]:
        """Experiments that run at a scale: those named in its block."""
        return list(self.config["scales"][scale])

    def entry(self, experiment: str, scale: str) -> dict:
        """The experiment's configuration entry at a scale: program, about, settings, data, expected_seconds.

        Raises:
            InputError: the experiment does not exist or does not run at this scale.
        """
        if experiment not in self.config["experiments"]:
            known = ", ".join(self.config["experiments"])
            meant = did_you_mean(experiment, self.config["experiments"])
            raise InputError(f"unknown experiment {experiment!r} in {self.slug}{meant}: choose from {known}")
        if experiment not in self.config["scales"][scale]:
            scales = [name for name in paths.SCALES if experiment in self.config["scales"][name]]
            raise InputError(
                f"experiment {experiment!r} of {self.slug} does not run at scale {scale!r}, only at {', '.join(scales)}"
            )
        base = self.config["experiments"][experiment]
        merged = merge({"settings": self.config["programs"][base["program"]]}, base)
        return merge(merged, self.config["scales"][scale][experiment])


@functools.cache
def load(slug: str) -> RuleSet:
    """Read and check a rule set.

    Raises:
        InputError: unknown slug, or a configuration that its schema refuses.
    """
    folder = paths.ruleset_dir(slug)
    config = read_yaml(folder / "config.yaml")
    schema.validate(config, read_yaml(paths.SCHEMAS / "ruleset.schema.yaml"), f"replications/{slug}/config.yaml")
    for experiment, entry in config["experiments"].items():
        if entry["program"] not in config["programs"]:
            raise InputError(
                f"replications/{slug}/config.yaml: experiment {experiment} names the unknown program {entry['program']!r}"
            )
    for scale, block in config["scales"].items():
        if unknown := sorted(set(block) - set(config["experiments"])):
            raise InputError(
                f"replications/{slug}/config.yaml: scales.{scale} names the unknown experiment {unknown[0]!r}"
            )
    return RuleSet(slug, folder, config, read_yaml(folder / "settings.schema.yaml"))


def resolve(
    ruleset: RuleSet, experiments: Sequence[str], scale: str, changes: Mapping[str, Any], only: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """What each of the experiments takes of a user's changes (see `overrides.resolve`), for `settings`.

    Args:
        only: the conditions that are trained (empty: all); experiments that have none of them are left out.

    Raises:
        InputError: unknown names, a change or a condition that none of the experiments uses.
    """
    entries = {name: ruleset.entry(name, scale)["settings"] for name in experiments}
    where = f"{ruleset.slug}.{experiments[0]} ({scale})" if len(experiments) == 1 else f"{ruleset.slug} ({scale})"
    return overrides.resolve(entries, changes, only, where)


def settings(
    ruleset: RuleSet, experiment: str, scale: str, changes: Mapping | None = None, seeds: int | None = None
) -> dict:
    """Checked settings of one experiment.

    Args:
        changes: the user's values by setting; dotted names reach into conditions (`conditions.plain.weight_decay`).
        seeds: number of seeds instead of the configured one, for the experiment and each of its conditions.

    Raises:
        InputError: a change that is not used, a value that the schema refuses, or settings that do not go together.
    """
    entry = ruleset.entry(experiment, scale)
    values, where = entry["settings"], f"{ruleset.slug}.{experiment} ({scale})"
    if changes:
        overrides.apply(values, resolve(ruleset, [experiment], scale, changes)[experiment], ruleset.settings_schema)
    conditions = values.get("conditions", {})
    if seeds is not None:
        for mapping in (values, *(own for own in conditions.values() if "seeds" in own)):
            mapping["seeds"] = seeds
    checks.finite(values, where)
    base = {name: value for name, value in values.items() if name != "conditions"}
    schema.validate(base, ruleset.settings_schema, where)
    for name, condition in conditions.items():
        schema.validate(condition, ruleset.settings_schema, f"{where} condition {name}")
        if unused := sorted(set(condition) - set(base)):
            raise InputError(f"{where}: condition {name} sets {unused[0]!r}, which this experiment does not use")
    checks.program(ruleset.slug, ruleset.folder, entry["program"], members_of(values), where)
    return values
