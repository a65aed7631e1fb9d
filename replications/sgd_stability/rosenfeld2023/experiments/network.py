"""Two-layer ReLU networks on MNIST images under full-batch gradient descent: which samples' losses rise and fall together."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from replications.sgd_stability.rosenfeld2023.experiments.toy import SLUG
from verifig.curvature import batched
from verifig.curvature.dense import half_squared
from verifig.curvature.networks import Networks, mlp
from verifig.training.data import embedded
from verifig.training.ensemble import MLP, generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

KEPT = 3  # losses of as many steps are kept: two changes
PRODUCTS = 16  # with the Hessian, for its largest eigenvalue at the end


def network(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed: records [members, log points] at every step from the third on, with `steps`."""
    settings = run.settings
    points = list(range(KEPT, settings["steps"] + 1))
    records = train(
        run,
        run.members,
        lambda members: Network(members, run.device),
        settings["steps"],
        points,
        signature=lambda member: (*(member[name] for name in ("samples", "width", "group", "follow_from")),),
        chunk=settings["chunk"],
    )
    return records | {"steps": np.array(points)}


class Network(Trainable):
    """K networks on squared loss; images and first weights are drawn by seed.

    Kept are the losses of all samples before the last three steps. The groups are the `group` samples whose loss rose and fell
    most from the first of them to the second.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        self.member, samples = members[0], members[0]["samples"]
        images, labels = embedded("mnist_5k")
        images, labels = torch.from_numpy(images - images.mean(0)).float(), torch.from_numpy(labels)
        streams = [generator(SLUG, "network", member["seed"]) for member in members]
        chosen = torch.stack([torch.randperm(len(images), generator=stream)[:samples] for stream in streams])
        self.images, self.labels = images[chosen].to(device), one_hot(labels[chosen], 10).float().to(device)
        self.model = MLP([images.shape[1], members[0]["width"], 10], len(members), device=device)
        for row, stream in enumerate(streams):
            for weight, gain in zip(self.model.weights, (2, 1), strict=True):
                draw = torch.randn(weight.shape[1:], generator=stream)
                weight[row].copy_((gain / weight.shape[1]) ** 0.5 * draw)
        self.rate = torch.tensor([member["learning_rate"] for member in members], device=device)[:, None]
        self.gradient = self.model.parameters.like()
        losses = torch.zeros(KEPT, len(members), samples, device=device)
        followed = torch.zeros(2, len(members), members[0]["group"], dtype=torch.int64, device=device)
        self.tensors = {"weights": self.model.parameters.flat, "losses": losses, "followed": followed}
        self.choosing = False

    def prepare(self, step: int) -> Hashable:
        """At one step the groups to follow are chosen."""
        self.choosing = step == self.member["follow_from"]
        return self.choosing

    def step(self) -> None:
        """One step of gradient descent, after the losses before it are kept."""
        errors = self.model(self.images, keep=True) - self.labels
        losses = self.tensors["losses"]
        losses.copy_(torch.cat([losses[1:], errors.square().sum(-1)[None] / 2]))
        self.model.backward(errors / self.images.shape[1], self.gradient)
        self.model.parameters.flat.addcmul_(self.rate, self.gradient, value=-1)
        if self.choosing:
            self.tensors["followed"].copy_(self._extremes(losses[1] - losses[0]))

    def record(self) -> dict[str, Tensor]:
        """Sharpness at the end; loss, shares of each group that turn at the next step, overlap of their labels, followed losses [K]."""
        losses = self.tensors["losses"]
        change, following = losses[1] - losses[0], losses[2] - losses[1]
        rising, falling = self._extremes(change)
        shares = [one_hot_mean(self.labels, group) for group in (rising, falling)]
        up, down = (losses[-1].gather(1, group).mean(1) for group in self.tensors["followed"])
        return {
            "sharpness": self._sharpness() if self.taken == self.member["steps"] else torch.full_like(up, torch.nan),
            "loss": losses[-1].mean(1),
            "rising": (change > 0).float().mean(1),
            "turn_up": (following.gather(1, rising) < 0).float().mean(1),
            "turn_down": (following.gather(1, falling) > 0).float().mean(1),
            "overlap": torch.minimum(*shares).sum(1),
            "up": up,
            "down": down,
        }

    def _sharpness(self) -> Tensor:
        """Largest eigenvalue of the Hessian [K]."""
        networks = Networks(mlp("relu"), self.model.parameters.views)
        data = (self.images, self.labels)
        return batched.sharpness(networks, half_squared, data, shared=False, steps=PRODUCTS).values.float()

    def _extremes(self, change: Tensor) -> Tensor:
        """Numbers [2, K, group] of the samples whose loss rose and fell most."""
        size = self.member["group"]
        return torch.stack([change.topk(size, 1).indices, (-change).topk(size, 1).indices])


def one_hot_mean(labels: Tensor, group: Tensor) -> Tensor:
    """Shares of the classes [K, C] in groups of samples: labels [K, n, C] one-hot, numbers [K, g]."""
    return labels.gather(1, group[..., None].expand(-1, -1, labels.shape[2])).mean(1)
