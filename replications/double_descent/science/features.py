"""Tasks and random features: images of some classes, noisy one-hot labels, Z = g(X W0) with its normalisations.

Everything that is drawn derives from (task, seed) alone, never from the condition: conditions are paired. Feature and
output weights of width W are the first W columns of the widest draw, label noise p flips a superset of what p' < p
flips.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from replications.double_descent.science import THEME
from verifig.ground.errors import InputError
from verifig.training.ensemble import generator

ACTIVATIONS = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "elu": torch.nn.functional.elu,
    "softsign": torch.nn.functional.softsign,
    "linear": lambda hidden: hidden,
}
BATCH_EPS = 1e-5
NORMAL_BLOCK = 16


@dataclass(frozen=True)
class Sample:
    """Training and test images [n, d], [m, d] (pixels in [0, 1]) with labels 0 .. classes-1, for one seed."""

    x: Tensor
    labels: Tensor
    x_test: Tensor
    test_labels: Tensor
    classes: int


def sample(data: tuple[np.ndarray, np.ndarray], settings: Mapping, seed: int, device: torch.device) -> Sample:
    """`n` training images of the chosen classes, drawn afresh for each seed, and test images from the others.

    Raises:
        InputError: fewer images than asked for.
    """
    pixels, labels = data
    classes = settings["classes"] or sorted(set(labels.tolist()))
    members = np.flatnonzero(np.isin(labels, classes))
    if len(members) <= settings["n"]:
        raise InputError(f"n = {settings['n']} leaves no test images: classes {classes} have {len(members)} images")
    order = torch.randperm(len(members), generator=generator(THEME, "subset", *classes, len(members), seed)).numpy()
    train, test = members[order[: settings["n"]]], members[order[settings["n"] :]][: settings["test_size"] or None]
    place = np.zeros(max(classes) + 1, np.int64)
    place[classes] = np.arange(len(classes))

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    return Sample(
        tensor(pixels[train]),
        tensor(place[labels[train]]),
        tensor(pixels[test]),
        tensor(place[labels[test]]),
        len(classes),
    )


def noisy_labels(labels: Tensor, classes: int, share: float, seed: int) -> Tensor:
    """Labels [n], each replaced with probability `share` by a uniformly random class (possibly the same)."""
    stream = generator(THEME, "label noise", len(labels), classes, seed)
    chance = torch.rand(len(labels), generator=stream, dtype=torch.float64).to(labels.device)
    other = torch.randint(classes, (len(labels),), generator=stream).to(labels.device)
    return torch.where(chance < share, other, labels)


def centred_one_hot(labels: Tensor, classes: int) -> Tensor:
    """Y - 1/C [n, C], float64: without a bias, standardised features cannot fit a constant."""
    return torch.nn.functional.one_hot(labels, classes).double() - 1 / classes


def first_layer(inputs: int, width: int, scale: float, seed: int, device: torch.device) -> Tensor:
    """Frozen weights W0 [d, W], iid N(0, scale^2/d); narrower draws are its first columns."""
    draw = normal_rows(width, inputs, generator(THEME, "first layer", inputs, seed))
    return draw.T.to(device) * scale / inputs**0.5


def output_layer(width: int, classes: int, seed: int, device: torch.device) -> Tensor:
    """Rows of initial output weights [W, C], iid N(0, 1); scale them by sigma_a/sqrt(W)."""
    return normal_rows(width, classes, generator(THEME, "output layer", classes, seed)).to(device)


def normal_rows(rows: int, columns: int, stream: torch.Generator) -> Tensor:
    """Standard normal numbers [rows, columns], float64, of which fewer rows are the first.

    torch draws them in blocks of 16 and treats an incomplete block differently, so whole blocks are drawn.
    """
    blocks = -(-rows * columns // NORMAL_BLOCK)
    draw = torch.randn(blocks * NORMAL_BLOCK, generator=stream, dtype=torch.float64)
    return draw[: rows * columns].view(rows, columns)


def feature_maps(x: Tensor, x_test: Tensor, weights: Tensor, settings: Mapping) -> tuple[Tensor, Tensor]:
    """Features of training and test images with the chosen activation and normalisation.

    `raw`: pixels in [0, 1]. The others standardise pixels by the data set's mean and deviation; `batch` standardises
    the columns of Z by training statistics (`batch_before`: before the activation), `layer` its rows. `layer` depends
    on the width: hand over exactly the columns wanted.
    """
    kind, activation = settings["normalisation"], ACTIVATIONS[settings["activation"]]
    if kind != "raw":
        x, x_test = ((part - settings["pixel_mean"]) / settings["pixel_std"] for part in (x, x_test))
    hidden, hidden_test = x @ weights, x_test @ weights
    if kind == "batch_before":
        hidden, hidden_test = standardise_columns(hidden, hidden_test)
    z, z_test = activation(hidden), activation(hidden_test)
    if kind == "batch":
        return standardise_columns(z, z_test)
    if kind == "layer":
        return standardise_rows(z), standardise_rows(z_test)
    return z, z_test


def standardise_rows(part: Tensor) -> Tensor:
    """Subtract the mean of each row and divide by its deviation; a constant row becomes zero."""
    deviation = part.std(1, correction=0, keepdim=True).clamp_min(torch.finfo(part.dtype).tiny)
    return (part - part.mean(1, keepdim=True)) / deviation


def standardise_columns(train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    """Subtract the training mean of each column and divide by its training (population) deviation + 1e-5."""
    mean, deviation = train.mean(0), train.std(0, correction=0) + BATCH_EPS
    return (train - mean) / deviation, (test - mean) / deviation


def model(drawn: Sample, settings: Mapping, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Training features [n, W], test features [m, W] and initial output weights [W, C] of scale 1."""
    inputs, seed, device = drawn.x.shape[1], settings["seed"], drawn.x.device
    weights = first_layer(inputs, width, settings["feature_scale"], seed, device)
    z, z_test = feature_maps(drawn.x, drawn.x_test, weights, settings)
    return z, z_test, output_layer(width, drawn.classes, seed, device) / width**0.5


def error(outputs: Tensor, labels: Tensor) -> Tensor:
    """Share of wrong classes."""
    return (outputs.argmax(-1) != labels).double().mean()
