"""The judge: statistics against claims.

Per part: `reproduced` when the 95 % interval lies inside the bounds, `contradicted` when it lies outside,
`inconclusive` when it straddles a bound or there are too few units, `not tested` when there is nothing to judge.
A claim is reproduced when all its parts are, contradicted when any is. With k random parts the interval that may
contradict has level 1 - .05/k, because one of many parts is found outside by luck.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from verifig.ground.errors import RunError
from verifig.judging import claims as claims_module
from verifig.judging.judgement import agreement, judge_part

CLAIM = (
    *("id", "kind", "paper", "place", "figure", "statement", "basis", "paper_value", "source", "why", "bounds_from"),
    *("varies", "of", "expect", "because"),
)
NOT_JUDGED = {"verdict": "not tested", "parts": [], "p_bound": None, "headroom": None}


class Statistics:
    """The table of the measure stage, by what a part names."""

    def __init__(self, table: pd.DataFrame):
        self._rows = dict(list(table.groupby(["experiment", "condition", "statistic"], sort=False)))
        self.experiments = set(table["experiment"])

    def of(self, part: Mapping, who: str) -> pd.DataFrame:
        """The rows of a resolved part, one a unit.

        Raises:
            RunError: measure did not write them; the message starts with `who`.
        """
        key = (part["experiment"], part["condition"], part["statistic"])
        if key not in self._rows:
            raise RunError(
                f"{who} asks for the statistic {part['statistic']!r} of experiment {key[0]!r}, condition {key[1]!r}, which measure did not write"
            )
        return self._rows[key]


def judge(
    claims: Sequence[Mapping],
    statistics: pd.DataFrame,
    scale: str,
    missing_data: Mapping[str, list[str]],
    what_if: Mapping | None = None,
) -> list[dict]:
    """Verdicts for all claims at a scale.

    Args:
        statistics: the table of the measure stage.
        missing_data: experiments that could not run, with the data that they lack.
        what_if: how the run differs from the configured one (see `whatif.describe`): claims on experiments that were
            left out, or on statistics that the changed settings do not give, are not tested.

    Raises:
        RunError: a claim asks for a statistic that the table does not have, and nothing was changed.
    """
    found = Statistics(statistics)
    result = []
    for claim in claims:
        try:
            result.append(_judge_claim(claim, claims, found, scale, missing_data, what_if))
        except RunError as error:
            if what_if is None:
                raise
            result.append(_shown(claim, scale) | NOT_JUDGED | {"reason": str(error)})
    return result


def judge_health(
    health: Mapping[str, Sequence[Mapping]], statistics: pd.DataFrame, scale: str, what_if: Mapping | None = None
) -> dict[str, list[dict]]:
    """By experiment that ran, what shows that its runs are sound: judged on these runs alone, so from one run on.

    Raises:
        RunError: a statistic is missing, and no setting was changed.
    """
    found = Statistics(statistics)
    result = {}
    for experiment, parts in health.items():
        if experiment not in found.experiments:
            continue
        result[experiment] = []
        for part in claims_module.resolved(parts, scale):
            try:
                result[experiment].append(_sound(part, found, f"the health of {experiment}"))
            except RunError:
                if what_if is None:
                    raise
    return result


def _judge_claim(claim, claims, found, scale, missing_data, what_if) -> dict:
    result = _shown(claim, scale)
    if scale not in claim["scales"]:
        reason = claim.get("not_tested", f"judged at {' and '.join(claim['scales'])} scale")
        return result | NOT_JUDGED | {"reason": reason}
    parts = claims_module.parts(claim, scale, list(claims))
    healthy = claims_module.resolved(claim.get("healthy", []), scale)
    needed = {part["experiment"] for part in parts + healthy}
    if what_if is not None:
        if left_out := sorted(needed & set(what_if["left_out"])):
            return result | NOT_JUDGED | {"reason": f"{' and '.join(left_out)} did not run"}
        if any(set(what_if["changed"].get(experiment, {})) - {"seeds"} for experiment in needed):
            result["setting"] = "what-if"
    lacking = sorted({name for experiment in needed for name in missing_data.get(experiment, [])})
    if lacking:
        reason = f"needs data that could not be had: {', '.join(lacking)}"
        return result | NOT_JUDGED | {"reason": reason, "missing_data": lacking}
    random_parts = sum(part["estimator"] not in ("exact", "every") for part in parts)
    optional = missing_data if what_if is None else None
    judged = [_judge_part(part, result, found, optional, random_parts) for part in parts]
    result |= {
        "verdict": combine([part["verdict"] for part in judged]),
        "parts": judged,
        "p_bound": max((p["p_bound"] for p in judged if p["p_bound"] is not None), default=None),
        "headroom": min((p["headroom"] for p in judged if p["headroom"] is not None), default=None),
    }
    if answers := {part["agrees"] for part in judged if "agrees" in part}:
        result["agrees"] = next(answer for answer in ("no", "too few", "yes") if answer in answers)
    if healthy:
        result["healthy"] = [_sound(part, found, claim["id"]) for part in healthy]
    sick = any(part["verdict"] != "reproduced" for part in result.get("healthy", []))
    if sick:
        result["verdict"] = "inconclusive"
    elif "of" in claim:
        result["verdict"] = "caught" if result["verdict"] == "contradicted" else "missed"
    return result | ({"reason": "the runs behind it are not healthy"} if sick else {})


def _judge_part(part, claim, found, optional, random_parts) -> dict:
    """One part, with the comparison with the paper's value and the same bounds where the cause is absent.

    Args:
        optional: experiments that may be missing from the statistics; None: any of them may.
    """
    rows = found.of(part, claim["id"])
    result = judge_part(part, rows, random_parts)
    if claim["basis"] == "number" and claim["kind"] == "claim":
        result |= agreement(part, rows)
    if "control_arm" in part:
        arm = claims_module.control_arm(part)
        place = {name: arm[name] for name in ("experiment", "condition", "statistic")}
        try:
            judged = judge_part(arm, found.of(arm, f"the control arm of {claim['id']}"), random_parts)
            result["control_arm"] = place | {name: judged[name] for name in ("observed", "low", "high", "n", "verdict")}
        except RunError:
            if optional is not None and arm["experiment"] not in optional:
                raise
            result["control_arm"] = place | {"verdict": "not tested"}
    return result


def _sound(part: Mapping, found: Statistics, who: str) -> dict:
    """Health is about these very runs, so it needs no more of them than there are."""
    return judge_part(part, found.of(part, who), minimum=1)


def _shown(claim: Mapping, scale: str) -> dict:
    """What a verdict repeats of its claim."""
    result = {name: claim[name] for name in CLAIM if name in claim}
    at_scale = {"basis": claims_module.basis(claim, scale), "setting": claims_module.setting(claim, scale)}
    return result | at_scale | {"scales": claim["scales"]}


def combine(verdicts: Sequence[str]) -> str:
    """The claim's verdict from its parts'; without parts there is nothing to say."""
    if "contradicted" in verdicts:
        return "contradicted"
    if verdicts and all(verdict == "reproduced" for verdict in verdicts):
        return "reproduced"
    return "inconclusive" if "inconclusive" in verdicts else "not tested"
