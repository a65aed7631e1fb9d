"""Two-layer networks with squared hidden units on addition modulo M, full-batch Adam with L2 weight decay (Figures 3, 5-7)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.grokking.science import THEME, neurons
from replications.grokking.science.quadratic import Quadratic
from replications.grokking.science.tasks import divide, table
from replications.grokking.tian2025 import energy
from verifig.training.device import flushed_denormals
from verifig.training.ensemble import cosine, dtype_of, generator, indicators
from verifig.training.loop import log_points, train
from verifig.training.optim import Adam
from verifig.training.run import Run
from verifig.training.trainable import Trainable

SIGNATURE = ("modulus", "train_fraction", "width", "train_hidden", "dtype")
PURE = 0.9  # a neuron whose strongest frequency has at least this share counts as a feature


def modular(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed; the records of `Network` [members, log points] with `steps` [log points]."""
    points = {*log_points(run.settings["steps"], run.settings["log_every"]), *run.settings["early_records"]}
    records = train(
        run,
        run.members,
        lambda members: build(members, run.device),
        run.settings["steps"],
        sorted(points),
        signature=lambda member: tuple(member[name] for name in SIGNATURE),
        chunk=run.settings["chunk"],
    )
    return records | {"steps": np.array(sorted(point for point in points if point <= run.settings["steps"]))}


def build(members: list[Mapping], device: torch.device) -> "Network":
    """A chunk of members of equal signature, ready to train."""
    return (Network if members[0]["train_hidden"] else TopLayer)(members, device)


def split(member: Mapping) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """(train, test), each (tokens [N, 2], the second offset by M; labels [N]): a uniform random split of all M^2 pairs."""
    modulus, seed = member["modulus"], member["seed"]
    pairs, results = table(modulus, "add")
    if member["shuffle_labels"]:
        results = results[torch.randperm(modulus**2, generator=generator(THEME, "shuffle", modulus, seed))]
    tokens = pairs + torch.tensor([0, modulus])
    size = int(member["train_fraction"] * modulus**2)
    chosen, rest = divide(modulus**2, size, generator(THEME, "split", modulus, seed))
    return (tokens[chosen], results[chosen]), (tokens[rest], results[rest])


