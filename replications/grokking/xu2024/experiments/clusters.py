"""XOR cluster data in coordinates in which dimension p costs nothing (Definition 2.1).

Two orthogonal means mu1, mu2 of length r; class +1 is N(+-mu1, I_p), class -1 is N(+-mu2, I_p). Gradient descent on a
two-layer network whose first layer starts as a Gaussian sees inputs through their inner products alone. So N points are
drawn in N + 2 coordinates: along mu1, along mu2, and along an orthonormal basis of what is left of the noise, whose
Gram matrix is Wishart(p - 2, I_N): its triangular factor has independent entries (Bartlett). The joint law of all inner
products, also with the initial weights, is that of points drawn in R^p.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from replications.grokking.xu2024.theory import mean_norm
from verifig.training.ensemble import generator

PAPER = "xu2024"
CLUSTERS = ("+mu1", "-mu1", "+mu2", "-mu2")  # in the order of their numbers


@dataclass(frozen=True)
class Clusters:
    """A training set and a test set.

    Attributes:
        points: coordinates [N, 2 + N], float64: along mu1, along mu2, along the rest; the first n rows are for training.
        cluster: 0 to 3 for the means +mu1, -mu1, +mu2, -mu2 [N].
        clean: class +-1 of the cluster [N].
        labels: what is trained on, some flipped [n].
    """

    points: Tensor
    cluster: Tensor
    clean: Tensor
    labels: Tensor


def draw(settings: Mapping, seed: int) -> Clusters:
    """The points of a seed, in coordinates; equal seeds share all but the flipped labels, and those grow with `flip`."""
    p, n, count = settings["dimension"], settings["samples"], settings["samples"] + settings["test_size"]
    stream = generator(PAPER, "points", p, n, count, seed)
    cluster = torch.randint(4, (count,), generator=stream)
    points = torch.cat([plane(cluster, mean_norm(settings["signal"], p, n), stream), noise(p - 2, count, stream)], 1)
    clean = 1.0 - 2 * (cluster >= 2).double()
    flipped = torch.rand(n, generator=generator(PAPER, "flips", n, seed), dtype=torch.float64) < settings["flip"]
    return Clusters(points, cluster, clean, torch.where(flipped, -clean[:n], clean[:n]))


def plane(cluster: Tensor, norm: float, stream: torch.Generator) -> Tensor:
    """Coordinates along mu1 and mu2 [N, 2] of points of the clusters [N]: the mean, and standard noise."""
    means = norm * torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], dtype=torch.float64)
    return means[cluster] + torch.randn(len(cluster), 2, generator=stream, dtype=torch.float64)


def noise(dimension: int, count: int, stream: torch.Generator) -> Tensor:
    """Coordinates [N, N] of N points N(0, I_dimension), N <= dimension: lower triangular, by Bartlett's decomposition."""
    below = torch.randn(count, count, generator=stream, dtype=torch.float64).tril_(-1)
    freedom = dimension - torch.arange(count, dtype=torch.float64)
    return below.diagonal_scatter(torch.sqrt(2 * torch._standard_gamma(freedom / 2, generator=stream)))
