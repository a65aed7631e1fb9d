"""ReLU networks of three layers on embedded images over a grid of learning rates, by width and parametrisation.

h_1 = W_1 x / sqrt(d), h_l = sqrt(2/N) W_l relu(h_(l-1)), f = sqrt(2/N) W_L relu(h_(L-1)) / gamma with entries N(0, 1), learning
rate gamma^2 times the one on the axis. Kept here are the products of weights and factors, which descend at the rate times
the squared factor of their layer: the same descent.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from replications.sgd_stability.noci2024.experiments.linear import SLUG, gamma_of, rate_of
from verifig.training.batches import Epochs
from verifig.training.data import embedded
from verifig.training.ensemble import MLP, Parameters, generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable


def digits(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed x learning rate: final losses [members, rates] and the rates [members, rates], NaN beyond its grid."""
    settings, members = run.settings, expand(run.members)
    records = train(
        run,
        members,
        lambda chosen: Digits(chosen, run.device),
        settings["steps"],
        [0, settings["steps"]],
        signature=lambda member: member["width"],
        chunk=settings["chunk"],
    )
    rates = np.array([member["learning_rate"] for member in members])
    fields = {"loss": records["loss"][:, -1], "first_loss": records["loss"][:, 0], "rates": rates}
    counts = [len(member["learning_rates"]) for member in run.members]
    return {name: by_member(values, counts) for name, values in fields.items()}


def by_member(values: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """Values one after the other, `counts` of each member, as [members, most]; shorter rows end in NaN."""
    result = np.full((len(counts), max(counts)), np.nan)
    for row, part in zip(result, np.split(values, np.cumsum(counts)[:-1]), strict=True):
        row[: len(part)] = part
    return result


def expand(members: Sequence[Mapping]) -> list[dict]:
    """One member a learning rate of its grid."""
    return [member | {"learning_rate": rate} for member in members for rate in member["learning_rates"]]


def factors(member: Mapping, sizes: Sequence[int]) -> list[float]:
    """What each layer's standard normal weights are multiplied by."""
    first, *others = (count**-0.5 for count in sizes[:-1])
    found = [first, *(2**0.5 * each for each in others)]
    return [*found[:-1], found[-1] / gamma_of(member)]


class Digits(Trainable):
    """K networks of equal width under minibatch SGD on the cross-entropy; subset, batches and weights are drawn by seed."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        member = members[0]
        images, labels = embedded(member["dataset"])
        images = images - images.mean(0)
        images, labels = torch.from_numpy(images / np.sqrt(np.mean(images**2))).float(), torch.from_numpy(labels)
        sizes = [images.shape[1], *[member["width"]] * (member["layers"] - 1), 10]
        self.model = MLP(sizes, len(members), device=device)
        rates = Parameters(self.model.parameters.shapes, len(members), torch.float32, torch.device("cpu"))
        for row, each in enumerate(members):
            stream = generator(SLUG, "digits", "weights", each["width"], each["seed"])
            for layer, factor in enumerate(factors(each, sizes), start=1):
                target = self.model.parameters.views[f"w{layer}"][row]
                target.copy_(factor * torch.randn(target.shape, generator=stream))
                rates.views[f"w{layer}"][row] = rate_of(each) * factor**2
        self.rates = rates.flat.to(device)
        subsets = [generator(SLUG, "digits", "subset", each["seed"]) for each in members]
        chosen = torch.stack([torch.randperm(len(images), generator=stream) for stream in subsets])[
            :, : member["samples"]
        ]
        self.images, self.targets = images[chosen].to(device), one_hot(labels[chosen], 10).float().to(device)
        self.seeds = [each["seed"] for each in members]
        self.orders = {seed: generator(SLUG, "digits", "batches", seed) for seed in self.seeds}
        self.batches = Epochs(
            self._order, member["samples"], member["batch_size"], device, members=len(members), last="dropped"
        )
        self.rows = torch.arange(len(members), device=device)[:, None]
        self.gradient = self.model.parameters.like()
        self.tensors = {"weights": self.model.parameters.flat} | self.batches.tensors
        self.generators = {f"order {seed}": stream for seed, stream in self.orders.items()}

    def _order(self, epoch: int) -> Tensor:
        drawn = {seed: torch.randperm(self.images.shape[1], generator=stream) for seed, stream in self.orders.items()}
        return torch.stack([drawn[seed] for seed in self.seeds])

    def prepare(self, step: int) -> int:
        """Lay out the rows of the batch."""
        return self.batches.prepare(step)

    def step(self) -> None:
        """One step of SGD."""
        images, targets = (each[self.rows, self.batches.rows] for each in (self.images, self.targets))
        outputs = self.model(images, keep=True)
        self.model.backward((outputs.softmax(-1) - targets) / images.shape[1], self.gradient)
        self.model.parameters.flat.addcmul_(self.rates, self.gradient, value=-1)

    def record(self) -> dict[str, Tensor]:
        """Cross-entropy on the training set [K]; infinite where it is not finite."""
        loss = -(self.model(self.images).log_softmax(-1) * self.targets).sum(-1).mean(-1)
        return {"loss": loss.masked_fill(~loss.isfinite(), torch.inf)}
