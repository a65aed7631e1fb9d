"""Members of an ensemble: every condition of an experiment times every seed."""

import copy
from collections.abc import Mapping


def members_of(values: Mapping) -> list[dict]:
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
