"""The orthogonal gradient (perpGrad, Def 7, Eq 11-12) in the paper's form and in the form that the authors run.

Paper: the whole parameter vector. Authors' code: each tensor by itself, and the result is given the norm of the
original gradient. `random` projects out a fixed-norm random direction instead: a control.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from verifig.training.ensemble import Parameters

GUARD = 1e-30


def orthogonal(gradient: Tensor, direction: Tensor) -> Tensor:
    """g - (d.g / d.d) d over all but the member axis: [K, ...], [K, ...] -> [K, ...]."""
    flat, line = gradient.flatten(1), direction.flatten(1)
    share = (line * flat).sum(1, keepdim=True) / ((line * line).sum(1, keepdim=True) + GUARD)
    return (flat - share * line).view_as(gradient)


def restore_norm(gradient: Tensor, original: Tensor) -> Tensor:
    """Scale each member's gradient to the norm of the original one."""
    norms = original.flatten(1).norm(dim=1), gradient.flatten(1).norm(dim=1) + GUARD
    return gradient * (norms[0] / norms[1]).view(-1, *[1] * (gradient.dim() - 1))


def project(form: str, parameters: Parameters, grads: Tensor, directions: Tensor | None, rows: slice) -> None:
    """Apply a form of the projection to the flat gradients [K, P] of some members in place.

    Args:
        form: `none`, `tensor` (the authors' code), `vector` (the paper), `random` (control).
        directions: [K, P], what `draw` drew; used by `random` only.
        rows: of the members.
    """
    if form == "vector":
        grads[rows].copy_(orthogonal(grads[rows], parameters.flat[rows]))
    elif form != "none":
        lines = parameters.views if form == "tensor" else parameters.split(directions)
        for name, gradient in parameters.split(grads).items():
            gradient[rows].copy_(restore_norm(orthogonal(gradient[rows], lines[name][rows]), gradient[rows]))


def draw(parameters: Parameters, directions: Tensor, rows: slice, generators: Sequence[torch.Generator]) -> None:
    """Fill the rows of `directions` [K, P] with Gaussian draws, one CPU stream a member of the rows."""
    for member, stream in zip(range(rows.start, rows.stop), generators, strict=True):
        for view in parameters.split(directions).values():
            view[member].copy_(torch.randn(view.shape[1:], generator=stream, dtype=view.dtype))
