"""How many samples a classifier needs to come near its best error in the Gaussian mixture."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor

from replications.linear_evaluation.science import THEME
from replications.linear_evaluation.science.logistic import logistic
from replications.linear_evaluation.science.mixture import Mixture
from replications.linear_evaluation.science.naive_bayes import naive_bayes, nearest_mean
from verifig.training.ensemble import generator

LEVEL = 0.01  # distance from the Bayes error, which the authors' code takes as 0
TOLERANCE = 1e-7  # of the gradient, over its first norm; at 1e-5 errors near m* are wrong by 0.004
RULES: Mapping[str, Callable[[Tensor, Tensor, int], tuple[Tensor, Tensor]]] = {
    "naive_bayes": naive_bayes,
    "logistic": partial(logistic, tolerance=TOLERANCE),
    "nearest_mean": nearest_mean,
}


def grid(dimension: int, classes: int, place: int) -> int:
    """The sample size at a place 0, 1, ... of the paper's grid: 2K, 2K + ceil(ln n), 2K + 2 ceil(ln n), ..."""
    return 2 * classes + place * math.ceil(math.log(dimension))


def first_below(error: Callable[[int], float], level: float, most: int) -> tuple[int | None, dict[int, float]]:
    """The first place 0, 1, ..., `most` at which an error is below `level`, by doubling and then by halving.

    Returns:
        The place, None where none was found; and the errors seen by place. The error is taken to fall.
    """
    seen: dict[int, float] = {}

    def below(place: int) -> bool:
        seen[place] = error(place)
        return seen[place] < level

    low, high = -1, 0
    while not below(high):
        low, high = high, min(2 * high + 1, most)
        if low == most:
            return None, seen
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if below(middle) else (middle, high)
    return high, seen


def sample_size(
    mixture: Mixture,
    rule: str,
    stream: Callable[[object], torch.Generator],
    draws: int = 5,
    points: int = 10000,
    most: float = 4.0,
    level: float = LEVEL,
) -> tuple[float, np.ndarray]:
    """Samples m* at which the mean error of `draws` fits is first below `level`, and (samples, error) seen [places, 2].

    Args:
        rule: a name in `RULES`.
        stream: a generator by name; sample sizes have streams of their own.
        points: normal draws for a class's scores, with more than two classes.
        most: samples at most, in multiples of the dimension; m* is infinite where the level is not reached by then.
    """
    n, classes = mixture.dimension, mixture.classes
    fit, normal = RULES[rule], torch.randn(points, classes, generator=stream("points"), dtype=torch.float64)

    def error(place: int) -> float:
        """Mean error of the draws, of the first ones where they decide that the mean of all is not below the level."""
        errors, random = [], stream(place)
        while len(errors) < draws and sum(errors) < level * draws:
            x, y = mixture.draw(1, grid(n, classes, place), random)
            errors.append(float(mixture.error(*fit(x, y, classes), normal)))
        return float(np.mean(errors))

    last = max(0, math.floor((most * n - 2 * classes) / math.ceil(math.log(n))))
    place, seen = first_below(error, level, last)
    pairs = np.array([(grid(n, classes, each), seen[each]) for each in sorted(seen)])
    return (math.inf if place is None else float(grid(n, classes, place))), pairs


def bayes_vs_logistic(dimension: int, classes: int = 2, covariance: str = "half", seed: int = 0) -> dict[str, float]:
    """Samples that naive Bayes and logistic regression need in the paper's simulation, by rule."""
    mixture = Mixture(dimension, classes, covariance)

    def stream(name: object) -> torch.Generator:
        return generator(THEME, "bayes_vs_logistic", seed, name)

    return {rule: sample_size(mixture, rule, stream)[0] for rule in ("naive_bayes", "logistic")}
