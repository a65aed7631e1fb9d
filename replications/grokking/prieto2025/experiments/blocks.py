"""Neighbouring members that share what a loss does, in one program with others: rows of its tensors."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from replications.grokking.prieto2025.experiments import losses
from replications.grokking.science import softmax

KIND = ("loss", "softmax_precision", "projection", "zero_correct_logits_at")


def kind(member: Mapping) -> tuple:
    """What the members of a block share."""
    return tuple(member[name] for name in KIND)


def blocks_of(members: Sequence[Mapping]) -> list["Block"]:
    """The blocks of members, those of one kind side by side."""
    blocks, start = [], 0
    for (loss, precision, form, zero_at), group in itertools.groupby(members, key=kind):
        rows = slice(start, start + len(list(group)))
        blocks.append(Block(rows, loss, softmax.PRECISIONS[precision], form, zero_at))
        start = rows.stop
    return blocks


@dataclass
class Block:
    """Members `rows` of a program.

    Attributes:
        precision: of the softmax.
        projection: of the gradient, see `projection.project`.
        zero_at: epoch from which on the logits of the correct class are multiplied by 0 (Fig 8), or None.
        zeroed: whether they are now.
    """

    rows: slice
    name: str
    precision: torch.dtype
    projection: str
    zero_at: int | None
    zeroed: bool = False

    def loss(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Loss by sample [k, N] and the gradient of its mean by the logits [k, N, C] of the block."""
        if self.name == "stablemax":
            return losses.stable_cross_entropy(logits, labels)
        return softmax.cross_entropy(logits, labels, self.precision)

    def trained(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """`loss` as it is trained on, from logits [K, N, C] and labels [K, N] of all members."""
        logits, labels = logits[self.rows], labels[self.rows]
        if not self.zeroed:
            return self.loss(logits, labels)
        # the correct class takes no part any more
        loss, gradient = self.loss(logits.scatter(-1, labels[..., None], 0.0), labels)
        return loss, gradient.scatter_(-1, labels[..., None], 0.0)

    def measures(self, logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Mean training loss, share of samples whose loss is exactly 0, and share of collapsed ones, each [k]."""
        loss, _ = self.trained(logits, labels)
        return {
            "train_loss": loss.double().mean(1),
            "zero_loss": (loss == 0).double().mean(1),
            "collapsed": softmax.collapsed(logits[self.rows], self.precision).double().mean(1),
        }