class Network(Trainable):
    """K networks f(x) = (x W)^2 V, each with its own training and test set of equal sizes."""

    def __init__(self, members: list[Mapping], device: torch.device):
        super().__init__()
        first, dtype = members[0], dtype_of(members[0])
        self.modulus = first["modulus"]
        sets = [split(member) for member in members]
        self.train_set, self.test_set = (
            tuple(torch.stack([each[which][part] for each in sets]).to(device) for part in range(2))
            for which in range(2)
        )
        self.train_set, self.test_set = (
            (indicators(tokens, 2 * self.modulus, dtype), labels) for tokens, labels in (self.train_set, self.test_set)
        )
        one_hot = torch.nn.functional.one_hot(self.train_set[1], self.modulus).to(dtype)
        self.targets = one_hot - 1 / self.modulus
        self.net = Quadratic(2 * self.modulus, first["width"], self.modulus, len(members), dtype=dtype, device=device)
        self.net.initialise([generator(THEME, "tian2025", "init", m["modulus"], m["seed"]) for m in members])
        parameters = self.net.parameters
        self.start, self.grads = parameters.flat.clone(), parameters.like()
        self.trained = self.chosen(parameters.flat)
        self.optimizer = Adam(
            self.trained,
            [m["learning_rate"] for m in members],
            weight_decay=[m["weight_decay"] for m in members],
        )
        self.tensors = {
            "parameters": parameters.flat,
            **{f"optimizer {name}": tensor for name, tensor in self.optimizer.tensors.items()},
        }

    def chosen(self, flat: Tensor) -> Tensor:
        """The part that is trained of a tensor [K, P] laid out as the parameters."""
        return flat

    def step(self) -> None:
        """One full-batch update."""
        with flushed_denormals():
            self.net.backward(self._residual(self.net(self.train_set[0], keep=True)), self.grads)
        self.optimizer.step(self.trained, self.chosen(self.grads))

    def _residual(self, outputs: Tensor) -> Tensor:
        """Gradient of the loss by the outputs [K, n, M], the mean over samples of |z - y|^2, both less their class mean."""
        centred = outputs - outputs.mean(-1, keepdim=True)
        return (centred - self.targets).mul_(2 / outputs.shape[1])

    def record(self) -> dict[str, Tensor]:
        """Accuracies and loss; norm of the gradient backpropagated to the hidden units; how far both layers moved; features.

        `feature_gradient` is |G_F|, G_F = (Y - F V) V^T summed over the samples. `moved_*` is 1 - the cosine with the
        initial weights. `purity` is the share of each neuron's strongest frequency in [u; v] less means, averaged with
        the weights |w|^2; `frequencies` counts those that are the strongest of a neuron with at least `PURE`.
        `fixed_*_accuracy` is that of the lazy fixed point, where only the top layer is trained (else NaN).
        """
        result = {}
        for name, (inputs, labels) in (("test", self.test_set), ("train", self.train_set)):
            outputs = self.net(inputs)
            result[f"{name}_accuracy"] = (outputs.argmax(-1) == labels).double().mean(1)
            result[f"fixed_{name}_accuracy"] = self._fixed_accuracy(inputs, labels)
        slope, samples = self._residual(outputs), outputs.shape[1]
        result["train_loss"] = slope.double().square().sum((1, 2)) * samples / 4
        backpropagated = torch.bmm(slope, self.net.weights[1].transpose(1, 2)).flatten(1)
        result["feature_gradient"] = backpropagated.double().norm(dim=1) * samples / 2
        start = self.net.parameters.split(self.start)
        for name, weights in (("w1", "hidden"), ("w2", "output")):
            result[f"moved_{weights}"] = 1 - cosine(self.net.parameters.views[name].double(), start[name].double())
        return result | self._features()

    def _fixed_accuracy(self, inputs: Tensor, labels: Tensor) -> Tensor:
        return torch.full((len(labels),), torch.nan, dtype=torch.float64, device=labels.device)

    def _features(self) -> dict[str, Tensor]:
        strengths = neurons.strengths(self.net.weights[0])
        numbers = torch.arange(strengths.shape[-1], device=strengths.device)
        pure = (strengths.argmax(-1, keepdim=True) == numbers) & (neurons.purity(strengths) >= PURE)[..., None]
        return {"purity": neurons.mean_purity(strengths), "frequencies": pure.any(1).sum(1).double()}


class TopLayer(Network):
    """Networks of which only the output weights are trained, on random features; they are compared with their fixed point."""

    def __init__(self, members: list[Mapping], device: torch.device):
        super().__init__(members, device)
        self.features = self.net.features(self.train_set[0])
        decays = [m["weight_decay"] * self.targets.shape[1] / 2 for m in members]
        features, targets = self.features.double(), self.targets.double()
        solved = [energy.ridge(*each) for each in zip(features, targets, decays, strict=True)]
        self.fixed_point = torch.stack(solved).to(self.targets.dtype)

    def chosen(self, flat: Tensor) -> Tensor:
        """The output weights."""
        return flat[:, self.net.parameters.columns["w2"]]

    def step(self) -> None:
        """One full-batch update of the output weights."""
        residual = self._residual(torch.bmm(self.features, self.net.weights[1]))
        self.net.parameters.split(self.grads)["w2"].copy_(torch.bmm(self.features.transpose(1, 2), residual))
        self.optimizer.step(self.trained, self.chosen(self.grads))

    def _fixed_accuracy(self, inputs: Tensor, labels: Tensor) -> Tensor:
        outputs = torch.bmm(self.net.features(inputs), self.fixed_point)
        return (outputs.argmax(-1) == labels).double().mean(1)
