"""A batched solver for robust fits of the law: many starts, many weightings of the same rows, one array program.

Levenberg-Marquardt on the Huber objective. Early steps use reweighted least squares (weights min(1, delta/|r|)), later
ones the exact Hessian of the objective, which is cheap here: the prediction is a log-sum-exp of three terms that are
linear in theta, so Hessian and gradient are sums over rows of products of the softmax shares with 1, n, d, n^2, nd, d^2.
Logs are centred (n = ln N - mean): otherwise the normal matrix has a condition number near 1e9.
"""

from dataclasses import dataclass

import numpy as np

from replications.scaling_laws.besiroglu2024.fitting.law import DELTA

CHUNK = 96  # members at a time, so that the work arrays stay in the cache
WARM = 8  # reweighted steps before the first Newton step
RETREAT = 3  # reweighted steps after a refused Newton step
LONGEST_STEP = 4.0
PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))  # products of softmax shares


@dataclass(frozen=True)
class Minima:
    """Where each start ended: theta [members, 5], objective [members], steps taken, and whether it converged."""

    theta: np.ndarray
    objective: np.ndarray
    steps: np.ndarray
    converged: np.ndarray


@dataclass(frozen=True)
class Rows:
    """Observations as centred logs [rows], and the powers of them that the sums need."""

    n: np.ndarray
    d: np.ndarray
    y: np.ndarray
    n_mean: float
    d_mean: float

    @classmethod
    def of(cls, N: np.ndarray, D: np.ndarray, L: np.ndarray) -> "Rows":
        n, d = np.log(np.asarray(N, float)), np.log(np.asarray(D, float))
        return cls(n - n.mean(), d - d.mean(), np.log(np.asarray(L, float)), n.mean(), d.mean())

    def centre(self, theta: np.ndarray) -> np.ndarray:
        """theta for centred logs: a - alpha mean(ln N), b - beta mean(ln D)."""
        moved = np.array(theta, float)
        moved[:, 0] -= moved[:, 3] * self.n_mean
        moved[:, 1] -= moved[:, 4] * self.d_mean
        return moved

    def restore(self, theta: np.ndarray) -> np.ndarray:
        """The inverse of `centre`."""
        moved = theta.copy()
        moved[:, 0] += moved[:, 3] * self.n_mean
        moved[:, 1] += moved[:, 4] * self.d_mean
        return moved


def minimise(
    N: np.ndarray,
    D: np.ndarray,
    L: np.ndarray,
    starts: np.ndarray,
    weights: np.ndarray | None = None,
    delta: float = DELTA,
    steps: int = 300,
    tolerance: float = 1e-12,
    on_chunk=None,
) -> Minima:
    """Minimise sum_i w_i huber(ln L_i - ln L(N_i, D_i)) from every start.

    Args:
        N, D, L: [rows], positive.
        starts: theta [members, 5].
        weights: [members, rows], for example how often a bootstrap resample holds each row; default all 1.
        delta: width of the quadratic part; large = least squares, tiny = least absolute deviations.
        steps: most steps a member may take.
        tolerance: a member's search ends when a Newton step promises a smaller relative decrease than this.
        on_chunk: called with (members done, members) after every chunk.
    """
    rows = Rows.of(N, D, L)
    starts = np.atleast_2d(np.asarray(starts, float))
    parts = []
    for first in range(0, len(starts), CHUNK):
        block = slice(first, first + CHUNK)
        weight = None if weights is None else np.asarray(weights[block], float)
        parts.append(_minimise_chunk(rows, rows.centre(starts[block]), weight, delta, steps, tolerance))
        if on_chunk is not None:
            on_chunk(min(first + CHUNK, len(starts)), len(starts))
    theta, value, taken, converged = (np.concatenate(field) for field in zip(*parts, strict=True))
    return Minima(rows.restore(theta), value, taken, converged)


def _minimise_chunk(rows: Rows, theta, weight, delta, steps, tolerance):
    """One chunk; members leave the working set as they converge."""
    members = len(theta)
    result = theta.copy(), np.empty(members), np.full(members, steps), np.zeros(members, bool)
    alive = np.arange(members)
    reweighted = np.full(members, WARM)
    damping = np.full(members, 1e-3)
    value, slope, curvature = _derivatives(rows, theta, weight, delta, reweighted > 0)
    for step in range(1, steps + 1):
        move = _damped_step(slope, curvature, damping)
        trial = theta + move
        was_newton = reweighted <= 0
        reweighted = reweighted - 1
        new_value, new_slope, new_curvature = _derivatives(rows, trial, weight, delta, reweighted > 0)
        better = new_value <= value
        promised = -(slope * move).sum(1)  # twice the decrease that the quadratic model promises
        finished = was_newton & (damping <= 1) & (promised >= 0) & (promised <= tolerance * value)
        stuck = ~better & (damping > 1e9)
        theta = np.where(better[:, None], trial, theta)
        damping = np.clip(np.where(better, damping / 6, damping * 8), 1e-14, 1e12)
        # a refused Newton step gives way to reweighted ones, which always descend; their matrix is made afresh
        refused = ~better & was_newton
        reweighted = np.where(refused, RETREAT, reweighted)
        value = np.where(better, new_value, value)
        slope = np.where(better[:, None], new_slope, slope)
        curvature = np.where(better[:, None, None], new_curvature, curvature)
        if refused.any():
            part = None if weight is None else weight[refused]
            curvature[refused] = _derivatives(rows, theta[refused], part, delta, np.ones(refused.sum(), bool))[2]
            damping[refused] = 1e-3
        done = finished | stuck
        if done.any() or step == steps:
            for target, source in zip(result[:2], (theta, value), strict=True):
                target[alive] = source
            result[2][alive[done]], result[3][alive[done]] = step, finished[done]
            keep = ~done
            alive, theta, value, slope, curvature = (x[keep] for x in (alive, theta, value, slope, curvature))
            reweighted, damping = reweighted[keep], damping[keep]
            weight = None if weight is None else weight[keep]
        if not len(alive):
            break
    return result


