"""Claims: the paper's statements in `claims.yaml`, checked and resolved for one scale."""

import functools
import math
from collections.abc import Mapping, Sequence

from verifig.ground import schema
from verifig.ground.conditions import condition_text
from verifig.ground.errors import InputError
from verifig.ground.paths import SCHEMAS, name_in_suite, ruleset_dir
from verifig.ground.yaml_files import read_yaml
from verifig.judging import scales
from verifig.planning import rulesets

COMPARED = ("paper", "control_arm")  # of a part, but meaningless where its cause or its instrument is replaced


@functools.cache
def _contents(slug: str) -> dict:
    contents = _completed(read_yaml(ruleset_dir(slug) / "claims.yaml"), slug)
    schema.validate(contents, read_yaml(SCHEMAS / "claims.schema.yaml"), _where(slug))
    return contents


def _completed(contents: dict, slug: str) -> dict:
    """The file's contents with the defaults filled in; what is not as it should be is left to the schema."""
    given = contents.get("defaults", {})
    if not isinstance(contents.get("claims"), list) or not isinstance(given, Mapping):
        return contents
    defaults = {"paper": slug, **given}
    return contents | {
        "claims": [defaults | claim if isinstance(claim, dict) else claim for claim in contents["claims"]]
    }


def _where(slug: str) -> str:
    return name_in_suite(ruleset_dir(slug) / "claims.yaml")


@functools.cache
def load(slug: str) -> list[dict]:
    """The claims of a paper, in the order of the file, with `kind` filled in.

    Raises:
        InputError: the file breaks the schema, repeats an id, a sabotage names an unknown claim, a claim has nothing
            to judge at one of its scales, or health names an unknown experiment.
    """
    where = _where(slug)
    claims = [{"kind": "claim"} | claim for claim in _contents(slug)["claims"]]
    by_id: dict[str, dict] = {}
    for claim in claims:
        if claim["id"] in by_id:
            raise InputError(f"{where}: the id {claim['id']} is used twice")
        by_id[claim["id"]] = claim
    for claim in claims:
        _check(claim, by_id, where)
    health(slug)
    return claims


def _check(claim: Mapping, by_id: Mapping[str, dict], where: str) -> None:
    name = claim["id"]
    if "of" in claim:
        if claim["of"] not in by_id or "parts" not in by_id[claim["of"]]:
            raise InputError(f"{where}: {name} sabotages the unknown claim {claim['of']}")
        if len(claim["substitute"]) != len(by_id[claim["of"]]["parts"]):
            raise InputError(f"{where}: {name} must name one substitute for each part of {claim['of']}")
    for scale in claim["scales"]:
        judged = parts(claim, scale, list(by_id.values()))
        if not judged:
            raise InputError(f"{where}: {name} is judged at {scale} scale, but none of its parts is")
        for part in judged:
            if part["low"] > part["high"]:
                raise InputError(f"{where}: {name} has bounds in the wrong order: {part['bounds']}")
            if "paper" in part and math.isnan(scales.of(part).forward(part["paper"])):
                raise InputError(f"{where}: {name} compares with {part['paper']}, which has no {part['scale']}")


def health(slug: str) -> dict[str, list[dict]]:
    """By experiment, the parts that show that its runs are sound (finite, trained); whoever draws them says so if not.

    Raises:
        InputError: the file breaks the schema, or names an unknown experiment.
    """
    found = _contents(slug).get("health", {})
    known = rulesets.load(slug).bases if found else {}
    for name in found:
        if name not in known:
            raise InputError(f"{_where(slug)}: health names the unknown experiment {name!r}")
    return found


def parts(claim: Mapping, scale: str, all_claims: list[dict]) -> list[dict]:
    """The parts that are judged at a scale; for a sabotage those of its claim, reading the substitutes."""
    if "of" not in claim:
        return resolved(claim["parts"], scale)
    target = next(other for other in all_claims if other["id"] == claim["of"])
    pairs = zip(target["parts"], claim["substitute"], strict=True)
    broken = [{k: v for k, v in part.items() if k not in COMPARED} | replacement for part, replacement in pairs]
    return resolved(broken, scale)


def resolved(parts: Sequence[Mapping], scale: str) -> list[dict]:
    """Those of the parts that are judged at a scale, resolved."""
    return [resolve(part, scale) for part in parts if scale in part.get("scales", [scale])]


def control_arm(part: Mapping) -> dict:
    """A resolved part where its cause is absent: the same bounds, read elsewhere."""
    arm = dict(part["control_arm"])
    if "condition" in arm:
        arm["condition"] = condition_text(arm["condition"])
    return {name: value for name, value in part.items() if name not in COMPARED} | arm


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
    result = dict(part) | {"low": float(low), "high": float(high), "condition": condition_text(part.get("condition"))}
    if isinstance(trials := part.get("trials"), Mapping):
        if scale not in trials:
            raise InputError(f"the part {part['statistic']} has no trials for scale {scale}")
        result["trials"] = trials[scale]
    return result


def basis(claim: Mapping, scale: str) -> str:
    """number, direction, identity or ours, at this scale: a bound that is the paper's number at full size may be ours below."""
    value = claim["basis"]
    return value if isinstance(value, str) else value.get(scale, "direction")


def setting(claim: Mapping, scale: str) -> str:
    """paper's, reduced or reconstruction, at this scale."""
    value = claim["setting"]
    return value if isinstance(value, str) else value.get(scale, "reduced")
