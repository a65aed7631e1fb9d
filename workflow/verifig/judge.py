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
CLAIM = (
    *("id", "kind", "paper", "place", "figure", "statement", "basis", "paper_value", "source", "why"),
    *("varies", "of", "expect", "because"),
)
SHOWN = ("label", "experiment", "condition", "statistic", "estimator", "relation", "scale", "resolution", "unit")


def judge(
    claims: Sequence[Mapping],
    statistics: pd.DataFrame,
    scale: str,
    missing_data: Mapping[str, list[str]],
    what_if: bool = False,
) -> list[dict]:
    """Verdicts for all claims at a scale.

    Args:
        statistics: the table of the measure stage.
        missing_data: experiments that could not run, with the data that they lack.
        what_if: a claim whose statistic is missing is not tested, because settings were changed.

    Raises:
        RunError: a claim asks for a statistic that the table does not have.
    """
    index = dict(list(statistics.groupby(["experiment", "condition", "statistic"], sort=False)))
    result = []
    for claim in claims:
        try:
            result.append(_judge_claim(claim, claims, index, scale, missing_data))
        except RunError as error:
            if not what_if:
                raise
            result.append(_not_tested(_shown(claim, scale), str(error)))
    return result


def _judge_claim(claim, claims, index, scale, missing_data) -> dict:
    result = _shown(claim, scale)
    if scale not in claim["scales"]:
        return _not_tested(result, claim.get("not_tested", f"judged at {' and '.join(claim['scales'])} scale"))
    parts = claims_module.parts(claim, scale, list(claims))
    chosen = [part for part in claim.get("healthy", []) if scale in part.get("scales", [scale])]
    healthy = [claims_module.resolve(part, scale) for part in chosen]
    lacking = sorted({name for part in parts + healthy for name in missing_data.get(part["experiment"], [])})
    if lacking:
        return _not_tested(result, f"needs data that could not be had: {', '.join(lacking)}")
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
    elif sick:
        result["verdict"] = "inconclusive"
    return result | ({"reason": "the runs behind it are not healthy"} if sick else {})


def _shown(claim: Mapping, scale: str) -> dict:
    """What a verdict repeats of its claim."""
    result = {name: claim[name] for name in CLAIM if name in claim}
    return result | {"setting": claims_module.setting(claim, scale), "scales": claim["scales"]}


def _not_tested(shown: Mapping, reason: str) -> dict:
    return dict(shown) | {"verdict": "not tested", "reason": reason, "parts": [], "p_bound": None, "headroom": None}


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
    raw, values, low, high, notes = _values(part, rows)
    n, estimator, relation = len(values), part["estimator"], part["relation"]
    result = {name: part[name] for name in SHOWN if name in part} | {
        "bounds": [_json(part["low"]), _json(part["high"])],
        "n": n,
        "values": [_json(value) for value in raw],
        "p_bound": None,
        "headroom": None,
        "units_to_decide": None,
        "notes": notes,
    }
    half = part.get("resolution", 0.0) / 2 if relation != "consistent" else 0.0
    interval, wide, verdict = _interval(part, values, low, high, half, random_parts, notes)
    minimum = max(stats.MINIMUM_UNITS[estimator], 5 if relation == "consistent" else 1)
    if n < minimum:
        verdict = "inconclusive"
        notes.append(
            f"{n} seed{'s' if n != 1 else ''}: " + ("no interval" if n < 2 else f"{estimator} needs {minimum}")
        )
    elif estimator == "every":
        count = int(np.sum((values - half >= low) & (values + half <= high)))
        limit = stats.lower_limit_of_all(n, count)
        notes.append(f"{count} of {n} inside (at least {limit:.0%} of runs, 95 % confidence)")
    elif estimator == "mean" and np.ptp(values) == 0 and raw[0] not in SATURATED and not half:
        notes.append("no variation over seeds")
    if verdict is None:
        certain = estimator in ("exact", "every") and not half
        if low <= interval.low and interval.high <= high:
            verdict = "reproduced"
        elif certain or wide.high < low or wide.low > high:
            verdict = "contradicted"
        else:
            verdict = "inconclusive"
    if estimator in ("mean", "median", "share") and relation != "consistent":
        _margins(result, estimator, values, interval, low, high, verdict, n >= minimum)
    back = math.exp if part.get("scale") == "log" else float
    for name in ("observed", "low", "high"):
        value = getattr(interval, name)
        result[name] = _json(back(value)) if math.isfinite(value) else _json(value)
    return result | {"verdict": verdict}


