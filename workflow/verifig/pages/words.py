"""Sentences on verdicts. Each says what its claim and its numbers show, and no more."""

import math
from collections.abc import Mapping, Sequence

from verifig.ground import numbers
from verifig.judging import verdicts
from verifig.pages import units as display

# how a bound is spoken of, by `bounds_from`
BOUNDS = {
    "paper": "the paper’s bound",
    "theory": "a bound from theory",
    "pilot": "a bound of ours from pilot runs on other seeds",
    "control": "a bound set by the control arm",
    "ours": "a bound of ours",
}
SEEN = "a bound of ours set after a first computation on the same data"
SETTINGS = {
    "paper's": "in the paper’s setting",
    "reduced": "in a reduced setting",
    "reconstruction": "in our reconstruction (the paper’s settings are not fully known)",
    "what-if": "with changed settings",
}
MORE_DECIMALS = 3  # of a value than of its interval; what is smaller still is rounding, and shown as 0
PREDICTION = "95 % prediction interval of one more of our runs"


def summary(claims: Sequence[Mapping], scale: str) -> str:
    """What was found, kind by kind; nothing is said of kinds that were not judged."""
    counts = verdicts.by_kind(claims)
    clauses = [
        f"{verdicts.tally(counts[kind.name])} {kind.phrase}"
        for kind in verdicts.KINDS
        if verdicts.tested(counts[kind.name])
    ]
    behave, judged = verdicts.controls(claims)
    if judged:
        clauses.append(f"{behave} of {judged} controls and oracles as they must be")
    clauses += [f"{count} {verdict}" for verdict, count in verdicts.open_counts(claims).items() if count]
    return f"At {scale} scale: " + "; ".join(clauses or ["nothing was judged"]) + "."


def agreement(claims: Sequence[Mapping]) -> list[str]:
    """For each kind of numbers, whether the paper's values lie where one more of our runs would fall."""
    sentences = []
    for kind in verdicts.KINDS[:2]:
        found = verdicts.agreement([claim for claim in claims if verdicts.kind_of(claim) == kind])
        if sum(found.values()):
            few = f"; {found['too few']} with too few units to say" if found["too few"] else ""
            where = "in its own setting" if kind.name == "number" else "in a reduced or reconstructed setting"
            decided = found["yes"] + found["no"]
            sentences.append(
                f"Numbers {where}: the paper’s value lies in the {PREDICTION} for {found['yes']} of {decided}{few}."
            )
    return sentences


def simultaneous(claims: Sequence[Mapping]) -> str:
    """Which claims would not stand if all intervals had to hold at once."""
    lost = [claim["id"] for claim in verdicts.not_simultaneous(claims)]
    told = f"all but {', '.join(lost)} would also" if lost else "all would"
    return f"Intervals are 95 % each; of what is found right, {told} stand if all intervals of this page had to hold at once (Bonferroni)."


def wording(claim: Mapping) -> str:
    """One sentence that says what the verdict means."""
    because = f" {claim['because']}" if "because" in claim else ""
    match claim["verdict"]:
        case "not tested":
            return f"Not tested: {claim['reason']}."
        case "caught":
            return f"Caught: with the broken instrument {claim['of']} is contradicted, as it must be."
        case "missed":
            return f"Missed: {claim.get('reason', 'the broken instrument was not noticed')}.{because}"
        case "inconclusive":
            return f"Inconclusive: {_why_inconclusive(claim)}.{because}"
        case "contradicted":
            where = "" if claim["kind"] != "claim" else f", {SETTINGS[claim['setting']]}"
            return f"Contradicted: {_outside(verdicts.deciding(claim))}{where}.{because}"
    return _found_right(claim)


def _found_right(claim: Mapping) -> str:
    kind = verdicts.kind_of(claim)
    if kind is None:
        return "As it must be."
    if kind.name == "identity":
        return "Verified."
    if kind.name == "extension":
        return "Found: an extension of ours, not a statement of the paper."
    if kind.name == "statement":
        number = "; the paper gives no number" if claim["paper_value"] is None else ""
        return f"Holds {SETTINGS[claim['setting']]}, by {origin(claim)}{number}."
    return f"Reproduced {SETTINGS[claim['setting']]}."


def seen(claim: Mapping) -> bool:
    """Whether the pilot was a first computation on the same data: what is exact has no other seeds."""
    return claim.get("bounds_from") == "pilot" and all(part["estimator"] == "exact" for part in claim["parts"])


def origin(claim: Mapping) -> str:
    """Where the bounds of a claim come from."""
    return SEEN if seen(claim) else BOUNDS[claim.get("bounds_from", "ours")]


def _outside(part: Mapping) -> str:
    """What lies outside the bounds of a contradicted part."""
    name = verdicts.name_of(part)
    match part["estimator"]:
        case "exact":
            return f"{name} lies outside the bounds"
        case "every":
            return f"{name} lies outside the bounds in the worst of {units(part)}"
    if part["relation"] == "consistent":
        return f"the paper’s value of {name} lies outside the {PREDICTION}"
    return f"our interval of {name} lies outside the bounds"


def _why_inconclusive(claim: Mapping) -> str:
    """What the open parts lack: the reason given, or the part that needs most."""
    if "reason" in claim:
        return claim["reason"]
    part = max(
        (part for part in claim["parts"] if part["verdict"] == "inconclusive"),
        key=lambda part: float(part["units_to_decide"] or 0),
    )
    name = verdicts.name_of(part)
    if part["units_to_decide"]:
        part = display.shown(part)
        reach = _reach(part, part["low"], part["high"]) + display.sign(part)
        return f"{name}: our {units(part)} give {reach}, which reaches across the bound; {_would_decide(part)}"
    return f"{name}: " + (part["notes"][0] if part["notes"] else "our interval reaches across the bound")


