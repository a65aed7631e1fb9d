"""The scale on which a part's interval is formed: as measured, yes or no, logarithms, the logit of a share of trials."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special


@dataclass(frozen=True)
class Linear:
    """Values as they are."""

    def forward(self, values: np.ndarray | float) -> np.ndarray:
        """Onto the scale; NaN where a value has no place there."""
        return np.asarray(values, float)

    def back(self, value: float) -> float:
        """From the scale, the inverse of `forward`."""
        return float(value)

    def bounds(self, low: float, high: float) -> tuple[float, float]:
        """Closed bounds on the scale; a bound that allows everything on its side is infinite."""
        return low, high


@dataclass(frozen=True)
class YesNo(Linear):
    """1 for yes, 0 for no: values as they are, but no share of them lies beyond a bound of 0 or 1."""

    def bounds(self, low: float, high: float) -> tuple[float, float]:
        return low if low > 0 else -np.inf, high if high < 1 else np.inf


@dataclass(frozen=True)
class Log(Linear):
    """Natural logarithms: geometric means and ratios."""

    def forward(self, values: np.ndarray | float) -> np.ndarray:
        values = np.asarray(values, float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.log(values), np.nan)

    def back(self, value: float) -> float:
        with np.errstate(over="ignore"):
            return float(np.exp(value))

    def bounds(self, low: float, high: float) -> tuple[float, float]:
        return tuple(float(np.log(bound)) if bound > 0 else -np.inf for bound in (low, high))


@dataclass(frozen=True)
class Logit(Linear):
    """Logit of (k + 1/2) / (n + 1) for a share k / n, so that 0 and 1 stay finite and no interval leaves [0, 1].

    Args:
        trials: n, the number of samples behind one unit's share (the size of the test set).
    """

    trials: int

    def forward(self, values: np.ndarray | float) -> np.ndarray:
        values = np.asarray(values, float)
        smoothed = special.logit((values * self.trials + 0.5) / (self.trials + 1))
        return np.where((values >= 0) & (values <= 1), smoothed, np.nan)

    def back(self, value: float) -> float:
        share = (special.expit(value) * (self.trials + 1) - 0.5) / self.trials
        return round(float(np.clip(share, 0.0, 1.0)), 12)  # rounded: 1 comes back as 1

    def bounds(self, low: float, high: float) -> tuple[float, float]:
        least = -np.inf if low <= 0 else float(self.forward(low)) if low <= 1 else np.inf
        most = np.inf if high >= 1 else float(self.forward(high)) if high >= 0 else -np.inf
        return least, most


def of(part: Mapping) -> Linear:
    """The scale that a resolved part names."""
    match part.get("scale"):
        case "log":
            return Log()
        case "logit":
            return Logit(part["trials"])
        case _:
            return YesNo() if part.get("estimator") == "share" else Linear()
