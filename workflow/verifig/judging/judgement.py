"""The verdict on one part of a claim: its units, their interval, and how far it lies from the bounds.

An undefined unit (diverged, or without a logarithm) is the worst value for `every`, `median` and `share`. It leaves a
`mean` and what is `consistent` undecided, unless the claim names the filter that drops it from a mean and at most a
third of the units are dropped. Where the bounds are open on both sides no value is the worst: the unit is outside for
`every`, and leaves `median` and `share` undecided.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from verifig.ground import numbers
from verifig.judging import scales, stats

NARROW = 1.3
SATURATED = (0.0, 1.0)
AGREEMENT_UNITS = 5  # fewer units say too little about where one more would fall
SHOWN = (
    *("label", "experiment", "condition", "statistic", "estimator", "relation", "scale", "trials", "resolution"),
    *("unit", "paper", "paper_runs", "filter", "declared"),
)


def judge_part(part: Mapping, rows: pd.DataFrame, random_parts: int = 1, minimum: int | None = None) -> dict:
    """Judge one resolved part (see `claims.resolve`) on its rows of the statistics table.

    Args:
        rows: columns `seed`, `value`, `status`; one row a unit.
        random_parts: number of random parts in the claim (for the side of `contradicted`).
        minimum: least number of units; the default is what the estimator needs to speak of more than these units.

    Returns:
        The part as verdicts.json holds it, without the comparison with the paper's value (`agreement`).
    """
    return Judgement(part, rows, random_parts, minimum).as_dict()


@dataclass
class Judgement:
    """One part on its units. Everything but `raw` is on the part's scale."""

    part: Mapping
    rows: pd.DataFrame
    random_parts: int = 1
    minimum: int | None = None
    notes: list[str] = field(default_factory=list)
    raw: np.ndarray = field(init=False)  # [units] as measured; `never` infinite, `diverged` NaN
    values: np.ndarray = field(init=False)  # [units kept]
    dropped: int = field(init=False, default=0)
    worst: int = field(init=False)  # place of the unit that `exact` and `every` judge
    interval: stats.Interval = field(init=False)  # 95 %
    wide: stats.Interval = field(init=False)  # the one that may contradict

    def __post_init__(self) -> None:
        self.estimator, self.relation = self.part["estimator"], self.part["relation"]
        self.consistent = self.relation == "consistent"
        self.scale = scales.of(self.part)
        self.low, self.high = self.scale.bounds(self.part["low"], self.part["high"])
        self.half = 0.0 if self.consistent else self.part.get("resolution", 0.0) / 2
        if self.minimum is None:
            self.minimum = max(stats.MINIMUM_UNITS[self.estimator], AGREEMENT_UNITS if self.consistent else 1)
        self._read()
        self._estimate()
        self.verdict = self._decide()

    def _read(self) -> None:
        """Units onto the scale; undefined ones are made worst or dropped."""
        self.raw = self.rows["value"].to_numpy(float).copy()
        status = self.rows["status"].to_numpy(str)
        self.raw[status == "never"] = math.inf
        self.raw[status == "diverged"] = math.nan
        values = self.scale.forward(self.raw).copy()
        undefined, never = np.isnan(values), status == "never"
        values[never] = math.inf
        undefined &= ~never
        if undefined.any():
            self.notes.append(f"{int(undefined.sum())} of {len(values)} diverged or undefined")
        if never.any():
            self.notes.append(f"never seen in {int(never.sum())} of {len(values)}")
        if undefined.any() and self.estimator == "mean" and "filter" in self.part:
            self.notes.append(f"left out: {self.part['filter']}")
            self.dropped, values = int(undefined.sum()), values[~undefined]
        else:
            values[undefined] = self._worst(values[np.isfinite(values)])
        self.values = np.clip(values, 0.0, 1.0) if self.estimator == "share" else values

    def _worst(self, defined: np.ndarray) -> float:
        """The side on which a unit counts most against the claim: that of the nearer bound; NaN where no side does."""
        if self.consistent or (self.low, self.high) == (-math.inf, math.inf):
            return math.nan  # nothing is outside of open bounds, and a spread widens on either side
        centre = np.mean if self.estimator == "share" else np.median
        middle = float(centre(defined)) if len(defined) else 0.0
        return -math.inf if middle - self.low < self.high - middle else math.inf

    def _estimate(self) -> None:
        values = self.values
        if self.estimator in ("exact", "every"):
            with np.errstate(invalid="ignore"):  # an infinite value against an open bound lies inside
                inside_by = np.nan_to_num(np.minimum(values - self.low, self.high - values), nan=math.inf)
            self.worst = int(np.argmin(np.where(np.isnan(values), -math.inf, inside_by)))
            value = float(values[self.worst])
            self.interval = self.wide = stats.Interval(value, value - self.half, value + self.half)
        elif self._no_interval:
            finite = values[np.isfinite(values)]
            centre = float(np.mean(finite)) if len(finite) else math.nan
            self.interval = self.wide = stats.Interval(centre, -math.inf, math.inf)
        elif self.consistent:
            self.interval = self.wide = stats.prediction(values)
        else:
            function = {"mean": stats.mean, "median": stats.median, "share": stats.share}[self.estimator]
            found = (function(values, level) for level in (0.95, 1 - 0.05 / self.random_parts))
            self.interval, self.wide = (
                stats.Interval(i.observed, i.low - self.half, i.high + self.half) for i in found
            )

    @property
    def _no_interval(self) -> bool:
        """Whether units without a number keep an interval from being formed; `exact` and `every` form none."""
        if self.estimator in ("exact", "every"):
            return False
        if self.estimator == "mean" or self.consistent:  # Student t
            return not (len(self.values) and np.isfinite(self.values).all())
        return bool(np.isnan(self.values).any())

    @property
    def _no_variation(self) -> bool:
        """Whether a mean is one of equal values for no good reason: neither saturated nor of limited resolution."""
        equal = self.estimator == "mean" and np.ptp(self.values) == 0
        return bool(equal and not self.half and self.scale.back(self.interval.observed) not in SATURATED)

    def _decide(self) -> str:
        n = len(self.values)
        if n < self.minimum:
            what = "no interval" if n < 2 else f"{self.estimator} needs {self.minimum}"
            self.notes.append(f"{numbers.count(n, self.part.get('unit', 'seed'))}: {what}")
            return "inconclusive"
        if 3 * self.dropped > len(self.raw):
            self.notes.append(f"more than a third left out: {self.dropped} of {len(self.raw)}")
            return "inconclusive"
        if self.estimator == "exact" and n != 1:
            self.notes.append(f"one value was expected, {n} were found")
            return "inconclusive"
        if self._no_interval:
            return "inconclusive"
        if self.estimator == "every":
            inside = int(np.sum((self.values - self.half >= self.low) & (self.values + self.half <= self.high)))
            limit = stats.lower_limit_of_all(n, inside)
            self.notes.append(f"{inside} of {n} inside (at least {limit:.0%} of runs, 95 % confidence)")
        elif self._no_variation:
            self.notes.append(f"no variation over {numbers.plural(self.part.get('unit', 'seed'))}")
        if self.consistent:
            return self._consistent()
        if self.low <= self.interval.low and self.interval.high <= self.high:
            return "reproduced"
        certain = self.estimator in ("exact", "every") and not self.half
        reaches = self.wide.low <= self.high and self.low <= self.wide.high  # an undefined unit (NaN) reaches no bound
        return "inconclusive" if reaches and not certain else "contradicted"

    def _consistent(self) -> str:
        """Whether the paper's single run lies in our spread, which must be narrow enough to say anything."""
        if (self.interval.high - self.interval.low) / 2 > self.part["resolution"]:
            self.notes.append(f"our spread is wider than the stated resolution {self.part['resolution']:g}")
            return "inconclusive"
        target = float(self.scale.forward(_single_run(self.part)))
        return "reproduced" if self.interval.low <= target <= self.interval.high else "contradicted"

    def as_dict(self) -> dict:
        """As verdicts.json holds it."""
        result = {name: self.part[name] for name in SHOWN if name in self.part} | {
            "bounds": [finite(self.part["low"]), finite(self.part["high"])],
            "n": len(self.values),
            "values": [finite(value) for value in self.raw],
            "p_bound": None,
            "headroom": None,
            "units_to_decide": None,
            "notes": self.notes,
        }
        if self.estimator in ("mean", "median", "share") and not self.consistent:
            result |= self._margins()
        shown = {name: self.scale.back(getattr(self.interval, name)) for name in ("observed", "low", "high")}
        if self.estimator in ("exact", "every"):  # the unit as measured, also where it is undefined
            shown |= dict.fromkeys(("observed",) if self.half else shown, float(self.raw[self.worst]))
        return result | {name: finite(value) for name, value in shown.items()} | {"verdict": self.verdict}

    def _margins(self) -> dict:
        """How far inside the estimate lies, or how many units would decide."""
        if self._no_interval:
            return {}
        # the interval grows by half a step on each side, so the bounds must be nearer by as much
        bounds = self.low + self.half, self.high - self.half
        result = {"p_bound": stats.p_bound(self.estimator, self.values, *bounds)}
        half = (self.interval.high - self.interval.low) / 2
        distance = min(self.interval.observed - self.low, self.high - self.interval.observed)
        if not (math.isfinite(half) and math.isfinite(distance)):
            return result
        if half > 0:
            result["headroom"] = round(distance / half, 3)
        if self.verdict == "reproduced" and half > 0 and distance / half < NARROW:
            self.notes.append("narrow: expect it to flip on another machine")
        if self.verdict == "inconclusive" and len(self.values) >= self.minimum:
            result["units_to_decide"] = self._units_to_decide(half)
        return result

    def _units_to_decide(self, half: float) -> int | str | None:
        """How many units bring the interval to the nearest bound; infinitely many where its resolution reaches across.

        The half-width falls with the square root of the number of units, but for half the step of the resolution.
        """
        n = len(self.values)
        nearest = min(abs(self.interval.observed - b) for b in (self.low, self.high) if math.isfinite(b))
        if nearest > self.half:
            return max(n + 1, math.ceil(n * ((half - self.half) / (nearest - self.half)) ** 2))
        return "inf" if self.half else None