def _damped_step(slope: np.ndarray, curvature: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """-(H + damping diag|H|)^-1 g, its entries limited."""
    diagonal = np.abs(np.diagonal(curvature, axis1=1, axis2=2))
    floor = 1e-12 * diagonal.max(1, keepdims=True) + 1e-300
    matrix = curvature.copy()
    index = np.arange(5)
    matrix[:, index, index] += damping[:, None] * diagonal + floor
    move = -np.linalg.solve(matrix, slope[:, :, None])[:, :, 0]
    longest = np.abs(move).max(1, keepdims=True)
    return move * np.minimum(1.0, LONGEST_STEP / np.maximum(longest, 1e-300))


def _derivatives(rows: Rows, theta, weight, delta, reweighted):
    """Objective [K], gradient [K, 5] and matrix [K, 5, 5]: reweighted normal matrix or exact Hessian, by member."""
    z1 = theta[:, 0, None] - theta[:, 3, None] * rows.n
    z2 = theta[:, 1, None] - theta[:, 4, None] * rows.d
    z3 = theta[:, 2, None]
    top = np.maximum(np.maximum(z1, z2), z3)
    shares = [np.exp(z1 - top), np.exp(z2 - top), np.exp(z3 - top)]
    total = shares[0] + shares[1] + shares[2]
    residual = rows.y - top - np.log(total)
    for share in shares:
        share /= total
    size = np.abs(residual)
    pull = np.clip(residual, -delta, delta)
    each = pull * residual - 0.5 * pull * pull  # Huber: psi r - psi^2 / 2
    if weight is not None:
        each *= weight
        pull = pull * weight
    flat = reweighted[:, None]
    stiffness = np.where(flat, delta / np.maximum(size, delta), size <= delta)
    if weight is not None:
        stiffness = stiffness * weight
    bend = np.where(flat, 0.0, pull)
    stiffness += bend
    # gradient
    g1, g2, g3 = (pull * share for share in shares)
    slope = -np.stack([g1.sum(1), g2.sum(1), g3.sum(1), -(g1 @ rows.n), -(g2 @ rows.d)], axis=1)
    return each.sum(1), slope, _matrix(rows, shares, stiffness, bend)


def _matrix(rows: Rows, shares, stiffness, bend) -> np.ndarray:
    """Sum over rows of [stiffness p_s p_t - bend p_s (s = t)] z_s' z_t', z' = (1, -n) for the first term, and so on."""
    powers = np.stack([np.ones_like(rows.n), rows.n, rows.d, rows.n**2, rows.d**2, rows.n * rows.d], axis=1)
    sums = {}
    for s, t in PAIRS:
        weight = stiffness * shares[s]
        if s == t:
            weight -= bend
        weight *= shares[t]
        sums[s, t] = weight @ powers
    one, n, d, nn, dd, nd = range(6)
    H = np.empty((len(stiffness), 5, 5))
    H[:, 0, 0], H[:, 0, 3], H[:, 3, 3] = sums[0, 0][:, one], -sums[0, 0][:, n], sums[0, 0][:, nn]
    H[:, 1, 1], H[:, 1, 4], H[:, 4, 4] = sums[1, 1][:, one], -sums[1, 1][:, d], sums[1, 1][:, dd]
    H[:, 0, 1], H[:, 0, 4] = sums[0, 1][:, one], -sums[0, 1][:, d]
    H[:, 1, 3], H[:, 3, 4] = -sums[0, 1][:, n], sums[0, 1][:, nd]
    H[:, 2, 2] = sums[2, 2][:, one]
    H[:, 0, 2], H[:, 2, 3] = sums[0, 2][:, one], -sums[0, 2][:, n]
    H[:, 1, 2], H[:, 2, 4] = sums[1, 2][:, one], -sums[1, 2][:, d]
    for s, t in ((0, 3), (1, 4), (0, 1), (0, 4), (1, 3), (3, 4), (0, 2), (2, 3), (1, 2), (2, 4)):
        H[:, t, s] = H[:, s, t]
    return H
