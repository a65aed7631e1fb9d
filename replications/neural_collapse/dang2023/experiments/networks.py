"""Multilayer perceptrons with linear heads, full batch, all problems of one depth as one tensor program (E5, and E3 reduced).

Loss: f of `closed_form` on the network's features (penultimate outputs), so that its minimum over free features bounds
the loss from below. Images are rows, features are handed to the head as columns.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.neural_collapse.dang2023 import metrics
from replications.neural_collapse.dang2023.experiments import images
from replications.neural_collapse.dang2023.experiments.linear import backward, forward
from replications.neural_collapse.dang2023.experiments.unconstrained import log_points
from verifig.training.device import flushed_denormals
from verifig.training.ensemble import MLP, Parameters, dtype_of, generator
from verifig.training.loop import train
from verifig.training.optim import Adam
from verifig.training.run import Run
from verifig.training.trainable import Trainable

SLUG = "neural_collapse"
SHAPES = ("depth", "width", "hidden_layers", "dtype", "drops")  # settings that networks of a chunk share
TEST_STRIDE = 4  # every fourth image that was left out is tested on


def networks(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed on a class subset; records [members, log points, ...], smaller ones padded with NaN."""
    common = run.members[0]
    pixels, labels = images.load(run)
    pixels, steps = pixels.flatten(1), common["iterations"]
    points = log_points(steps, common["log_points"], 20)
    records = train(
        run,
        run.members,
        lambda members: Networks(members, pixels, labels, run.device),
        steps,
        points,
        signature=shapes,
        chunk=common["chunk"],
    )
    return records | {"iterations": np.array(points)}


def shapes(member: Mapping) -> tuple:
    """What the networks of a chunk share: `SHAPES`, K and N."""
    return (*(str(member[name]) for name in SHAPES), len(member["sizes"]), sum(member["sizes"]))


