"""K perceptrons with one hidden layer, each on examples of its own, as one program: the base of score and retraining runs."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from replications.data_pruning.paul2021.experiments.digits import CLASSES, SLUG
from replications.data_pruning.science import scores
from verifig.training import optim
from verifig.training.batches import Epochs
from verifig.training.ensemble import MLP, generator
from verifig.training.trainable import Trainable

DROPS = ((0.6, 0.2), (0.85, 0.04))  # from this share of the steps on, this factor of the learning rate


class Networks(Trainable):
    """K networks under SGD with momentum.

    Args:
        members: settings, with `names`, by which first weights and orders are drawn.
        images: [n, D]; chosen: rows of them that each network trains on [K, m]; labels: of these [K, m]; all on the CPU.
        steps: in all, for the learning rate.
        device: where the networks train.
    """

    def __init__(
        self,
        members: Sequence[Mapping],
        images: Tensor,
        chosen: Tensor,
        labels: Tensor,
        steps: int,
        device: torch.device,
    ):
        super().__init__()
        member = members[0]
        self.members, self.images, self.steps = members, images.to(device), steps
        self.model = MLP([images.shape[1], member["width"], CLASSES], len(members), bias=True, device=device)
        self.model.initialise([generator(SLUG, "weights", *each["names"]) for each in members])
        self.chosen, self.labels = chosen.to(device), labels.to(device)
        self.optimiser = optim.of(self.model.parameters.flat, members)
        self.rates = torch.tensor([[each["learning_rate"]] for each in members], dtype=torch.float64, device=device)
        self.gradient = self.model.parameters.like()
        self.batches = Epochs(
            self._orders, chosen.shape[1], member["batch_size"], device, members=len(members), last="dropped"
        )
        self.tensors = {"weights": self.model.parameters.flat} | self.optimiser.tensors | self.batches.tensors

    def order(self, member: Mapping, epoch: int) -> tuple:
        """Names by which a network's order of an epoch is drawn."""
        return (*member["names"], epoch)

    def _orders(self, epoch: int) -> Tensor:
        """Orders [K, m] of an epoch, one draw for all networks of the same names."""
        names = [self.order(member, epoch) for member in self.members]
        drawn = {
            each: torch.randperm(self.chosen.shape[1], generator=generator(SLUG, "order", *each)) for each in set(names)
        }
        return torch.stack([drawn[each] for each in names])

    def prepare(self, step: int) -> int:
        """Lay out the rows of the batch; set the learning rate."""
        self.optimiser.learning_rate.copy_(self.rates * rate_factor(step, self.steps))
        return self.batches.prepare(step)

    def step(self) -> None:
        """One step on a batch of each network's own examples."""
        rows = self.batches.rows
        labels = self.labels.gather(1, rows)
        chosen = self.chosen.gather(1, rows)
        images = self.images.index_select(0, chosen.flatten()).view(*rows.shape, -1)
        outputs = self.model(images, keep=True)
        self.see(outputs, rows, labels)
        self.model.backward(scores.errors(outputs, labels) / rows.shape[1], self.gradient)
        self.optimiser.step(self.model.parameters.flat, self.gradient)

    def see(self, outputs: Tensor, rows: Tensor, labels: Tensor) -> None:
        """What a program notes of the outputs [K, B, 10] on a batch before the step; nothing here."""

    def layers(self) -> tuple[list[Tensor], list[Tensor]]:
        """Weights and biases by layer, [K, fan_in, fan_out] and [K, 1, fan_out]."""
        views = self.model.parameters.views
        return [views["w1"], views["w2"]], [views["b1"], views["b2"]]


def rate_factor(step: int, steps: int) -> float:
    """Factor of the learning rate at step number `step` of `steps`."""
    return next((factor for share, factor in reversed(DROPS) if step >= share * steps), 1.0)
