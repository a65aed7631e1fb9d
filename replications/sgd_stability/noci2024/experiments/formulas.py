"""Two-layer linear networks of any width by three moments of their weights: outputs, descent, curvature.

f(x) = (1 / (gamma sqrt(N d))) V W x with W [N, d], V [N]; gamma = 1 is the neural-tangent parametrisation (NTP), gamma = sqrt(N)
the maximal-update one (muP). Learning rates are gamma^2 times a rate that does not depend on the width, and curvature is
given in units of 1 / gamma^2, so that the two multiply to what they are. Outputs, gradients and curvature depend on the weights
through M = W^T W / N [d, d], u = W^T V / N [d] and a = |V|^2 / N alone, and descent maps moments to moments.
"""

import torch
from torch import Tensor

ITERATIONS = 6  # of Newton: at rounding from five on


def moments(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(M [..., d, d], u [..., d], a [...]) of weights W [..., N, d] and V [..., N]."""
    width = second.shape[-1]
    return (
        first.mT @ first / width,
        (first.mT @ second[..., None])[..., 0] / width,
        second.square().sum(-1) / width,
    )


def outputs(x: Tensor, u: Tensor, width: Tensor, gamma: Tensor) -> Tensor:
    """Outputs [K, P] for inputs [K, P, d]: sqrt(N) X u / (gamma sqrt(d)); width and gamma [K]."""
    scale = (width / x.shape[-1]).sqrt() / gamma
    return scale[:, None] * torch.bmm(x, u[..., None])[..., 0]


def gauss_newton_gram(x: Tensor, m: Tensor, a: Tensor) -> Tensor:
    """Gram matrices [K, P, P] with the non-zero spectrum of gamma^2 G, G the Gauss-Newton matrix of sum_p (f_p - y_p)^2 / (2P).

    gamma^2 J J^T / P = X (a + M) X^T / (P d): the rows of J are df/dW = V x^T / (gamma sqrt(N d)), df/dV = W x / (gamma sqrt(N d)).
    """
    samples, size = x.shape[-2:]
    inner = m + a[:, None, None] * torch.eye(size, dtype=m.dtype, device=m.device)
    return torch.bmm(torch.bmm(x, inner), x.mT) / (samples * size)


def sharpness(gram: Tensor) -> Tensor:
    """Largest eigenvalue [K] of symmetric matrices [K, P, P]; infinite where a matrix is not finite."""
    finite = gram.isfinite().all(-1).all(-1)
    values = torch.linalg.eigvalsh(torch.where(finite[:, None, None], gram, torch.zeros_like(gram)))[:, -1]
    return values.masked_fill(~finite, torch.inf)


def hessian_sharpness(x: Tensor, m: Tensor, u: Tensor, a: Tensor, push: Tensor) -> Tensor:
    """Largest eigenvalue [K] of gamma^2 H, H the full Hessian, from P x P matrices.

    H = G + R, where the residual part R couples W and V: (dW, dV) -> rho (dV e^T, dW e) in units of 1 / gamma^2, with e the
    direction of g = X^T (f - y) / P and rho = gamma |g| / sqrt(N d); its eigenvalues are +-rho and 0. So lambda > rho is an
    eigenvalue of H where 1 is one of gamma^2 J (lambda - R)^-1 J^T / P, which is the matrix below; its largest eigenvalue
    mu falls with lambda. Newton's method on 1 / mu(lambda) = 1, from above.

    Args:
        x: [K, P, d]; m, u, a: moments; push: rho e [K, d].
    """
    samples, size = x.shape[-2:]
    rho = push.norm(dim=-1)
    e = push / rho.clamp_min(torch.finfo(rho.dtype).tiny)[:, None]
    along = e[:, :, None] * e[:, None, :]
    mixed = e[:, :, None] * u[:, None, :]
    mixed = rho[:, None, None] * (mixed + mixed.mT)
    mean = a[:, None, None]
    across = mean * (torch.eye(size, dtype=m.dtype, device=m.device) - along)
    value = sharpness(gauss_newton_gram(x, m, a)) + rho
    for _ in range(ITERATIONS):
        at, gap = value[:, None, None], (value.square() - rho.square())[:, None, None]
        inner = across / at + (at * (mean * along + m) + mixed) / gap
        slope = -across / at**2 + (mean * along + m) / gap - 2 * at * (at * (mean * along + m) + mixed) / gap**2
        largest, vectors = torch.linalg.eigh(torch.bmm(torch.bmm(x, inner), x.mT) / (samples * size))
        top = torch.bmm(x.mT, vectors[:, :, -1:])
        fall = (top * torch.bmm(slope, top)).sum((1, 2)) / (samples * size)
        mu = largest[:, -1]
        value = value - mu * (mu - 1) / fall.clamp_max(-torch.finfo(rho.dtype).tiny)
    return value
