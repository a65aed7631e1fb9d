"""Minibatch SGD on the output layer in function space: the cost of a step does not depend on the width.

With K = Z Z^T, residual R = Z A - Y and A = A_0 + Z^T D, a step on batch B with G = (2/(|B| C)) R[B] changes
D[B] -= lr G and R -= lr K[:, B] G.

`sgd` is a loop of its own, not a `Trainable`: it is called once for many epochs, and its steps run one by one on a GPU too.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def sgd(
    kernels: Tensor,
    residuals: Tensor,
    rate: float,
    batch: int,
    epochs: int,
    streams: Sequence[torch.Generator],
    decay: bool = False,
    first_epoch: int = 0,
) -> tuple[Tensor, Tensor]:
    """Train M models on n samples each for some epochs, every epoch in a fresh order.

    Args:
        kernels: [M, n, n], float64; residuals: [M, n, C] at the start.
        rate: learning rate; with `decay` divided by sqrt(1 + epoch), the epochs counted from `first_epoch`.
        batch: |B|; a last batch may be smaller.
        streams: one generator a model draws its order from; models that share one share the order.

    Returns:
        (residuals [M, n, C] at the end, dual coefficients [M, n, C] gained).
    """
    models, n, outputs = residuals.shape
    rows = kernels.reshape(models * n, n)
    left = residuals.reshape(models * n, outputs).clone()
    dual = torch.zeros_like(left)
    offset = (torch.arange(models, device=left.device) * n)[:, None]
    for epoch in range(first_epoch, first_epoch + epochs):
        step = rate / math.sqrt(1 + epoch) if decay else rate
        order = _order(streams, n).to(left.device) + offset
        for start in range(0, n, batch):
            index = order[:, start : start + batch]
            _step(rows, left, dual, index, step, models, n)
    return left.view(models, n, outputs), dual.view(models, n, outputs)


def _order(streams: Sequence[torch.Generator], n: int) -> Tensor:
    """One permutation of n a stream [M, n]; equal streams give equal rows."""
    drawn = {id(stream): stream for stream in streams}
    permutations = {key: torch.randperm(n, generator=stream) for key, stream in drawn.items()}
    return torch.stack([permutations[id(stream)] for stream in streams])


def _step(rows: Tensor, left: Tensor, dual: Tensor, index: Tensor, rate: float, models: int, n: int) -> None:
    """One batch for all models; `index` [M, |B|] are row numbers in the stacked tables."""
    size, outputs = index.shape[1], left.shape[1]
    flat = index.reshape(-1)
    change = left.index_select(0, flat) * (2 * rate / (size * outputs))
    columns = rows.index_select(0, flat)
    dual.index_add_(0, flat, change, alpha=-1)
    stack = left.view(models, n, outputs)
    if size == 1:
        stack.addcmul_(columns[:, :, None], change[:, None], value=-1)
    else:
        stack.baddbmm_(columns.view(models, size, n).transpose(1, 2), change.view(models, size, outputs), alpha=-1)
