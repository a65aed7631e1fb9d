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


def path(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed twice: first losses, losses along the line [members, points], distances; `at` [points]."""
    settings = run.settings
    records = train(
        run,
        run.members,
        lambda members: Pair(members, run.device),
        settings["steps"],
        [0, settings["steps"]],
        signature=lambda member: (*(member[name] for name in ("classes", "width", "samples", "start")),),
        chunk=settings["chunk"],
    )
    ends = {name: values[:, -1] for name, values in records.items()}
    return ends | {"first_loss": records["line"][:, 0, 0], "at": np.linspace(0, 1, settings["points"])}


class Pair(Trainable):
    """K problems, each learned by full-batch gradient descent and by SGD in small batches, for as many steps."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        self.member = member = members[0]
        images, labels = problem.images_of(members)
        self.images, self.labels = images.to(device), labels.to(device)
        self.large = problem.model_of(members, images.shape[2], device)
        self.small = problem.model_of(members, images.shape[2], device, other=member["start"] == "other")
        self.rates = [
            torch.tensor([[each[name]] for each in members], device=device)
            for name in ("learning_rate", "small_learning_rate")
        ]
        self.gradient = self.large.parameters.like()
        self.orders = [generator(problem.SLUG, "batches", each["seed"]) for each in members]
        self.batches = Epochs(
            self._order, member["samples"], member["batch_size"], device, members=len(members), last="dropped"
        )
        self.rows = torch.arange(len(members), device=device)[:, None]
        self.first = self.large.parameters.flat.clone()
        self.tensors = {"large": self.large.parameters.flat, "small": self.small.parameters.flat} | self.batches.tensors
        self.generators = {f"order {row}": stream for row, stream in enumerate(self.orders)}

    def _order(self, epoch: int) -> Tensor:
        return torch.stack([torch.randperm(self.member["samples"], generator=stream) for stream in self.orders])

    def prepare(self, step: int) -> Hashable:
        """Lay out the rows of the small batch."""
        return self.batches.prepare(step)

    def step(self) -> None:
        """One step of each."""
        problem.descend(self.large, self.images, self.labels, self.rates[0], self.gradient)
        images, labels = (each[self.rows, self.batches.rows] for each in (self.images, self.labels))
        problem.descend(self.small, images, labels, self.rates[1], self.gradient)

    def record(self) -> dict[str, Tensor]:
        """Training loss on the line from large to small batch [K, points]; their distance over the large batch's way [K]."""
        large, small = (model.parameters.flat.clone() for model in (self.large, self.small))
        line = []
        for share in torch.linspace(0, 1, self.member["points"]).tolist():
            self.large.parameters.flat.copy_(torch.lerp(large, small, share))
            line.append(problem.losses(self.large, self.images, self.labels))
        self.large.parameters.flat.copy_(large)
        apart = (small - large).norm(dim=1) / (large - self.first).norm(dim=1)
        return {"line": torch.stack(line, 1), "distance": apart}
