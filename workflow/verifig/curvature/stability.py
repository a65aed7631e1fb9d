"""The learning rate up to which SGD can stay at an interpolating minimum, from per-sample gradients.

Notation of `fisher`: loss 1/(2n) sum_i (f(x_i) - y_i)^2, per-sample gradients g_i of the output, G = (1/n) sum_i g_i g_i^T,
K = J J^T / n with rows g_i of J, which has the non-zero spectrum of G; all in float64.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from verifig.curvature.fisher import gradients
from verifig.ground.errors import InputError

RANK_TOLERANCE = 1e-10  # eigenvalues below this share of the largest one count as zero


def sampling_factor(samples: int, batch: int, replacement: bool = True) -> float:
    """Variance of a batch mean over that of one sample: q = 1/B with replacement, (n - B) / (B (n - 1)) without.

    Raises:
        InputError: a batch size below 1, or above the number of samples when drawn without replacement.
    """
    if batch < 1 or (batch > samples and not replacement):
        raise InputError(f"batch size {batch} must be between 1 and the number of samples {samples}")
    if replacement or samples == 1:
        return 1 / batch
    return (samples - batch) / (batch * (samples - 1))


def exact_threshold(g: ArrayLike, batch: int, replacement: bool = True) -> float:
    """The largest learning rate at which an interpolating minimum is mean-square stable for linearised SGD.

    eta* = 2 / max_M [(1-q) tr(MGMG) + q mean_i (g_i^T M g_i)^2] / tr(MGM) over symmetric M: derived from the linear
    recursion of the second moment of the deviation; the same threshold as in Mulayoff and Michaeli, arXiv 2306.07850.

    Args:
        g: per-sample gradients of the model's output, shape (n, p), in units of output per parameter.
        batch: batch size B; n without replacement is full-batch gradient descent.
        replacement: whether the samples of a batch are drawn with replacement.

    Returns:
        eta*, the learning rate for the gradient of the mean over the batch of (f - y)^2 / 2.

    Raises:
        InputError: `g` is not a finite matrix, is zero, or the batch size is impossible.
    """
    g = gradients(g)
    q = sampling_factor(len(g), batch, replacement)
    if g.shape[1] < len(g):
        values, basis = torch.linalg.eigh(g.T @ g / len(g))
        return _threshold(values, g @ basis, q)
    return gram_threshold(g @ g.T / len(g), batch, replacement)


def gram_threshold(gram: Tensor, batch: int, replacement: bool = True, tolerance: float = 1e-12) -> float:
    """`exact_threshold` from the Gram matrix K = J J^T / n, shape (n, n), float64."""
    n = len(gram)
    values, vectors = torch.linalg.eigh(gram)
    coordinates = vectors * (n * values.clamp_min(0)).sqrt()
    return _threshold(values, coordinates, sampling_factor(n, batch, replacement), tolerance)


def threshold_or_nan(gram: Tensor, batch: int, replacement: bool = True, tolerance: float = 1e-12) -> float:
    """`gram_threshold`; infinite where all gradients are zero, NaN where it is not defined or not found."""
    if not torch.isfinite(gram).all():
        return math.nan
    if not torch.linalg.eigvalsh(gram)[-1] > 0:
        return math.inf
    try:
        return gram_threshold(gram, batch, replacement, tolerance)
    except InputError:
        return math.nan


def _threshold(values: Tensor, coordinates: Tensor, q: float, tolerance: float = 1e-12) -> float:
    """eta* from the eigenvalues of G [r] and the gradients in its eigenbasis [n, r]."""
    if not values[-1] > 0:
        raise InputError("all gradients are zero: every learning rate is stable")
    kept = values > RANK_TOLERANCE * values[-1]
    values, coordinates = values[kept], coordinates[:, kept]
    roots = ((values[:, None] + values[None, :]) / 2).sqrt()
    drift = (1 - q) * values[:, None] * values[None, :]

    def apply(m: Tensor) -> Tensor:
        a = m / roots
        squares = ((coordinates @ a) * coordinates).sum(1)
        fourth = coordinates.T @ (coordinates * (squares / len(coordinates))[:, None])
        return (q * fourth + drift * a) / roots

    return 2 / _largest_quotient(apply, roots.diagonal().diag(), tolerance)


def _largest_quotient(
    apply: Callable[[Tensor], Tensor], start: Tensor, tolerance: float, limit: int = 100_000
) -> float:
    """Largest Rayleigh quotient of a symmetric positive map by power iteration."""
    m = start / start.norm()
    previous = 0.0
    for _ in range(limit):
        image = apply(m)
        quotient = (image * m).sum().item()
        if abs(quotient - previous) <= tolerance * quotient:
            return quotient
        previous, m = quotient, image / image.norm()
    raise InputError("the stability threshold did not converge")


def population_threshold(dimension: int, batch: int, law: str = "gaussian") -> float:
    """eta* of linear regression on infinitely many inputs, from their fourth moments.

    Closed forms to compare with: 2B/(B+d+1) for x ~ N(0, I_d), 2B/(B+d-1) for x uniform on the sphere of radius sqrt(d).

    Args:
        law: `gaussian` or `sphere`.
    """
    factor = {"gaussian": 1.0, "sphere": dimension / (dimension + 2)}[law]
    q = 1 / batch
    identity = torch.eye(dimension, dtype=torch.float64)

    def apply(m: Tensor) -> Tensor:  # E[(x^T M x) x x^T] = tr(M) I + 2 M for a Gaussian
        return (1 - q) * m + q * factor * (m.diagonal().sum() * identity + 2 * m)

    start = identity.clone()
    start[0, 0] = 2.0
    return 2 / _largest_quotient(apply, start, 1e-14)


def one_dimensional_threshold(g: ArrayLike, batch: int) -> float:
    """eta* of one parameter, gradients g of shape (n,): 2 E g^2 / [(1-q) (E g^2)^2 + q E g^4], with replacement."""
    g = np.asarray(g, float)
    q = 1 / batch
    second, fourth = np.mean(g**2), np.mean(g**4)
    return float(2 * second / ((1 - q) * second**2 + q * fourth))


def second_moment_map(g: ArrayLike, learning_rate: float, batch: int, replacement: bool = True) -> np.ndarray:
    """The linear map of the second moment E[delta delta^T] over one step of linearised SGD, shape (p^2, p^2).

    For small p only; stable if its spectral radius on the range of G is below 1.
    """
    g = gradients(g)
    n, p = g.shape
    q = sampling_factor(n, batch, replacement)
    fisher = g.T @ g / n
    contraction = torch.eye(p, dtype=torch.float64) - learning_rate * fisher
    pairs = torch.einsum("ni,nj->nij", g, g).reshape(n, p * p)
    noise = pairs.T @ pairs / n - torch.kron(fisher, fisher)
    return (torch.kron(contraction, contraction) + q * learning_rate**2 * noise).numpy()


def noise_alignment(gram: Tensor, residuals: Tensor) -> float:
    """mu = tr(G S) / (2 R |G|_F^2) of single-sample gradient noise S: loss stability forces |G|_F <= sqrt(B/mu)/eta.

    Args:
        gram: K, shape (n, n); residuals: f(x_i) - y_i, shape (n,); both float64.
    """
    n = len(gram)
    squares = (gram * gram).sum(1) * n  # g_i^T G g_i
    total = (residuals**2 * squares).mean() - (gram @ residuals).square().sum() / n
    return (total / (residuals.square().mean() * gram.square().sum())).item()
