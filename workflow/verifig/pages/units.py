"""Shares in percent: the same quantity in the same unit in figure, card and prose of a page.

Statistics, claims and bounds hold fractions, or percent (`hundredfold`). A paper's `paper.yaml` names the statistics that its page shows in percent
(`percent`) and the differences of such that it shows in percentage points (`points`); `experiment/statistic` names it in one experiment alone.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verifig.planning.rulesets import RuleSet

SIGNS = {"percent": " %", "points": " points"}
SCALED = ("observed", "low", "high", "paper", "bounds", "prediction")


def attach(claims: Iterable[Mapping], ruleset: "RuleSet") -> None:
    """Note in each part of the claims in which unit it is shown, where that is not its own."""
    by_name = dict.fromkeys(ruleset.percent, "percent") | dict.fromkeys(ruleset.points, "points")
    for claim in claims:
        for part in [*claim["parts"], *claim.get("healthy", [])]:
            for name in names(part) & by_name.keys():
                part["shown"] = by_name[name]
                part["hundredfold"] = name in ruleset.hundredfold


def names(part: Mapping) -> set[str]:
    """How `paper.yaml` may name the statistic of a part: alone, or with its experiment."""
    return {part["statistic"], f"{part.get('experiment')}/{part['statistic']}"}


def sign(part: Mapping) -> str:
    """What stands behind a number of this part."""
    return SIGNS.get(part.get("shown"), "")


def shown(part: Mapping) -> Mapping:
    """The part with its numbers in the unit in which it is shown."""
    if "shown" not in part or part.get("hundredfold"):
        return part
    scaled = {name: _hundredfold(part[name]) for name in SCALED if name in part}
    if arm := part.get("control_arm"):
        scaled["control_arm"] = arm | {name: _hundredfold(arm[name]) for name in SCALED if name in arm}
    return {**part, **scaled}


def _hundredfold(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_hundredfold(each) for each in value]
    return float(f"{100 * value:.12g}") if isinstance(value, int | float) else value
