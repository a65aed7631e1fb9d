"""Reading verdicts: what fails a check, how they are counted, and the words they are given."""

from collections import Counter
from collections.abc import Mapping, Sequence

from verifig import numbers

ORDER = ("reproduced", "contradicted", "inconclusive", "not tested")
SYMBOLS = {"reproduced": "✓", "contradicted": "✗", "inconclusive": "?", "not tested": "–", "caught": "✓", "missed": "✗"}


def failures(claims: Sequence[Mapping], health: Mapping[str, Sequence[Mapping]] | None = None) -> list[str]:
    """One sentence for each verdict that is not as it must be, each void bound, each run that is not sound.

    Args:
        health: by experiment, its judged health (`health` of verdicts.json).
    """
    result = [sentence for item in claims if item["verdict"] != "not tested" for sentence in _claim_failures(item)]
    for experiment, parts in (health or {}).items():
        result += [
            f"runs of {experiment} are not sound: {_named(part)} is {numbers.text(part['observed'])}, must be {numbers.bounds(*part['bounds'])}"
            for part in parts
            if part["verdict"] != "reproduced" and "declared" not in part
        ]
    return result


def _claim_failures(item: Mapping) -> list[str]:
    verdict, name = item["verdict"], item["id"]
    result = []
    if item["kind"] in ("oracle", "control"):
        good = "caught" if "of" in item else "reproduced"
        if verdict != good:
            result.append(f"{item['kind']} {name} is {verdict}, must be {good}: {item['statement']}")
    elif item.get("expect") == "contradicted":
        if verdict != "contradicted":
            result.append(f"{name} is {verdict}, though it is expected to be contradicted: {item['because']}")
    elif verdict == "contradicted":
        result.append(f"{name} is contradicted without an explanation: {item['statement']}")
    return result + [
        f"{name}: the bound of {_named(part)} is void, its control arm ({_place(part['control_arm'])}) passes it too: {numbers.text(part['control_arm']['observed'])}"
        for part in item["parts"]
        if part.get("control_arm", {}).get("verdict") == "reproduced"
    ]


def _named(part: Mapping) -> str:
    return part.get("label") or part["statistic"]


def _place(part: Mapping) -> str:
    return " / ".join(part[name] for name in ("experiment", "condition", "statistic") if part[name])


def paper_claims(verdicts: Sequence[Mapping]) -> list[Mapping]:
    """Those that count as statements of a paper (not oracles, not controls)."""
    return [item for item in verdicts if item["kind"] == "claim"]


def counts(verdicts: Sequence[Mapping]) -> dict[str, int]:
    """Number of paper claims by verdict, in a fixed order."""
    found = Counter(item["verdict"] for item in paper_claims(verdicts))
    return {verdict: found[verdict] for verdict in ORDER}


def controls(verdicts: Sequence[Mapping]) -> tuple[int, int]:
    """(behave as they must, tested) among oracles and controls."""
    tested = [item for item in verdicts if item["kind"] != "claim" and item["verdict"] != "not tested"]
    return sum(item["verdict"] in ("caught", "reproduced") for item in tested), len(tested)


def summary(verdicts: Sequence[Mapping], scale: str) -> str:
    """The header sentence: kinds of claims are counted apart, never in one sum."""
    claims = paper_claims(verdicts)

    def tally(chosen: list[Mapping]) -> tuple[int, int]:
        tested = [item for item in chosen if item["verdict"] != "not tested"]
        return sum(item["verdict"] == "reproduced" for item in tested), len(tested)

    clauses = []
    numbers = [c for c in claims if c["basis"] == "number"]
    own, total = tally([c for c in numbers if c["setting"] == "paper's"])
    if total:
        clauses.append(f"{own} of {total} of the paper's own numbers are reproduced in the paper's setting")
    own, total = tally([c for c in numbers if c["setting"] != "paper's"])
    if total:
        clauses.append(f"{own} of {total} of its numbers hold in a reduced or reconstructed setting")
    own, total = tally([c for c in claims if c["basis"] == "direction"])
    if total:
        clauses.append(
            f"{own} of {total} of its statements hold, by thresholds that we chose after pilot runs and before the judged ones"
        )
    own, total = tally([c for c in claims if c["basis"] == "identity"])
    if total:
        clauses.append(f"{own} of {total} identities are verified")
    own, total = tally([c for c in claims if c["basis"] == "ours"])
    if total:
        clauses.append(f"{own} of {total} extensions of ours hold")
    behave, tested = controls(verdicts)
    if tested:
        clauses.append(f"{behave} of {tested} controls and oracles behave")
    count = counts(verdicts)
    rest = (
        f"{count['inconclusive']} inconclusive, {count['contradicted']} contradicted, {count['not tested']} not tested"
    )
    return f"At {scale} scale: " + "; ".join(clauses or ["nothing was judged"]) + f". {rest}."


def simultaneous(verdicts: Sequence[Mapping]) -> tuple[int, int]:
    """(k, m): of m reproduced random claims, k also hold with simultaneous 95 % intervals (Bonferroni over the rule set)."""
    random = [item for item in paper_claims(verdicts) if item["p_bound"] is not None]
    reproduced = [item for item in random if item["verdict"] == "reproduced"]
    return sum(item["p_bound"] <= 0.025 / max(len(random), 1) for item in reproduced), len(reproduced)


def wording(item: Mapping, scale: str) -> str:
    """One sentence that says what the verdict means, and no more."""
    verdict = item["verdict"]
    if verdict == "not tested":
        return f"Not tested: {item['reason']}."
    if verdict == "caught":
        return f"Caught: with the broken instrument {item['of']} is contradicted, as it must be."
    if verdict == "missed":
        return f"Missed: {item.get('reason', 'the broken instrument was not noticed')}."
    if verdict == "inconclusive":
        return _why_inconclusive(item)
    if verdict == "contradicted":
        tail = "" if item["setting"] == "paper's" else f" (in our setting, which is {item['setting']})"
        return f"Contradicted: our interval lies outside the bounds{tail}." + (
            f" {item['because']}" if "because" in item else ""
        )
    if item["kind"] != "claim" or item["basis"] == "identity":
        return "Verified."
    if item["setting"] == "reconstruction":
        return "Holds in our reconstruction; the paper's settings are not fully known."
    if item["basis"] == "direction":
        return "Holds here (our threshold; the paper gives no number)."
    if item["basis"] == "ours":
        return "Holds here (our extension, not the paper's statement)."
    return "Reproduced in the paper's setting." if item["setting"] == "paper's" else "Holds at reduced size."


def _why_inconclusive(item: Mapping) -> str:
    """What the open parts lack."""
    if "reason" in item:
        return f"Inconclusive: {item['reason']}."
    part = max(
        (part for part in item["parts"] if part["verdict"] == "inconclusive"),
        key=lambda part: part["units_to_decide"] or 0,
    )
    if part["units_to_decide"]:
        reach = numbers.interval(part["low"], part["high"])
        more = f"; about {part['units_to_decide']} would decide"
        units = numbers.plural(part.get("unit", "seed"))
        return f"Inconclusive: our {part['n']} {units} give {reach}, which reaches across the bound{more}."
    return "Inconclusive: " + (part["notes"][0] if part["notes"] else "our interval reaches across the bound") + "."
