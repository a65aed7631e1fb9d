"""What-ifs: how a run differs from the whole scale with its configured settings. Its results carry that mark."""

from collections.abc import Collection, Mapping
from typing import Any

from verifig.planning import rulesets


def describe(
    slug: str, scale: str, train_jobs: Mapping[str, Mapping], without_data: Collection[str] = ()
) -> dict[str, Any] | None:
    """How these training jobs differ from the scale as configured, or None when they do not.

    Args:
        train_jobs: by experiment, the jobs that ran (see `jobs.train`).
        without_data: experiments that could not run because their data is not there; they are not left out by choice.

    Returns:
        `changed`: {experiment: {setting: [configured, used]}}, settings with dotted names, null where there is none;
        `left_out`: experiments of the scale that did not run.
    """
    ruleset = rulesets.load(slug)
    changed = {}
    for name, job in train_jobs.items():
        if found := changes(rulesets.settings(ruleset, name, scale), job["settings"]):
            changed[name] = found
    left_out = [name for name in ruleset.experiments(scale) if name not in train_jobs and name not in without_data]
    return {"changed": changed, "left_out": left_out} if changed or left_out else None


def sentences(what_if: Mapping | None) -> list[str]:
    """What differs, for people: one sentence for the changed settings of each experiment, one for what was left out."""
    if what_if is None:
        return []
    lines = [sentence(experiment, found) for experiment, found in what_if["changed"].items()]
    if what_if["left_out"]:
        lines.append("not run: " + ", ".join(what_if["left_out"]))
    return lines


def sentence(experiment: str, found: Mapping[str, list]) -> str:
    """`delay53: weight_decay 1.0 -> 2.0, seeds 5 -> 3, without the conditions adamw, sgd` (see `changes`)."""
    gone = [name for name, (old, new) in found.items() if isinstance(old, Mapping) and new is None]
    told = [f"{name} {_shown(old)} -> {_shown(new)}" for name, (old, new) in found.items() if name not in gone]
    if gone:
        names = ", ".join(name.removeprefix("conditions.") for name in gone)
        told.append(f"without the condition{'s' * (len(gone) > 1)} {names}")
    return f"{experiment}: {', '.join(told)}"


def changes(configured: Mapping, used: Mapping) -> dict[str, list]:
    """How the settings of an experiment differ: {dotted name: [configured, used]}.

    A setting that a condition takes over from its experiment counts as the condition's.
    """
    result = _differences("", _base(configured), _base(used), {}, {})
    before, after = configured.get("conditions", {}), used.get("conditions", {})
    for name in dict.fromkeys([*before, *after]):
        if name in before and name in after:
            result |= _differences(f"conditions.{name}.", before[name], after[name], configured, used)
        else:
            result[f"conditions.{name}"] = [before.get(name), after.get(name)]
    return result


def _base(values: Mapping) -> dict:
    return {name: value for name, value in values.items() if name != "conditions"}


def _differences(prefix: str, before: Mapping, after: Mapping, under: Mapping, over: Mapping) -> dict[str, list]:
    """Entries of two flat mappings that differ; one that is absent counts as that of `under` and `over`."""
    pairs = {
        name: [before.get(name, under.get(name)), after.get(name, over.get(name))]
        for name in dict.fromkeys([*before, *after])
    }
    return {prefix + name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
