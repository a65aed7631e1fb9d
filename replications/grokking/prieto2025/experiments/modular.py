"""Modular arithmetic with MLPs: Figures 1, 2, 4, 5, 6b, 6c, 8 and 9 (Section 2 for the set-up)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.grokking.prieto2025.experiments.classifier import Classifier, fit
from replications.grokking.science.tasks import divide, table
from verifig.training.ensemble import MLP, dtype_of, generator, indicators
from verifig.training.run import Run

TASK = ("operation", "modulus", "train_fraction", "code_bits", "shuffle_labels")


def modular(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed; records [members, log points] with `epochs` [log points]."""
    return fit(run, lambda members: build(members, run.device), TASK)


def build(members: list[Mapping], device: torch.device, program: type[Classifier] = Classifier) -> Classifier:
    """A chunk of members of equal signature, ready to train."""
    first = members[0]
    sets = [split(member) for member in members]
    train_set, test_set = (
        tuple(torch.stack([tensors[which][part] for tensors in sets]).to(device) for part in range(2))
        for which in range(2)
    )
    modulus, width = first["modulus"], first["width"]
    inputs = 2 * (first["code_bits"] or modulus)
    dtype = dtype_of(first)
    if first["code_bits"]:
        train_set, test_set = ((x.to(dtype), y) for x, y in (train_set, test_set))
    else:
        train_set, test_set = ((indicators(x, inputs, dtype), y) for x, y in (train_set, test_set))
    model = MLP((inputs, width, width, modulus), len(members), bias=first["bias"], dtype=dtype, device=device)
    model.initialise([generator("grokking", "init", member["seed"]) for member in members])
    return program(members, model, train_set, test_set)


def split(member: Mapping) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """(train, test), each (inputs [N, ...], labels [N]): a uniform random split of all p^2 pairs.

    Inputs are token pairs [N, 2] (the second offset by p: two concatenated one-hots), or binary codes [N, 2 bits].
    """
    p = member["modulus"]
    pairs, labels = table(p, member["operation"])
    if member["shuffle_labels"]:
        labels = labels[torch.randperm(p * p, generator=generator("grokking", "shuffle", member["seed"]))]
    if member["code_bits"]:
        codes = binary_codes(p, member["code_bits"], member["seed"])
        inputs = codes[pairs].flatten(1)
    else:
        inputs = pairs + torch.tensor([0, p])
    size = int(member["train_fraction"] * p * p)
    chosen, rest = divide(p * p, size, generator("grokking", "split", p, member["seed"]))
    return (inputs[chosen], labels[chosen]), (inputs[rest], labels[rest])


def binary_codes(count: int, bits: int, seed: int) -> Tensor:
    """Distinct random binary vectors [count, bits] of zeros and ones (Fig 4 right)."""
    numbers = torch.randperm(2**bits, generator=generator("grokking", "codes", bits, seed))[:count]
    return (numbers[:, None] >> torch.arange(bits)) & 1
