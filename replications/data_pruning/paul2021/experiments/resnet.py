"""ResNet18 on CIFAR-10 as in the paper: SGD with Nesterov's momentum, crops and flips, on a part of the training images."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from replications.data_pruning.paul2021.experiments.digits import SLUG
from verifig.training import flat, vision
from verifig.training.augment import CropsAndFlips
from verifig.training.batches import Epochs
from verifig.training.ensemble import generator
from verifig.training.seeds import derive
from verifig.training.trainable import Trainable

EVALUATION_BATCH = 1000


def resnet18(classes: int) -> nn.Module:
    """torchvision's ResNet18 with a 3x3 first convolution of stride 1 and no max-pooling, for 32x32 images."""
    network = vision.torchvision().models.resnet18(num_classes=classes)
    network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    return network


class Nesterov:
    """SGD with Nesterov's momentum and coupled weight decay, as `torch.optim.SGD(nesterov=True)`."""

    def __init__(self, weights: Tensor, momentum: float, weight_decay: float):
        self.momentum, self.weight_decay = momentum, weight_decay
        self.learning_rate = torch.zeros((), device=weights.device)
        self.velocity = torch.zeros_like(weights)

    def step(self, weights: Tensor, slope: Tensor) -> None:
        """Update the weights in place."""
        slope = slope.add(weights, alpha=self.weight_decay)
        self.velocity.mul_(self.momentum).add_(slope)
        weights.sub_(slope.add_(self.velocity, alpha=self.momentum).mul_(self.learning_rate))


class Convnet(Trainable):
    """One network.

    Args:
        member: settings, with `names`, by which first weights, orders and crops are drawn.
        images: uint8 [n, 3, side, side]; labels: [n]; chosen: rows of them to train on [m]; all on the device.
        network: what makes it.
    """

    def __init__(self, member: Mapping, images: Tensor, labels: Tensor, chosen: Tensor, network=resnet18):
        super().__init__()
        self.member, self.images, self.labels, self.chosen = member, images, labels, chosen
        self.device = images.device
        self.mean, self.deviation = (
            torch.tensor(member[name], device=self.device).view(-1, 1, 1) for name in ("mean", "deviation")
        )
        torch.manual_seed(derive(SLUG, "weights", *member["names"]))
        self.network = network(int(member["classes"])).to(self.device)
        self.flat, self.slope = flat.flatten(self.network.parameters())
        self.optimiser = Nesterov(self.flat, member["momentum"], member["weight_decay"])
        self.crops = CropsAndFlips(member["padding"], self.device)
        self.stream = generator(SLUG, "order", *member["names"])
        self.generators = {"stream": self.stream}
        count = len(chosen)
        self.batches = Epochs(
            lambda epoch: torch.randperm(count, generator=self.stream),
            count,
            member["batch_size"],
            self.device,
            last="dropped",
        )
        self.tensors = {"weights": self.flat, "velocity": self.optimiser.velocity} | self.batches.tensors
        self.tensors |= flat.buffers(self.network)

    def prepare(self, step: int) -> int:
        """The rows of the batch, its crops, and the learning rate, which drops at the named steps."""
        drops = sum(step >= drop for drop in self.member["drops"])
        self.optimiser.learning_rate.fill_(self.member["learning_rate"] * self.member["drop_factor"] ** drops)
        size = self.batches.prepare(step)
        self.crops.draw(size, self.stream)
        return size

    def step(self) -> None:
        """One batch."""
        rows = self.chosen[self.batches.rows]
        self.network.train()
        self.slope.zero_()
        with self._precision():
            outputs = self.network(self.crops(self.scaled(self.images[rows])))
        cross_entropy(outputs.float(), self.labels[rows]).backward()
        self.optimiser.step(self.flat, self.slope)

    def scaled(self, images: Tensor) -> Tensor:
        """uint8 images [B, 3, side, side] as float32, by channel less the mean, over the deviation."""
        return (images.float() / 255 - self.mean) / self.deviation

    def _precision(self) -> torch.autocast:
        low = self.member["autocast"]
        return torch.autocast(self.device.type, torch.bfloat16, enabled=low, cache_enabled=False)
