"""Hard-margin support vector machines over pairs of tokens (Att-SVM), of least Frobenius norm; numpy and SciPy alone.

A layer of softmax attention gives token t of input i the logit x_it^T W z_i, with a query z_i and a matrix W [d, d], the
product of key and query weights. The SVM asks for the least W under which the selected token of each input wins by 1:

    min ||W||  subject to  (x_i,selected - x_it)^T W z_i >= 1  for all i and t != selected.

Every constraint is a row <A_k, W> >= 1 with A_k = (x_i,selected - x_it) z_i^T. The multipliers lambda >= 0 of the
least Frobenius norm give W = sum lambda_k A_k, so that rank W <= min(n, d), and ||W||^2 = sum lambda_k (derived here).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import lsq_linear, nnls

from replications.attention_svm.science.nuclear import nuclear_svm

FEASIBLE = 1e-9  # how far constraints may fall short; a smaller combination of rows of weights 1 in sum is none at all


class Solution(NamedTuple):
    """Of a support vector machine over tokens.

    Attributes:
        matrix: W [d, d].
        multipliers: lambda [m], one a constraint; those of the nuclear norm are scaled to the dual's own constraint.
        gap: how far W may be above the optimum, relative: (||W|| - dual bound) / ||W||.
    """

    matrix: np.ndarray
    multipliers: np.ndarray
    gap: float


def attention_svm(
    tokens: np.ndarray, scores: np.ndarray, queries: np.ndarray | None = None, norm: str = "frobenius"
) -> Solution | None:
    """The SVM that selects each input's token of the highest score.

    Args:
        tokens: x [n, T, d].
        scores: [n, T], what each token is worth to the output; only which of an input has the highest counts.
        queries: z [n, d]; None: each input's first token.
        norm: "frobenius", or "nuclear" (the sum of singular values), which keys and queries trained apart minimise.

    Returns:
        None where no W satisfies the constraints.

    Source: Tarzanagh et al. (2023), Transformers as Support Vector Machines, arXiv 2308.16898.
    """
    queries = tokens[:, 0] if queries is None else queries
    rows = separations(tokens, queries, np.asarray(scores).argmax(1))
    found = least_norm(rows)
    if found is None or norm == "frobenius":
        return found
    nuclear = nuclear_svm(rows[None])
    return Solution(nuclear.matrices[0], nuclear.multipliers[0], float(nuclear.gaps[0]))


def separations(tokens: np.ndarray, queries: np.ndarray, selected: np.ndarray) -> np.ndarray:
    """Rows A = (x_i,selected - x_it) z_i^T [..., n (T - 1), d, d], inputs in order, t in order without the selected.

    Args:
        tokens: [..., n, T, d]; queries: [..., n, d]; selected: [..., n] integers.
    """
    size = tokens.shape[-2]
    others = np.broadcast_to(np.arange(size - 1), (*selected.shape, size - 1))
    others = others + (others >= selected[..., None])
    kept = np.take_along_axis(tokens, selected[..., None, None], -2)
    gaps = kept - np.take_along_axis(tokens, others[..., None], -2)
    rows = gaps[..., :, None] * queries[..., None, None, :]
    return rows.reshape(*rows.shape[:-4], -1, *rows.shape[-2:])


def least_norm(rows: np.ndarray) -> Solution | None:
    """min ||W||_F with <A_k, W> >= 1 for all rows A [m, d, e]; None where there is no such W.

    Least distance as non-negative least squares (Lawson and Hanson): the residual of the least |A^T u|^2 + (sum u - 1)^2
    over u >= 0 tells which constraints are tight (u > 0), and vanishes where there is no W. Both answers are checked by themselves: a
    solution satisfies the constraints and is a non-negative combination of rows, and where there is none, a convex
    combination of rows vanishes. SciPy's `nnls` can return another point (its issue 25389); then `lsq_linear` answers.

    Raises:
        RuntimeError: neither answer could be certified.
    """
    flat = rows.reshape(len(rows), -1)
    basis, reduced = np.linalg.qr(flat.T)  # flat = reduced^T basis^T: as many unknowns as rows
    system, target = np.vstack([reduced, np.ones(len(rows))]), np.r_[np.zeros(len(reduced)), 1.0]
    for solve in (_nnls, _bounded):
        weights = solve(system, target)
        combined, total = reduced @ weights, weights.sum()
        if total > 0 and np.linalg.norm(combined) <= FEASIBLE * total:
            return None
        tight, multipliers = weights > 0, np.zeros(len(rows))
        reach = np.linalg.lstsq(reduced[:, tight].T, np.ones(tight.sum()))[0]
        multipliers[tight] = np.linalg.lstsq(reduced[:, tight], reach)[0]
        if multipliers.min() >= 0 and (reach @ reduced).min() >= 1 - FEASIBLE:
            norm = np.linalg.norm(reach)
            gap = 1 - (2 * multipliers.sum() - norm**2) / norm**2  # the dual is sum lambda - ||W||^2 / 2
            return Solution((basis @ reach).reshape(rows.shape[1:]), multipliers, float(gap))
    raise RuntimeError("a least-norm problem was neither solved nor shown to have no solution")


def _nnls(system: np.ndarray, target: np.ndarray) -> np.ndarray:
    try:
        return nnls(system, target)[0]
    except RuntimeError:  # too many iterations
        return np.zeros(system.shape[1])


def _bounded(system: np.ndarray, target: np.ndarray) -> np.ndarray:
    options = {"method": "bvls", "tol": 1e-14, "max_iter": 100 * system.shape[1]}
    return lsq_linear(system, target, (0, np.inf), **options).x


def unsolvable(shape: tuple[int, int], constraints: int) -> Solution:
    """In the place of a solution where there is none: not a number throughout."""
    return Solution(np.full(shape, np.nan), np.full(constraints, np.nan), np.nan)


def correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """<A, B> / (||A||_F ||B||_F) over the last two axes; NaN where one of them is zero."""
    product = (first * second).sum((-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return product / (np.linalg.norm(first, axis=(-2, -1)) * np.linalg.norm(second, axis=(-2, -1)))


def rank(matrix: np.ndarray, relative: float = 1e-7) -> np.ndarray:
    """How many singular values exceed `relative` times the largest, over the last two axes; 0 of what is not a number."""
    values = np.linalg.svd(np.nan_to_num(matrix), compute_uv=False)
    return (values > relative * values[..., :1]).sum(-1)
