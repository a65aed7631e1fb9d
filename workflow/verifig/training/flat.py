"""torch modules beside batched programs: parameters in one flat tensor, as the optimisers want them; running statistics."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from verifig.training.ensemble import padded


def flatten(parameters: Iterable[nn.Parameter]) -> tuple[Tensor, Tensor]:
    """Make parameters and their gradients views of two flat tensors [1, P], which optimisers update at once.

    Every parameter begins at a multiple of 16 bytes, as cuDNN and cuBLAS want it; the gaps stay 0.
    """
    parameters = list(parameters)
    flat, start = parameters[0].new_zeros(1, size(parameters), requires_grad=False), 0
    grads = torch.zeros_like(flat)
    for parameter in parameters:
        part = slice(start, start + parameter.numel())
        flat[0, part] = parameter.detach().flatten()
        parameter.data = flat[0, part].view_as(parameter)
        parameter.grad = grads[0, part].view_as(parameter)
        start += padded(parameter.numel(), parameter.dtype)
    return flat, grads


def size(parameters: Iterable[nn.Parameter]) -> int:
    """Number of columns of parameters in a flat tensor, with their gaps."""
    return sum(padded(parameter.numel(), parameter.dtype) for parameter in parameters)


def buffers(module: nn.Module) -> dict[str, Tensor]:
    """Running statistics of batch normalisation, named as a `loop.Trainable` keeps them."""
    return {f"buffer {name}": value for name, value in module.named_buffers()}
