"""The orthogonal gradient (perpGrad, Def 7, Eq 11-12) in the paper's form and in the form that the authors run.

Paper: the whole parameter vector. Authors' code: each tensor by itself, and the result is given the norm of the
original gradient. `random` projects out a fixed-norm random direction instead: a control.
"""

from collections.abc import Callable

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


def project(form: str, parameters: Parameters, grads: Tensor, generators: list[torch.Generator]) -> None:
    """Apply a form of the projection to flat gradients [K, P] in place.

    Args:
        form: `none`, `tensor` (the authors' code), `vector` (the paper), `random` (control).
        generators: one random stream a member, used by `random` only.
    """
    FORMS[form](parameters, grads, generators)


def _tensor(parameters: Parameters, grads: Tensor, generators: list[torch.Generator]) -> None:
    for name, gradient in parameters.split(grads).items():
        gradient.copy_(restore_norm(orthogonal(gradient, parameters.views[name]), gradient))


def _vector(parameters: Parameters, grads: Tensor, generators: list[torch.Generator]) -> None:
    grads.copy_(orthogonal(grads, parameters.flat))


def _random(parameters: Parameters, grads: Tensor, generators: list[torch.Generator]) -> None:
    for gradient in parameters.split(grads).values():
        draws = [torch.randn(gradient.shape[1:], generator=stream, dtype=gradient.dtype) for stream in generators]
        gradient.copy_(restore_norm(orthogonal(gradient, torch.stack(draws).to(gradient.device)), gradient))


FORMS: dict[str, Callable[[Parameters, Tensor, list[torch.Generator]], None]] = {
    "none": lambda parameters, grads, generators: None,
    "tensor": _tensor,
    "vector": _vector,
    "random": _random,
}
