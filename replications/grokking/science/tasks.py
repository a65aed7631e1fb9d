"""Operations on pairs of numbers modulo p, and splits of all pairs into those to train on and those to test on."""

from collections.abc import Callable

import torch
from torch import Tensor

OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "product": lambda a, b: a * b,
}


def table(p: int, operation: str) -> tuple[Tensor, Tensor]:
    """All pairs [p^2, 2] of 0, ..., p - 1 in order, and the results [p^2] of an operation modulo p (int64)."""
    pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))
    return pairs, OPERATIONS[operation](pairs[:, 0], pairs[:, 1]) % p


def divide(count: int, size: int, stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """A uniform random choice of `size` of `count` rows, and the rest; both sorted, which makes look-ups sequential."""
    order = torch.randperm(count, generator=stream)
    return order[:size].sort().values, order[size:].sort().values
