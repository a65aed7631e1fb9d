"""Sentences of a page, chosen and filled by a run's settings, statistics and curves; what is missing is `nan`.

(`Page.text` and `Page.figure` leave out a sentence that holds `nan` or `MISSING`.)
"""

import math
from collections.abc import Mapping, Sequence

from verifig.ground import numbers
from verifig.judging import stats
from verifig.pages.page import MISSING, Page


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def shown(value: float, digits: int = 3) -> str:
    """A number for people, or `MISSING`."""
    return MISSING if math.isnan(value) else numbers.text(float(value), digits)


def choose(condition: bool, yes: str, no: str, *needed: float) -> str:
    """One of two sentences, or `MISSING` if a value that decides is missing."""
    return f"{MISSING}." if any(map(math.isnan, needed)) else yes if condition else no


class Values:
    """Statistics of one experiment of the page."""

    def __init__(self, page: Page, experiment: str):
        self.page, self.experiment = page, experiment

    def exact(self, statistic: str, condition: Mapping | None = None) -> float:
        """One exact value; NaN where it was not measured."""
        found = self.page.value(self.experiment, statistic, condition)
        return float(found.iloc[0]) if len(found) else math.nan

    def said(self, form: str, statistic: str, condition: Mapping | None = None, factor: float = 1) -> str:
        """One exact value as `form` writes it (`{:.2f}`), which says on the page what it is; `nan` where it was not measured."""
        return self.page.told(
            form.format(factor * self.exact(statistic, condition)), self.experiment, statistic, condition
        )

    def mean(self, statistic: str, condition: Mapping | None = None) -> stats.Interval:
        """Mean over units that have a value, with its 95 % interval; NaN where there is none."""
        found = self.page.value(self.experiment, statistic, condition).dropna().to_numpy(float)
        return stats.mean(found) if len(found) else stats.Interval(math.nan, math.nan, math.nan)
