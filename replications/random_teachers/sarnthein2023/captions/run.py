"""Settings and statistics of a run, as sentences and labels need them; what is missing is MISSING."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from replications.random_teachers.sarnthein2023.measuring.conditions import PROBES, REGIMES
from verifig.ground import numbers
from verifig.ground.errors import RunError
from verifig.judging import stats
from verifig.pages.page import MISSING, Page

SHORT = {"linear": "the linear probe", "ridge": "ridge", "neighbours": "nearest neighbours"}


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def by_sign(sign: int | None, above: str, level: str, below: str) -> str:
    """One of three sentences (see `Run.sign`)."""
    return f"{MISSING}." if sign is None else {1: above, 0: level, -1: below}[sign]


class Run:
    """What the page knows about one run."""

    def __init__(self, page: Page):
        self.page = page

    def setting(self, experiment: str, condition: str, name: str) -> object:
        """A setting of a condition; MISSING where the scale leaves the condition out."""
        try:
            return self.page.settings(experiment, condition)[name]
        except RunError:
            return MISSING

    def alpha(self, experiment: str, condition: str) -> str:
        """Locality of a student's start."""
        value = self.setting(experiment, condition, "alpha")
        return value if isinstance(value, str) else f"{value:g}"

    def seeds(self, *experiments: str) -> str:
        """Fewest and most seeds of the conditions that ran, `8` or `6 to 32`."""
        found = pd.concat([self.page.measured(experiment, "kl") for experiment in experiments])
        counts = found.groupby(["experiment", "condition"])["seed"].nunique()
        ends = dict.fromkeys((counts.min(), counts.max()))
        return " to ".join(map(str, ends)) if len(counts) else MISSING

    def regime(self, experiment: str) -> str:
        """Short label: learning rates of encoder and head, width of the head."""
        s = self.page.settings(experiment)
        rates = f"{s['encoder_learning_rate']:g}/{s['head_learning_rate']:g}"
        return f"{experiment}: rates {rates}, head {s['head_width']}"

    def regimes(self) -> dict[str, str]:
        """Labels by experiment."""
        return {name: self.regime(name) for name in REGIMES}

    def probes(self) -> dict[str, str]:
        """Labels by probe."""
        s = self.page.settings("plain")
        names = (f"linear, {s['probe_steps']:,} steps", "ridge", f"{s['neighbours']} nearest neighbours")
        return dict(zip(PROBES, names, strict=True))

    def values(self, experiment: str, statistic: str, **condition: object) -> np.ndarray:
        """By seed."""
        return self.page.value(experiment, statistic, condition).to_numpy(float)

    def percent(self, experiment: str, statistic: str, **condition: object) -> str:
        """Mean over seeds."""
        return self.page.number(experiment, statistic, condition, percent=True)

    def median(self, experiment: str, statistic: str, **condition: object) -> str:
        """Median over seeds."""
        return self.page.number(experiment, statistic, condition, take="median")

    def points(self, experiment: str, statistic: str, **condition: object) -> str:
        """Mean over seeds in percentage points."""
        values = self.values(experiment, statistic, **condition)
        if not len(values) or not np.isfinite(values).all():
            return MISSING
        return self.page.told(numbers.text(100 * values.mean(), 2), experiment, statistic, condition, percent=True)

    def gain(self, experiment: str, condition: str, probe: str) -> str:
        """Student minus teacher in percentage points."""
        return self.points(experiment, f"{probe}_gain", condition=condition)

    def sign(self, experiment: str, statistic: str, **condition: object) -> int | None:
        """1 or -1 if the 95 % interval of the mean lies on that side of 0, 0 if it holds 0, None without values."""
        values = self.values(experiment, statistic, **condition)
        if not len(values) or not np.isfinite(values).all():
            return None
        found = stats.mean(values)
        return int(found.low > 0) - int(found.high < 0)
