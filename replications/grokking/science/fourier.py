"""How periodic a vector is, by its discrete Fourier transform."""

import torch
from torch import Tensor


def participation(vectors: Tensor) -> Tensor:
    """Inverse participation ratio of real vectors [..., p] in frequency space: [...].

    sum_k |x_k|^4 / (sum_k |x_k|^2)^2 over the one-sided transform, mean included, as in the code of Doshi et al. (2024):
    1 for a cosine, about 2 / p for noise. Over all p frequencies, as their Eq. 3 is printed, a cosine has 1/2.
    """
    power = torch.fft.rfft(vectors).abs().square()
    return power.square().sum(-1) / power.sum(-1).square()


def purity(vectors: Tensor) -> Tensor:
    """Share of the strongest frequency in the energy of real vectors [..., p], mean left out: [..., p] -> [...]."""
    power = energy(vectors)
    return power.amax(-1) / power.sum(-1)


def energy(vectors: Tensor) -> Tensor:
    """Energy [..., p // 2] of real vectors [..., p] at the frequencies 1, 2, ..., which add up to that about their mean."""
    p = vectors.shape[-1]
    power = 2 * torch.fft.rfft(vectors).abs().square()[..., 1:] / p
    if p % 2 == 0:  # the highest frequency has no partner
        power[..., -1] /= 2
    return power
