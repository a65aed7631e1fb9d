"""Support vector machines over tokens of least nuclear norm, many at once, each with a certificate."""

from typing import NamedTuple

import numpy as np

RELAXATION = 1.6


class Nuclear(NamedTuple):
    """Of K problems.

    Attributes:
        matrices: [K, d, e], whose smallest constraint is 1 and whose ranks are exact.
        multipliers: [K, m], one a constraint, such that ||sum lambda_k A_k||_op = 1.
        gaps: [K] (||W||_* - sum lambda) / ||W||_*, how far W may be above the optimum; infinite where the iterate
            satisfies no constraint.
        unfinished: [K, d, e] the iterate that singular values have not yet been cut from, as a solver that stops early
            and cuts none would return it.
    """

    matrices: np.ndarray
    multipliers: np.ndarray
    gaps: np.ndarray
    unfinished: np.ndarray


def nuclear_svm(rows: np.ndarray, iterations: int = 5000, gap: float = 1e-8, penalty: float = 0.3) -> Nuclear:
    """min ||W||_* (sum of singular values) with <A_k, W> >= 1 for all rows, of problems that have a solution.

    Alternating directions on W = U, <A_k, W> = s_k >= 1: a linear solve for W, soft-thresholded singular values for U
    (whose rank is therefore an integer that needs no tolerance), and s clipped at 1. The dual is max sum lambda with
    ||sum lambda_k A_k||_op <= 1 and lambda >= 0 (derived here); any iterate, scaled to satisfy its constraints, bounds
    the optimum from its side.

    Args:
        rows: A [K, m, d, e].
        iterations: at most, for each problem.
        gap: relative distance of primal and dual at which a problem is done.
        penalty: of the alternating directions.
    """
    count, m, d, e = rows.shape
    found = Nuclear(np.zeros((count, d, e)), np.zeros((count, m)), np.full(count, np.inf), np.zeros((count, d, e)))
    if not count:
        return found
    state, left = _State(rows, penalty), np.arange(count)
    for iteration in range(1, iterations + 1):
        state.step()
        if iteration % 25 and iteration != iterations:
            continue
        now = state.certified()
        for kept, each in zip(found, now, strict=True):
            kept[left] = each
        open_ = now.gaps > gap
        if not open_.any():
            break
        state.keep(open_)
        left = left[open_]
    return found


class _State:
    """The iterates of K problems, matrices flattened to [K, d e]."""

    def __init__(self, rows: np.ndarray, penalty: float):
        self.shape, self.penalty = rows.shape[2:], penalty
        self.rows = rows.reshape(*rows.shape[:2], -1)
        gram = self.rows @ self.rows.mT
        self.inverse = np.linalg.inv(np.eye(gram.shape[-1]) + gram)  # (1 + A^T A)^-1 = 1 - A^T (1 + A A^T)^-1 A
        self.u = np.zeros((len(rows), self.rows.shape[-1]))
        self.w = np.zeros_like(self.u)
        self.s = np.ones(rows.shape[:2])
        self.du, self.ds = np.zeros_like(self.u), np.zeros_like(self.s)

    def step(self) -> None:
        right = self.u - self.du + self._back(self.s - self.ds)
        w = right - self._back((self.inverse @ self._forth(right)[..., None])[..., 0])
        self.w, reached = w, self._forth(w)
        w = RELAXATION * w + (1 - RELAXATION) * self.u
        reached = RELAXATION * reached + (1 - RELAXATION) * self.s
        left, values, right = np.linalg.svd((w + self.du).reshape(-1, *self.shape), full_matrices=False)
        values = np.maximum(values - 1 / self.penalty, 0)
        self.u = ((left * values[:, None]) @ right).reshape(len(w), -1)
        self.s = np.maximum(reached + self.ds, 1)
        self.du += w - self.u
        self.ds += reached - self.s

    def certified(self) -> Nuclear:
        """What the iterates come to, scaled to satisfy the constraints."""
        smallest = self._forth(self.u).min(1)
        scale = np.where(smallest > 0, smallest, np.inf)
        matrices = (self.u / scale[:, None]).reshape(-1, *self.shape)
        norms = np.linalg.svd(matrices, compute_uv=False).sum(-1)
        weights = np.maximum(-self.ds, 0)
        spectral = np.linalg.norm(self._back(weights).reshape(-1, *self.shape), 2, axis=(-2, -1))
        multipliers = weights / np.maximum(spectral, np.finfo(float).tiny)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            gaps = np.where(norms > 0, 1 - multipliers.sum(1) / norms, np.inf)
        return Nuclear(matrices, multipliers, gaps, self.w.reshape(-1, *self.shape))

    def keep(self, chosen: np.ndarray) -> None:
        for name in ("rows", "inverse", "w", "u", "s", "du", "ds"):
            setattr(self, name, getattr(self, name)[chosen])

    def _forth(self, flat: np.ndarray) -> np.ndarray:
        return (self.rows @ flat[..., None])[..., 0]

    def _back(self, weights: np.ndarray) -> np.ndarray:
        return (weights[:, None] @ self.rows)[:, 0]
