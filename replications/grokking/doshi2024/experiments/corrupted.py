"""Training on corrupted labels (Figures 1 and 4), and what is left when neurons are pruned (Figure 6)."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.grokking.doshi2024.experiments.data import SETS, draw
from replications.grokking.doshi2024.experiments.network import Network
from replications.grokking.doshi2024.pruning import ORDERS, order, removed_counts
from replications.grokking.science import THEME, neurons
from verifig.training import loop, optim
from verifig.training.ensemble import dtype_of, generator, indicators
from verifig.training.run import Run
from verifig.training.trainable import Trainable

CACHED = 1_000_000  # hidden values of a chunk on a CPU, which then stays in the cache


def corrupted(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed.

    Arrays [members, log points, ...]: `<set>_accuracy` with the labels given, `recovered` (drawn pairs with their true
    label), `loss`, `participation` [.., N] of each neuron, `shuffled` (its mean with the entries of the weights in
    random order); at the last point `pruned` [.., orders, shares, sets] (NaN before). `shares`: of neurons removed;
    `steps`: the log points.
    """
    return fit(run, run.members) | {"shares": np.array(run.settings["prune_shares"])}


def fit(run: Run, members: Sequence[Mapping], ends_only: bool = False) -> dict[str, np.ndarray]:
    """Records [members, log points, ...] and the log points `steps`."""
    first = members[0]
    points = [first["steps"]] if ends_only else loop.log_points(first["steps"], first["log_every"])
    hidden = first["modulus"] ** 2 * max(member["train_fraction"] for member in members) * first["width"]
    records = loop.train(
        run,
        members,
        lambda chunk: build(chunk, run.device),
        first["steps"],
        points,
        signature=lambda member: int(member["train_fraction"] * member["modulus"] ** 2),
        chunk=max(1, int(CACHED / hidden)),
    )
    return records | {"steps": np.array(points)}


def build(members: Sequence[Mapping], device: torch.device) -> "Corrupted":
    """The program of a chunk of members with equal numbers of training pairs."""
    return Corrupted(members, device)


class Corrupted(Trainable):
    """K networks on K problems: full batch, mean squared error over pairs and classes."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        first = members[0]
        self.p, self.dtype, self.steps = first["modulus"], dtype_of(first), first["steps"]
        self.shares, self.tries = first.get("prune_shares", []), first.get("random_orders", 1)
        self.seeds = [member["seed"] for member in members]
        problems = [draw(member) for member in members]
        rows, self.given, self.true, self.sets = (
            torch.stack([getattr(problem, name) for problem in problems]).to(device)
            for name in ("rows", "given", "true", "sets")
        )
        every = torch.cartesian_prod(torch.arange(self.p), torch.arange(self.p)) + torch.tensor([0, self.p])
        tokens = every.to(device).expand(len(members), -1, -1)
        self.every = indicators(tokens, 2 * self.p, self.dtype)
        self.inputs = torch.take_along_dim(self.every, rows[..., None], 1)
        labels = torch.take_along_dim(self.given, rows, 1)
        classes = torch.arange(self.p, device=device)
        self.targets = (labels[:, None] == classes[:, None]).to(self.dtype).transpose(1, 2)
        self.network = Network(2 * self.p, first["width"], self.p, len(members), self.dtype, device)
        self.network.initialise([generator(THEME, "doshi init", self.p, m["width"], m["seed"]) for m in members])
        self.flat = self.network.parameters.flat
        self.optimizer = optim.of(self.flat, members)
        self.grads = self.network.parameters.like()
        self.tensors = {"parameters": self.flat, **self.optimizer.tensors}

    def step(self) -> None:
        error = self.network(self.inputs, keep=True).sub_(self.targets)
        self.network.backward(error.mul_(2 / (error.shape[1] * self.p)), self.grads)
        self.optimizer.step(self.flat, self.grads)

    def record(self) -> dict[str, Tensor]:
        squared = self.network.features(self.every)
        outputs = torch.bmm(squared, self.network.weights[1])
        guess = outputs.argmax(2)
        accuracies = shares(guess == self.given, self.sets)
        drawn = self.sets[:, SETS.index("corrupted")]
        train = self.sets[:, SETS.index("train")]
        error = (outputs - torch.nn.functional.one_hot(self.given, self.p)).square().mean(2)
        shuffled = torch.randperm(self.p, generator=generator(THEME, "doshi shuffle", self.p))
        periodicity = neurons.participation(*self.network.weights, torch.arange(self.p))
        found = {f"{name}_accuracy": accuracies[:, k] for k, name in enumerate(SETS)}
        return found | {
            "recovered": shares(guess == self.true, drawn[:, None])[:, 0],
            "loss": shares(error, train[:, None])[:, 0],
            "participation": periodicity,
            "shuffled": neurons.participation(*self.network.weights, shuffled).mean(1),
            "pruned": self.pruned(squared, periodicity),
        }

    def pruned(self, squared: Tensor, periodicity: Tensor) -> Tensor:
        """Accuracies [K, orders, shares, sets] with growing shares of neurons removed; NaN before the last step.

        Those of the random order are means over several.
        """
        members, width = periodicity.shape
        result = torch.full((members, len(ORDERS), len(self.shares), len(SETS)), torch.nan, dtype=self.dtype)
        if self.taken < self.steps:
            return result
        of_members = [
            ranks_of(row, seed, self.p, self.tries) for row, seed in zip(periodicity.cpu(), self.seeds, strict=True)
        ]
        ranks = {name: torch.stack([ranks[name] for ranks in of_members]) for name in ORDERS}
        for k, count in enumerate(removed_counts(width, self.shares)):
            for j, name in enumerate(ORDERS):
                tried = [self.without(squared, rank < count) for rank in ranks[name].unbind(1)]
                result[:, j, k] = sum(tried).cpu() / len(tried)
        return result

    def without(self, squared: Tensor, gone: Tensor) -> Tensor:
        """Accuracies [K, sets] of the networks without the neurons `gone` [K, N] (bool), in float64."""
        weights = self.network.weights[1].masked_fill(gone.to(squared.device)[..., None], 0)
        return shares(torch.bmm(squared, weights).argmax(2) == self.given, self.sets)


def ranks_of(periodicity: Tensor, seed: int, p: int, tries: int) -> dict[str, Tensor]:
    """By order of removal, when each of N neurons is removed, 0 = first: [1, N], of the random order [tries, N]."""
    width, stream = len(periodicity), generator(THEME, "doshi order", p, len(periodicity), seed)
    drawn = [torch.randperm(width, generator=stream).numpy() for _ in range(tries)]
    found = {}
    for name in ORDERS:
        orders = [order(periodicity.numpy(), name, each) for each in (drawn if name == "random" else drawn[:1])]
        found[name] = torch.from_numpy(np.stack(orders)).argsort(1)
    return found


def shares(values: Tensor, sets: Tensor) -> Tensor:
    """Means of values [K, p^2] over each of the sets [K, S, p^2] (bool): [K, S] in float64; NaN for an empty one."""
    weights = sets.double()
    return torch.bmm(weights, values.double()[..., None])[..., 0] / weights.sum(2)
