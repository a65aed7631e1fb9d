"""Formulas of the setting, in numbers alone (no torch)."""

import math


def mean_norm(signal: float, dimension: int, samples: int) -> float:
    """Length r = signal sqrt(p / n) of the cluster means (Appendix A.7 has signal 2.5)."""
    return signal * math.sqrt(dimension / samples)


def cluster_cosine(signal: float, samples: float) -> float:
    """Cosine r^2 / (r^2 + p) = signal^2 / (signal^2 + n) of two points of a cluster, for large p: no p changes it."""
    return signal**2 / (signal**2 + samples)


def near_orthogonal(samples: float, constant: float = 1.0) -> float:
    """The largest cosine 2 / (C n^2) of two training points that the proofs allow; their C is at least 1."""
    return 2 / (constant * samples**2)


def projection_unit(
    signal: float,
    dimension: int,
    samples: int,
    width: int,
    initial_std: float,
    learning_rate: float,
    step: float,
) -> float:
    """The scale of <w_j, mu> after some steps: spread at the start, and growth of a neuron that one cluster drives.

    A neuron that is active on one cluster (n/4 points) gains r^2 eta / (8 sqrt(m)) a step, since the loss has slope 1/2.
    """
    r = mean_norm(signal, dimension, samples)
    return r * initial_std + step * learning_rate * r**2 / (8 * math.sqrt(width))