def _single_run(part: Mapping) -> float:
    """The paper's value that a `consistent` part is compared with."""
    return (part["low"] + part["high"]) / 2


def agreement(part: Mapping, rows: pd.DataFrame) -> dict:
    """Whether the paper's value of a part lies where one more of our units would fall.

    Returns:
        `agrees` (yes, no, or too few: units, or defined ones) and `prediction` (the 95 % interval mean +- t s
        sqrt(1/m + 1/n) on the part's scale for a value that is the mean of m = `paper_runs` units, or null); empty
        where the comparison has no meaning: no value of the paper's, a number without spread (`exact`), a yes or no a
        unit (`share`).
    """
    paper = part.get("paper", _single_run(part) if part["relation"] == "consistent" else None)
    if paper is None or part["estimator"] in ("exact", "share"):
        return {}
    found = Judgement(part, rows)
    if len(found.values) < AGREEMENT_UNITS or not np.isfinite(found.values).all():
        return {"agrees": "too few", "prediction": None}
    interval = stats.prediction(found.values, runs=part.get("paper_runs", 1))
    low, high = interval.low - found.half, interval.high + found.half
    agrees = low <= float(found.scale.forward(paper)) <= high
    return {
        "agrees": "yes" if agrees else "no",
        "prediction": [finite(found.scale.back(low)), finite(found.scale.back(high))],
    }


def finite(value: float) -> float | str | None:
    """For JSON, which has no infinities and no NaN."""
    value = float(value)
    if math.isnan(value):
        return None
    if math.isinf(value):
        return str(value)  # inf or -inf
    return value
