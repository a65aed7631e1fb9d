"""Label noise of image classifiers: uniform over the classes, or from given classes to given others."""

from collections.abc import Sequence

import torch
from torch import Tensor

from verifig.training.labels import corrupt


def symmetric(labels: Tensor, classes: int, share: float, stream: torch.Generator) -> Tensor:
    """Labels [n] int64, a `share` of them drawn anew among all classes, the true one included.

    So share (1 - 1/classes) of them are wrong on average, as in the code of Liu et al. 2020.
    """
    return corrupt(labels, classes, share * (classes - 1) / classes, stream)


def asymmetric(labels: Tensor, becomes: Sequence[Sequence[int]], share: float, stream: torch.Generator) -> Tensor:
    """Labels [n] int64, each of a class that is the first of a pair replaced by the second with probability `share`."""
    flip = (torch.rand(len(labels), generator=stream, dtype=torch.float64) < share).to(labels.device)
    result = labels.clone()
    for old, new in becomes:
        result[(labels == old) & flip] = new
    return result
