"""Dense and randomly pruned ResNets on CIFAR, as the paper trains them (paper scale)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from replications.sparse_training.liu2022.experiments.resnets import ResNet
from replications.sparse_training.liu2022.experiments.starts import PAPER
from replications.sparse_training.science import densities, masks
from replications.sparse_training.science.rules import RULES
from verifig.training import archives, data, flat
from verifig.training.augment import CropsAndFlips
from verifig.training.batches import Epochs
from verifig.training.channels import channels_last
from verifig.training.ensemble import generator
from verifig.training.loop import log_points, train
from verifig.training.optim import SGD
from verifig.training.run import Run
from verifig.training.trainable import Trainable

CROP_PADDING = 4
EVALUATION_BATCH = 500
Part = tuple[Tensor, Tensor]


def images(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed; records of `Network` [members, points], `epochs` [points]."""
    s = run.settings
    sets = load(run, s["dataset"], s["held_out"])
    batches = -(-len(sets[0][1]) // s["batch_size"])
    points = log_points(s["epochs"], s["log_every"])
    records = train(
        run,
        run.members,
        lambda members: Network(members[0], sets, run.device),
        s["epochs"] * batches,
        [epoch * batches for epoch in points],
        signature=lambda m: (m["condition"], m["seed"]),
    )
    return records | {"epochs": np.array(points)}


def load(run: Run, name: str, held_out: float) -> tuple[Part, Part]:
    """Training and test set: standardised images [n, channels, side, side] float32, labels; the paper's code holds a share out.

    Of the embedded `mnist_5k` the last 1,000 images of numpy's RandomState(0) are the test set, with 32 x 32 pixels and
    three equal channels.
    """
    if name == "mnist_5k":
        pixels, labels = data.embedded(name)
        order = np.random.RandomState(0).permutation(len(labels))
        square = np.pad(pixels.reshape(-1, 1, 28, 28), [(0, 0), (0, 0), (2, 2), (2, 2)])
        pixels, labels = np.repeat(square, 3, 1)[order], labels[order]
        parts = [(pixels[:4000], labels[:4000]), (pixels[4000:], labels[4000:])]
    else:
        parts = [(pixels / np.float32(255), labels) for pixels, labels in archives.archive(run.path(name), name)]
    kept = torch.randperm(len(parts[0][1]), generator=generator(PAPER, "held out", name))
    kept = kept[: round((1 - held_out) * len(kept))].numpy()
    parts[0] = parts[0][0][kept], parts[0][1][kept]
    mean, deviation = (getattr(parts[0][0], f)((0, 2, 3), keepdims=True) for f in ("mean", "std"))
    return tuple((torch.from_numpy((x - mean) / deviation).float(), torch.from_numpy(y)) for x, y in parts)


class Network(Trainable):
    """One ResNet under a fixed mask, trained by SGD on random crops and flips; a step is one minibatch."""

    def __init__(self, member: Mapping, sets: tuple[Part, Part], device: torch.device):
        super().__init__()
        (self.x, self.y), (self.x_test, self.y_test) = (tuple(part.to(device) for part in each) for each in sets)
        self.classes, seed = int(sets[0][1].max()) + 1, member["seed"]
        self.net = self._fresh(member, "weights", nn.init.kaiming_normal_)
        chosen = draw(member, self.net, lambda: self._fresh(member, "snip", nn.init.xavier_normal_), sets[0])
        channels_last(self.net).to(device)
        self.mask, _ = flat.flatten(self._ones(chosen))
        self.flat, self.grads = flat.flatten(self.net.parameters())
        self.flat.mul_(self.mask)
        rates = (member[name] for name in ("learning_rate", "momentum", "weight_decay"))
        self.optimizer = SGD(self.flat, *rates)
        self.rate = self.optimizer.learning_rate.clone()
        self.stream = generator(PAPER, "batches", seed)
        count = len(self.y)
        self.batches = Epochs(
            lambda epoch: torch.randperm(count, generator=self.stream), count, member["batch_size"], device
        )
        self.drops = [round(share * member["epochs"]) * self.batches.per_epoch for share in member["drops"]]
        self.factor = member["drop_factor"]
        self.augment = CropsAndFlips(CROP_PADDING, device)
        self.generators = {"batches": self.stream}
        self.tensors = {
            "parameters": self.flat,
            "learning_rate": self.optimizer.learning_rate,
            **self.batches.tensors,
            **flat.buffers(self.net),
            **self.optimizer.tensors,
        }

    def _fresh(self, member: Mapping, purpose: str, initialise) -> ResNet:
        """A network with its convolutions and its head drawn for a purpose, on the CPU."""
        net = ResNet(member["depth"], member["width"], self.classes)
        stream = generator(PAPER, purpose, member["depth"], member["width"], member["seed"])
        for weight in densities.maskable(net).values():
            initialise(weight, generator=stream)
        nn.init.zeros_(net.head.bias)
        return net

    def _ones(self, chosen: Mapping[str, Tensor]) -> list[nn.Parameter]:
        """The network's parameters as masks: 1 where a weight is trained."""
        return [
            nn.Parameter((chosen[name] if name in chosen else torch.ones_like(value)).to(value), requires_grad=False)
            for name, value in self.net.named_parameters()
        ]

    def prepare(self, step: int) -> int:
        dropped = sum(step >= drop for drop in self.drops)
        self.optimizer.learning_rate.copy_(self.rate * self.factor**dropped)
        size = self.batches.prepare(step)
        self.augment.draw(size, self.stream)
        return size

    def step(self) -> None:
        rows = self.batches.rows
        self.net.train()
        self.grads.zero_()
        cross_entropy(self.net(self.augment(self.x.index_select(0, rows))), self.y.index_select(0, rows)).backward()
        self.grads.mul_(self.mask)
        self.optimizer.step(self.flat, self.grads)

    @torch.no_grad()
    def record(self) -> dict[str, Tensor]:
        """Test accuracy, and the number of maskable weights that are not 0."""
        self.net.eval()
        parts = self.x_test.split(EVALUATION_BATCH)
        guesses = torch.cat([self.net(part).argmax(1) for part in parts])
        left = sum((weight != 0).sum() for weight in densities.maskable(self.net).values())
        return {"test_accuracy": (guesses == self.y_test).double().mean()[None], "weights": left.double()[None]}


def draw(member: Mapping, net: ResNet, fresh, training: Part) -> dict[str, Tensor]:
    """Random masks by layer with the densities of a member's rule; SNIP's ratios are those of a fresh network on one batch."""
    shapes, seed = densities.layer_shapes(net), member["seed"]
    if member["ratios"] == "snip":
        stream = generator(PAPER, "snip batch", seed)
        rows = torch.randperm(len(training[1]), generator=stream)[: member["batch_size"]]
        x, y = training[0][rows], training[1][rows]
        kept = densities.snip_ratio(fresh(), lambda module: cross_entropy(module(x), y), member["density"])
    else:
        kept = RULES[member["ratios"]](shapes, member["density"])
    stream = generator(PAPER, "mask", member["depth"], member["width"], seed, member["draw"])
    return masks.draw(shapes, kept, stream)
