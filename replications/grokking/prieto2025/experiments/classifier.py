"""Full-batch training of K classifiers as one program, with everything that the paper's figures plot.

One epoch is one step. Members of a chunk share shapes, precision of the weights and optimiser (see `SIGNATURE`); the
loss, its precision and the projection are shared by blocks of neighbouring members (see `blocks`); learning rates,
betas, eps, weight decay and momentum are per member.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from replications.grokking.prieto2025.experiments import projection, schedule
from replications.grokking.prieto2025.experiments.blocks import blocks_of, kind
from verifig.training import optim
from verifig.training.device import flushed_denormals
from verifig.training.ensemble import Parameters, cosine, generator
from verifig.training.loop import log_points, train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

SIGNATURE = ("dtype", "optimizer", "normalise_gradient", "width", "bias")


def fit(run: Run, make: Callable[[list[Mapping]], Trainable], shape: Sequence[str]) -> dict[str, np.ndarray]:
    """Train every condition x seed of a run.

    Args:
        make: builds a chunk of members of equal signature.
        shape: settings, beside `SIGNATURE`, that members of a chunk must share.

    Returns:
        the records of `Classifier`, each [members, log points, ...], and `epochs` [log points].
    """
    points = log_points(run.settings["epochs"], run.settings["log_every"])
    # members of one kind side by side, so that a loss is computed of a block of rows
    order = sorted(range(len(run.members)), key=lambda index: str(kind(run.members[index])))
    records = train(
        run,
        [run.members[index] for index in order],
        make,
        run.settings["epochs"],
        points,
        signature=lambda member: tuple(member[name] for name in (*SIGNATURE, *shape)),
        chunk=run.settings["chunk"],
    )
    back = np.argsort(order)
    return {name: values[back] for name, values in records.items()} | {"epochs": np.array(points)}


class Model(Protocol):
    """What is trained: `ensemble.MLP`, or anything with the same two methods."""

    parameters: Parameters

    def __call__(self, inputs: Tensor, keep: bool = False) -> Tensor: ...

    def backward(self, gradient: Tensor, out: Tensor) -> None: ...


class Classifier(Trainable):
    """K models, each with its own training and test set of equal sizes.

    Args:
        members: settings by member, those of one kind side by side.
        model: initialised.
        train, test: (inputs [K, N, ...], labels [K, N] int64).
    """

    def __init__(
        self,
        members: Sequence[Mapping],
        model: Model,
        train: tuple[Tensor, Tensor],
        test: tuple[Tensor, Tensor],
    ):
        super().__init__()
        self.model, self.train_set, self.test_set = model, train, test
        self.normalise = members[0]["normalise_gradient"]
        self.blocks = blocks_of(members)
        parameters = model.parameters
        self.grads = parameters.like()
        self.optimizer = optim.of(parameters.flat, members)
        self.streams = [generator("grokking", "projection", m["condition"], m["seed"]) for m in members]
        random = any(block.projection == "random" for block in self.blocks)
        self.directions = parameters.like() if random else None
        self.generators = {f"projection {k}": stream for k, stream in enumerate(self.streams)}
        self.tensors = {
            "parameters": parameters.flat,
            **{f"optimizer {name}": tensor for name, tensor in self.optimizer.tensors.items()},
        }

        if self.normalise:
            self.tensors["first norm"] = parameters.flat.new_zeros(len(members), 1, dtype=torch.float64)

    def prepare(self, epoch: int) -> tuple[bool, ...]:
        """Draw the random directions; a phase says whose correct logits are multiplied by 0."""
        for block in self.blocks:
            if block.projection == "random":
                projection.draw(self.model.parameters, self.directions, block.rows, self.streams[block.rows])
        return self._set_zeroed(epoch)

    def _set_zeroed(self, epoch: int) -> tuple[bool, ...]:
        for block in self.blocks:
            block.zeroed = block.zero_at is not None and epoch >= block.zero_at
        return tuple(block.zeroed for block in self.blocks)

    def step(self) -> None:
        """One epoch."""
        self._gradient()
        parameters = self.model.parameters
        for block in self.blocks:
            projection.project(block.projection, parameters, self.grads, self.directions, block.rows)
        if self.normalise:
            schedule.to_first_norm(self.grads, self.tensors["first norm"])
        self.optimizer.step(parameters.flat, self.grads)

    def record(self) -> dict[str, Tensor]:
        """Accuracies, loss, share of collapsed samples and of exactly zero losses, norm, NLM alignment by layer."""
        self._set_zeroed(self.taken)
        inputs, labels = self.test_set
        test_logits = self.model(inputs)
        result = {"test_accuracy": (test_logits.argmax(-1) == labels).double().mean(1)}
        result["test_loss"] = self._mean_loss(test_logits, labels)
        logits = self._gradient()
        labels = self.train_set[1]
        result["train_accuracy"] = (logits.argmax(-1) == labels).double().mean(1)
        parts = [block.measures(logits, labels) for block in self.blocks]
        result |= {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        parameters = self.model.parameters
        result["norm"] = parameters.flat.double().norm(dim=1)
        grads = parameters.split(self.grads)
        weights = [name for name in parameters.shapes if name.startswith("w")]
        result["alignment"] = torch.stack(
            [cosine(parameters.views[n].double(), -grads[n].double()) for n in weights], 1
        )
        return result

    def mean_loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """The loss that is minimised, of each member [K] on a set of its own."""
        return self._mean_loss(self.model(inputs), labels)

    def _mean_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        parts = [block.loss(logits[block.rows], labels[block.rows])[0] for block in self.blocks]
        return torch.cat([part.double().mean(1) for part in parts])

    def _gradient(self) -> Tensor:
        """Fill `grads`; returns training logits [K, N, C]."""
        with flushed_denormals():
            inputs, labels = self.train_set
            logits = self.model(inputs, keep=True)
            slopes = [block.trained(logits, labels)[1] for block in self.blocks]
            self.model.backward(slopes[0] if len(slopes) == 1 else torch.cat(slopes), self.grads)
        return logits
