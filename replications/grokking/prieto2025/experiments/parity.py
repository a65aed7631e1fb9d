"""Sparse parity: 3 of 43 bits, 2,000 random strings (Figure 4 left and middle)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.grokking.prieto2025.experiments.classifier import Classifier, fit
from verifig.training.ensemble import MLP, dtype_of, generator
from verifig.training.run import Run


def parity(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed; records [members, log points]."""
    return fit(run, lambda members: build(members, run.device), ("parity_bits", "noise_bits", "strings"))


def build(members: list[Mapping], device: torch.device) -> Classifier:
    """bits - width - width - 2 on random strings, half of them for training."""
    first = members[0]
    dtype = dtype_of(first)
    inputs, labels = zip(*(strings(member) for member in members), strict=True)
    x, y = torch.stack(inputs).to(device, dtype), torch.stack(labels).to(device)
    half = first["strings"] // 2
    bits = first["parity_bits"] + first["noise_bits"]
    model = MLP((bits, first["width"], first["width"], 2), len(members), bias=first["bias"], dtype=dtype, device=device)
    model.initialise([generator("grokking", "init", member["seed"]) for member in members])
    return Classifier(members, model, (x[:, :half], y[:, :half]), (x[:, half:], y[:, half:]))


def strings(member: Mapping) -> tuple[Tensor, Tensor]:
    """Distinct random strings [n, bits] of zeros and ones, labelled by the parity of the first `parity_bits`."""
    stream = generator("grokking", "parity", member["seed"])
    bits, count = member["parity_bits"] + member["noise_bits"], member["strings"]
    if 2**bits < 8 * count:  # few strings in all: random draws would repeat too many
        numbers = torch.randperm(2**bits, generator=stream)[:count]
        chosen = (numbers[:, None] >> torch.arange(bits)) & 1
    else:
        unique = torch.unique(torch.randint(0, 2, (2 * count, bits), generator=stream), dim=0)
        chosen = unique[torch.randperm(len(unique), generator=stream)[:count]]
    return chosen, chosen[:, : member["parity_bits"]].sum(1) % 2
