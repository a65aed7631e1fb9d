"""Addition modulo p with random labels for a share of the training pairs."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from replications.grokking.science import THEME, tasks
from verifig.training.ensemble import generator

SETS = ("train", "clean", "corrupted", "test")


@dataclass(frozen=True)
class Problem:
    """All p^2 pairs of one problem in order, and which of them are trained on.

    Attributes:
        rows: [R] the pairs trained on.
        given: [p^2] labels to fit, true ones for test pairs; `true`: [p^2].
        sets: [4, p^2] bool: training pairs, those of them with clean labels, those drawn for random labels, test pairs.
    """

    rows: Tensor
    given: Tensor
    true: Tensor
    sets: Tensor


def draw(member: Mapping) -> Problem:
    """The problem of a member's settings and seed.

    int(train_fraction p^2) pairs are trained on; int(corruption of these) are drawn, and get labels uniform on
    0, ..., p - 1, possibly the true one (with `labels: true` they keep it).
    """
    p, seed = member["modulus"], member["seed"]
    _, true = tasks.table(p, "add")
    size = int(member["train_fraction"] * p * p)
    rows, rest = tasks.divide(p * p, size, generator(THEME, "doshi pairs", p, size, seed))
    count = int(member["corruption"] * size)
    stream = generator(THEME, "doshi labels", p, size, count, seed)
    drawn, kept = (rows[part] for part in tasks.divide(size, count, stream))
    given = true.clone()
    if member["labels"] == "random":
        given[drawn] = torch.randint(0, p, (count,), generator=stream)
    sets = torch.zeros(len(SETS), p * p, dtype=torch.bool)
    for mask, members in zip(sets, (rows, kept, drawn, rest), strict=True):
        mask[members] = True
    return Problem(rows, given, true, sets)
