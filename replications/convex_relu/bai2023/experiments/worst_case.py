"""The hinge loss at the worst inputs of a box: on the convex programme, its bound, and by attacking the network."""

from collections.abc import Mapping

import numpy as np
from scipy.optimize import linprog

LEAST = 1e-6  # a cone whose best vector in [-1, 1]^d clears its constraints by less holds nothing but 0


def interior(x: np.ndarray, pattern: np.ndarray, radius: float) -> tuple[float, np.ndarray]:
    """The vector of [-1, 1]^d that clears the robust cone's constraints, side_k x_k . v >= radius |v|_1, by most, and by how much.

    Args:
        x: [n, d], the last column a bias, which |.|_1 leaves out; pattern: [n] of 0 and 1.
    """
    (n, d), inward = x.shape, (2 * pattern - 1)[:, None] * x
    sizes = radius * np.append(np.ones(d - 1), 0.0)
    above = np.hstack([sizes - inward, sizes + inward, np.ones((n, 1))])  # v = plus - minus, both >= 0
    found = linprog(
        -np.eye(2 * d + 1)[-1], A_ub=above, b_ub=np.zeros(n), bounds=[(0, 1)] * (2 * d) + [(0, None)], method="highs"
    )
    if found.status != 0:
        raise ArithmeticError(f"the linear programme ended with status {found.status}: {found.message}")
    return found.x[-1], found.x[:d] - found.x[d : 2 * d]


class Robust:
    """The robust programme on one data set.

    Args:
        x: [n, d] with a bias; y: [n] of +1 and -1; patterns: [P, n]. Blocks are the patterns, added, and again, subtracted.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, patterns: np.ndarray, radius: float, penalty: float):
        self.x, self.y, self.radius, self.penalty = x, y, radius, penalty
        on = np.concatenate([patterns, patterns])
        self.signs = np.repeat([1.0, -1.0], len(patterns))
        self.sides, self.shares = 2 * on - 1, self.signs[:, None] * on

    def hinge(self, vectors: np.ndarray) -> float:
        """Mean hinge loss of vectors [B, d] at the worst inputs within the radius."""
        weights = np.einsum("bn,bd->nd", self.shares, vectors)
        margins = self.y * (weights * self.x).sum(1) - self.radius * np.abs(weights[:, :-1]).sum(1)
        return float(np.maximum(1 - margins, 0).mean())

    def cost(self, vectors: np.ndarray) -> float:
        """The programme's cost."""
        return self.hinge(vectors) + self.penalty * float(np.linalg.norm(vectors, axis=1).sum())

    def clearance(self, vectors: np.ndarray) -> np.ndarray:
        """The least of side_k x_k . v - radius |v|_1 over k, by block [B]."""
        lengths = np.abs(vectors[:, :-1]).sum(1)
        return (self.sides * (vectors @ self.x.T)).min(1) - self.radius * lengths

    def feasible(self, vectors: np.ndarray, inner: np.ndarray) -> np.ndarray:
        """Vectors moved along `inner` [P, d], from inside the cones, as far as they lie outside."""
        inner = np.concatenate([inner, inner])
        return vectors + (np.maximum(-self.clearance(vectors), 0) / self.clearance(inner))[:, None] * inner

    def bound(self, weights: np.ndarray, moves: np.ndarray, multipliers: np.ndarray) -> float:
        """A lower bound of the optimum from any weights [n] of the examples, moves [n, d - 1] and multipliers [B, n].

        Weights in [0, 1/n] times moved examples are a point of the dual, once no pull on a cone is longer than the penalty;
        the multipliers and the box that comes with them say how much of a pull leads out of its cone.
        """
        weights = np.clip(weights, 0, 1 / len(self.y))
        moved = (weights * self.y)[:, None] * self.x
        moved[:, :-1] -= np.clip(moves, -self.radius * weights[:, None], self.radius * weights[:, None])
        multipliers = np.maximum(multipliers, 0)
        pull = self.shares @ moved + (multipliers * self.sides) @ self.x
        room = self.radius * multipliers.sum(1)[:, None]
        pull[:, :-1] = np.sign(pull[:, :-1]) * np.maximum(np.abs(pull[:, :-1]) - room, 0)
        return float(min(1.0, self.penalty / np.linalg.norm(pull, axis=1).max()) * weights.sum())


def outputs(x: np.ndarray, vectors: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Outputs [n] of the ReLU network of vectors [B, d] with signs [B] (see `networks.recovered`)."""
    return np.maximum(x @ vectors.T, 0) @ signs


def attacked(
    x: np.ndarray, y: np.ndarray, vectors: np.ndarray, signs: np.ndarray, attack: Mapping, stream: np.random.Generator
) -> np.ndarray:
    """Least y f [n] that projected gradient descent finds within `radius` of x in every input but the bias.

    Args:
        attack: `radius`, `steps`, `restarts` (the first from x itself, the others from random points of the box).
    """
    radius, steps = attack["radius"], attack["steps"]
    inputs, least = x[:, :-1], y * outputs(x, vectors, signs)
    for restart in range(attack["restarts"]):
        moved = x.copy()
        if restart:
            moved[:, :-1] += stream.uniform(-radius, radius, inputs.shape)
        for _ in range(steps):
            slope = y[:, None] * (((moved @ vectors.T > 0) * signs) @ vectors)
            ahead = moved[:, :-1] - 4 * radius / steps * np.sign(slope[:, :-1])
            moved[:, :-1] = np.clip(ahead, inputs - radius, inputs + radius)
            least = np.minimum(least, y * outputs(moved, vectors, signs))
    return least


def on_grid(
    x: np.ndarray, y: np.ndarray, vectors: np.ndarray, signs: np.ndarray, radius: float, size: int
) -> np.ndarray:
    """Least y f [n] on a grid of size^2 points in the square around each of x [n, 3]."""
    steps = np.linspace(-radius, radius, size)
    moves = np.stack([*(each.ravel() for each in np.meshgrid(steps, steps)), np.zeros(size**2)], 1)
    return np.min([y * outputs(x + move, vectors, signs) for move in moves], axis=0)
