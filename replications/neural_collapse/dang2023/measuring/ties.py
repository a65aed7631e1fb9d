"""Minimisers that are not unique: modes of equal singular value of which the layers' rank admits only a part."""

from dataclasses import replace

import numpy as np

from replications.neural_collapse.dang2023.closed_form import Solution, largest

TIE = 1e-9  # relative difference up to which squared singular values count as equal


def nearest(solution: Solution, classifier: np.ndarray) -> Solution:
    """The global minimiser whose modes are turned towards a measured Wp Wp^T [K, K].

    Where the rank cuts through equal singular values, every rotation of these modes is a minimiser. The one kept here
    spans the leading eigenvectors of the measured matrix among them; without such a tie the solution comes back.
    """
    group = tied(solution)
    if not len(group) or not np.isfinite(classifier).all():
        return solution
    block = solution.left[:, group].T @ classifier @ solution.left[:, group]
    turn = np.linalg.eigh((block + block.T) / 2)[1][:, ::-1]  # largest first, as the kept ones come first
    cut = ~np.isin(group, largest(solution.squared, solution.rank))
    order = group[np.argsort(cut, kind="stable")]
    left, right = solution.left.copy(), solution.right.copy()
    left[:, order], right[:, order] = solution.left[:, group] @ turn, solution.right[:, group] @ turn
    return replace(solution, left=left, right=right)


def tied(solution: Solution) -> np.ndarray:
    """Modes of equal singular value that the rank keeps only in part; none, mostly."""
    descending = np.sort(solution.squared)[::-1]
    if solution.rank >= len(descending):
        return np.array([], int)
    edge = descending[solution.rank - 1]
    if descending[solution.rank] < edge * (1 - TIE):
        return np.array([], int)
    return np.flatnonzero(np.abs(solution.squared - edge) <= edge * TIE)
