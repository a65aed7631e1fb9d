"""Kernels on a training set: how well they fit the labels, how far they moved, and what regression with them finds."""

import torch
from torch import Tensor

RANK = 1e-10  # eigenvalues below this share of the largest count as zero


def alignment(kernel: Tensor, labels: Tensor, centred: bool = False) -> Tensor:
    """Kernel-target alignment y^T K y / (|K|_F |y|^2), between 0 and 1 for a positive kernel.

    Args:
        kernel: [..., P, P]; labels: [..., P].
        centred: take means off rows and columns of the kernel and off the labels first, as CKA does.

    Returns:
        [...].
    """
    if centred:
        labels = labels - labels.mean(-1, keepdim=True)
        kernel = kernel - kernel.mean(-1, keepdim=True)
        kernel = kernel - kernel.mean(-2, keepdim=True)
    form = (kernel * labels[..., None] * labels[..., None, :]).sum((-2, -1))
    return form / (kernel.square().sum((-2, -1)).sqrt() * labels.square().sum(-1))


def movement(kernel: Tensor, initial: Tensor) -> Tensor:
    """Relative distance |K - K0|_F / |K0|_F of kernels [..., P, P]: [...]."""
    return (kernel - initial).square().sum((-2, -1)).sqrt() / initial.square().sum((-2, -1)).sqrt()


def coefficients(
    kernel: Tensor, labels: Tensor, ridge: float = 0.0, rate: float = 0.0, steps: int | None = None
) -> Tensor:
    """Coefficients c [..., P] of f(x) = sum_i c_i K(x_i, x) that fit labels [..., P] on a kernel [..., P, P].

    Args:
        ridge: added to the kernel; 0 finds the interpolant of least norm.
        steps: None for regression; else as many steps of gradient descent f <- f - rate K (f - y) from f = 0.
        rate: for a mean squared error of P samples and a step eta it is 2 eta / P.
    """
    values, vectors = torch.linalg.eigh(kernel)
    kept = values > RANK * values[..., -1:]
    factor = 1 / torch.where(kept, values + ridge, torch.inf)
    if steps is not None:
        factor = factor * (1 - (1 - rate * values) ** steps)
    return (vectors * (factor * (labels[..., None, :] @ vectors)[..., 0, :])[..., None, :]).sum(-1)
