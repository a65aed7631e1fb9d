"""What the instruments take as data: one pair (inputs, targets), or batches of such pairs, as a DataLoader gives them."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from verifig.curvature.operators import Batches
from verifig.ground.errors import InputError


def batches(data: Batches, device: torch.device | None = None) -> Iterator[tuple[Tensor, Tensor]]:
    """The pairs of `data`, on a device if one is named.

    Raises:
        InputError: a batch is no pair of tensors with equally many rows, or there is none at all.
    """
    rows = 0
    for batch in [data] if _is_pair(data) else data:
        if not _is_pair(batch):
            raise InputError("data must be a pair (inputs, targets) of tensors or batches of such pairs")
        if len(batch[0]) != len(batch[1]):
            raise InputError(f"a batch holds {len(batch[0])} inputs and {len(batch[1])} targets")
        rows += len(batch[0])
        yield tuple(part.to(device) for part in batch)
    if not rows:
        raise InputError("the data hold no samples")


def _is_pair(data: object) -> bool:
    return isinstance(data, (tuple, list)) and len(data) == 2 and all(isinstance(part, Tensor) for part in data)


def device_of(model: nn.Module) -> torch.device:
    """Where a module's parameters are; the CPU of one without parameters."""
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """A module in evaluation mode; afterwards it and each of its layers are in the mode that they were in."""
    modes = [(layer, layer.training) for layer in model.modules()]
    try:
        yield model.eval()
    finally:
        for layer, training in modes:
            layer.training = training