def _values(part: Mapping, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, float, float, list[str]]:
    """(values as measured, values to judge, bounds to judge by, notes): logarithms taken, what diverged made worst."""
    raw = rows["value"].to_numpy(float).copy()
    status = rows["status"].to_numpy(str)
    raw[status == "never"] = math.inf
    raw[status == "diverged"] = math.nan
    values, low, high = raw.copy(), part["low"], part["high"]
    if part.get("scale") == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(values > 0, np.log(values), np.nan)
        low, high = (math.log(bound) if bound > 0 else -math.inf for bound in (low, high))
    bad, never = np.isnan(values), status == "never"
    values[bad] = -math.inf if part["relation"] == "at_least" else math.inf
    notes = [f"{int(bad.sum())} of {len(raw)} diverged or undefined"] if bad.any() else []
    notes += [f"never seen in {int(never.sum())} of {len(raw)}"] if never.any() else []
    return raw, values, low, high, notes


def _interval(part, values, low, high, half, random_parts, notes) -> tuple[stats.Interval, stats.Interval, str | None]:
    """(95 % interval, the interval that may contradict, a verdict if it is settled already)."""
    estimator = part["estimator"]
    if estimator in ("exact", "every"):
        with np.errstate(invalid="ignore"):  # an infinite value against an open bound lies inside
            inside_by = np.nan_to_num(np.minimum(values - low, high - values), nan=math.inf)
        worst = values[int(np.argmin(inside_by))] if len(values) else math.nan
        interval = stats.Interval(worst, worst - half, worst + half)
        if estimator == "exact" and len(values) != 1:
            notes.append(f"one value was expected, {len(values)} were found")
            return interval, interval, "inconclusive"
        return interval, interval, None
    if estimator == "mean" and not np.isfinite(values).all():
        finite = values[np.isfinite(values)]
        interval = stats.Interval(float(np.mean(finite)) if len(finite) else math.nan, -math.inf, math.inf)
        return interval, interval, "inconclusive"
    if part["relation"] == "consistent":
        return _consistent(values, low, high, part["resolution"], notes)
    function = {"mean": stats.mean, "median": stats.median, "share": stats.share}[estimator]
    found = (function(values, level) for level in (0.95, 1 - 0.05 / random_parts))
    interval, wide = (stats.Interval(i.observed, i.low - half, i.high + half) for i in found)
    return interval, wide, None


def _margins(result, estimator, values, interval, low, high, verdict, enough) -> None:
    """Fill in how far inside the estimate lies, or how many units would decide."""
    if estimator == "mean" and not np.isfinite(values).all():
        return
    result["p_bound"] = stats.p_bound(estimator, values, low, high)
    half = (interval.high - interval.low) / 2
    distance = min(interval.observed - low, high - interval.observed)
    if not (math.isfinite(half) and math.isfinite(distance)):
        return
    if half > 0:
        result["headroom"] = round(distance / half, 3)
    if verdict == "reproduced" and half > 0 and distance / half < NARROW:
        result["notes"].append("narrow: expect it to flip on another machine")
    nearest = min(abs(interval.observed - bound) for bound in (low, high) if math.isfinite(bound))
    if verdict == "inconclusive" and enough and nearest > 0:
        result["units_to_decide"] = max(len(values) + 1, math.ceil(len(values) * (half / nearest) ** 2))


def _consistent(values, low, high, resolution, notes) -> tuple[stats.Interval, stats.Interval, str | None]:
    """Whether the paper's single run lies in our spread, which must be narrow enough to say anything."""
    interval = stats.prediction(values)
    target = (low + high) / 2
    if (interval.high - interval.low) / 2 > resolution:
        notes.append(f"our spread is wider than the stated resolution {resolution:g}")
        return interval, interval, "inconclusive"
    return interval, interval, "reproduced" if interval.low <= target <= interval.high else "contradicted"


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
