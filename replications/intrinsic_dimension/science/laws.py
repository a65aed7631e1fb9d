"""The quadratic toy of Li et al. 2018, exactly: k independent linear constraints on D parameters, a random subspace of dimension d.

The loss is the squared norm of A theta - b with k orthogonal rows of equal norm in A (sums over groups), the subspace theta_0 + P phi with
normal P. Its least loss over the loss at theta_0 is the squared share of a random direction of R^k that is orthogonal to d random ones.
"""

import numpy as np
from scipy.stats import beta


def mean_left(dimension: np.ndarray | int, constraints: int) -> np.ndarray:
    """Mean of the least loss over the first, 1 - d/k, and 0 from d = k on: whatever D, theta_0 and the targets are."""
    return np.clip(1 - np.asarray(dimension) / constraints, 0, None)


def law_left(dimension: int, constraints: int) -> object:
    """Its law for 0 < d < k: Beta((k - d)/2, d/2), a frozen distribution of scipy."""
    return beta((constraints - dimension) / 2, dimension / 2)


def intrinsic_dimension(size: int, solutions: int) -> int:
    """D - s: the least dimension of a random subspace that meets a set of solutions of dimension s in R^D."""
    return size - solutions
