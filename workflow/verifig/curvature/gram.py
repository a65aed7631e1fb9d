"""The spectrum of a Gauss-Newton matrix from its factors A_i (see `dense.factors`), by its smaller side.

G = (1/n) sum_i A_i^T A_i [P, P] and the Gram matrix (1/n) A A^T [n C, n C] have the same eigenvalues but zeros. With one
output and the loss (f - y)^2/2 the factors are the per-sample gradients of the output (see `fisher`).
"""

import torch
from torch import Tensor


def gram(factors: Tensor) -> Tensor:
    """Gram matrices (1/n) A A^T of factors [..., n, C, P]: [..., n C, n C]."""
    rows = factors.flatten(-3, -2)
    return rows @ rows.mT / factors.shape[-3]


def spectrum(factors: Tensor) -> Tensor:
    """Eigenvalues of G, increasing, of factors [..., n, C, P]: [..., min(n C, P)]; all others are zero."""
    rows = factors.flatten(-3, -2)
    product = rows @ rows.mT if rows.shape[-2] <= rows.shape[-1] else rows.mT @ rows
    return torch.linalg.eigvalsh(product / factors.shape[-3])


def sharpness_of_batches(factors: Tensor, batches: Tensor) -> Tensor:
    """Largest eigenvalue of the Gauss-Newton matrix of each batch of samples.

    Args:
        factors: of one network, [N, C, P]; batches: numbers of samples, [..., B], one batch a row.

    Returns:
        [...]. Equal batches that partition the samples have the full matrix as the mean of theirs, so the mean of their
        sharpnesses is at least that of all samples.
    """
    some = [spectrum(factors[batch])[-1] for batch in batches.flatten(0, -2)]
    return torch.stack(some).view(batches.shape[:-1])
