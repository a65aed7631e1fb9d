"""Networks in subspaces of many dimensions at once, beside a network that is trained directly."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from replications.intrinsic_dimension.li2018.experiments import data, networks
from replications.intrinsic_dimension.science.projections import KINDS
from verifig.training.batches import Epochs
from verifig.training.ensemble import dtype_of, generator
from verifig.training.optim import Adam
from verifig.training.trainable import Trainable

BLOCK = 500  # images of a pass without gradient


class Subspaces(Trainable):
    """K members, each R networks theta_0 + P phi_r with phi_r in the first d_r coordinates, and one that is trained directly.

    The R subspaces of a member are nested: one P of the largest d, of which smaller ones use the first columns. So all changes
    of the parameters are one product [R, d] [d, D] a member, all gradients another.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device, path: Path | None = None):
        super().__init__()
        self.member = member = members[0]
        count, self.runs = len(members), len(member["dimensions"])
        self._lay_out(members, device, path)
        side, dtype = self._side, dtype_of(member)
        self.model = networks.build(member, side, count * (self.runs + 1), dtype, device)
        parameters = self.model.parameters
        starts = torch.stack([networks.first(each, parameters) for each in members])
        self.start = starts[:, None].to(device)
        self.projection = torch.stack([self._matrix(each) for each in members]).to(device)
        self.points = parameters.flat.view(count, self.runs + 1, -1)
        self.gradient = torch.zeros_like(parameters.flat)
        largest = self.projection.shape[1]
        dimensions = torch.tensor(member["dimensions"], device=device)
        self.mask = (torch.arange(largest, device=device) < dimensions[:, None]).to(dtype)
        self.coordinates = torch.zeros(count, self.runs * largest, dtype=dtype, device=device)
        self.direct = starts.clone().to(device)
        self.optimizers = [
            Adam(params, [each[name] for each in members], member["beta1"], member["beta2"])
            for params, name in ((self.coordinates, "learning_rate"), (self.direct, "direct_rate"))
        ]
        self.rates = [optimizer.learning_rate.clone() for optimizer in self.optimizers]
        self.tensors = {"coordinates": self.coordinates, "direct": self.direct} | self.batches.tensors
        for name, optimizer in zip(("subspace", "whole"), self.optimizers, strict=True):
            self.tensors |= {f"{name} {key}": tensor for key, tensor in optimizer.tensors.items()}
        self.place()

    def _lay_out(self, members: Sequence[Mapping], device: torch.device, path: Path | None) -> None:
        """Images and labels of every member, and the order of the batches."""
        train, test = data.split(self.member, path)
        dtype, self._side = dtype_of(self.member), train[0].shape[-1]
        inputs = networks.patches(self.member, self._side)
        drawn = [data.chosen(train, each) for each in members]
        self.images = torch.stack([_seen(part[0], each, inputs) for part, each in zip(drawn, members, strict=True)]).to(
            device, dtype
        )
        self.labels = torch.stack([labels for _, labels in drawn]).to(device)
        self.tests = [
            torch.stack([_seen(test[0], each, inputs, exchanged) for each in members]).to(device, dtype)
            for exchanged in (False, True)
        ]
        self.test_labels = test[1].expand(len(members), -1).to(device)
        self.rows = torch.arange(len(members), device=device)[:, None]
        self.classes = torch.arange(data.CLASSES, device=device)
        seeds = [each["seed"] for each in members]
        streams = {seed: generator(data.SLUG, "batches", seed) for seed in seeds}
        samples = self.images.shape[1]

        def order(epoch: int) -> Tensor:
            found = {seed: torch.randperm(samples, generator=stream) for seed, stream in streams.items()}
            return torch.stack([found[seed] for seed in seeds])

        self.batches = Epochs(order, samples, self.member["batch_size"], device, members=len(members), last="dropped")
        self.generators = {f"batches {seed}": stream for seed, stream in streams.items()}

    def _matrix(self, member: Mapping) -> Tensor:
        """P as rows [largest d, P], with gaps as the parameters have them; by seed, shape and `draw`."""
        parameters = self.model.parameters
        shape = (member["network"], member["width"], member["depth"])
        stream = generator(data.SLUG, "projection", member["projection"], member["draw"], *shape, member["seed"])
        sizes, dimension = networks.sizes(parameters), max(member["dimensions"])
        matrix = KINDS[member["projection"]](sizes, dimension, stream).matrix()
        rows = torch.zeros(dimension, parameters.flat.shape[1], dtype=parameters.flat.dtype)
        rows[:, networks.entries(parameters)] = matrix.to(rows.dtype)
        return rows

    def place(self) -> None:
        """Put all networks where their coordinates say."""
        coordinates = self.coordinates.view(len(self.direct), self.runs, -1)
        self.points[:, : self.runs] = torch.baddbmm(self.start, coordinates, self.projection)
        self.points[:, self.runs] = self.direct

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Restore what `state` gave; the networks follow."""
        super().load(state)
        self.place()

    def prepare(self, step: int) -> Hashable:
        """Lay out the batch and the learning rates of a step."""
        share, factor = step / self.member["steps"], 1.0
        for begin, drop in self.member["drops"]:
            factor = drop if share >= begin else factor
        for optimizer, rate in zip(self.optimizers, self.rates, strict=True):
            optimizer.learning_rate.copy_(rate * factor)
        return self.batches.prepare(step)

    def step(self) -> None:
        """One step of Adam on the mean cross-entropy, in coordinates and directly."""
        images, labels = self.images[self.rows, self.batches.rows], self.labels[self.rows, self.batches.rows]
        outputs = self.model(self._each(images), keep=True)
        targets = self._each((labels[..., None] == self.classes).to(outputs.dtype))
        self.model.backward((outputs.softmax(-1) - targets) / labels.shape[1], self.gradient)
        if self.member["l2"]:
            self.gradient.add_(self.model.parameters.flat, alpha=2 * self.member["l2"])
        gradient = self.gradient.view_as(self.points)
        inside = torch.bmm(gradient[:, : self.runs], self.projection.transpose(1, 2)) * self.mask
        self.optimizers[0].step(self.coordinates, inside.flatten(1))
        self.optimizers[1].step(self.direct, gradient[:, self.runs].contiguous())
        self.place()

    def record(self) -> dict[str, Tensor]:
        """Accuracies now: `test` and `train` [K, R], `direct` on test images and `direct_train` [K]; `exchanged` [K, R] on test images
        whose pixels are in the other order."""
        train, test = self._accuracy(self.images, self.labels), self._accuracy(self.tests[0], self.test_labels)
        found = {"test": test[:, :-1], "direct": test[:, -1], "train": train[:, :-1], "direct_train": train[:, -1]}
        return found | {"exchanged": self._accuracy(self.tests[1], self.test_labels)[:, :-1]}

    def _each(self, inputs: Tensor) -> Tensor:
        """[K, B, n] -> [K (R + 1), B, n]: what all networks of a member see."""
        return inputs[:, None].expand(-1, self.runs + 1, -1, -1).flatten(0, 1)

    def _accuracy(self, images: Tensor, labels: Tensor) -> Tensor:
        """Share of labels [K, n] that each network finds [K, R + 1]."""
        correct = 0
        for some, theirs in zip(images.split(BLOCK, 1), labels.split(BLOCK, 1), strict=True):
            guesses = self.model(self._each(some)).argmax(-1).view(len(labels), self.runs + 1, -1)
            correct = correct + (guesses == theirs[:, None]).sum(-1)
        return correct / labels.shape[1]


def _seen(images: Tensor, member: Mapping, inputs: Tensor, exchanged: bool = False) -> Tensor:
    """Images [n, side, side] as a member's network takes them [n, inputs]."""
    flat = images.flatten(1)
    return flat[:, data.order(member, flat.shape[1], exchanged)[inputs]]
