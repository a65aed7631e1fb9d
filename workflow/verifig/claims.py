"""Claims: the paper's statements in `claims.yaml`, checked and resolved for one scale."""

import functools
from collections.abc import Mapping

from verifig import schema
from verifig.errors import InputError
from verifig.files import read_yaml
from verifig.paths import SCHEMAS, ruleset_dir
from verifig.tables import condition_text


@functools.cache
def load(slug: str) -> list[dict]:
    """The claims of a rule set, in the order of the file, with `kind` filled in.

    Raises:
        InputError: the file breaks the schema, repeats an id, or a sabotage names an unknown claim.
    """
    where = f"replications/{slug}/claims.yaml"
    contents = read_yaml(ruleset_dir(slug) / "claims.yaml")
    schema.validate(contents, read_yaml(SCHEMAS / "claims.schema.yaml"), where)
    claims = [{"kind": "claim"} | claim for claim in contents["claims"]]
    by_id: dict[str, dict] = {}
    for claim in claims:
        if claim["id"] in by_id:
            raise InputError(f"{where}: the id {claim['id']} is used twice")
        by_id[claim["id"]] = claim
    for claim in claims:
        if "of" not in claim:
            continue
        if claim["of"] not in by_id or "parts" not in by_id[claim["of"]]:
            raise InputError(f"{where}: {claim['id']} sabotages the unknown claim {claim['of']}")
        if len(claim["substitute"]) != len(by_id[claim["of"]]["parts"]):
            raise InputError(f"{where}: {claim['id']} must name one substitute for each part of {claim['of']}")
    return claims


def parts(claim: Mapping, scale: str, all_claims: list[dict]) -> list[dict]:
    """The parts that are judged at a scale; for a sabotage those of its claim, reading the substitutes."""
    if "of" in claim:
        target = next(other for other in all_claims if other["id"] == claim["of"])
        pairs = [part | replacement for part, replacement in zip(target["parts"], claim["substitute"], strict=True)]
    else:
        pairs = claim["parts"]
    return [resolve(part, scale) for part in pairs if scale in part.get("scales", [scale])]


def resolve(part: Mapping, scale: str) -> dict:
    """A part with `low` and `high` (closed bounds, infinite where open) and the condition as text."""
    bounds = part["bounds"]
    if isinstance(bounds, Mapping):
        if scale not in bounds:
            raise InputError(f"the part {part['statistic']} has no bounds for scale {scale}")
        bounds = bounds[scale]
    match part["relation"]:
        case "within":
            low, high = bounds
        case "at_least":
            low, high = bounds, float("inf")
        case "at_most":
            low, high = float("-inf"), bounds
        case _:
            tolerance = part.get("tolerance", 0.0)
            low, high = bounds - tolerance, bounds + tolerance
    return dict(part) | {"low": float(low), "high": float(high), "condition": condition_text(part.get("condition"))}


def setting(claim: Mapping, scale: str) -> str:
    """paper's, reduced or reconstruction, at this scale."""
    value = claim["setting"]
    return value if isinstance(value, str) else value.get(scale, "reduced")
