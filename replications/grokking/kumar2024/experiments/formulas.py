"""The committee machine in closed form: its outputs, population loss (Eq. 6) and tangent kernel (Eq. 5).

f(x) = (alpha/N) sum_i phi(w_i . x) with phi(h) = h + epsilon h^2 / 2 depends on its N weight vectors through two
moments only, their mean and mean outer product: f(x) = a . x + x^T B x / 2 with a = alpha mean(w) and
B = alpha epsilon mean(w w^T). Both are kept in one matrix, the mean of (1, w)(1, w)^T.
"""

import torch
from torch import Tensor


def moments(weights: Tensor) -> Tensor:
    """Mean of (1, w)(1, w)^T over weight vectors [..., N, D]: [..., D + 1, D + 1]."""
    extended = torch.cat([torch.ones_like(weights[..., :1]), weights], -1)
    return extended.transpose(-1, -2) @ extended / weights.shape[-2]


def predictor(of: Tensor, alpha: Tensor | float, epsilon: Tensor | float) -> tuple[Tensor, Tensor]:
    """(a [..., D], B [..., D, D]) of a network with moments [..., D + 1, D + 1]; of changes of moments likewise.

    Differences of moments from those at the start give the centred predictor f(x; w) - f(x; w0).
    """
    alpha, epsilon = (torch.as_tensor(value, dtype=of.dtype, device=of.device) for value in (alpha, epsilon))
    return alpha[..., None] * of[..., 1:, 0], (alpha * epsilon)[..., None, None] * of[..., 1:, 1:]


def outputs(x: Tensor, linear: Tensor, quadratic: Tensor) -> Tensor:
    """a . x + x^T B x / 2 for inputs [..., P, D]: [..., P]."""
    return (x * (x @ quadratic / 2 + linear[..., None, :])).sum(-1)


def population_loss(linear: Tensor, quadratic: Tensor, beta: Tensor) -> Tensor:
    """Exact mean squared error against (beta . x)^2 / 2 over x ~ N(0, I/D), Eq. 6 of Kumar et al. (2024).

    With a = alpha mean(w) and B = alpha epsilon M it is, term by term, the variance, misalignment and power of the
    linear part: ((|beta|^2 - tr B) / D)^2 / 4 + |B - beta beta^T|_F^2 / (2 D^2) + |a|^2 / D.

    Args:
        linear: a [..., D]; quadratic: B [..., D, D], symmetric; beta: [..., D].

    Returns:
        [...].
    """
    return sum(loss_terms(linear, quadratic, beta))


def loss_terms(linear: Tensor, quadratic: Tensor, beta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The three terms of `population_loss`, each [...]."""
    size = beta.shape[-1]
    trace = quadratic.diagonal(dim1=-2, dim2=-1).sum(-1)
    residual = quadratic - beta[..., :, None] * beta[..., None, :]
    return (
        ((trace - beta.square().sum(-1)) / size) ** 2 / 4,
        residual.square().sum((-2, -1)) / (2 * size**2),
        linear.square().sum(-1) / size,
    )


def initial_loss(alpha: float, epsilon: float, dimension: int) -> float:
    """Population loss of the uncentred predictor of infinite width at w ~ N(0, I), for |beta|^2 = D."""
    scale = alpha * epsilon
    return (1 - scale) ** 2 / 4 + (1 + (scale**2 - 2 * scale) / dimension) / 2


def tangent_kernel(x: Tensor, other: Tensor, of: Tensor, epsilon: Tensor | float) -> Tensor:
    """Tangent kernel of a network with moments `of`, in units of alpha^2 / N: mean phi'(w.x) phi'(w.x') (x . x').

    At infinite width and w ~ N(0, I) it is x . x' + epsilon^2 (x . x')^2 (Eq. 5).

    Args:
        x: [..., P, D]; other: [..., Q, D]; of: [..., D + 1, D + 1]; epsilon: a number or [...].

    Returns:
        [..., P, Q].
    """
    epsilon = torch.as_tensor(epsilon, dtype=x.dtype, device=x.device)[..., None, None]
    slopes = torch.cat([torch.ones_like(x[..., :1]), epsilon * x], -1)
    other_slopes = torch.cat([torch.ones_like(other[..., :1]), epsilon * other], -1)
    return (x @ other.transpose(-1, -2)) * (slopes @ of @ other_slopes.transpose(-1, -2))


def kernel_predictor(x: Tensor, coefficients: Tensor, of: Tensor, epsilon: Tensor | float) -> tuple[Tensor, Tensor]:
    """(a, B) of f(x) = sum_i c_i K(x_i, x) with the tangent kernel of moments `of`: what a linearised network learns.

    Args:
        x: [..., P, D]; coefficients: [..., P].
    """
    epsilon = torch.as_tensor(epsilon, dtype=x.dtype, device=x.device)[..., None, None]
    slopes = torch.cat([torch.ones_like(x[..., :1]), epsilon * x], -1)
    form = (x * coefficients[..., None]).transpose(-1, -2) @ slopes @ of  # [..., D, D + 1]
    quadratic = epsilon * form[..., 1:]
    return form[..., 0], quadratic + quadratic.transpose(-1, -2)


def linear_eigenvalue(dimension: int) -> float:
    """Of the kernel of Eq. 5 on linear functions, over x ~ N(0, I/D)."""
    return 1 / dimension


def quadratic_eigenvalue(epsilon: float, dimension: int) -> float:
    """Of the kernel of Eq. 5 on x_i x_j and x_i^2 - x_j^2, as the paper's appendix derives it; its main text prints 2 epsilon / D^2."""
    return 2 * epsilon**2 / dimension**2
