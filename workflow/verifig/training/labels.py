"""Label noise."""

import torch
from torch import Tensor


def corrupt(labels: Tensor, classes: int, share: float, stream: torch.Generator) -> Tensor:
    """Labels [n] int64, each replaced with probability `share` by a uniformly random other class."""
    flip = torch.rand(len(labels), generator=stream, dtype=torch.float64) < share
    shift = torch.randint(1, classes, (len(labels),), generator=stream)
    return torch.where(flip.to(labels.device), (labels + shift.to(labels.device)) % classes, labels)
