"""Networks with mini-batches: multilayer perceptrons with batch normalisation (E3), ResNet18 and VGG16 (E4)."""

import itertools
import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from replications.neural_collapse.dang2023 import metrics
from replications.neural_collapse.dang2023.experiments import images, vision
from replications.neural_collapse.dang2023.experiments.linear import pad
from verifig.training import flat
from verifig.training.ensemble import generator
from verifig.training.loop import Trainable, train
from verifig.training.optim import SGD, Adam
from verifig.training.run import Run
from verifig.training.seeds import derive

SLUG = "neural_collapse"
EVALUATION_BATCH = 1000


def backbones(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed, one network after the other; records [members, log points, ...] by epoch."""
    common = run.members[0]
    pixels, labels = images.load(run)
    rows, _ = images.subset(labels, common["sizes"], None)
    pixels, labels = images.resize_rgb(pixels[rows]).to(run.device), labels[rows].to(run.device)
    epochs = common["epochs"]
    every = math.ceil(len(rows) / common["batch_size"])
    spaced = np.geomspace(1, epochs, common["log_points"]).round().astype(int)
    points = sorted({0, *spaced.tolist(), *np.linspace(0, epochs, 21).round().astype(int).tolist()})
    deepest, parts = max(member["depth"] for member in run.members), []
    for member in run.members:
        name = f"{member['condition']} {member['seed']}"
        records = train(
            run,
            [member],
            lambda one: Network(one[0], pixels, labels),
            epochs * every,
            [p * every for p in points],
            name=name,
        )
        parts.append(pad(records, deepest, len(common["sizes"])))
    stacked = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return stacked | {"iterations": np.array(points)}


class Network(Trainable):
    """One network: a backbone that ends in batch normalisation (its output is the features), then M linear layers.

    Args:
        member: settings.
        pixels: [n, 3, 32, 32] on the device, normalised; labels: [n].
    """

    def __init__(self, member: Mapping, pixels: Tensor, labels: Tensor):
        super().__init__()
        self.classes, dtype = len(member["sizes"]), getattr(torch, member["dtype"])
        self.member, self.pixels, self.labels = member, pixels.to(dtype), labels
        torch.manual_seed(derive(SLUG, "backbone", member["seed"]))
        if member["backbone"] == "mlp":
            body, width = perceptron(pixels[0].numel(), member["width"], member["hidden_layers"]), member["width"]
        else:
            body, width = vision.convolutional(member["backbone"])
        inner = [width] * member["depth"] + [self.classes]
        last = member["depth"] - 1
        self.body = nn.Sequential(body, nn.BatchNorm1d(width)).to(pixels.device, dtype)
        self.head = nn.Sequential(
            *(nn.Linear(inner[m], inner[m + 1], bias=member["bias"] and m == last) for m in range(member["depth"]))
        ).to(pixels.device, dtype)
        self.flat, self.grads = flat.flatten([*self.body.parameters(), *self.head.parameters()])
        adam = member["optimizer"] == "adam"
        decay = member["weight_decay"] if not adam else 0.0  # with Adam the loss holds the decay of the head alone
        self.optimizer = (
            Adam(self.flat, member["learning_rate"])
            if adam
            else SGD(self.flat, member["learning_rate"], member["momentum"], decay)
        )
        self.coupled = member["weight_decay"] if adam else 0.0
        self.stream = generator(SLUG, "batches", member["seed"])
        self.generators = {"batches": self.stream}
        self.count = torch.zeros(1, dtype=torch.int64)
        self.order = torch.zeros(len(labels), dtype=torch.int64)
        self.tensors = {"parameters": self.flat, "order": self.order, "count": self.count}
        self.tensors |= {f"optimizer {name}": tensor for name, tensor in self.optimizer.tensors.items()}
        self.tensors |= flat.buffers(self.body)

    def step(self) -> None:
        """One mini-batch; a new order at the start of each epoch."""
        size, n = self.member["batch_size"], len(self.labels)
        every = math.ceil(n / size)
        epoch, batch = divmod(int(self.count), every)
        if batch == 0:
            self.order.copy_(torch.randperm(n, generator=self.stream))
        rows = self.order[batch * size : (batch + 1) * size].to(self.pixels.device)
        drops = sum(epoch >= share * self.member["epochs"] for share in self.member["drops"])
        self.optimizer.learning_rate = [self.member["learning_rate"] * 0.1**drops]
        self.body.train()
        features = self.body(self.pixels[rows])
        self.grads.zero_()
        self._loss(features, self.labels[rows]).backward()
        self.optimizer.step(self.flat, self.grads)
        self.count += 1

    def _loss(self, features: Tensor, labels: Tensor) -> Tensor:
        """What is optimised; `authors`: mean over classes too, no 1/2, features' decay summed over the mini-batch."""
        truth = nn.functional.one_hot(labels, self.classes).to(features.dtype)
        squared = (self.head(features) - truth) ** 2
        theory = self.member["loss_scale"] == "theory"
        loss = squared.sum(1).mean() / 2 if theory else squared.mean()
        if self.coupled:
            loss = loss + self.coupled / 2 * sum((layer.weight**2).sum() for layer in self.head)
        if self.member["feature_decay"]:
            share = len(self.labels) / len(labels) if theory else 1.0
            loss = loss + self.member["feature_decay"] / 2 * share * (features**2).sum()
        return loss

    @torch.no_grad()
    def record(self) -> dict[str, Tensor]:
        """Geometry of the head over the whole training set in evaluation mode, NC1, accuracy."""
        self.body.eval()
        batches = [self.body(part) for part in self.pixels.split(EVALUATION_BATCH)]
        features = torch.cat(batches)
        correct = torch.cat([self.head(part).argmax(1) for part in batches]) == self.labels
        columns, labels = features.double().cpu().numpy().T, self.labels.cpu().numpy()
        weights = [layer.weight.double().cpu().numpy() for layer in self.head]
        arrays = metrics.grams(weights, columns, labels, self.classes)
        arrays["nc1"] = np.array(metrics.nc1(columns, labels, self.classes))
        return {name: torch.from_numpy(array[None]) for name, array in arrays.items()} | {
            "accuracy": correct.double().mean()[None]
        }


def perceptron(inputs: int, width: int, hidden_layers: int) -> nn.Module:
    """Blocks of linear layer, ReLU and batch normalisation on flattened images."""
    sizes = [inputs] + [width] * hidden_layers
    blocks = [nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.BatchNorm1d(b)) for a, b in itertools.pairwise(sizes)]
    return nn.Sequential(nn.Flatten(), *blocks)