def _would_decide(part: Mapping) -> str:
    """How many units would; more of them do not refine the step on which a value is read."""
    unit = part.get("unit", "seed")
    if part["units_to_decide"] == "inf":
        return f"no number of {numbers.plural(unit)} would decide: the resolution alone reaches across it"
    return f"about {numbers.count(part['units_to_decide'], unit)} would decide"


def units(part: Mapping) -> str:
    """`24 seeds`, `8 groups of 10 draws`."""
    return numbers.count(part["n"], part.get("unit", "seed"))


def bounds(part: Mapping) -> str:
    """Bounds as text; of one run of the paper's, what ours must be consistent with."""
    part, sign = display.shown(part), display.sign(part)
    if part["relation"] == "consistent":
        return f"consistent with {numbers.text((part['bounds'][0] + part['bounds'][1]) / 2)}{sign}"
    return numbers.bounds(*part["bounds"], _digits(part)) + sign


def _digits(part: Mapping) -> int:
    return 3 if part["relation"] == "consistent" else numbers.digits_for(*part["bounds"], part["observed"])


def _text(part: Mapping, number: float | str | None) -> str:
    """A number of a part: to the decimals of our interval, else to the digits that its bounds ask for.

    Our value gets the decimals that tell it from a bound that it is not.
    """
    plain = part["estimator"] not in ("exact", "every") and _digits(part) <= 3  # bounds are not close to one another
    decimals = numbers.decimals_for(part["low"], part["high"]) if plain else None
    if decimals is None:
        return numbers.text(number, _digits(part))
    if isinstance(part["observed"], int | float) and part["observed"]:  # also where the interval is wider
        asked = 1 - math.floor(math.log10(abs(part["observed"])))
        decimals = asked if decimals < asked <= decimals + MORE_DECIMALS else decimals
    ends = [bound for bound in part["bounds"] if isinstance(bound, int | float) and bound != part["observed"]]
    while decimals < 10 and any(
        numbers.fixed(part["observed"], decimals) == numbers.fixed(end, decimals) for end in ends
    ):
        decimals += 1
    return numbers.fixed(number, decimals)


def _reach(part: Mapping, low: float | str, high: float | str) -> str:
    return f"[{_text(part, low)}, {_text(part, high)}]"


def value(part: Mapping) -> str:
    """Our value, with the digits that its interval carries and its bounds ask for."""
    part = display.shown(part)
    return _text(part, part["observed"]) + display.sign(part)


def certainty(part: Mapping) -> str:
    """How sure our value is: interval and number of units, or what stands in its place."""
    if part["estimator"] == "exact":
        return "exact"
    if part["estimator"] == "every":
        return f"worst of {units(part)}"
    part = display.shown(part)
    reach = _reach(part, part["low"], part["high"])
    if part["relation"] == "consistent":
        return f"mean of {units(part)}, one more run would fall into {reach}"
    return f"{reach}, {part['estimator']} of {units(part)}"


def paper(part: Mapping) -> str:
    """The paper's value of this very quantity, or nothing."""
    part = display.shown(part)
    return numbers.text(part["paper"], _digits(part)) + display.sign(part) if "paper" in part else ""


def agrees(part: Mapping) -> str:
    """Whether the paper's value lies where one more of our units would fall; empty where that was not asked."""
    if "agrees" not in part:
        return ""
    if part["agrees"] == "too few":
        return f"paper’s value in our prediction interval: too few {numbers.plural(part.get('unit', 'seed'))} to say"
    part = display.shown(part)
    reach = _reach(part, *part["prediction"]) + display.sign(part)
    return f"paper’s value in our 95 % prediction interval {reach}: {part['agrees']}"


def control_arm(part: Mapping) -> str:
    """What the same bound gives where the cause is absent; empty where there is no such arm."""
    part = display.shown(part)
    arm = part.get("control_arm")
    if arm is None:
        return ""
    where = ", ".join(
        arm[name].removeprefix("condition=").replace(";", ", ").replace("=", " = ").replace("_", " ")
        for name in ("experiment", "condition", "statistic")
        if arm[name] and arm[name] != part[name]
    )
    if arm["verdict"] == "not tested":
        return f"control arm ({where}): did not run"
    if arm["observed"] is None:
        return f"control arm ({where}): has no such value, which decides nothing"
    there = {**part, **{name: arm[name] for name in ("observed", "low", "high")}}  # to the decimals of its own interval
    shown = _text(there, arm["observed"]) + display.sign(part)
    if part["estimator"] not in ("exact", "every"):
        shown += f" {_reach(there, arm['low'], arm['high'])}"
    ends = {"reproduced": "passes too: this bound is void", "inconclusive": "is not clearly outside"}
    return f"control arm ({where}): {shown}, {ends.get(arm['verdict'], 'outside, as it should be')}"


def short(part: Mapping) -> str:
    """A part on one line: what, ours, how sure, bound, the paper's value."""
    theirs = f"; paper {paper(part)}" if "paper" in part else ""
    return f"{verdicts.name_of(part)}: {value(part)} ({certainty(part)}); bound {bounds(part)}{theirs}"


def more_parts(claim: Mapping) -> str:
    """How many parts stand behind the deciding one."""
    rest = len(claim["parts"]) - 1
    return f" (+{numbers.count(rest, 'part')})" if rest > 0 else ""
