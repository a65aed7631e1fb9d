"""Networks on digits under SGD and Adam over a grid of learning rates, by batch size."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.granziol2022.experiments.grid import expand, table
from replications.sgd_stability.granziol2022.experiments.network import SLUG, Ensemble
from verifig.training import optim
from verifig.training.batches import Epochs
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable


def rates(run: Run) -> dict[str, np.ndarray]:
    """`loss` [members, rates]: training loss at the end over that at the start; the `rates` [members, rates]."""
    settings = run.settings
    members = expand(run.members)
    records = train(
        run,
        members,
        lambda chosen: Rates(chosen, run.device),
        settings["steps"],
        [0, settings["steps"]],
        signature=lambda member: (member["optimizer"], member["batch_size"]),
        chunk=settings["chunk"],
    )
    found = {"loss": records["loss"][:, -1] / records["loss"][:, 0], "rates": [m["learning_rate"] for m in members]}
    return {name: table(values, len(run.members)) for name, values in found.items()}


class Rates(Trainable):
    """K networks with one optimiser and batch size; weights, samples and batches are drawn by seed."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        member = members[0]
        self.networks = Ensemble(members, device)
        self.optimiser = optim.of(self.networks.model.parameters.flat, members)
        self.seeds = [each["seed"] for each in members]
        self.orders = {seed: generator(SLUG, "batches", seed) for seed in self.seeds}
        self.batches = Epochs(
            self._order, member["samples"], member["batch_size"], device, members=len(members), last="dropped"
        )
        self.rows = torch.arange(len(members), device=device)[:, None]
        self.tensors = {"weights": self.networks.model.parameters.flat}
        self.tensors |= self.batches.tensors | self.optimiser.tensors
        self.generators = {f"order {seed}": stream for seed, stream in self.orders.items()}

    def _order(self, epoch: int) -> Tensor:
        count = self.networks.images.shape[1]
        drawn = {seed: torch.randperm(count, generator=stream) for seed, stream in self.orders.items()}
        return torch.stack([drawn[seed] for seed in self.seeds])

    def prepare(self, step: int) -> int:
        """Lay out the rows of the batch."""
        return self.batches.prepare(step)

    def step(self) -> None:
        """One step of the optimiser."""
        images, targets = (each[self.rows, self.batches.rows] for each in (self.networks.images, self.networks.targets))
        self.optimiser.step(self.networks.model.parameters.flat, self.networks.slope(images, targets))

    def record(self) -> dict[str, Tensor]:
        """Cross-entropy on all samples [K]."""
        return {"loss": self.networks.loss()}
