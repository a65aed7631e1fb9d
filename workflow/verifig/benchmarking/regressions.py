"""What became worse than the committed benchmarks.

The rule: a figure is a regression when it is more than 20 % worse than the committed one (`TOLERANCE`; the quotient of
the two exceeds 1.2, whichever direction is better) and also worse by more than both spreads together, so that a figure
that wanders is not reported for wandering.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from verifig.benchmarking.bench import Result

TOLERANCE = 0.2


@dataclass(frozen=True)
class Regression:
    """A figure that became worse: `worse` = 0.5 is half as bad again."""

    slug: str
    result: Result
    before: Result
    worse: float

    def __str__(self) -> str:
        value, before = (item.text() for item in (self.result, self.before))
        return f"{self.slug}: {self.result.name}: {before} -> {value}, {self.worse:.0%} worse"


def regressions(record: Mapping, before: Mapping) -> list[Regression]:
    """Figures that are worse than before, by the rule of this module, the worst first."""
    found = []
    for slug in record.get("rule_sets", {}):
        old = by_name(before, slug)
        for name, result in by_name(record, slug).items():
            if name in old and departs(result, old[name]) and (worse := quotient(result, old[name])) > 1:
                found.append(Regression(slug, result, old[name], worse - 1))
    return sorted(found, key=lambda regression: -regression.worse)


def by_name(record: Mapping, slug: str) -> dict[str, Result]:
    """Figures of one paper; empty when the record has none."""
    items = record.get("rule_sets", {}).get(slug, {}).get("results", [])
    return {item["name"]: Result(**item) for item in items}


def departs(result: Result, before: Result) -> bool:
    """Whether a figure is worse or better than before by more than the tolerance and both spreads."""
    if result.better == "neither":
        return False
    found = quotient(result, before)
    return max(found, 1 / found) > 1 + max(TOLERANCE, result.spread + before.spread)


def quotient(result: Result, before: Result) -> float:
    """Above 1 where a figure is worse than before, below where it is better."""
    return result.value / before.value if result.better == "lower" else before.value / result.value
