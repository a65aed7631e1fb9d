"""K masked multilayer perceptrons trained by SGD as one program: masks are fixed, pruned weights stay exactly 0."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, one_hot

from replications.sparse_training.science import THEME, digits
from verifig.training.batches import Epochs
from verifig.training.ensemble import MLP, generator
from verifig.training.optim import SGD
from verifig.training.trainable import Trainable

Sets = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Start:
    """Where a network starts.

    Attributes:
        weights: by layer [fan_in, fan_out].
        masks: by layer, bool, shaped like the weights; None: all weights are trained.
    """

    weights: Sequence[Tensor]
    masks: Sequence[Tensor] | None = None


def he_weights(sizes: Sequence[int], stream: torch.Generator) -> list[Tensor]:
    """He initialisation, N(0, 2 / fan_in): weights [fan_in, fan_out] float32 of a network of these sizes."""
    pairs = itertools.pairwise(sizes)
    return [math.sqrt(2 / i) * torch.randn(i, o, generator=stream, dtype=torch.float64).float() for i, o in pairs]


def sparse_start(weights: Sequence[Tensor], masks: Sequence[Tensor], rescale: bool) -> Start:
    """Masked weights; `rescale` divides those of a layer by the root of its density, which keeps the scale of its outputs."""
    kept = []
    for weight, mask in zip(weights, masks, strict=True):
        scale = (mask.numel() / max(int(mask.sum()), 1)) ** 0.5 if rescale else 1.0
        kept.append(weight * mask * scale)
    return Start(kept, masks)


class Masked(Trainable):
    """K networks with biases, ReLU and softmax cross-entropy by minibatch SGD; equal seeds see equal minibatches.

    Args:
        members: settings: learning_rate, momentum, batch_size, steps, drops (shares of the steps after which the
            learning rate is multiplied by drop_factor), seed.
        starts: one a member, of equal sizes.
        sets: training and test set (see `digits.split`).
    """

    def __init__(self, members: Sequence[Mapping], starts: Sequence[Start], sets: Sets, device: torch.device):
        super().__init__()
        (self.images, self.labels), (self.test_images, self.test_labels) = (
            tuple(part.to(device) for part in each) for each in sets
        )
        self.targets = one_hot(sets[0][1], digits.CLASSES).to(self.images)
        first, self.seeds = members[0], [member["seed"] for member in members]
        shapes = [weight.shape for weight in starts[0].weights]
        self.mlp = MLP([shapes[0][0], *(shape[1] for shape in shapes)], len(members), bias=True, device=device)
        parameters = self.mlp.parameters
        self.mask = torch.ones_like(parameters.flat)
        masks = parameters.split(self.mask)
        for row, start in enumerate(starts):
            for layer, weight in enumerate(start.weights, start=1):
                parameters.views[f"w{layer}"][row].copy_(weight)
                if start.masks is not None:
                    masks[f"w{layer}"][row].copy_(start.masks[layer - 1])
        self.grads = parameters.like()
        self.optimizer = SGD(parameters.flat, *([m[name] for m in members] for name in ("learning_rate", "momentum")))
        self.rates = self.optimizer.learning_rate.clone()
        self.drops = [round(share * first["steps"]) for share in first["drops"]]
        self.factor = first["drop_factor"]
        self.batches = Epochs(self._orders, len(self.labels), first["batch_size"], device, len(members))
        self.tensors = {
            "parameters": parameters.flat,
            "learning_rate": self.optimizer.learning_rate,
            **self.optimizer.tensors,
            **self.batches.tensors,
        }

    def _orders(self, epoch: int) -> Tensor:
        """Orders of an epoch [K, training images], one a seed."""
        count = len(self.labels)
        orders = {s: torch.randperm(count, generator=generator(THEME, "order", s, epoch)) for s in set(self.seeds)}
        return torch.stack([orders[seed] for seed in self.seeds])

    def prepare(self, step: int) -> int:
        dropped = sum(step >= drop for drop in self.drops)
        self.optimizer.learning_rate.copy_(self.rates * self.factor**dropped)
        return self.batches.prepare(step)

    def step(self) -> None:
        rows = self.batches.rows
        flat, shape = rows.flatten(), (*rows.shape, -1)
        outputs = self.mlp(self.images.index_select(0, flat).view(shape), keep=True)
        slope = (outputs.softmax(2) - self.targets.index_select(0, flat).view(shape)) / rows.shape[1]
        self.mlp.backward(slope, self.grads)
        self.grads.mul_(self.mask)
        self.optimizer.step(self.mlp.parameters.flat, self.grads)

    def losses(self, images: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy [K] on some images [n, inputs]."""
        outputs = log_softmax(self.mlp(images), 2)
        return -outputs.gather(2, labels.expand(len(outputs), -1)[..., None]).double().mean((1, 2))

    def record(self) -> dict[str, Tensor]:
        """Losses and accuracies, weights that are not 0, and the largest pruned weight."""
        correct = self.mlp(self.test_images).argmax(2) == self.test_labels
        weights = torch.cat([weight.flatten(1) for weight in self.mlp.weights], 1)
        return {
            "test_accuracy": correct.double().mean(1),
            "train_loss": self.losses(self.images, self.labels),
            "weights": (weights != 0).double().sum(1),
            "largest_pruned": (self.mlp.parameters.flat * (1 - self.mask)).abs().amax(1),
        }
