"""Activation patterns: which training inputs a ReLU neuron lets through."""

import numpy as np


def all_patterns(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every activation pattern of inputs in the plane, from the directions between those at which an input switches.

    Args:
        x: [n, 2], no row zero; a bias is a column of ones.

    Returns:
        patterns [P, n] of 0 and 1, and the share [P] of all directions that give each. P = 2n in general position.
    """
    angles = np.arctan2(x[:, 1], x[:, 0])
    switches = np.unique(np.mod(np.concatenate([angles + np.pi / 2, angles - np.pi / 2]), 2 * np.pi))
    widths = np.diff(np.append(switches, switches[0] + 2 * np.pi))
    middles = switches + widths / 2
    found = (x @ np.stack([np.cos(middles), np.sin(middles)]) >= 0).T
    patterns, place = np.unique(found, axis=0, return_inverse=True)
    return patterns.astype(float), np.bincount(place.ravel(), widths) / (2 * np.pi)


def sampled_patterns(x: np.ndarray, count: int, stream: np.random.Generator) -> np.ndarray:
    """The different patterns [at most count, n] of `count` random neurons, whose weights are standard normal.

    Args:
        x: [n, d].
    """
    return np.unique(x @ stream.standard_normal((x.shape[1], count)) >= 0, axis=1).T.astype(float)