class Networks(Trainable):
    """K networks of equal shapes (see `shapes`): ReLU backbone with a linear last layer (the features), then M linear layers.

    Args:
        members: settings; sizes, bias, decays and learning rates may differ.
        pixels, labels: the whole data set; a member trains on its class subset and is tested on the rest.
    """

    def __init__(self, members: Sequence[Mapping], pixels: Tensor, labels: Tensor, device: torch.device):
        super().__init__()
        first = members[0]
        self.members, self.depth, self.classes = members, first["depth"], len(first["sizes"])
        self.dtype = dtype_of(first)
        self._data(pixels, labels, device)
        width, hidden = first["width"], [first["width"]] * first["hidden_layers"]
        self.backbone = MLP((pixels.shape[1], *hidden, width), len(members), bias=True, dtype=self.dtype, device=device)
        inner = [width] * self.depth + [self.classes]
        shapes = {f"w{m + 1}": (inner[m + 1], inner[m]) for m in range(self.depth)} | {"bias": (self.classes, 1)}
        self.head = Parameters(shapes, len(members), self.dtype, device)
        self.weights, self.bias = [self.head.views[f"w{m + 1}"] for m in range(self.depth)], self.head.views["bias"]
        self._initialise()

        def values(name: str) -> Tensor:
            return torch.tensor([member[name] for member in members], dtype=self.dtype, device=device)[:, None, None]

        self.weight_decay, self.feature_decay = values("weight_decay"), values("feature_decay")
        self.has_bias = values("bias")
        self.flats = [self.backbone.parameters.flat, self.head.flat]
        self.grads = [torch.zeros_like(flat) for flat in self.flats]
        self.optimizers = [Adam(flat, [member["learning_rate"] for member in members]) for flat in self.flats]
        self.rates = self.optimizers[0].learning_rate.clone()  # at the start
        self.drops = [round(share * first["iterations"]) for share in first["drops"]]
        self.tensors = {"backbone": self.flats[0], "head": self.flats[1]}
        for part, optimizer in zip(("backbone", "head"), self.optimizers, strict=True):
            self.tensors |= {f"{part} {name}": tensor for name, tensor in optimizer.tensors.items()}

    def _data(self, pixels: Tensor, labels: Tensor, device: torch.device) -> None:
        chosen = [images.subset(labels, m["sizes"], None if m["first_images"] else m["seed"]) for m in self.members]
        self.inputs = torch.stack([pixels[rows] for rows, _ in chosen]).to(device, self.dtype)
        targets = [images.label_noise(m, labels[rows]) for m, (rows, _) in zip(self.members, chosen, strict=True)]
        self.labels = torch.stack(targets).to(device)
        self.truth = torch.nn.functional.one_hot(self.labels, self.classes).transpose(1, 2).to(self.dtype)
        rests = [rest[::TEST_STRIDE] for _, rest in chosen]
        self.tests = [(pixels[rest].to(device, self.dtype), labels[rest].to(device)) for rest in rests]

    def _initialise(self) -> None:
        streams = [generator(SLUG, "network", member["seed"]) for member in self.members]
        self.backbone.initialise(streams)
        for row, stream in enumerate(streams):
            for weight in self.weights:
                draw = torch.empty(weight.shape[1:], dtype=torch.float64)
                weight[row] = torch.nn.init.orthogonal_(draw, generator=stream)

    def prepare(self, step: int) -> None:
        """Learning rates: they drop tenfold at the named shares of the training."""
        factor = 0.1 ** sum(step >= drop for drop in self.drops)
        for optimizer in self.optimizers:
            optimizer.learning_rate.copy_(self.rates * factor)

    def step(self) -> None:
        """One full-batch Adam step."""
        with flushed_denormals():
            layers, slope = self._forward(keep=True)
            out = self.head.split(self.grads[1])
            below = backward(self.weights, layers, slope, [out[f"w{m + 1}"] for m in range(self.depth)])
            below += self.feature_decay * layers[0]
            for m, weight in enumerate(self.weights):
                out[f"w{m + 1}"].add_(self.weight_decay * weight)
            out["bias"].copy_(slope.sum(2, keepdim=True) * self.has_bias)
            self.backbone.backward(below.transpose(1, 2), self.grads[0])
        for flat, grads, optimizer in zip(self.flats, self.grads, self.optimizers, strict=True):
            optimizer.step(flat, grads)

    def _forward(self, keep: bool = False) -> tuple[list[Tensor], Tensor]:
        """Head activations [B, d, N] and the loss gradient by the outputs [B, K, N]."""
        features = self.backbone(self.inputs, keep=keep).transpose(1, 2)
        layers = forward(self.weights, features)
        return layers, (layers[-1] + self.bias - self.truth) / self.inputs.shape[1]

    def record(self) -> dict[str, Tensor]:
        """Geometry of the head (float64), NC1 with true and with permuted labels, objective, accuracies."""
        layers, slope = self._forward()
        samples = self.inputs.shape[1]
        objective = samples / 2 * (slope.double() ** 2).sum((1, 2))
        objective += (self.feature_decay * layers[0].double() ** 2).sum((1, 2)) / 2
        for weight in self.weights:
            objective += (self.weight_decay * weight.double() ** 2).sum((1, 2)) / 2
        predicted = (layers[-1] + self.bias).argmax(1)
        rows = [self._geometry(k, layers[0][k]) for k in range(len(self.members))]
        arrays = {name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in rows[0]}
        return arrays | {
            "objective": objective,
            "accuracy": (predicted == self.labels).double().mean(1),
            "test_accuracy": torch.tensor([self._test(k) for k in range(len(self.members))]),
        }

    def _geometry(self, k: int, features: Tensor) -> dict[str, np.ndarray]:
        columns, labels = features.double().cpu().numpy(), self.labels[k].cpu().numpy()
        shuffled = labels[torch.randperm(len(labels), generator=generator(SLUG, "measure", self.members[k]["seed"]))]
        arrays = metrics.grams([w[k].double().cpu().numpy() for w in self.weights], columns, labels, self.classes)
        return arrays | {
            "nc1": np.array(metrics.nc1(columns, labels, self.classes)),
            "nc1_shuffled": np.array(metrics.nc1(columns, shuffled, self.classes)),
        }

    def _test(self, k: int) -> float:
        """Accuracy on a part of the images that were left out; NaN if there are none."""
        inputs, labels = self.tests[k]
        if not len(labels):
            return math.nan
        hidden = inputs
        views = self.backbone.parameters.views
        for layer in range(1, self.backbone.depth + 1):
            hidden = hidden @ views[f"w{layer}"][k] + views[f"b{layer}"][k]
            hidden = hidden if layer == self.backbone.depth else hidden.relu()
        for weight in self.weights:
            hidden = hidden @ weight[k].T
        return ((hidden + self.bias[k].T).argmax(1) == labels).double().mean().item()
