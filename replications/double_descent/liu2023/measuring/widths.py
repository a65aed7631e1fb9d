"""Risks by width: peak height, threshold loss, and the error triple."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

WINDOW = (0.8, 1.2)  # widths / n among which the peak is looked for
TAIL = 4.0
LEFT = 0.6
NEAR = 0.1  # a width stands for a ratio to n if it is at most so far away, in units of the ratio


@dataclass(frozen=True)
class Curves:
    """Fields [seeds, solvers, widths] of one condition, `names` [solvers], `widths` and sample size `n`."""

    fields: Mapping[str, np.ndarray]
    names: list[str]
    widths: np.ndarray
    n: int

    def row(self, field: str, solver: str) -> np.ndarray:
        """[seeds, widths]."""
        return self.fields[field][:, self.names.index(solver)]

    def at(self, field: str, solver: str, ratio: float) -> np.ndarray:
        """Values [seeds] at the width nearest to ratio x n."""
        return self.row(field, solver)[:, self.nearest(ratio)]

    def nearest(self, ratio: float) -> int:
        return int(np.argmin(np.abs(self.widths - ratio * self.n)))

    def covers(self, *ratios: float) -> bool:
        """Whether the grid has a width near each ratio x n; where it has none, a statistic there does not exist."""
        wanted = np.array(ratios) * self.n
        return bool((np.abs(self.widths[:, None] - wanted).min(0) <= NEAR * wanted + 1e-9).all())

    def loss(self, solver: str) -> np.ndarray:
        """Threshold loss l [seeds]: train MSE at W = n."""
        return self.at("train_mse", solver, 1)

    def peak(self, solver: str) -> np.ndarray:
        """Largest test MSE [seeds] in the window around W = n."""
        ratios = self.widths / self.n
        inside = (ratios >= WINDOW[0] - 1e-9) & (ratios <= WINDOW[1] + 1e-9)
        inside[self.nearest(1)] = True
        return self.row("test_mse", solver)[:, inside].max(1)

    def height(self, solver: str) -> np.ndarray:
        """Peak height h [seeds]: the peak over the test MSE at W = 4n; NaN where that is not finite."""
        tail = self.at("test_mse", solver, TAIL)
        return np.where(np.isfinite(tail), self.peak(solver) / tail, np.nan)

    def over_neighbours(self, field: str, solver: str) -> dict[str, np.ndarray]:
        """By side (`below`, `above`), a field at W = n over that at the next width on the grid, where there is one."""
        centre, row = self.nearest(1), self.row(field, solver)
        sides = {"below": centre - 1, "above": centre + 1} if self.covers(1) else {}
        return {side: row[:, centre] / row[:, k] for side, k in sides.items() if 0 <= k < len(self.widths)}


def curves(artifact: Mapping[str, np.ndarray], condition: str, n: int, names: list[str]) -> Curves:
    """The curves of one condition; the second axis of its fields has these `names`."""
    kinds = ("train_mse", "test_mse", "test_error", "train_error")
    fields = {kind: artifact[f"{condition}.{kind}"] for kind in kinds if f"{condition}.{kind}" in artifact}
    return Curves(fields, names, artifact[f"{condition}.widths"], n)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's coefficient along the last axis of [units, m], [units, m]; NaN where a row holds a NaN."""
    ranks = [rankdata(part, axis=-1) for part in (a, b)]
    centred = [part - part.mean(-1, keepdims=True) for part in ranks]
    norms = [np.sqrt((part**2).sum(-1)) for part in centred]
    return (centred[0] * centred[1]).sum(-1) / (norms[0] * norms[1])
