"""Minibatches without replacement: a random order an epoch, its rows in fixed places on the device."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor


class Epochs:
    """Which rows each step trains on: `rows` [batch], or [K, batch] where members have orders of their own.

    A `Trainable` calls `prepare` in its own, and has `tensors` among its own.

    Args:
        draw: the order of an epoch (0, 1, ...), int64 [count] or [K, count]; called once an epoch, in turn.
        count: number of samples.
        size: of a batch.
        device: where the rows are used.
        members: K, or None for one order.
        last: what becomes of a last batch of an epoch that is smaller.
    """

    def __init__(
        self,
        draw: Callable[[int], Tensor],
        count: int,
        size: int,
        device: torch.device,
        members: int | None = None,
        last: Literal["kept", "dropped"] = "kept",
    ):
        self._draw, self._size = draw, min(size, count)
        self.per_epoch = count // self._size if last == "dropped" else -(-count // self._size)
        shape = (count,) if members is None else (members, count)
        self.tensors = {"order": torch.zeros(shape, dtype=torch.int64, device=device)}
        self.rows = self.tensors["order"][..., : self._size].clone()
        self._by_length = {self._size: self.rows}

    def prepare(self, step: int) -> int:
        """Lay out the rows of step number `step` (0, 1, ...); returns the size of the batch."""
        epoch, batch = divmod(step, self.per_epoch)
        order = self.tensors["order"]
        if batch == 0:
            order.copy_(self._draw(epoch))
        chosen = order[..., batch * self._size : (batch + 1) * self._size]
        length = chosen.shape[-1]
        if length not in self._by_length:
            self._by_length[length] = torch.empty_like(chosen, memory_format=torch.contiguous_format)
        self.rows = self._by_length[length]
        self.rows.copy_(chosen)
        return length
