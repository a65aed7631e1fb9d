"""Two-layer ReLU networks with both layers and biases trained: widths, optimisers and training time."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.double_descent.science import THEME
from replications.double_descent.science.features import noisy_labels, sample
from replications.double_descent.science.images import images
from verifig.training import optim
from verifig.training.device import flushed_denormals
from verifig.training.ensemble import MLP, generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable


def pooled(pixels: np.ndarray, size: int) -> np.ndarray:
    """Square images [n, side^2] averaged over blocks of size x size pixels -> [n, (side/size)^2]."""
    side = round(pixels.shape[1] ** 0.5)
    blocks = pixels.reshape(len(pixels), side // size, size, side // size, size)
    return blocks.mean((2, 4)).reshape(len(pixels), -1)


class TwoLayer(Trainable):
    """Networks of one width under one optimiser; each member has its own images, label noise and initial weights."""

    def __init__(self, members: list[Mapping], data: tuple[np.ndarray, np.ndarray], device: torch.device):
        super().__init__()
        width = members[0]["width"]
        draws = [sample(data, member, member["seed"], device) for member in members]
        classes, inputs = draws[0].classes, draws[0].x.shape[1]
        mean = torch.stack([drawn.x.mean() for drawn in draws])[:, None, None]
        deviation = torch.stack([drawn.x.std(correction=0) for drawn in draws])[:, None, None]
        self.x = ((torch.stack([drawn.x for drawn in draws]) - mean) / deviation).float()
        self.x_test = ((torch.stack([drawn.x_test for drawn in draws]) - mean) / deviation).float()
        pairs = list(zip(draws, members, strict=True))
        noisy = torch.stack([noisy_labels(d.labels, classes, m["label_noise"], m["seed"]) for d, m in pairs])
        self.labels, self.test_labels = noisy, torch.stack([drawn.test_labels for drawn in draws])
        self.targets, self.wanted = (
            torch.nn.functional.one_hot(labels, classes).float() - 1 / classes for labels in (noisy, self.test_labels)
        )
        self.net = MLP((inputs, width, classes), len(members), bias=True, device=device)
        for k, member in enumerate(members):
            stream = generator(THEME, "two layers", inputs, width, member["seed"])
            for weight in self.net.weights:
                fan_in = weight.shape[1]
                draw = torch.randn(weight.shape[1:], generator=stream, dtype=torch.float64)
                weight[k] = (draw * member["init_scale"] / fan_in**0.5).to(device)
        flat = self.net.parameters.flat
        self.optimizer, self.gradients = optim.of(flat, members), self.net.parameters.like()
        self.tensors = {"parameters": flat, **self.optimizer.tensors}

    def step(self) -> None:
        with flushed_denormals():
            residual = self.net(self.x, keep=True).sub_(self.targets)
            self.net.backward(residual.mul_(2 / self.targets[0].numel()), self.gradients)
            self.optimizer.step(self.net.parameters.flat, self.gradients)

    def record(self) -> dict[str, Tensor]:
        train_outputs, test = self.net(self.x), self.net(self.x_test)
        return {
            "train_mse": ((train_outputs - self.targets) ** 2).mean((1, 2)),
            "test_mse": ((test - self.wanted) ** 2).mean((1, 2)),
            "train_error": (train_outputs.argmax(-1) != self.labels).double().mean(1),
            "test_error": (test.argmax(-1) != self.test_labels).double().mean(1),
        }


def losses_by_width(run: Run) -> dict[str, np.ndarray]:
    """Train every condition, seed and width; losses and errors.

    Arrays: `<condition>.<field>` [seeds, points, widths], and `<condition>.widths`, `.points` (steps).
    """
    pixels, labels = images(run, run.settings["dataset"])
    if run.settings["pool_size"] > 1:
        pixels = pooled(pixels, run.settings["pool_size"])
    data = (pixels, labels)
    expanded = [member | {"width": width} for member in run.members for width in member["widths"]]
    found = train(
        run,
        expanded,
        lambda chunk: TwoLayer(chunk, data, run.device),
        run.settings["steps"],
        run.settings["record_steps"],
        signature=lambda member: (member["width"], member["optimizer"]),
        chunk=run.settings["chunk"],
    )
    result: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(member["condition"] for member in expanded):
        rows = [index for index, member in enumerate(expanded) if member["condition"] == name]
        widths = expanded[rows[0]]["widths"]
        for field, values in found.items():
            shaped = values[rows].reshape(-1, len(widths), values.shape[1])
            result[f"{name}.{field}"] = np.moveaxis(shaped, 1, 2)
        result[f"{name}.widths"] = np.array(widths)
        result[f"{name}.points"] = np.array(
            sorted({p for p in run.settings["record_steps"] if p <= run.settings["steps"]})
        )
    return result
