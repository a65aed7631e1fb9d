"""Tangent kernels of two-layer networks with squared hidden units, f(x) = (x W1)^2 W2, and what they say of labels."""

import torch
from torch import Tensor


def quadratic_kernel(inputs: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    """Tangent kernel, the sum over outputs c of <grad f_c(x), grad f_c(x')>: [K, N, N] in their type.

    C (h^2 . h'^2) + 4 (x . x') sum_n h_n h'_n |W2_n|^2 with h = x W1: the parts of W2 and of W1.

    Args:
        inputs: [K, N, D]; w1: [K, D, H]; w2: [K, H, C].
    """
    hidden = torch.bmm(inputs, w1)
    squared, scaled = hidden.square(), hidden * w2.norm(dim=2)[:, None]
    first = 4 * torch.bmm(inputs, inputs.mT) * torch.bmm(scaled, scaled.mT)
    return first.add_(torch.bmm(squared, squared.mT), alpha=w2.shape[2])


def centred(kernel: Tensor) -> Tensor:
    """A kernel [..., N, N] less the means of its rows and columns."""
    kernel = kernel - kernel.mean(-1, keepdim=True)
    return kernel - kernel.mean(-2, keepdim=True)


def cosine(one: Tensor, other: Tensor) -> Tensor:
    """Cosine [...] between kernels [..., N, N]; of centred ones it is the centred kernel alignment (CKA)."""
    size = one.square().sum((-2, -1)).sqrt() * other.square().sum((-2, -1)).sqrt()
    return (one * other).sum((-2, -1)) / size


def class_kernel(labels: Tensor) -> Tensor:
    """The kernel of the labels: 1 where two samples have the same class, else 0. [..., N] -> [..., N, N] bool."""
    return labels[..., :, None] == labels[..., None, :]
