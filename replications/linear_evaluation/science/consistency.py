"""The logistic loss bounds the zero-one loss, for every number of classes (derived here; the paper proves a bound of this kind).

For class probabilities p and any scores s with softmax q: the zero-one regret is t = max p - p[argmax s], the logistic regret is
r = sum p ln(p / q). Then Gamma(t) <= r. Only two classes matter: between the chosen class and the best one the least regret has
equal scores, p = (1 + t) / 2 and (1 - t) / 2.
"""

import numpy as np
from scipy.special import xlogy


def gamma(t: np.ndarray | float) -> np.ndarray:
    """((1 + t) ln(1 + t) + (1 - t) ln(1 - t)) / 2 for t in [0, 1]; at least t^2 / 2, hence t <= sqrt(2 r)."""
    t = np.asarray(t, float)
    return (xlogy(1 + t, 1 + t) + xlogy(1 - t, 1 - t)) / 2


def regrets(p: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Zero-one and logistic regrets [...] of scores [..., K] where classes have probabilities p [..., K]; of equal scores the last wins."""
    logs = scores - scores.max(-1, keepdims=True)
    logs = logs - np.log(np.exp(logs).sum(-1, keepdims=True))
    chosen = scores.shape[-1] - 1 - np.argmax(scores[..., ::-1], axis=-1)
    zero_one = p.max(-1) - np.take_along_axis(p, chosen[..., None], -1)[..., 0]
    return zero_one, (xlogy(p, p) - p * np.where(p > 0, logs, 0)).sum(-1)


def tight(t: float, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and scores [K] at which both sides are equal: two classes share everything, and their scores are equal."""
    p, scores = np.zeros(classes), np.full(classes, -np.inf)
    p[0], p[-1] = (1 + t) / 2, (1 - t) / 2
    scores[[0, -1]] = 0
    return p, scores
