"""Addition modulo p with a two-layer quadratic network under plain gradient descent (Figure 2, Appendix 8.3)."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.grokking.kumar2024.experiments.committee import SLUG
from replications.grokking.science.quadratic import Quadratic
from replications.grokking.science.tasks import divide, table
from verifig.training.ensemble import dtype_of, generator, indicators
from verifig.training.loop import log_points, train
from verifig.training.run import Run
from verifig.training.trainable import Trainable


def modular(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed: records [members, log points] with `steps`."""
    settings = run.settings
    points = log_points(settings["steps"], settings["log_every"])
    records = train(
        run,
        run.members,
        lambda members: build(members, run.device),
        settings["steps"],
        points,
        signature=lambda member: tuple(member[name] for name in ("modulus", "width", "train_fraction", "dtype")),
        chunk=settings["chunk"],
    )
    return records | {"steps": np.array(points)}


def build(members: Sequence[Mapping], device: torch.device) -> "Modular":
    """A chunk of members of equal shapes, ready to train."""
    first = members[0]
    p, dtype = first["modulus"], dtype_of(first)
    sets = [split(member) for member in members]
    train_set, test_set = (
        tuple(torch.stack([tensors[which][part] for tensors in sets]).to(device) for part in range(2))
        for which in range(2)
    )
    train_set, test_set = ((indicators(x, 2 * p, dtype), y) for x, y in (train_set, test_set))
    model = Quadratic(2 * p, first["width"], p, len(members), dtype, device)
    for row, member in enumerate(members):
        stream = generator(SLUG, "modular init", member["seed"])
        for weight in model.weights:
            weight[row].copy_(torch.randn(weight[row].shape, generator=stream, dtype=torch.float64))
    return Modular(members, model, train_set, test_set)


def split(member: Mapping) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """(train, test), each (token pairs [N, 2], the second offset by p; results [N]): a uniform random split of all pairs."""
    p, seed = member["modulus"], member["seed"]
    pairs, results = table(p, "add")
    if member["shuffle_table"]:
        results = results[torch.randperm(p * p, generator=generator(SLUG, "shuffle", p, seed))]
    size = int(member["train_fraction"] * p * p)
    chosen, rest = divide(p * p, size, generator(SLUG, "split", p, seed))
    tokens = pairs + torch.tensor([0, p])
    return (tokens[chosen], results[chosen]), (tokens[rest], results[rest])


class Modular(Trainable):
    """K networks alpha (x W1)^2 W2 / (2 p N) on one-hot targets, mean squared error over pairs and classes.

    The learning rate is that of the settings over alpha^2, the same for both layers.

    Args:
        members: settings by member.
        model: initialised.
        train, test: (token pairs [K, N, 2], results [K, N]).
    """

    def __init__(
        self,
        members: Sequence[Mapping],
        model: Quadratic,
        train: tuple[Tensor, Tensor],
        test: tuple[Tensor, Tensor],
    ):
        super().__init__()
        flat, p = model.parameters.flat, members[0]["modulus"]
        self.model, self.sets = model, {"train": train, "test": test}
        self.targets = {name: torch.nn.functional.one_hot(y, p).to(flat.dtype) for name, (_, y) in self.sets.items()}
        column = {"dtype": flat.dtype, "device": flat.device}
        self.scale = torch.tensor([m["alpha"] / (2 * p * m["width"]) for m in members], **column)[:, None, None]
        self.rate = torch.tensor([m["learning_rate"] / m["alpha"] ** 2 for m in members], **column)[:, None]
        self.grads = model.parameters.like()
        self.tensors = {"parameters": flat}
        self.first_norm = flat.double().norm(dim=1)

    def step(self) -> None:
        """One step of gradient descent."""
        target = self.targets["train"]
        error = self.scale * self.model(self.sets["train"][0], keep=True) - target
        self.model.backward(error * (2 * self.scale / target[0].numel()), self.grads)
        self.model.parameters.flat.addcmul_(self.grads, self.rate, value=-1)

    def record(self) -> dict[str, Tensor]:
        """Losses, accuracies and the norm of all weights over that at the start."""
        result = {"weight_norm": self.model.parameters.flat.double().norm(dim=1) / self.first_norm}
        for name, (inputs, labels) in self.sets.items():
            found = self.scale * self.model(inputs)
            result[f"{name}_loss"] = (found - self.targets[name]).double().square().mean((1, 2))
            result[f"{name}_accuracy"] = (found.argmax(-1) == labels).double().mean(1)
        return result
