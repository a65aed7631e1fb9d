"""The energy that a hidden neuron climbs while features are learned, its gradient and maximisers; the lazy fixed point.

A neuron has the weights w [d] and sees samples X [n, d] as (X w)^2; targets are one-hot labels less their mean over the
samples, Y~ [n, M]. For pairs of numbers modulo M, d = 2 M: X is two one-hot vectors side by side, w = [u; v].
"""

import math

import torch
from torch import Tensor


def pairs_as_inputs(modulus: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """X [M^2, 2 M] of all pairs, in the order of `tasks.table`."""
    one = torch.eye(modulus, dtype=dtype)
    return torch.cat([one.repeat_interleave(modulus, 0), one.repeat(modulus, 1)], 1)


def centred_targets(labels: Tensor, classes: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Y~ [..., n, M] of labels [..., n]: one-hot, less the mean over the samples."""
    one_hot = torch.nn.functional.one_hot(labels, classes).to(dtype)
    return one_hot - one_hot.mean(-2, keepdim=True)


def energy(weights: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    """E(w) = |Y~^T (X w)^2|^2 / 2 (Equation 7): [..., k, d], [n, d], [..., n, M] -> [..., k]."""
    return ((weights @ inputs.T).square() @ targets).square().sum(-1) / 2


def gradient(weights: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    """Gradient [..., k, d] of the energy by the weights, X^T D Y~ Y~^T (X w)^2 with D = diag(2 X w) (Theorem 1)."""
    hidden = weights @ inputs.T
    pulled = (hidden.square() @ targets) @ targets.mT
    return (2 * hidden * pulled) @ inputs


def tangent(weights: Tensor, slopes: Tensor) -> Tensor:
    """The part of gradients [..., d] that is orthogonal to unit weights [..., d]: 0 at a critical point of the sphere."""
    return slopes - (slopes * weights).sum(-1, keepdim=True) * weights


def modular_energy(weights: Tensor) -> Tensor:
    """The energy of weights [..., 2 M] = [u; v] on all sums modulo M, by Fourier transform: [...].

    (2 / M) sum over k = 1, ..., M - 1 of |u_k|^2 |v_k|^2: it depends on how strong each frequency is, not on its phases.
    """
    modulus = weights.shape[-1] // 2
    first, second = (torch.fft.fft(half).abs().square()[..., 1:] for half in weights.split(modulus, -1))
    return 2 / modulus * (first * second).sum(-1)


def maximiser(modulus: int, frequency: int, phase: float = 0.0, second_phase: float | None = None) -> Tensor:
    """A unit vector [2 M] = [u; v], cosines of one frequency (1, ..., M // 2) with the given phases (radians).

    Without a second phase v is u reflected, v(b) = u(-b), the paper's w = [u; P u]; adding pi to it gives [u; -P u]. The
    highest frequency of an even modulus has the phases 0 and pi alone.
    """
    turn = 2 * math.pi * frequency * torch.arange(modulus, dtype=torch.float64) / modulus
    half = torch.cat(
        [torch.cos(turn + phase), torch.cos(turn - phase if second_phase is None else turn + second_phase)]
    )
    return half / half.norm()


def ridge(features: Tensor, targets: Tensor, decay: float) -> Tensor:
    """Output weights V = (F^T F + decay I)^-1 F^T Y [..., K, M], the lazy fixed point of the top layer.

    Args:
        features: F [..., n, K], fixed (the paper centres them over the samples; the network it trains does not).
        targets: Y [..., n, M].
        decay: for a loss |F V - Y|^2 / n with weight decay `wd` in the gradient, n wd / 2.
    """
    gram = features.mT @ features
    gram.diagonal(dim1=-2, dim2=-1).add_(decay)
    return torch.linalg.solve(gram, features.mT @ targets)
