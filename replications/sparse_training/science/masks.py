"""Random masks with exact counts: of weights, and of hidden units."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from replications.sparse_training.science.rules import Shapes


def count(size: int, density: float) -> int:
    """Weights that are kept of a layer: the nearest integer, at least 1."""
    return max(1, round(size * density))


def draw(shapes: Shapes, densities: Mapping[str, float], stream: torch.Generator) -> dict[str, Tensor]:
    """Random masks (bool) by layer with exact counts; of one stream's masks a denser one holds a sparser one."""
    result = {}
    for name, shape in shapes.items():
        size = math.prod(shape)
        mask = torch.zeros(size, dtype=torch.bool)
        mask[torch.randperm(size, generator=stream)[: count(size, densities[name])]] = True
        result[name] = mask.view(tuple(shape))
    return result


def nodes(widths: Sequence[int], keep: int, stream: torch.Generator) -> list[Tensor]:
    """Units kept in each hidden layer: `keep` of each width, drawn without replacement, in rising order [keep]."""
    return [torch.randperm(width, generator=stream)[:keep].sort().values for width in widths]


def subnetwork(weights: Sequence[Tensor], kept: Sequence[Tensor]) -> list[Tensor]:
    """Weights [fan_in, fan_out] of the narrow network that keeps some hidden units of a wide one, values inherited.

    It computes what the wide network computes with the other units' outputs set to 0, with the same gradients.
    """
    last = len(weights) - 1
    narrow = []
    for layer, weight in enumerate(weights):
        rows = weight if layer == 0 else weight[kept[layer - 1]]
        narrow.append(rows if layer == last else rows[:, kept[layer]])
    return narrow
