"""MNIST with 200 training images and scaled-up initial weights (Figure 14, Appendix D.2)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.grokking.prieto2025.experiments.classifier import Classifier, fit
from verifig.training import data
from verifig.training.ensemble import MLP, dtype_of, generator
from verifig.training.run import Run


def mnist(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed on its own subset of the embedded images; records [members, log points]."""
    images, labels = (torch.from_numpy(array) for array in data.embedded("mnist_5k"))
    return fit(run, lambda members: build(members, images, labels, run.device), ("train_size", "test_size"))


def build(members: list[Mapping], images: Tensor, labels: Tensor, device: torch.device) -> Classifier:
    """784 - width - width - 10 with biases; all initial parameters times `init_scale`."""
    first = members[0]
    dtype = dtype_of(first)
    size = first["train_size"] + first["test_size"]
    rows = [torch.randperm(len(images), generator=generator("grokking", "mnist", m["seed"]))[:size] for m in members]
    chosen = torch.stack(rows)
    x, y = images[chosen].to(device, dtype), labels[chosen].to(device)
    train_set, test_set = (
        (x[:, part], y[:, part]) for part in (slice(first["train_size"]), slice(first["train_size"], None))
    )
    width = first["width"]
    model = MLP((images.shape[1], width, width, 10), len(members), bias=first["bias"], dtype=dtype, device=device)
    model.initialise([generator("grokking", "init", member["seed"]) for member in members])
    scale = torch.tensor([member["init_scale"] for member in members], dtype=dtype, device=device)
    model.parameters.flat.mul_(scale[:, None])
    return Classifier(members, model, train_set, test_set)
