"""Settings of a user's own: what `--set` and `--only` say, resolved for each experiment.

A change is a dotted name and a value. `width` changes a setting for all conditions but those that have their own;
`conditions.plain.width` changes that of one condition, and adds the condition where no experiment has it;
`conditions.plain` = null drops a condition; `conditions` = a mapping does several of these at once. A setting that is a
mapping itself is reached by one more dot. What no experiment uses is an error that names it.
"""

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from verifig.ground.errors import InputError
from verifig.ground.spelling import did_you_mean

BASE = "base"  # the condition of an experiment that names none
NAME = re.compile(r"[A-Za-z0-9_]+")
Path = tuple[str, ...]  # (setting,), ("conditions", name) or ("conditions", name, setting)


@dataclass(frozen=True)
class Plan:
    """What one experiment takes: its changes, and the conditions that are trained."""

    entry: Mapping
    taken: Mapping[Path, Any]
    kept: Sequence[str]

    def uses(self, path: Path) -> bool:
        """Whether a change that is taken reaches a member of the ensemble."""
        if len(path) == 1:
            own = {name for name in self.kept if (*_condition(name), *path) in self.taken}
            own |= {name for name in self.kept if _has(configured(self.entry).get(name, {}), path[0])}
            return bool(set(self.kept) - own)
        return path[1] in self.kept or self.taken[path] is None

    def changes(self) -> dict[str, Any]:
        """The changes by dotted name: dropped conditions are null, what belongs to conditions that are not kept is gone."""
        dropped = {".".join(_condition(name)): None for name in configured(self.entry) if name not in self.kept}
        used = [path for path, value in self.taken.items() if (value is not None or len(path) != 2) and self.uses(path)]
        return dropped | {".".join(path): self.taken[path] for path in used}


def parse(assignments: Sequence[str]) -> dict[str, Any]:
    """`["learning_rate=1e-3"]` -> `{"learning_rate": 0.001}`, of settings with one value each (see `values`)."""
    return {name: given for name, (given,) in values(assignments).items()}


def values(assignments: Sequence[str]) -> dict[str, list[Any]]:
    """`["learning_rate=1e-3,0.1"]` -> `{"learning_rate": [0.001, 0.1]}`; read as YAML, numbers in any notation.

    Raises:
        InputError: an assignment without `=`, a value that is not YAML or given twice, or a setting that is.
    """
    result: dict[str, list[Any]] = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        name = name.strip()
        if not separator or not name:
            raise InputError(f"--set {assignment!r} must have the form setting=value")
        if name in result:
            raise InputError(f"--set {name} is given twice")
        try:
            given = [_numbers(value) for value in yaml.safe_load(f"[{text}]") or [None]]
        except yaml.YAMLError:
            raise InputError(f"--set {name}: {text!r} is not a YAML value") from None
        if twice := [value for place, value in enumerate(given) if value in given[:place]]:
            raise InputError(f"--set {name} has the value {twice[0]} twice")
        result[name] = given
    return result


def configured(entry: Mapping) -> Mapping[str, Mapping]:
    """Conditions of configured settings; an experiment that names none has the one condition `base`."""
    return entry.get("conditions") or {BASE: {}}


def resolve(
    entries: Mapping[str, Mapping], changes: Mapping[str, Any], only: Sequence[str], where: str
) -> dict[str, dict[str, Any]]:
    """What each experiment takes of the changes, as `apply` understands it.

    Args:
        entries: configured settings by experiment.
        changes: values by dotted name.
        only: the conditions that are trained (empty: all); experiments that have none of them are left out.
        where: names the experiments in messages.

    Raises:
        InputError: a change or a condition that none of the experiments uses, or an experiment left without conditions.
    """
    atoms = _atoms(changes)
    plans = {experiment: _plan(entry, entries, atoms) for experiment, entry in entries.items()}
    for experiment, plan in plans.items():
        if not plan.kept:
            names = ", ".join(configured(plan.entry))
            raise InputError(f"{where}: all conditions of {experiment} are dropped: keep at least one of {names}")
    if only:
        known = sorted({name for plan in plans.values() for name in plan.kept})
        for name in only:
            if name not in known:
                raise InputError(_unknown("condition", name, known, where))
        chosen = {e: [name for name in plan.kept if name in only] for e, plan in plans.items()}
        plans = {e: Plan(plan.entry, plan.taken, chosen[e]) for e, plan in plans.items() if chosen[e]}
    for path in atoms:
        takers = [plan for plan in plans.values() if path in plan.taken]
        if not any(plan.uses(path) for plan in takers):
            raise InputError(_unused(path, entries, bool(takers), where))
    return {experiment: plan.changes() for experiment, plan in plans.items()}


def apply(values: dict, changes: Mapping[str, Any], schema: Mapping) -> None:
    """Make the resolved changes to configured settings, in place; whole floats become integers where the schema wants them."""
    conditions = {name: dict(own) for name, own in configured(values).items()}
    for name, value in changes.items():
        path = _path(name)
        if path[0] != "conditions":
            _put(values, name, value, schema)
        elif len(path) == 3:
            _put(conditions.setdefault(path[1], {}), path[2], value, schema)
        elif value is None:
            del conditions[path[1]]
        else:
            conditions.setdefault(path[1], {})
    if "conditions" in values or set(conditions) != {BASE} or conditions[BASE]:
        values["conditions"] = conditions


