"""Sharpness at an interpolating minimum from the per-sample gradients g_i of a network's one output.

With the loss 1/(2n) sum_i (f(x_i) - y_i)^2 the Hessian there is the empirical Fisher matrix G = (1/n) sum_i g_i g_i^T. The
n x n Gram matrix K = J J^T / n (rows of J are the g_i) has its non-zero spectrum; all in float64.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from verifig.ground.errors import InputError


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
