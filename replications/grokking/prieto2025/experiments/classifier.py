"""Full-batch training of K classifiers as one program, with everything that the paper's figures plot.

One epoch is one step. Members of a chunk share shapes, loss, precision, optimiser and projection (see `SIGNATURE`);
learning rates, betas, eps, weight decay and momentum are per member.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from replications.grokking.prieto2025.experiments import losses, projection
from verifig.training.device import flushed_denormals
from verifig.training.ensemble import Parameters, cosine, generator
from verifig.training.loop import Trainable, log_points, train
from verifig.training.optim import SGD, Adam
from verifig.training.run import Run

SIGNATURE = (
    "loss",
    "softmax_precision",
    "dtype",
    "optimizer",
    "projection",
    "normalise_gradient",
    "zero_correct_logits_at",
    "width",
    "bias",
)


def fit(run: Run, make: Callable[[list[Mapping]], Trainable], shape: Sequence[str]) -> dict[str, np.ndarray]:
    """Train every condition x seed of a run.

    Args:
        make: builds a chunk of members of equal signature.
        shape: settings, beside `SIGNATURE`, that members of a chunk must share.

    Returns:
        the records of `Classifier`, each [members, log points, ...], and `epochs` [log points].
    """
    points = log_points(run.settings["epochs"], run.settings["log_every"])
    records = train(
        run,
        run.members,
        make,
        run.settings["epochs"],
        points,
        signature=lambda member: tuple(member[name] for name in (*SIGNATURE, *shape)),
        chunk=run.settings["chunk"],
    )
    return records | {"epochs": np.array(points)}


class Model(Protocol):
    """What is trained: `ensemble.MLP`, or anything with the same two methods."""

    parameters: Parameters

    def __call__(self, inputs: Tensor, keep: bool = False) -> Tensor: ...

    def backward(self, gradient: Tensor, out: Tensor) -> None: ...


class Classifier(Trainable):
    """K models, each with its own training and test set of equal sizes.

    Args:
        members: settings by member.
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
        first = members[0]
        self.model, self.train_set, self.test_set = model, train, test
        self.loss, self.projection = first["loss"], first["projection"]
        self.precision = losses.PRECISIONS[first["softmax_precision"]]
        self.normalise = first["normalise_gradient"]
        self.zero_at = first["zero_correct_logits_at"]
        parameters = model.parameters
        self.grads = parameters.like()
        self.optimizer = _optimizer(members, parameters.flat)
        self.streams = [generator("grokking", "projection", m["condition"], m["seed"]) for m in members]
        self.generators = {f"projection {k}": stream for k, stream in enumerate(self.streams)}
        self.tensors = {
            "parameters": parameters.flat,
            "epoch": torch.zeros(1, dtype=torch.int64),
            **{f"optimizer {name}": tensor for name, tensor in self.optimizer.tensors.items()},
        }

    def step(self) -> None:
        """One epoch."""
        self._gradient()
        parameters = self.model.parameters
        projection.project(self.projection, parameters, self.grads, self.streams)
        if self.normalise:
            self.grads /= self.grads.norm(dim=1, keepdim=True).clamp_min(torch.finfo(self.grads.dtype).tiny)
        self.optimizer.step(parameters.flat, self.grads)
        self.tensors["epoch"] += 1

    def record(self) -> dict[str, Tensor]:
        """Accuracies, loss, share of collapsed samples and of exactly zero losses, norm, NLM alignment by layer."""
        inputs, labels = self.test_set
        test_logits = self.model(inputs)
        result = {"test_accuracy": (test_logits.argmax(-1) == labels).double().mean(1)}
        result["test_loss"] = self._loss(test_logits, labels)[0].double().mean(1)
        logits, loss = self._gradient()
        result["train_accuracy"] = (logits.argmax(-1) == self.train_set[1]).double().mean(1)
        result["train_loss"] = loss.double().mean(1)
        result["zero_loss"] = (loss == 0).double().mean(1)
        result["collapsed"] = losses.collapsed(logits, self.precision).double().mean(1)
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
        return self._loss(self.model(inputs), labels)[0].double().mean(1)

    def _loss(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        if self.loss == "stablemax":
            return losses.stable_cross_entropy(logits, labels)
        return losses.cross_entropy(logits, labels, self.precision)

    def _gradient(self) -> tuple[Tensor, Tensor]:
        """Fill `grads`; returns training logits [K, N, C] and losses [K, N]."""
        with flushed_denormals():
            inputs, labels = self.train_set
            logits = self.model(inputs, keep=True)
            scores, zeroed = logits, self.zero_at is not None and int(self.tensors["epoch"]) >= self.zero_at
            if zeroed:  # Fig 8: the correct class takes no part in the loss any more
                scores = logits.scatter(-1, labels[..., None], 0.0)
            loss, gradient = self._loss(scores, labels)
            if zeroed:
                gradient.scatter_(-1, labels[..., None], 0.0)
            self.model.backward(gradient, self.grads)
        return logits, loss


def _optimizer(members: Sequence[Mapping], params: Tensor) -> SGD | Adam:
    def values(name: str) -> list[float]:
        return [member[name] for member in members]

    if members[0]["optimizer"] == "sgd":
        return SGD(params, values("learning_rate"), values("momentum"), values("weight_decay"))
    return Adam(
        params,
        values("learning_rate"),
        values("beta1"),
        values("beta2"),
        values("eps"),
        values("weight_decay"),
        decoupled=True,
    )
