"""Two-layer ReLU networks, f(x) = sum_j max(x . u_j, 0) a_j, and their regularised squared loss."""

import numpy as np


def outputs(x: np.ndarray, hidden: np.ndarray, output: np.ndarray) -> np.ndarray:
    """f [n] at inputs x [n, d] of hidden weights [d, m] and output weights [m]."""
    return np.maximum(x @ hidden, 0) @ output


def decay(hidden: np.ndarray, output: np.ndarray) -> float:
    """(|U|^2 + |a|^2) / 2 of hidden weights [d, m] and output weights [m]."""
    return float((hidden**2).sum() + (output**2).sum()) / 2


def cost(x: np.ndarray, y: np.ndarray, hidden: np.ndarray, output: np.ndarray, penalty: float) -> float:
    """1/2 |f(X) - y|^2 + penalty/2 (|U|^2 + |a|^2), with targets y [n]."""
    return float(((outputs(x, hidden, output) - y) ** 2).sum() / 2 + penalty * decay(hidden, output))


def recovered(vectors: np.ndarray, signs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The balanced network of the convex programme's vectors: u = v / sqrt|v|, a = +-sqrt|v|; zero vectors give no neuron.

    Args:
        vectors: [k, d]; signs: [k], +1 for what is added (v) and -1 for what is subtracted (w).

    Returns:
        hidden weights [d, m], output weights [m].
    """
    roots = np.sqrt(np.linalg.norm(vectors, axis=1))
    kept = roots > 0
    return (vectors[kept] / roots[kept, None]).T, signs[kept] * roots[kept]
