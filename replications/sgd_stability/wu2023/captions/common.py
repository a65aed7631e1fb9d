"""What all captions share: statistics of a run as text, by learning rate, and what is drawn of it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from verifig.pages import marked
from verifig.pages.figures import pick
from verifig.pages.page import Page

Caption = dict[str, str | Callable[..., str]]


def joined(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


@dataclass(frozen=True)
class Run:
    """One experiment of the page's run."""

    page: Page
    experiment: str

    def used(self, condition: str | None = None) -> dict:
        """Settings, of a condition if one is given."""
        return self.page.settings(self.experiment, condition)

    def of(self, statistic: str, take: str = "median", **condition: object) -> str:
        """A statistic of one condition as text: the median over seeds, as the figures draw it, or another `take`."""
        return self.page.number(self.experiment, statistic, condition, take)

    def value(self, statistic: str, **condition: object) -> pd.Series:
        """Its values by seed."""
        return self.page.value(self.experiment, statistic, condition)

    def rates(self, condition: str | None = None) -> list[float]:
        """The learning rates as they stand on the axis."""
        return self.used(condition)["learning_rates"]

    def nearest(self, value: float, condition: str) -> float:
        """The learning rate that lies nearest to a named one."""
        return min(self.rates(condition), key=lambda rate: abs(math.log(rate / value)))

    def by_rate(
        self, chosen: Sequence[float], symbol: str, statistic: str, take: str = "median", **condition: object
    ) -> str:
        """`1.0 at η = 0.1, ... and 2.0 at η = 0.2`."""
        return joined([f"{self.of(statistic, take, axis=rate, **condition)} at {symbol} = {rate:g}" for rate in chosen])

    def ends(self, condition: str, statistic: str) -> str:
        """`a to b`: from the smallest to the largest learning rate of SGD."""
        first, last = (self.of(statistic, condition=condition, axis=end(self.rates("sgd"))) for end in (min, max))
        return f"{first} to {last}"

    def bands(self, runs: pd.DataFrame, *conditions: str) -> str:
        """Over how many seeds lines and bands are, and, if a run that is drawn did not converge, what marks it."""
        counts = dict.fromkeys(str(self.page.seeds(self.experiment, condition)) for condition in conditions)
        parts = [pick(runs, model=self.experiment, condition=condition) for condition in conditions]
        drawn = pd.concat(parts)
        open_runs = int((~drawn["converged"]).sum())
        limit = marked.mark(f"{self.used()['converged_below']:g}", f"{self.experiment} · the setting converged below")
        told = marked.of_table(str(open_runs), drawn, "converged", "those that are not among")
        return f"{joined(list(counts))} seeds." + (
            f" Open circles: {told} runs that did not converge (training loss of {limit} or more at the end)."
            if open_runs
            else ""
        )
