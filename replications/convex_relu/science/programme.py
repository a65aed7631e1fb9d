"""The convex programme of a two-layer ReLU network with squared loss, solved to a certified gap by adding directions.

Minimise 1/2 |sum_i D_i X (v_i - w_i) - y|^2 + penalty sum_i (|v_i| + |w_i|), where v_i and w_i lie in the cone
(2 D_i - I) X v >= 0 of the pattern D_i (Pilanci and Ergen, 2020). A solution is a mixture of unit vectors in those cones. The best
vector to add to a mixture is the projection of +-X^T D_i z on the cone, z the residual; where no projection is longer
than the penalty, the mixture is optimal. So the search and its certificate are the same computation.
"""

from dataclasses import dataclass

import numpy as np

from replications.convex_relu.science.least_squares import nonnegative
from replications.convex_relu.science.networks import recovered
from replications.convex_relu.science.patterns import all_patterns

KEPT = 1e-13  # projections longer than the penalty by less, relatively, are rounding


@dataclass
class Optimum:
    """A solution and its certificate.

    Attributes:
        value: the cost that `vectors` attain. bound: no solution costs less.
        vectors: [k, d], one for each pattern and sign in use; signs: [k]; used: [k] rows of the patterns.
        residual: [n], y minus what the network gives.
    """

    value: float
    bound: float
    vectors: np.ndarray
    signs: np.ndarray
    used: np.ndarray
    residual: np.ndarray

    @property
    def gap(self) -> float:
        """How far above the optimum the value may lie."""
        return self.value - self.bound

    def network(self) -> tuple[np.ndarray, np.ndarray]:
        """Hidden weights [d, m] and output weights [m] of the network with that cost."""
        return recovered(self.vectors, self.signs)


def convex_two_layer(
    x: np.ndarray,
    y: np.ndarray,
    penalty: float,
    patterns: np.ndarray | None = None,
    cones: bool = True,
    tolerance: float = 1e-10,
    rounds: int = 1000,
) -> Optimum:
    """The least regularised squared loss over all two-layer ReLU networks whose neurons have one of the patterns.

    Args:
        x: [n, d]; y: [n]; penalty: above 0.
        patterns: [P, n] of 0 and 1; None: all of them, for d = 2.
        cones: False drops the constraints (a network of gated ReLUs, no longer a ReLU network).
        tolerance: gap to reach, in units of |y|^2/2.

    Raises:
        ArithmeticError: the gap is not reached.
    """
    patterns = all_patterns(x)[0] if patterns is None else patterns
    signs = np.tile([1.0, -1.0], len(patterns))
    rows = np.repeat(patterns, 2, 0) * signs[:, None]
    atoms, directions, owner = np.zeros((len(y), 0)), np.zeros((0, x.shape[1])), np.zeros(0, int)
    aim = tolerance * (y @ y) / 2
    for _ in range(rounds):
        weights = nonnegative_lasso(atoms, y, penalty)
        residual = y - atoms @ weights
        found = projections(x, patterns, residual, cones)
        norms = np.linalg.norm(found, axis=1)
        value = residual @ residual / 2 + penalty * weights.sum()
        if value - (bound := dual_bound(y, residual, penalty, norms.max())) <= aim:
            return Optimum(value, bound, *_merged(weights, directions, owner, signs), residual)
        kept, new = weights > 0, norms > penalty * (1 + KEPT)
        units = found[new] / norms[new, None]
        atoms = np.hstack([atoms[:, kept], (rows[new] * (units @ x.T)).T])
        directions, owner = np.vstack([directions[kept], units]), np.append(owner[kept], np.flatnonzero(new))
    raise ArithmeticError(f"the duality gap is {value - bound:.1e} after {rounds} rounds, not {aim:.1e}")


def _merged(weights, directions, owner, signs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, signs and patterns of a mixture; directions in one cone add up to one vector, which is no longer."""
    used = np.unique(owner[weights > 0])
    vectors = np.array([weights[owner == one] @ directions[owner == one] for one in used])
    return vectors.reshape(len(used), directions.shape[1]), signs[used], used // 2


def nearest_in_cone(x: np.ndarray, pattern: np.ndarray, c: np.ndarray) -> np.ndarray:
    """The vector v with (2 D - I) X v >= 0 that is nearest to c [d], by non-negative least squares on its polar cone."""
    inward = (2 * pattern - 1)[:, None] * x
    return c + inward.T @ nonnegative(inward.T, -c)


def projections(x: np.ndarray, patterns: np.ndarray, z: np.ndarray, cones: bool = True) -> np.ndarray:
    """X^T D_i z and its negative, projected on the cone of each pattern (if `cones`): [2 P, d]."""
    pulls = [sign * x.T @ (pattern * z) for pattern in patterns for sign in (1, -1)]
    if not cones:
        return np.array(pulls)
    return np.array(
        [nearest_in_cone(x, pattern, c) for pattern, c in zip(np.repeat(patterns, 2, 0), pulls, strict=True)]
    )


def dual_bound(y: np.ndarray, residual: np.ndarray, penalty: float, longest: float) -> float:
    """A lower bound of the optimum: the dual cost of the residual, shrunk until no projection exceeds the penalty."""
    shrunk = residual if longest <= penalty else residual * (penalty / longest)
    return float(y @ shrunk - shrunk @ shrunk / 2)


def nonnegative_lasso(atoms: np.ndarray, y: np.ndarray, penalty: float) -> np.ndarray:
    """Weights c >= 0 [k] that minimise 1/2 |atoms c - y|^2 + penalty sum c, to rounding.

    Its dual is the point nearest to y with atoms^T z <= penalty, which Lawson and Hanson reduce to least squares with
    weights >= 0.

    Args:
        atoms: [n, k]; y: [n].
    """
    slack = atoms.T @ y - penalty
    if not (slack > 0).any():
        return np.zeros(atoms.shape[1])
    target = np.append(np.zeros(len(y)), 1.0)
    scaled = nonnegative(np.vstack([-atoms, slack]), target)
    return scaled / (1 - slack @ scaled)
