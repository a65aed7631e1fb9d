"""Linear regression with label noise under SGD and Adam over a grid of learning rates, by batch size.

w is the error of the weights, so a sample has the residual x . w - e with x ~ N(0, I_d) and e ~ N(0, 1), fresh in every step, and the
excess loss is |w|^2 / 2. The noise keeps the gradients, by whose size Adam divides, from vanishing.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.granziol2022.experiments.grid import expand, table
from replications.sgd_stability.granziol2022.experiments.network import SLUG
from verifig.training import optim
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable


def noisy(run: Run) -> dict[str, np.ndarray]:
    """`loss` [members, rates]: mean excess loss over the second half, over the first excess loss; the `rates` [members, rates]."""
    settings = run.settings
    members = expand(run.members)
    records = train(
        run,
        members,
        lambda chosen: Noisy(chosen, run.device),
        settings["steps"],
        [settings["steps"]],
        signature=lambda member: (member["optimizer"], member["batch_size"]),
        chunk=settings["chunk"],
    )
    found = {"loss": records["excess"][:, -1], "rates": [member["learning_rate"] for member in members]}
    return {name: table(values, len(run.members)) for name, values in found.items()}


class Noisy(Trainable):
    """K regressions with one optimiser and batch size; samples are drawn by seed and batch size, equal for all rates."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        member = members[0]
        self.batch, self.half = member["batch_size"], member["steps"] // 2
        self.seeds = sorted({each["seed"] for each in members})
        self.streams = [generator(SLUG, "noisy", self.batch, seed) for seed in self.seeds]
        self.drawn = torch.zeros(len(self.seeds), self.batch, member["dimension"] + 1, device=device)
        self.of_member = torch.tensor([self.seeds.index(each["seed"]) for each in members], device=device)
        error = torch.full((len(members), member["dimension"]), member["dimension"] ** -0.5, device=device)
        self.optimiser = optim.of(error, members)
        self.tensors = {"error": error, "sum": torch.zeros(len(members), device=device)} | self.optimiser.tensors
        self.generators = {f"samples {seed}": stream for seed, stream in zip(self.seeds, self.streams, strict=True)}
        self.late = False

    def prepare(self, step: int) -> bool:
        """Draw the samples; the excess loss is averaged over the second half."""
        for row, stream in enumerate(self.streams):
            self.drawn[row].copy_(torch.randn(self.drawn.shape[1:], generator=stream))
        self.late = step >= self.half
        return self.late

    def step(self) -> None:
        """One step of the optimiser."""
        error = self.tensors["error"]
        drawn = self.drawn[self.of_member]
        inputs, noise = drawn[..., :-1], drawn[..., -1:]
        residual = torch.bmm(inputs, error[..., None]) - noise
        self.optimiser.step(error, torch.bmm(inputs.mT, residual)[..., 0] / self.batch)
        if self.late:
            self.tensors["sum"].add_(error.square().sum(1))

    def record(self) -> dict[str, Tensor]:
        """Mean excess loss of the second half over the first one, which is 1/2 [K]; infinite where it is not finite."""
        mean = self.tensors["sum"] / max(1, self.taken - self.half)
        return {"excess": mean.masked_fill(~mean.isfinite(), torch.inf)}
