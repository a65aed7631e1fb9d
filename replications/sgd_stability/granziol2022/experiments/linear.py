"""Linear regression on Gaussian inputs, where SGD is linear: the largest stable learning rate by bisection.

With the target subtracted, w <- w - (eta / B) sum_i x_i (x_i . w) with B fresh inputs x_i ~ N(0, I_d) a step. The norm grows or
falls geometrically; every `round_steps` steps the rate moves by half the last move, up where it fell and down where it grew.
"""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.granziol2022.experiments.network import SLUG
from verifig.curvature.stability import population_threshold
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

LOWEST, HIGHEST = -9.0, 3.0  # log2 of the rates between which the search begins


def linear(run: Run) -> dict[str, np.ndarray]:
    """Largest stable rates [members]; `exact` [members] by the fourth moments; `grid`, the ratio of neighbouring rates in the end."""
    settings, members = run.settings, run.members
    steps = settings["rounds"] * settings["round_steps"]
    records = train(
        run,
        members,
        lambda chosen: Bisection(chosen, run.device),
        steps,
        [steps],
        signature=lambda member: member["batch_size"],
        chunk=settings["chunk"],
    )
    exact = {size: population_threshold(settings["dimension"], size) for size in {m["batch_size"] for m in members}}
    return {
        "found": records["rate"][:, -1],
        "exact": np.array([exact[member["batch_size"]] for member in members]),
        "grid": np.array(2 ** ((HIGHEST - LOWEST) / 2 ** settings["rounds"])),
    }


class Bisection(Trainable):
    """K searches with equal batch sizes; inputs are drawn by seed and batch size."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        member, count = members[0], len(members)
        self.batch, self.round, self.device = member["batch_size"], member["round_steps"], device
        self.streams = [generator(SLUG, "inputs", self.batch, each["seed"]) for each in members]
        self.inputs = torch.zeros(count, self.batch, member["dimension"], device=device)
        direction = torch.ones(count, member["dimension"], device=device)
        self.tensors = {
            "direction": direction / direction.norm(dim=1, keepdim=True),
            "growth": torch.zeros(count, 1, device=device),  # log of the norm since the round began
            "low": torch.full((count, 1), LOWEST, device=device),
            "high": torch.full((count, 1), HIGHEST, device=device),
        }
        self.generators = {f"inputs {row}": stream for row, stream in enumerate(self.streams)}
        self.turning = False

    def prepare(self, step: int) -> Hashable:
        """Draw the inputs; a round ends with every `round_steps`-th step."""
        for row, stream in enumerate(self.streams):
            self.inputs[row].copy_(torch.randn(self.inputs.shape[1:], generator=stream))
        self.turning = (step + 1) % self.round == 0
        return self.turning

    def step(self) -> None:
        """One step of SGD on a vector that is scaled back to norm 1."""
        direction, growth, low, high = (self.tensors[name] for name in ("direction", "growth", "low", "high"))
        middle = (low + high) / 2
        outputs = torch.bmm(self.inputs, direction[..., None])
        slope = torch.bmm(self.inputs.mT, outputs)[..., 0] / self.batch
        direction.addcmul_(torch.exp2(middle), slope, value=-1)
        norm = direction.norm(dim=1, keepdim=True)
        direction.div_(norm)
        growth.add_(norm.log())
        if self.turning:
            stable = growth < 0
            low.copy_(torch.where(stable, middle, low))
            high.copy_(torch.where(stable, high, middle))
            growth.zero_()

    def record(self) -> dict[str, Tensor]:
        """The middle of the last bracket [K], a learning rate."""
        return {"rate": torch.exp2((self.tensors["low"] + self.tensors["high"]) / 2)[:, 0]}
