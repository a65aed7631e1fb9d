"""Reading verdicts: what kind of statement a claim is, how kinds are counted, which part decides, what fails a check.

Kinds are counted apart, never in one sum: a recomputed number of the paper, a trend by a threshold of ours and an
identity are different things to have found right.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from verifig.ground import numbers

ORDER = ("reproduced", "contradicted", "inconclusive", "not tested")
SYMBOLS = {"reproduced": "✓", "contradicted": "✗", "inconclusive": "?", "not tested": "–", "caught": "✓", "missed": "✗"}
AGREES = ("yes", "no", "too few")


@dataclass(frozen=True)
class Kind:
    """A kind of claims of a paper: its name, the title of its column, and its words for `reproduced`."""

    name: str
    title: str
    word: str
    many: str  # the word after "4 of 5"
    phrase: str  # the same, in a sentence


KINDS = (
    Kind(
        "number", "paper's numbers", "reproduced", "reproduced", "of the paper's numbers reproduced in its own setting"
    ),
    Kind(
        "reduced",
        "numbers, reduced",
        "reproduced (reduced)",
        "reproduced",
        "of its numbers reproduced in a reduced or reconstructed setting",
    ),
    Kind("statement", "statements", "holds", "hold", "of its statements hold"),
    Kind("identity", "identities", "verified", "verified", "identities verified"),
    Kind("extension", "extensions", "found", "found", "extensions of ours found"),
)
KIND = {kind.name: kind for kind in KINDS}
COLUMNS = (*(kind.title for kind in KINDS), *ORDER[1:], "controls")  # of tables by paper, see `row`


def kind_of(claim: Mapping) -> Kind | None:
    """The kind of a paper's claim; None for oracles and controls."""
    if claim["kind"] != "claim":
        return None
    if claim["basis"] == "number":
        return KIND["number" if claim["setting"] == "paper's" else "reduced"]
    return KIND[{"direction": "statement", "identity": "identity", "ours": "extension"}[claim["basis"]]]


def word(claim: Mapping) -> str:
    """The verdict in the word of the claim's kind, for display."""
    if claim["verdict"] != "reproduced":
        return claim["verdict"]
    kind = kind_of(claim)
    return kind.word if kind else "as it must be"


def paper_claims(claims: Sequence[Mapping]) -> list[Mapping]:
    """Those that count as statements of a paper (not oracles, not controls)."""
    return [claim for claim in claims if claim["kind"] == "claim"]


def by_kind(claims: Sequence[Mapping]) -> dict[str, dict[str, int]]:
    """For every kind, in order, the number of paper claims by verdict, in order."""
    found = Counter((kind_of(claim).name, claim["verdict"]) for claim in paper_claims(claims))
    return {kind.name: {verdict: found[kind.name, verdict] for verdict in ORDER} for kind in KINDS}


def tested(counts: Mapping[str, int]) -> int:
    """How many of the counted claims were judged."""
    return sum(counts[verdict] for verdict in ORDER if verdict != "not tested")


def tally(counts: Mapping[str, int]) -> str:
    """`4 of 5` of a kind, or a dash where nothing was judged."""
    return f"{counts['reproduced']} of {tested(counts)}" if tested(counts) else "–"


def open_counts(claims: Sequence[Mapping]) -> dict[str, int]:
    """Paper claims that are contradicted, inconclusive or not tested, over all kinds."""
    found = Counter(claim["verdict"] for claim in paper_claims(claims))
    return {verdict: found[verdict] for verdict in ORDER[1:]}


def untested(claims: Sequence[Mapping]) -> bool:
    """Whether there are claims and none of them was tested."""
    return bool(claims) and all(claim["verdict"] == "not tested" for claim in claims)


def controls(claims: Sequence[Mapping]) -> tuple[int, int]:
    """(behave as they must, tested) among oracles and controls."""
    judged = [claim for claim in claims if claim["kind"] != "claim" and claim["verdict"] != "not tested"]
    return sum(claim["verdict"] in ("caught", "reproduced") for claim in judged), len(judged)


