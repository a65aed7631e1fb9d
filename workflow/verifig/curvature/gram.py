"""The spectrum of a Gauss-Newton matrix from its factors A_i (see `dense.factors`), by its smaller side.

G = (1/n) sum_i A_i^T A_i [P, P] and the Gram matrix (1/n) A A^T [n C, n C] have the same eigenvalues but zeros. With one
output and the loss (f - y)^2/2 the factors are the per-sample gradients of the output.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from verifig.ground.errors import InputError


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


def fisher_metrics(g: ArrayLike) -> dict[str, float]:
    """Sharpness metrics of per-sample gradients.

    Args:
        g: per-sample gradients of the model's output, shape (n, p).

    Returns:
        `tr`, `fro`, `lmax`: trace, Frobenius norm and largest eigenvalue of G = g^T g / n; `g4`: mean of |g_i|^4;
        `mean_gradient`: |mean_i g_i|^2, the trace of the rank-one matrix that a single averaged gradient gives.

    Raises:
        InputError: `g` is not a finite matrix.
    """
    g = gradients(g)
    return gram_metrics(g @ g.T / len(g))


def gram_metrics(gram: Tensor) -> dict[str, float]:
    """`fisher_metrics` from the Gram matrix K = J J^T / n, shape (n, n), float64."""
    n = len(gram)
    diagonal = gram.diagonal()
    return {
        "tr": diagonal.sum().item(),
        "fro": gram.norm().item(),
        "lmax": torch.linalg.eigvalsh(gram)[-1].item(),
        "g4": (n * diagonal**2).sum().item(),
        "mean_gradient": (gram.sum() / n).item(),
    }


def gradients(g: ArrayLike) -> Tensor:
    """Per-sample gradients as a float64 matrix (n, p).

    Raises:
        InputError: `g` is not a finite matrix.
    """
    g = torch.as_tensor(np.asarray(g), dtype=torch.float64)
    if g.dim() != 2 or 0 in g.shape or not torch.isfinite(g).all():
        raise InputError(f"per-sample gradients must be a finite matrix (n, p), not of shape {tuple(g.shape)}")
    return g
