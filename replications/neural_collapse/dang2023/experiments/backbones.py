"""Networks with mini-batches: multilayer perceptrons with batch normalisation (E3), ResNet18 and VGG16 (E4)."""

import itertools
import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from replications.neural_collapse.dang2023 import metrics
from replications.neural_collapse.dang2023.experiments import images, vision
from verifig.training import flat, optim
from verifig.training.batches import Epochs
from verifig.training.ensemble import dtype_of, generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.seeds import derive
from verifig.training.trainable import Trainable

SLUG = "neural_collapse"
EVALUATION_BATCH = 1000


def backbones(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed, one network after the other; records [members, log points, ...] by epoch.

    Records of shallower heads are padded with NaN (see `loop.train`).
    """
    common = run.members[0]
    pixels, labels = images.load(run)
    rows, _ = images.subset(labels, common["sizes"], None)
    pixels, labels = images.resize_rgb(pixels[rows]).to(run.device), labels[rows].to(run.device)
    epochs = common["epochs"]
    every = math.ceil(len(rows) / common["batch_size"])
    spaced = np.geomspace(1, epochs, common["log_points"]).round().astype(int)
    points = sorted({0, *spaced.tolist(), *np.linspace(0, epochs, 21).round().astype(int).tolist()})
    records = train(
        run,
        run.members,
        lambda one: Network(one[0], pixels, labels),
        epochs * every,
        [p * every for p in points],
        signature=lambda member: (member["condition"], member["seed"]),  # alone on a GPU too
    )
    return records | {"iterations": np.array(points)}


class Network(Trainable):
    """One network: a backbone that ends in batch normalisation (its output is the features), then M linear layers.

    Args:
        member: settings.
        pixels: [n, 3, 32, 32] on the device, normalised; labels: [n].
    """

    def __init__(self, member: Mapping, pixels: Tensor, labels: Tensor):
        super().__init__()
        self.classes, dtype = len(member["sizes"]), dtype_of(member)
        self.member, self.pixels, self.labels = member, pixels.to(dtype), labels
        self.truth = nn.functional.one_hot(labels, self.classes).to(dtype)
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
        # with Adam the loss holds the decay, of the head alone
        self.optimizer = optim.of(self.flat, [member | ({"weight_decay": 0.0} if adam else {})])
        self.coupled = member["weight_decay"] if adam else 0.0
        self.stream = generator(SLUG, "batches", member["seed"])
        self.generators = {"batches": self.stream}
        n = len(labels)
        self.batches = Epochs(
            lambda epoch: torch.randperm(n, generator=self.stream), n, member["batch_size"], pixels.device
        )
        self.tensors = {"parameters": self.flat} | self.batches.tensors
        self.tensors |= {f"optimizer {name}": tensor for name, tensor in self.optimizer.tensors.items()}
        self.tensors |= flat.buffers(self.body)

    def prepare(self, step: int) -> int:
        """The rows of the mini-batch, and the learning rate, which drops tenfold at the named shares of the training."""
        epoch = step // self.batches.per_epoch
        drops = sum(epoch >= share * self.member["epochs"] for share in self.member["drops"])
        self.optimizer.learning_rate.fill_(self.member["learning_rate"] * 0.1**drops)
        return self.batches.prepare(step)

    def step(self) -> None:
        """One mini-batch."""
        rows = self.batches.rows
        self.body.train()
        features = self.body(self.pixels[rows])
        self.grads.zero_()
        self._loss(features, self.truth[rows]).backward()
        self.optimizer.step(self.flat, self.grads)

    def _loss(self, features: Tensor, truth: Tensor) -> Tensor:
        """What is optimised, by features [B, d] and one-hot labels [B, K].

        `authors`: mean over classes too, no 1/2, features' decay summed over the mini-batch.
        """
        squared = (self.head(features) - truth) ** 2
        theory = self.member["loss_scale"] == "theory"
        loss = squared.sum(1).mean() / 2 if theory else squared.mean()
        if self.coupled:
            loss = loss + self.coupled / 2 * sum((layer.weight**2).sum() for layer in self.head)
        if self.member["feature_decay"]:
            share = len(self.labels) / len(truth) if theory else 1.0
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
