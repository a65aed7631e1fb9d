"""Laws of votes with singular kernels |x - x'|^-alpha among many training points, derived here."""

import math


def vote_error(order: float, dimension: float, noise: float) -> float:
    """Test error of the vote as n grows where every label is flipped with probability `noise`, alpha = order > dimension.

    The weights of the training points are a Poisson process raised to the power -alpha/d, so that the vote is a stable variable of
    index a = d/alpha < 1; P(correct) = 1/2 + arctan(beta tan(pi a/2))/(pi a), beta = 1 - 2 noise (Zolotarev). It does
    not depend on n, goes to the Bayes error as alpha -> d and to that of the nearest neighbour as alpha -> infinity.

    Raises:
        ValueError: order <= dimension.
    """
    if order <= dimension:
        raise ValueError(f"order = {order:g} must be above dimension = {dimension:g}")
    index, beta = dimension / order, 1 - 2 * noise
    correct = 0.5 + math.atan(beta * math.tan(math.pi * index / 2)) / (math.pi * index)
    return noise + beta * (1 - correct)


def neighbour_error(noise: float) -> float:
    """Test error of the nearest neighbour as n grows: both its label and the test label may be flipped."""
    return 2 * noise * (1 - noise)
