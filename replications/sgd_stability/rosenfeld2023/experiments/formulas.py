"""A two-layer linear network of one hidden unit, f(z) = c w.z, on squared loss: loss, gradient and curvature by moments of the data.

L = mean (f - y)^2 / 2 = (c^2 w^T S w - 2 c w.r + q) / 2 with S = mean z z^T, r = mean y z and q = mean y^2, all exact. The last
entry of z is the outlier feature, 0 in most samples and +-A in a share p of them.
"""

import torch
from torch import Tensor


def moments(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(S [..., D, D], r [..., D], q [...]) of inputs z [..., n, D] and labels y [..., n]."""
    samples = y.shape[-1]
    return z.mT @ z / samples, (z.mT @ y[..., None])[..., 0] / samples, y.square().mean(-1)


def loss(s: Tensor, r: Tensor, q: Tensor, w: Tensor, c: Tensor) -> Tensor:
    """Half the mean squared error [...] of weights w [..., D], c [...]."""
    return (c.square() * (w * _times(s, w)).sum(-1) - 2 * c * (w * r).sum(-1) + q) / 2


def gradient(s: Tensor, r: Tensor, w: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Gradient by w [..., D] and by c [...]."""
    pushed = _times(s, w)
    return c[..., None] * (c[..., None] * pushed - r), c * (w * pushed).sum(-1) - (w * r).sum(-1)


def hessian(s: Tensor, r: Tensor, w: Tensor, c: Tensor) -> Tensor:
    """Hessian [..., D + 1, D + 1] by (w, c): [[c^2 S, 2c S w - r], [., w^T S w]]."""
    pushed = _times(s, w)
    return _bordered(c.square()[..., None, None] * s, 2 * c[..., None] * pushed - r, (w * pushed).sum(-1))


def gauss_newton(s: Tensor, w: Tensor, c: Tensor) -> Tensor:
    """Gauss-Newton matrix [..., D + 1, D + 1] by (w, c): [[c^2 S, c S w], [., w^T S w]]."""
    pushed = _times(s, w)
    return _bordered(c.square()[..., None, None] * s, c[..., None] * pushed, (w * pushed).sum(-1))


def sharpness(matrix: Tensor) -> Tensor:
    """Largest eigenvalue [...] of symmetric matrices; infinite where a matrix is not finite."""
    finite = matrix.isfinite().all(-1).all(-1)
    values = torch.linalg.eigvalsh(torch.where(finite[..., None, None], matrix, torch.zeros_like(matrix)))[..., -1]
    return values.masked_fill(~finite, torch.inf)


def valley(beta: float, share: float, size: float) -> float:
    """Sharpness |beta| p A^2 at the balanced minimum, where c^2 = |w|^2 = |beta|, in the direction of the outlier feature.

    For inputs of unit variance, labels beta.x + |z_o| / kappa and outliers +-A in a share p of samples, as long as p A^2 > 1.
    """
    return beta * share * size**2


def _times(s: Tensor, w: Tensor) -> Tensor:
    return (s @ w[..., None])[..., 0]


def _bordered(block: Tensor, column: Tensor, corner: Tensor) -> Tensor:
    above = torch.cat([block, column[..., None]], -1)
    below = torch.cat([column, corner[..., None]], -1)
    return torch.cat([above, below[..., None, :]], -2)
