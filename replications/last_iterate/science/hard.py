"""The problem of Harvey, Liaw, Plan and Randhawa on which the last iterate of subgradient descent loses a factor log T.

f(x) = max over i = 1 ... T + 1 of h_i . x on the unit ball of R^T, from x_1 = 0, where h_ij is a_j for j < i, -b_i for j = i <= T and 0 for
j > i. The oracle returns the row of smallest index among those that attain the maximum, which is row t at step t. Rebuilt from memory.
"""

import numpy as np


def coefficients(size: int) -> tuple[np.ndarray, np.ndarray]:
    """a_j = 1 / (8 (T - j + 1)) [T] and b_j = sqrt(j) / (2 sqrt(T)) [T], T = `size`."""
    j = np.arange(1, size + 1)
    return 1 / (8 * (size - j + 1)), np.sqrt(j / size) / 2


def values(x: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """All h_i . x [..., T + 1] of points x [..., T] in O(T): rows share their prefixes, so that products are cumulative sums."""
    products = np.zeros((*x.shape[:-1], x.shape[-1] + 1))
    np.cumsum(a * x, -1, out=products[..., 1:])
    products[..., :-1] -= b * x
    return products


def rows(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """All h_i as a matrix [T + 1, T]."""
    matrix = np.tril(np.tile(a, (len(a) + 1, 1)), -1)
    np.fill_diagonal(matrix, -b)
    return matrix


def largest_norm(a: np.ndarray, b: np.ndarray) -> float:
    """B: the largest norm of a row."""
    before = np.r_[0, np.cumsum(a**2)]
    return float(np.sqrt(np.max(before + np.r_[b**2, 0])))


def last_in_order(steps: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The last iterate x_{T+1} [..., T] in closed form, if the oracle returns row t at each step t and the ball is not left.

    Coordinate j is first moved at step j, by b_j times the step size, and by -a_j times every later one. Where no coordinate
    ends below 0 the rows are returned in order; they may be otherwise too, which a run shows.

    Args:
        steps: step sizes [..., T].
    """
    later = steps.sum(-1, keepdims=True) - np.cumsum(steps, -1)
    return b * steps - a * later


def last_value(steps: np.ndarray) -> np.ndarray:
    """f at the last iterate [...] for step sizes [..., T] in O(T): the last row's product with `last_in_order`."""
    a, b = coefficients(steps.shape[-1])
    return last_in_order(steps, a, b) @ a


def hull_weights(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Positive weights [T + 1] of sum 1 with which the rows add up to 0, so that min f = 0, attained at x = 0.

    Row i takes part in coordinates j <= i, so that the weights follow from the last row backwards: b_j w_j is a_j times the sum of those after j.
    """
    after = np.cumprod(np.r_[1, (1 + a / b)[::-1]])  # sums of the weights from each row on, backwards
    weights = np.r_[1, (a / b)[::-1] * after[:-1]]
    return (weights / weights.sum())[::-1]


LOG_SLOPE = 3 / 64  # limit of the growth of sqrt(T) f(last) per unit of ln T, for steps 1/sqrt(t) and 1/sqrt(T)
DECAY_LIMIT = 13 / 384  # limit of sqrt(T) f(last) for steps that decay linearly to 0
