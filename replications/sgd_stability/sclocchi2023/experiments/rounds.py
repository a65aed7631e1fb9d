"""Programs that train in rounds of fixed length and rest once every member has come to its end."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from verifig.training.ensemble import generator
from verifig.training.trainable import Trainable

LENGTH = 64  # updates, or looks for one, in a round: the training set is checked once a round


class Rounds(Trainable):
    """K members; each step of the loop is a round of `LENGTH` calls of `descend`, which draw samples with replacement.

    Members with equal seeds draw the same samples, whatever their temperature. Subclasses add their own `tensors`,
    and define `descend` and `unfitted`.

    Args:
        members: settings by member, with `seed` and `size` (P, the same for all).
        count: samples that one call of `descend` looks at.
        stream: name of the random stream.
    """

    def __init__(self, members: Sequence[Mapping], count: int, stream: str, device: torch.device):
        super().__init__()
        self._seeds = [member["seed"] for member in members]
        self._size, self._count, self._stream = members[0]["size"], count, stream
        self._first = torch.arange(len(members))[:, None] * self._size  # row 0 of each member in the stacked data
        self.draws = torch.zeros(LENGTH, len(members), count, dtype=torch.int64, device=device)
        self.tensors["left"] = torch.full((len(members),), self._size, device=device)
        self._resting = False

    def prepare(self, step: int) -> str:
        """Draw the samples of a round, unless all members have ended."""
        self._resting = step > 0 and not self.tensors["left"].any().item()
        if self._resting:
            return "rest"
        shape, drawn = (LENGTH, self._count), {}
        for seed in set(self._seeds):
            stream = generator(self._stream, "draws", self._size, seed, step)
            drawn[seed] = torch.randint(self._size, shape, generator=stream)
        self.draws.copy_(torch.stack([drawn[seed] for seed in self._seeds], 1) + self._first)
        return "train"

    def step(self) -> None:
        """One round, or nothing."""
        if self._resting:
            self.tensors["left"].mul_(1)
            return
        for rows in self.draws.unbind():
            self.descend(rows)
        self.tensors["left"].copy_(self.unfitted())

    def descend(self, rows: Tensor) -> None:
        """Look at samples (row numbers [K, count] in the stacked data) and update."""
        raise NotImplementedError

    def unfitted(self) -> Tensor:
        """Samples inside the margin by member [K]; 0 where a member cannot change any more."""
        raise NotImplementedError
