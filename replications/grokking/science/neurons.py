"""How periodic the hidden units of two-layer networks on pairs of numbers modulo p are.

Their weights are `w1` [K, 2p, N], the rows of the first number above those of the second, and `w2` [K, N, p].
"""

from torch import Tensor

from replications.grokking.science import fourier


def participation(w1: Tensor, w2: Tensor, places: Tensor) -> Tensor:
    """Inverse participation ratio [K, N] of each neuron: the mean over its two input rows and its output row.

    Args:
        places: [p] the order in which the entries are taken: 0, 1, ..., or a random one, in which no wave is left.
    """
    p, w1, w2 = w2.shape[2], w1.double(), w2.double()
    parts = w1[:, :p].transpose(1, 2), w1[:, p:].transpose(1, 2), w2
    return sum(fourier.participation(part[..., places.to(part.device)]) for part in parts) / 3


def strengths(w1: Tensor) -> Tensor:
    """Energy [K, N, p // 2] of each neuron's two input rows at the frequencies 1, 2, ... (float64)."""
    first, second = w1.transpose(1, 2).double().split(w1.shape[1] // 2, -1)
    return fourier.energy(first) + fourier.energy(second)


def purity(of: Tensor) -> Tensor:
    """Share [K, N] of the strongest frequency in strengths [K, N, F]."""
    return of.amax(-1) / of.sum(-1)


def mean_purity(of: Tensor) -> Tensor:
    """Mean purity [K] of neurons with strengths [K, N, F], each with its energy as weight."""
    size = of.sum(-1)
    return (purity(of) * size).sum(1) / size.sum(1)