def row(claims: Sequence[Mapping]) -> list[str]:
    """Cells of a paper under `COLUMNS`: found right of those judged by kind, what is open, controls."""
    counts = by_kind(claims)
    behave, judged = controls(claims)
    found = [tally(counts[kind.name]) for kind in KINDS]
    return found + [str(count or "–") for count in open_counts(claims).values()] + [f"{behave} of {judged}"]


def agreement(claims: Sequence[Mapping]) -> dict[str, int]:
    """How many number claims have the paper's value in the prediction interval of our units: yes, no, too few units."""
    found = Counter(claim.get("agrees") for claim in claims)
    return {answer: found[answer] for answer in AGREES}


def deciding(claim: Mapping) -> Mapping | None:
    """The part that the verdict hangs on: one contradicted, else one inconclusive, else the one nearest to its bound."""

    def weight(part: Mapping) -> tuple[int, float]:
        rank = {"contradicted": 0, "inconclusive": 1}.get(part["verdict"], 2)
        return rank, math.inf if part["headroom"] is None else part["headroom"]

    return min(claim["parts"], key=weight, default=None)


def not_simultaneous(claims: Sequence[Mapping]) -> list[Mapping]:
    """Paper claims found right that would not be with simultaneous 95 % intervals (Bonferroni over the random ones)."""
    random = [claim for claim in paper_claims(claims) if claim["p_bound"] is not None]
    limit = 0.025 / max(len(random), 1)
    return [claim for claim in random if claim["verdict"] == "reproduced" and claim["p_bound"] > limit]


def failures(claims: Sequence[Mapping], health: Mapping[str, Sequence[Mapping]] | None = None) -> list[str]:
    """One sentence for each verdict that is not as it must be, each void bound, each run that is not sound.

    Args:
        health: by experiment, its judged health (`health` of verdicts.json).
    """
    result = [sentence for claim in claims if claim["verdict"] != "not tested" for sentence in _claim_failures(claim)]
    for experiment, parts in (health or {}).items():
        result += [
            f"runs of {experiment} are not sound: {name_of(part)} is {numbers.text(part['observed'])}, must be {numbers.bounds(*part['bounds'])}"
            for part in unsound(parts)
            if "declared" not in part
        ]
    return result


def _claim_failures(claim: Mapping) -> list[str]:
    verdict, name = claim["verdict"], claim["id"]
    result = []
    if claim["kind"] in ("oracle", "control"):
        good = "caught" if "of" in claim else "reproduced"
        if "expect" in claim:
            if verdict != "inconclusive":
                result.append(
                    f"{claim['kind']} {name} is {verdict}, though it is expected to be undecided: {claim['because']}"
                )
        elif verdict != good:
            result.append(f"{claim['kind']} {name} is {verdict}, must be {good}: {claim['statement']}")
    elif claim.get("expect") == "contradicted":
        if verdict != "contradicted":
            result.append(f"{name} is {verdict}, though it is expected to be contradicted: {claim['because']}")
    elif verdict == "contradicted":
        result.append(f"{name} is contradicted without an explanation: {claim['statement']}")
    return result + [
        f"{name}: the bound of {name_of(part)} is void, its control arm ({place(part['control_arm'])}) passes it too: {numbers.text(part['control_arm']['observed'])}"
        for part in claim["parts"]
        if is_void(part)
    ]


def is_void(part: Mapping) -> bool:
    """Whether the bound of a judged part says nothing, because it holds where the cause is absent too."""
    return part.get("control_arm", {}).get("verdict") == "reproduced"


def unsound(parts: Sequence[Mapping]) -> list[Mapping]:
    """Judged parts of an experiment's health that its runs do not meet."""
    return [part for part in parts if part["verdict"] != "reproduced"]


def name_of(part: Mapping) -> str:
    """What a part measures, for people."""
    return part.get("label") or part["statistic"]


def place(part: Mapping) -> str:
    """Where a part is read in the statistics table."""
    return " / ".join(part[name] for name in ("experiment", "condition", "statistic") if part[name])
