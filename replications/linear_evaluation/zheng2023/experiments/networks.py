"""Features by supervision: the second hidden layer of perceptrons trained on the part of the images that nothing else uses."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from replications.linear_evaluation.science import THEME
from replications.linear_evaluation.zheng2023.experiments.datasets import load, split
from verifig.training import optim
from verifig.training.batches import Epochs
from verifig.training.ensemble import MLP, generator
from verifig.training.trainable import Trainable


class Perceptrons(Trainable):
    """K perceptrons n-width-width-classes with ReLUs, cross-entropy, minibatches of the fitting part; a step is one minibatch of each."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        first, count = members[0], len(members)
        features, labels = load(first["dataset"])
        self.classes = len(labels.unique())
        splits = [split(member) for member in members]
        self.features, self.labels = features.float().to(device), labels.to(device)
        self.one_hot = one_hot(labels, self.classes).float().to(device)
        self.fit = torch.stack([each["fit"] for each in splits]).to(device)
        self.rest = torch.stack([torch.cat([each["pool"], each["test"]]) for each in splits]).to(device)
        self.tested = len(splits[0]["test"])
        sizes = (features.shape[1], first["width"], first["width"], self.classes)
        self.network = MLP(sizes, count, bias=True, device=device)
        self.network.initialise([generator(THEME, "initial weights", member["seed"]) for member in members])
        self.parameters = self.network.parameters
        self.gradient = self.parameters.like()
        self.optimizer = optim.of(self.parameters.flat, members)
        self.streams = [generator(THEME, "order", member["seed"]) for member in members]
        self.batches = Epochs(self._orders, self.fit.shape[1], first["batch_size"], device, count, last="dropped")
        self.generators = {f"order {member['seed']}": s for member, s in zip(members, self.streams, strict=True)}
        self.tensors = {"parameters": self.parameters.flat} | self.optimizer.tensors | self.batches.tensors

    def _orders(self, epoch: int) -> Tensor:
        return torch.stack([torch.randperm(self.fit.shape[1], generator=stream) for stream in self.streams])

    def prepare(self, step: int) -> int:
        return self.batches.prepare(step)

    def step(self) -> None:
        rows = self.fit.gather(1, self.batches.rows)
        outputs = self.network(self._of(rows), keep=True).softmax(2)
        wanted = self.one_hot.index_select(0, rows.flatten()).view(outputs.shape)
        self.network.backward((outputs - wanted) / rows.shape[1], self.gradient)
        self.optimizer.step(self.parameters.flat, self.gradient)

    def _of(self, rows: Tensor) -> Tensor:
        """Images [K, count, n] of rows [K, count]."""
        return self.features.index_select(0, rows.flatten()).view(*rows.shape, -1)

    def record(self) -> dict[str, Tensor]:
        """`hidden` [K, pool + test, width] after both hidden layers; `accuracy` [K] on the test part."""
        (first, second, last), views = self.network.weights, self.parameters.views
        hidden = torch.relu(torch.baddbmm(views["b1"], self._of(self.rest), first))
        hidden = torch.relu(torch.baddbmm(views["b2"], hidden, second))
        right = torch.baddbmm(views["b3"], hidden, last).argmax(2) == self.labels.index_select(
            0, self.rest.flatten()
        ).view(len(last), -1)
        return {"hidden": hidden, "accuracy": right[:, -self.tested :].double().mean(1)}
