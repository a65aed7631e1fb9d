"""Lanczos' method on many symmetric matrices or from many starts at once, with full reorthogonalisation.

Each row of a batch [B, P] is an iteration of its own: K networks, or several random starts for one matrix. SciPy's
`eigsh` (see `operators`) finds eigenvalues to a tolerance, one matrix at a time; this finds Gauss quadratures, which
`eigsh` does not give, and the sharpness of K networks in a fixed number of products.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Quadrature:
    """Gauss quadratures of B spectral measures: sum_j w_j f(theta_j) = v^T f(A) v for polynomials f of degree < 2m.

    Args:
        nodes: theta [B, m], increasing, float64; weights: w [B, m], which sum to 1, float64.
        errors: [B, m], float64; an eigenvalue lies within this distance of the node.
    """

    nodes: Tensor
    weights: Tensor
    errors: Tensor


@dataclass(frozen=True)
class Largest:
    """The largest eigenvalue of each of B matrices, approached from below.

    Args:
        values: [B], float64; errors: [B], float64, an eigenvalue lies within this distance; NaN where not finite.
        vectors: unit eigenvectors [B, P], e.g. as starts for matrices nearby.
    """

    values: Tensor
    errors: Tensor
    vectors: Tensor


def quadrature(product: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> Quadrature:
    """At most `steps` iterations from each row of `start` [B, P].

    Args:
        product: [B, P] -> [B, P], each row times its symmetric matrix.
    """
    return _solved(product, start, steps)[0]


def largest(product: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> Largest:
    """The largest node of `quadrature` for each row."""
    found, vectors, basis = _solved(product, start, steps)
    seen = found.weights > torch.finfo(found.weights.dtype).tiny  # others belong to steps after an iteration ended
    place = torch.where(seen, found.nodes, -torch.inf).argmax(1, keepdim=True)
    values, errors = (part.gather(1, place)[:, 0] for part in (found.nodes, found.errors))
    along = vectors.gather(2, place[:, None].expand(-1, vectors.shape[1], 1))
    return Largest(values, errors, torch.bmm(along.mT.to(basis.dtype), basis)[:, 0])


def _solved(product: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> tuple[Quadrature, Tensor, Tensor]:
    """The quadrature, the eigenvectors [B, m, m] of the tridiagonal matrices, and the bases [B, m, P] these refer to."""
    unit = start / start.norm(dim=1, keepdim=True)
    basis, diagonal, beside = _tridiagonal(product, unit, min(steps, start.shape[1]))
    matrix = torch.diag_embed(diagonal) + torch.diag_embed(beside[:, :-1], 1) + torch.diag_embed(beside[:, :-1], -1)
    finite = torch.isfinite(matrix).all((1, 2))
    values, vectors = torch.linalg.eigh(torch.where(finite[:, None, None], matrix, 0.0))
    values[~finite] = torch.nan
    return Quadrature(values, vectors[:, 0].square(), (beside[:, -1:] * vectors[:, -1]).abs()), vectors, basis


def _tridiagonal(product: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Orthonormal basis [B, m, P], diagonal [B, m] and elements beside it [B, m], the last one beyond the matrix.

    Where a Krylov space is exhausted, an iteration goes on from rounding errors, orthogonal to all before; where these
    are exactly zero, so are the elements beside and all further vectors.
    """
    basis = start.new_zeros(len(start), steps, start.shape[1])
    diagonal, beside = (start.new_zeros(len(start), steps, dtype=torch.float64) for _ in range(2))
    vector = start
    for step in range(steps):
        basis[:, step] = vector
        image = product(vector)
        diagonal[:, step] = (image * vector).sum(1)
        known = basis[:, : step + 1]
        for _ in range(2):  # once leaves rounding errors that grow with the steps
            image = image - torch.bmm(torch.bmm(image[:, None], known.mT), known)[:, 0]
        length = image.norm(dim=1)
        beside[:, step] = length
        vector = torch.where(length[:, None] > 0, image / length[:, None], 0)
    return basis, diagonal, beside
