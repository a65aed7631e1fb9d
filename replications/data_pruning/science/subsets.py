"""Subsets of examples in the order of their scores."""

import torch
from torch import Tensor


def ascending(scores: Tensor, stream: torch.Generator) -> Tensor:
    """Examples by increasing score, equal scores in random order: [n] int64 for scores [n].

    Of constant scores it is a random order.
    """
    shuffled = torch.randperm(len(scores), generator=stream)
    return shuffled[torch.argsort(scores[shuffled], stable=True)]


def window(scores: Tensor, start: float, keep: float, stream: torch.Generator) -> Tensor:
    """The examples of a window in the order of scores, as increasing indices.

    Args:
        scores: [n]; start: share of the examples that lie below the window; keep: share that it holds.
            The highest-scored half is (0.5, 0.5), the lowest (0, 0.5).
        stream: breaks ties.

    Returns:
        [round(keep n)] int64; of (0, 1) all examples in their order.
    """
    count = len(scores)
    first, size = round(start * count), round(keep * count)
    return ascending(scores, stream)[first : first + size].sort().values


def kept(count: int, keep: float) -> int:
    """Examples of `count` that a window holds."""
    return round(keep * count)
