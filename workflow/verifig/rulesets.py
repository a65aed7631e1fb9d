"""Rule sets as data: what a `config.yaml` and a `settings.schema.yaml` say, merged per scale and checked.

Settings of an experiment = defaults of its program, then the experiment's, then the scale's, then the user's.
"""

import contextlib
import copy
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from verifig import checks, paths, schema
from verifig.errors import InputError
from verifig.files import read_yaml


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
            raise InputError(f"unknown experiment {experiment!r} in {self.slug}: choose from {known}")
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


def settings(
    ruleset: RuleSet, experiment: str, scale: str, overrides: Mapping | None = None, seeds: int | None = None
) -> dict:
    """Checked settings of one experiment.

    Args:
        overrides: the user's values by setting; dotted names reach into mappings (`conditions.plain.weight_decay`).
        seeds: number of seeds instead of the configured one, for the experiment and each of its conditions.

    Raises:
        InputError: an unknown setting, a value that the schema refuses, or settings that do not go together.
    """
    values = ruleset.entry(experiment, scale)["settings"]
    where = f"{ruleset.slug}.{experiment} ({scale})"
    for name, value in (overrides or {}).items():
        _assign(values, name.split("."), value, where, ruleset.settings_schema)
    if seeds is not None:
        values["seeds"] = seeds
        for condition in values.get("conditions", {}).values():
            if "seeds" in condition:
                condition["seeds"] = seeds
    checks.finite(values, where)
    base = {name: value for name, value in values.items() if name != "conditions"}
    schema.validate(base, ruleset.settings_schema, where)
    for name, condition in values.get("conditions", {}).items():
        schema.validate(condition, ruleset.settings_schema, f"{where} condition {name}")
        if unused := sorted(set(condition) - set(base)):
            raise InputError(f"{where}: condition {name} sets {unused[0]!r}, which this experiment does not use")
    checks.program(
        ruleset.slug, ruleset.folder, ruleset.config["experiments"][experiment]["program"], members(values), where
    )
    return values


def members(values: Mapping) -> list[dict]:
    """One settings mapping per ensemble member: every condition (by name) times every seed.

    Each has `condition` (its name, or "base") and `seed` (0, 1, ...) beside the settings. The order is that of sorted
    names, since jobs are JSON and the order of a JSON object means nothing.
    """
    base = {name: value for name, value in values.items() if name != "conditions"}
    result = []
    for name, condition in sorted((values.get("conditions") or {"base": {}}).items()):
        merged = merge(base, condition)
        result += [merged | {"condition": name, "seed": seed} for seed in range(merged["seeds"])]
    return result


def merge(base: Mapping, change: Mapping) -> dict:
    """Deep merge: mappings merge, other values replace, `null` removes a key of a mapping that `base` has."""
    result = copy.deepcopy(dict(base))
    for key, value in change.items():
        if value is None and isinstance(result.get(key), Mapping):
            del result[key]
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merge(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """`["learning_rate=1e-3"]` -> `{"learning_rate": 0.001}`; values are read as YAML, numbers in any notation.

    Raises:
        InputError: an assignment without `=`, or a value that is not YAML.
    """
    result: dict[str, Any] = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator or not name.strip():
            raise InputError(f"--set {assignment!r} must have the form setting=value")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InputError(f"--set {name}: {text!r} is not a YAML value") from None
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                value = float(value)
        result[name.strip()] = value
    return result


def _assign(values: dict, path: list[str], value: Any, where: str, settings_schema: Mapping) -> None:
    """Set one dotted name; a condition may set any setting that the experiment has."""
    target: Any = values
    for part in path[:-1]:
        if not isinstance(target, dict) or part not in target:
            raise InputError(f"unknown setting {'.'.join(path)!r} in {where}")
        target = target[part]
    in_condition = len(path) == 3 and path[0] == "conditions" and path[2] in values
    if not isinstance(target, dict) or not (path[-1] in target or in_condition):
        known = ", ".join(sorted(values))
        raise InputError(f"unknown setting {'.'.join(path)!r} in {where} (known: {known})")
    kind = settings_schema.get("properties", {}).get(path[-1], {}).get("type")
    if isinstance(value, float) and value.is_integer() and kind == "integer":
        value = int(value)
    target[path[-1]] = value
