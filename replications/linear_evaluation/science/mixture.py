"""The Gaussian mixture of the paper's simulation: class means along one direction, a diagonal covariance, exact errors of linear rules.

Means follow the authors' code: -1, 1, 2, 4, ... in every coordinate; for more than two classes all is shifted and divided by 2^(K-3).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.special import ndtr
from torch import Tensor

COVARIANCES = ("half", "identity", "equal")


@dataclass(frozen=True)
class Mixture:
    """K equally likely classes in n dimensions.

    Attributes:
        covariance: `half` (the paper's: variance n in the first half of the coordinates, 1 in the second), `identity` (1 in all) or
            `equal` (n / 8 in all).
    """

    dimension: int
    classes: int = 2
    covariance: str = "half"

    @cached_property
    def unit(self) -> float:
        """What the authors' code divides features by."""
        return 1.0 if self.classes == 2 else 2.0 ** (self.classes - 3)

    @cached_property
    def means(self) -> Tensor:
        """The coordinate that all entries of a class's mean share [K]."""
        raw = torch.tensor([-1.0] + [2.0**k for k in range(self.classes - 1)], dtype=torch.float64)
        return raw if self.classes == 2 else (raw - self.unit) / self.unit

    @cached_property
    def variances(self) -> Tensor:
        """Variances of the coordinates [n]."""
        found = torch.ones(self.dimension, dtype=torch.float64)
        if self.covariance == "half":
            found[: self.dimension // 2] = self.dimension
        elif self.covariance == "equal":
            found *= self.dimension / 8
        return found / self.unit**2

    def draw(self, count: int, samples: int, stream: torch.Generator) -> tuple[Tensor, Tensor]:
        """Features [count, samples, n] and labels [count, samples]; labels are drawn anew until every class is there."""
        labels = torch.stack([labels_of_all(samples, self.classes, stream) for _ in range(count)])
        noise = torch.randn(count, samples, self.dimension, generator=stream, dtype=torch.float64)
        return noise.mul_(self.variances.sqrt()).add_(self.means[labels][:, :, None]), labels

    def true_rule(self) -> tuple[Tensor, Tensor]:
        """Weights [1, n, K] and biases [1, K] of the Bayes rule, which is naive Bayes with the true parameters."""
        weights = self.means / self.variances[:, None]
        return weights[None], -(self.means.square() / self.variances[:, None]).sum(0)[None] / 2

    def bayes_error(self) -> float:
        """Error of the Bayes rule: projected on it, neighbouring means of -1, 1, 2, 4, ... lie g_k apart in units of the deviation."""
        length = float(self.variances.reciprocal().sum().sqrt())
        gaps = self.means.diff().numpy() * length
        return float(2 / self.classes * ndtr(-gaps / 2).sum())

    def error(self, weights: Tensor, biases: Tensor, normal: Tensor | None = None) -> Tensor:
        """Errors [B] of linear rules [B, n, K], [B, K]; exact for two classes.

        Scores of a class are jointly normal; for more classes `normal` [points, K] are the normal draws that stand for them.
        """
        centres = self.means[:, None] * weights.sum(1)[:, None] + biases[:, None]  # [B, class, score]
        spread = weights.transpose(1, 2) @ (self.variances[:, None] * weights)
        if self.classes == 2:
            apart = centres[:, :, 1] - centres[:, :, 0]
            deviation = (spread[:, 0, 0] + spread[:, 1, 1] - 2 * spread[:, 0, 1]).clamp_min(0).sqrt()
            wrong = torch.special.ndtr(apart * torch.tensor([1.0, -1.0], dtype=apart.dtype) / deviation[:, None])
            return wrong.mean(1)
        values, vectors = torch.linalg.eigh(spread)
        noise = normal @ (vectors * values.clamp_min(0).sqrt()[:, None]).transpose(1, 2)  # [B, points, score]
        guesses = (centres[:, :, None] + noise[:, None]).argmax(3)
        return (guesses != torch.arange(self.classes)[:, None]).double().mean((1, 2))


def labels_of_all(samples: int, classes: int, stream: torch.Generator) -> Tensor:
    """Labels [samples], equally likely, drawn anew until every class is there.

    Raises:
        ValueError: fewer samples than classes.
    """
    if samples < classes:
        raise ValueError(f"{samples} samples cannot hold {classes} classes")
    while True:
        labels = torch.randint(classes, (samples,), generator=stream)
        if len(labels.unique()) == classes:
            return labels


def nearest_mean_error(dimension: int) -> float:
    """Error of the nearest of the exact means, which divides by no variance, with two classes and covariance `half`.

    Its margin squared is n^2 / ((n^2 + n) / 2), below 2, so that the error is above 0.078 in any dimension; derived here.
    """
    return float(ndtr(-np.sqrt(2 * dimension / (dimension + 1))))
