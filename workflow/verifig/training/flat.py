"""torch modules beside batched programs: parameters in one flat tensor, as the optimisers want them; running statistics."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def flatten(parameters: Iterable[nn.Parameter]) -> tuple[Tensor, Tensor]:
    """Make parameters and their gradients views of two flat tensors [1, P], which optimisers update at once."""
    parameters = list(parameters)
    flat = torch.cat([parameter.detach().flatten() for parameter in parameters])[None]
    grads, start = torch.zeros_like(flat), 0
    for parameter in parameters:
        part = slice(start, start + parameter.numel())
        parameter.data = flat[0, part].view_as(parameter)
        parameter.grad = grads[0, part].view_as(parameter)
        start += parameter.numel()
    return flat, grads


def buffers(module: nn.Module) -> dict[str, Tensor]:
    """Running statistics of batch normalisation, named as a `loop.Trainable` keeps them."""
    return {f"buffer {name}": value for name, value in module.named_buffers()}
