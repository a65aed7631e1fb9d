"""The judge: statistics against claims.

Per part: `reproduced` when the 95 % interval lies inside the bounds, `contradicted` when it lies outside,
`inconclusive` when it straddles a bound or there are too few units, `not tested` when there is nothing to judge.
A claim is reproduced when all its parts are, contradicted when any is. With k random parts the interval that may
contradict has level 1 - .05/k, because one of many parts is found outside by luck.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from verifig import claims as claims_module
from verifig import stats
from verifig.errors import RunError

NARROW = 1.3
SATURATED = (0.0, 1.0)


def judge(
    claims: Sequence[Mapping], statistics: pd.DataFrame, scale: str, missing_data: Mapping[str, list[str]]
) -> list[dict]:
    """Verdicts for all claims at a scale.

    Args:
        statistics: the table of the measure stage.
        missing_data: experiments that could not run, with the data that they lack.

    Raises:
        RunError: a claim asks for a statistic that the table does not have.
    """
    index = dict(list(statistics.groupby(["experiment", "condition", "statistic"], sort=False)))
    return [_judge_claim(claim, claims, index, scale, missing_data) for claim in claims]


def _judge_claim(claim, claims, index, scale, missing_data) -> dict:
    shown = (
        "id",
        "kind",
        "paper",
        "place",
        "figure",
        "statement",
        "basis",
        "paper_value",
        "source",
        "why",
        "varies",
        "of",
        "expect",
        "because",
    )
    result = {name: claim[name] for name in shown if name in claim}
    result |= {"setting": claims_module.setting(claim, scale), "scales": claim["scales"]}
    if scale not in claim["scales"]:
        reason = claim.get("not_tested", f"judged at {' and '.join(claim['scales'])} scale")
        return result | {"verdict": "not tested", "reason": reason, "parts": [], "p_bound": None, "headroom": None}
    parts = claims_module.parts(claim, scale, list(claims))
    healthy = [
        claims_module.resolve(part, scale) for part in claim.get("healthy", []) if scale in part.get("scales", [scale])
    ]
    lacking = sorted({name for part in parts + healthy for name in missing_data.get(part["experiment"], [])})
    if lacking:
        reason = f"needs data that could not be had: {', '.join(lacking)}"
        return result | {"verdict": "not tested", "reason": reason, "parts": [], "p_bound": None, "headroom": None}
    random_parts = sum(part["estimator"] not in ("exact", "every") for part in parts)
    judged = [judge_part(part, _rows(index, part, claim["id"]), max(random_parts, 1)) for part in parts]
    result |= {
        "verdict": combine([part["verdict"] for part in judged]),
        "parts": judged,
        "p_bound": max((p["p_bound"] for p in judged if p["p_bound"] is not None), default=None),
        "headroom": min((p["headroom"] for p in judged if p["headroom"] is not None), default=None),
    }
    if healthy:
        result["healthy"] = [judge_part(part, _rows(index, part, claim["id"]), 1) for part in healthy]
    sick = any(part["verdict"] != "reproduced" for part in result.get("healthy", []))
    if "of" in claim:
        result["verdict"] = "caught" if result["verdict"] == "contradicted" and not sick else "missed"
        if sick:
            result["reason"] = "the runs behind this control are not healthy"
    elif sick:
        result |= {"verdict": "inconclusive", "reason": "the runs behind it are not healthy"}
    return result


def combine(verdicts: Sequence[str]) -> str:
    """The claim's verdict from its parts'."""
    if "contradicted" in verdicts:
        return "contradicted"
    if all(verdict == "reproduced" for verdict in verdicts):
        return "reproduced"
    return "inconclusive" if "inconclusive" in verdicts else "not tested"


def judge_part(part: Mapping, rows: pd.DataFrame, random_parts: int = 1) -> dict:
    """Judge one resolved part (see `claims.resolve`) on its rows of the statistics table.

    Args:
        rows: columns `seed`, `value`, `status`; one row a unit.
        random_parts: number of random parts in the claim (for the side of `contradicted`).
    """
    low, high, estimator, relation = part["low"], part["high"], part["estimator"], part["relation"]
    log = part.get("scale") == "log"
    raw = rows["value"].to_numpy(float).copy()
    status = rows["status"].to_numpy(str)
    raw[status == "never"] = math.inf
    raw[status == "diverged"] = math.nan
    values = raw.copy()
    if log:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(values > 0, np.log(values), np.nan)
            low, high = (math.log(bound) if bound > 0 else -math.inf for bound in (low, high))
    bad = np.isnan(values)
    values[bad] = -math.inf if relation == "at_least" else math.inf
    n = len(values)
    result = {
        **{
            name: part[name]
            for name in (
                "label",
                "experiment",
                "condition",
                "statistic",
                "estimator",
                "relation",
                "scale",
                "resolution",
                "unit",
            )
            if name in part
        },
        "bounds": [_json(part["low"]), _json(part["high"])],
        "n": n,
        "values": [_json(value) for value in raw],
        "p_bound": None,
        "headroom": None,
        "notes": [],
    }
    if bad.any():
        result["notes"].append(f"{int(bad.sum())} of {n} diverged or undefined")
    if (status == "never").any():
        result["notes"].append(f"never seen in {int((status == 'never').sum())} of {n}")
    minimum = max(stats.MINIMUM_UNITS[estimator], 5 if relation == "consistent" else 1)
    half_resolution = part.get("resolution", 0.0) / 2 if relation != "consistent" else 0.0

    def inside(a: float, b: float) -> bool:
        return low <= a and b <= high

    def outside(a: float, b: float) -> bool:
        return b < low or a > high

    verdict = None
    if estimator in ("exact", "every"):
        with np.errstate(invalid="ignore"):  # an infinite value against an open bound lies inside
            inside_by = np.nan_to_num(np.minimum(values - low, high - values), nan=math.inf)
        worst = values[int(np.argmin(inside_by))] if n else math.nan
        interval = stats.Interval(worst, worst - half_resolution, worst + half_resolution)
        wide = interval
        if estimator == "every":
            count = int(np.sum((values - half_resolution >= low) & (values + half_resolution <= high)))
            result["inside"] = count
            if n >= minimum:
                result["notes"].append(
                    f"{count} of {n} inside (at least {stats.lower_limit_of_all(n, count):.0%} of runs, 95 % confidence)"
                )
        if estimator == "exact" and n != 1:
            verdict = "inconclusive"
            result["notes"].append(f"one value was expected, {n} were found")
    elif not np.isfinite(values).all() and estimator == "mean":
        finite = values[np.isfinite(values)]
        interval = wide = stats.Interval(float(np.mean(finite)) if len(finite) else math.nan, -math.inf, math.inf)
        verdict = "inconclusive"
    elif relation == "consistent":
        interval, wide, verdict = _consistent(values, low, high, part["resolution"], result["notes"])
    else:
        function = {"mean": stats.mean, "median": stats.median, "share": stats.share}[estimator]
        interval, wide = function(values, 0.95), function(values, 1 - 0.05 / random_parts)
        interval, wide = (
            stats.Interval(i.observed, i.low - half_resolution, i.high + half_resolution) for i in (interval, wide)
        )
        result["p_bound"] = stats.p_bound(estimator, values, low, high)
        half = (interval.high - interval.low) / 2
        distance = min(interval.observed - low, high - interval.observed)
        if math.isfinite(half) and half > 0 and math.isfinite(distance):
            result["headroom"] = round(distance / half, 3)
        if n >= 2 and estimator == "mean" and np.ptp(values) == 0 and raw[0] not in SATURATED and not half_resolution:
            result["notes"].append("no variation over seeds")
    if n < minimum:
        verdict = "inconclusive"
        result["notes"].append(
            f"{n} seed{'s' if n != 1 else ''}: " + ("no interval" if n < 2 else f"{estimator} needs {minimum}")
        )
    if verdict is None:
        if inside(interval.low, interval.high):
            verdict = "reproduced"
        elif (estimator in ("exact", "every") and not half_resolution) or outside(wide.low, wide.high):
            verdict = "contradicted"
        else:
            verdict = "inconclusive"
    if (
        verdict == "inconclusive"
        and math.isfinite(interval.low)
        and math.isfinite(interval.high)
        and relation != "consistent"
        and n >= minimum
    ):
        result["notes"].append(_seeds_that_would_decide(n, interval, low, high))
    if result["headroom"] is not None and verdict == "reproduced" and result["headroom"] < NARROW:
        result["notes"].append("narrow: expect it to flip on another machine")
    back = math.exp if log else float
    shown = {
        name: _json(back(value)) if math.isfinite(value) else _json(value)
        for name, value in (("observed", interval.observed), ("low", interval.low), ("high", interval.high))
    }
    result["notes"] = [note for note in result["notes"] if note]
    return result | shown | {"verdict": verdict}


def _consistent(values, low, high, resolution, notes) -> tuple[stats.Interval, stats.Interval, str | None]:
    """Whether the paper's single run lies in our spread, which must be narrow enough to say anything."""
    interval = stats.prediction(values)
    target = (low + high) / 2
    if (interval.high - interval.low) / 2 > resolution:
        notes.append(f"our spread is wider than the stated resolution {resolution:g}")
        return interval, interval, "inconclusive"
    return interval, interval, "reproduced" if interval.low <= target <= interval.high else "contradicted"


def _seeds_that_would_decide(n: int, interval: stats.Interval, low: float, high: float) -> str:
    """A planning figure: units at which the interval would clear the bound it straddles."""
    distance = min(abs(interval.observed - bound) for bound in (low, high) if math.isfinite(bound))
    half = (interval.high - interval.low) / 2
    if distance <= 0:
        return "the estimate lies on the bound: no number of seeds would decide"
    return f"about {max(n + 1, math.ceil(n * (half / distance) ** 2))} seeds would decide"


def _rows(index, part, claim_id) -> pd.DataFrame:
    key = (part["experiment"], part["condition"], part["statistic"])
    if key not in index:
        raise RunError(
            f"{claim_id} asks for the statistic {part['statistic']!r} of experiment {key[0]!r}, condition {key[1]!r}, which measure did not write"
        )
    return index[key]


def _json(value: float) -> float | str | None:
    """JSON has no infinities and no NaN."""
    value = float(value)
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value
