"""Closed forms of the paper that need no tensors: the energy of a feature, and how much data keeps the features."""

import math

BOUNDARY = 2.7482  # constant of the authors' code


def energy_of_feature(modulus: int, frequency: int, norm: float = 1.0) -> float:
    """Energy (see `energy.energy`) of a neuron that is a cosine of one frequency, its norm shared by both halves.

    norm^4 M / 4; twice that at the highest frequency of an even modulus, which has no partner. The paper prints M / 16,
    which is this with norm^2 = 1/2.
    """
    return norm**4 * modulus / (2 if 2 * frequency == modulus else 4)


def boundary_fraction(modulus: int, constant: float = BOUNDARY) -> float:
    """Share of all M^2 pairs above which a network generalises: constant ln(M) / M, from n ~ M log M (Theorem 4)."""
    return constant * math.log(modulus) / modulus


def boundary_constant(fraction: float, modulus: int) -> float:
    """The constant of `boundary_fraction` for which a share of the pairs is the boundary."""
    return fraction * modulus / math.log(modulus)
