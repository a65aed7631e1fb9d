"""The straight line between what a large batch and a small batch find: two networks of one problem, trained side by side."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.sagun2017.experiments import problem
from verifig.training.batches import Epochs
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

ALONE = (
    "seed",
    "dataset",
    "classes",
    "samples",
    "labels",
    "centred",
    "width",
    "learning_rate",
)  # what the large batch depends on


def path(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed twice: first losses, losses along the line [members, points], distances; `at` [points]."""
    settings = run.settings
    records = train(
        run,
        run.members,
        lambda members: Pair(members, run.device),
        settings["steps"],
        [0, settings["steps"]],
        signature=lambda member: (*(member[name] for name in ("classes", "width", "samples")),),
        chunk=settings["chunk"],
    )
    ends = {name: values[:, -1] for name, values in records.items()}
    return ends | {"first_loss": records["line"][:, 0, 0], "at": np.linspace(0, 1, settings["points"])}


class Pair(Trainable):
    """K problems, each learned by SGD in small batches and by full-batch gradient descent, for as many steps.

    Members that differ only in their small batch share the large batch's network: there are L of those, L at most K.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        self.member = member = members[0]
        images, labels = problem.images_of(members)
        self.images, self.labels = images.to(device), labels.to(device)
        keys = [tuple(each[name] for name in ALONE) for each in members]
        firsts = [keys.index(key) for key in dict.fromkeys(keys)]
        self.of = torch.tensor([firsts.index(keys.index(key)) for key in keys], device=device)
        self.large_data = tuple(each[torch.tensor(firsts, device=device)] for each in (self.images, self.labels))
        self.large = problem.model_of([members[row] for row in firsts], images.shape[2], device)
        starts = [each["start"] for each in members]
        self.small = problem.model_of(members, images.shape[2], device, starts)
        rates = [members[row]["learning_rate"] for row in firsts]
        self.large_rates = torch.tensor(rates, device=device)[:, None]
        self.small_rates = torch.tensor([each["small_learning_rate"] for each in members], device=device)[:, None]
        self.gradients = [model.parameters.like() for model in (self.large, self.small)]
        self.seeds = [each["seed"] for each in members]
        self.orders = {seed: generator(problem.SLUG, "batches", seed) for seed in self.seeds}
        self.batches = Epochs(
            self._order, member["samples"], member["batch_size"], device, members=len(members), last="dropped"
        )
        self.rows = torch.arange(len(members), device=device)[:, None]
        self.first = self.large.parameters.flat.clone()
        self.tensors = {"large": self.large.parameters.flat, "small": self.small.parameters.flat} | self.batches.tensors
        self.generators = {f"order {seed}": stream for seed, stream in self.orders.items()}

    def _order(self, epoch: int) -> Tensor:
        drawn = {seed: torch.randperm(self.member["samples"], generator=each) for seed, each in self.orders.items()}
        return torch.stack([drawn[seed] for seed in self.seeds])

    def prepare(self, step: int) -> Hashable:
        """Lay out the rows of the small batch."""
        return self.batches.prepare(step)

    def step(self) -> None:
        """One step of each."""
        problem.descend(self.large, *self.large_data, self.large_rates, self.gradients[0])
        images, labels = (each[self.rows, self.batches.rows] for each in (self.images, self.labels))
        problem.descend(self.small, images, labels, self.small_rates, self.gradients[1])

    def record(self) -> dict[str, Tensor]:
        """Training loss on the line from large to small batch [K, points]; their distance over the large batch's way [K]."""
        large, first = (each[self.of] for each in (self.large.parameters.flat, self.first))
        small, line = self.small.parameters.flat.clone(), []
        for share in torch.linspace(0, 1, self.member["points"]).tolist():
            self.small.parameters.flat.copy_(torch.lerp(large, small, share))
            line.append(problem.losses(self.small, self.images, self.labels))
        self.small.parameters.flat.copy_(small)
        apart = (small - large).norm(dim=1) / (large - first).norm(dim=1)
        return {"line": torch.stack(line, 1), "distance": apart}
