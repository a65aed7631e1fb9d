"""Closed forms beside the convex programme: how many patterns there are and are needed, and an optimum without a solver."""

from math import comb

import numpy as np


def most_patterns(n: int, rank: int) -> int:
    """The largest number of activation patterns of n inputs of that rank (Cover): 2 sum over k < rank of C(n - 1, k)."""
    return 2 * sum(comb(n - 1, k) for k in range(rank))


def unseen_mass(n: int, drawn: int) -> float:
    """Bound on the mean mass of patterns that would still lower the optimum of a programme on `drawn` random ones.

    Derived here: an optimum needs at most n + 1 patterns, and of drawn + 1 exchangeable ones each is as likely the last.
    """
    return (n + 1) / (drawn + 1)


def patterns_for(n: int, mass: float, risk: float) -> float:
    """Patterns to draw so that the mass above exceeds `mass` with probability at most `risk` (Markov's inequality)."""
    return (n + 1) / (mass * risk) - 1


def orthonormal_optimum(y: np.ndarray, penalty: float) -> float:
    """Optimum of 1/2 |f(X) - y|^2 + penalty/2 (|U|^2 + |a|^2) where the rows of X are orthonormal; y [n].

    Positive and negative targets part: of a part q it is |q|^2/2 up to |q| = penalty, and penalty |q| - penalty^2/2 beyond.
    """
    norms = [np.linalg.norm(np.maximum(part, 0)) for part in (y, -y)]
    return float(sum(q**2 / 2 if q <= penalty else penalty * q - penalty**2 / 2 for q in norms))