def _numbers(value: Any) -> Any:
    """Texts that are numbers as numbers: YAML reads 1e-3 as text."""
    if isinstance(value, Mapping):
        return {name: _numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return float(value)
    return value


def _path(name: str) -> Path:
    return tuple(name.split(".", 2)) if name.partition(".")[0] == "conditions" else (name,)


def _has(settings: Mapping, name: str) -> bool:
    """Whether there is such a setting, or such a key of a setting that is a mapping."""
    root, dot, key = name.partition(".")
    if root == "conditions":
        return False
    return key in (settings.get(root) or {}) if dot and isinstance(settings.get(root), Mapping) else name in settings


def _put(settings: dict, name: str, value: Any, schema: Mapping) -> None:
    root, dot, key = name.partition(".")
    entry = schema.get("properties", {}).get(root, {})
    settings[root] = {**settings.get(root, {}), key: value} if dot else _integers(value, entry)


def _integers(value: Any, entry: Mapping) -> Any:
    if isinstance(value, list):
        return [_integers(item, entry.get("items", {})) for item in value]
    kinds = entry.get("type", ())
    wanted = "integer" in ([kinds] if isinstance(kinds, str) else kinds)
    return int(value) if wanted and isinstance(value, float) and value.is_integer() else value


def _condition(name: str) -> Path:
    return ("conditions", name)


def _atoms(changes: Mapping[str, Any]) -> dict[Path, Any]:
    """Changes of single settings, and of whole conditions: added ({}) or dropped (None).

    Raises:
        InputError: what is neither, or given twice.
    """
    result: dict[Path, Any] = {}

    def add(path: Path, value: Any) -> None:
        if path in result and result[path] != {}:
            raise InputError(f"{'.'.join(path)} is set twice")
        result[path] = value

    def condition(name: Any, value: Any) -> None:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise InputError(f"the condition {name!r} must have a name of letters, digits and underscores")
        if value is not None and not isinstance(value, Mapping):
            raise InputError(
                f"conditions.{name} = {value!r} must be a mapping of settings, or null to drop the condition"
            )
        if not value:
            add(_condition(name), value)
        for setting, item in (value or {}).items():
            add((*_condition(name), str(setting)), item)

    for name, value in changes.items():
        path = _path(name)
        if path == ("conditions",):
            if not isinstance(value, Mapping) or not value:
                raise InputError(f"conditions = {value!r} must be a mapping of conditions to their settings")
            for each, own in value.items():
                condition(each, own)
        elif path[0] == "conditions" and len(path) == 2:
            condition(path[1], value)
        elif path[0] == "conditions" and len(path) == 3:
            condition(path[1], {path[2]: value})
        else:
            add(path, value)
    for path, value in result.items():
        if value is None and len(path) == 2 and any(len(p) == 3 and p[:2] == path for p in result):
            raise InputError(f"conditions.{path[1]} is dropped and changed at once")
    return result


def _plan(entry: Mapping, entries: Mapping[str, Mapping], atoms: Mapping[Path, Any]) -> Plan:
    """What one of the experiments takes of the changes, before conditions are chosen."""
    own = configured(entry)
    anywhere = {name for each in entries.values() for name in configured(each)}
    wanted: dict[str, set[str]] = {}
    for path in atoms:
        if len(path) > 1:
            wanted.setdefault(path[1], set()).update(path[2:])
    added = [
        name
        for name, settings in wanted.items()
        if name not in anywhere and all(_has(entry, each) for each in settings)
    ]
    taken = {}
    for path, value in atoms.items():
        if len(path) == 1:
            takes = _has(entry, path[0])
        elif len(path) == 2:
            takes = path[1] in own if value is None else path[1] in own or path[1] in added
        else:
            takes = _has(entry, path[2]) and (path[1] in own or path[1] in added)
        if takes:
            taken[path] = value
    dropped = {path[1] for path, value in taken.items() if len(path) == 2 and value is None}
    added = [name for name in added if any(path[1:2] == (name,) for path in taken)]
    return Plan(entry, taken, [name for name in [*own, *added] if name not in dropped])


def _unknown(what: str, name: str, known: Sequence[str], where: str) -> str:
    return (
        f"unknown {what} {name!r} in {where}{did_you_mean(name.rpartition('.')[2], known)} (known: {', '.join(known)})"
    )


def _unused(path: Path, entries: Mapping[str, Mapping], taken: bool, where: str) -> str:
    """Why none of the experiments uses a change."""
    name = ".".join(path)
    if taken and len(path) == 1:
        return f"{name} is not used in {where}: each condition sets its own (set conditions.<condition>.{name})"
    if taken:
        return f"{name} is not used in {where}: the condition {path[1]} is left out"
    if len(path) == 2:
        return _unknown("condition", path[1], sorted({c for each in entries.values() for c in configured(each)}), where)
    known = sorted({setting for each in entries.values() for setting in each} - {"conditions"})
    if len(path) == 3 and any(_has(each, path[2]) for each in entries.values()):
        return f"{name} is not used in {where}: no experiment has all settings of the condition {path[1]}"
    return _unknown("setting", name, known, where)
