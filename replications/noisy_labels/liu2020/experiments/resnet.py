"""ResNet-34 on CIFAR-10 with noisy labels, as in the paper (paper scale)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from replications.noisy_labels.liu2020.experiments.images import observed_labels
from replications.noisy_labels.science import THEME
from replications.noisy_labels.science.elr import Targets, elr_loss, kl_loss
from verifig.training import archives, flat, optim, vision
from verifig.training.augment import CropsAndFlips
from verifig.training.batches import Epochs
from verifig.training.channels import channels_last
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

CROP_PADDING = 4
EVALUATION_BATCH = 500
CLASSES = 10
MEAN, DEVIATION = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)  # of CIFAR-10, as the authors' code has them
LOSSES = {"ce": lambda logits, labels, *_: nn.functional.cross_entropy(logits, labels), "elr": elr_loss, "kl": kl_loss}


def resnet34() -> nn.Module:
    """ResNet-34 for images of 32 x 32: a 3 x 3 first convolution of stride 1, no max-pooling."""
    network = vision.torchvision().models.resnet34(weights=None, num_classes=CLASSES)
    network.conv1, network.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    return network


class Network(Trainable):
    """One network, SGD with momentum and a stepwise learning rate on random crops and flips; a step is one minibatch.

    Args:
        data: training images uint8 [n, 3, 32, 32] and labels, test images and labels.
        network: makes the network.
    """

    def __init__(self, member: Mapping, data: tuple, device: torch.device, network=resnet34):
        super().__init__()
        (pixels, labels), (test_pixels, test_labels) = data
        n, seed = member["n"], member["seed"]
        split = torch.randperm(len(labels), generator=generator(THEME, "cifar split", seed))[:n]
        self.x, self.x_test = (
            standardised(part, device) for part in (torch.from_numpy(pixels)[split], torch.from_numpy(test_pixels))
        )
        true = torch.from_numpy(labels)[split]
        self.true, self.observed = true.to(device), observed_labels(member, true).to(device)
        self.test_labels = torch.from_numpy(test_labels).to(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator(THEME, "cifar weights", seed).initial_seed())
            self.net = channels_last(network()).to(device)
        self.loss, self.strength = LOSSES[member["method"]], member["strength"]
        self.targets = Targets(n, CLASSES, member["beta"], device)
        self.flat, self.grads = flat.flatten(self.net.parameters())
        self.optimizer = optim.of(self.flat, [member])
        self.stream = generator(THEME, "cifar batches", seed)
        self.batches = Epochs(lambda epoch: torch.randperm(n, generator=self.stream), n, member["batch_size"], device)
        self.augment = CropsAndFlips(CROP_PADDING, device)
        self.rates = [
            member["learning_rate"] * member["decay_factor"] ** k for k in range(len(member["decay_epochs"]) + 1)
        ]
        self.decays = [epoch * self.batches.per_epoch for epoch in member["decay_epochs"]]
        self.generators = {"batches": self.stream}
        self.tensors = {
            "parameters": self.flat,
            "targets": self.targets.values,
            **self.batches.tensors,
            **flat.buffers(self.net),
            **self.optimizer.tensors,
        }

    def prepare(self, step: int) -> int:
        size = self.batches.prepare(step)
        self.augment.draw(size, self.stream)
        self.optimizer.learning_rate.fill_(self.rates[sum(step >= decay for decay in self.decays)])
        return size

    def step(self) -> None:
        rows = self.batches.rows
        self.net.train()
        self.grads.zero_()
        logits = self.net(self.augment(self.x.index_select(0, rows)))
        targets = self.targets.update(rows, logits)
        self.loss(logits, self.observed.index_select(0, rows), targets, self.strength).backward()
        self.optimizer.step(self.flat, self.grads)

    def record(self) -> dict[str, Tensor]:
        self.net.eval()
        wrong, guesses = self.observed != self.true, self._classes(self.x)
        correct = guesses == self.true
        fields = {
            "test_accuracy": self._classes(self.x_test) == self.test_labels,
            "clean_accuracy": correct[~wrong],
            "wrong_accuracy": correct[wrong],
            "memorised": (guesses == self.observed)[wrong],
            "target_accuracy": self.targets.values.argmax(1) == self.true,
            "wrong_share": wrong,
            "finite": self.flat.isfinite(),
        }
        return {name: values.double().mean()[None] for name, values in fields.items()}

    @torch.no_grad()
    def _classes(self, x: Tensor) -> Tensor:
        return torch.cat([self.net(part).argmax(1) for part in x.split(EVALUATION_BATCH)])


def standardised(pixels: Tensor, device: torch.device) -> Tensor:
    """Images uint8 [n, 3, h, w] as float32, by the mean and standard deviation of each channel of CIFAR-10."""
    mean, deviation = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    return (pixels.to(device).float() / 255 - mean) / deviation


def resnet(run: Run) -> dict[str, np.ndarray]:
    """All conditions and seeds, one network after the other; arrays [members, log points] and `points` (epochs)."""
    settings = run.settings
    data = archives.archive(run.path(settings["dataset"]), settings["dataset"])
    epochs, per_epoch = settings["epochs"], -(-settings["n"] // settings["batch_size"])
    points = sorted({point for point in settings["record_epochs"] if point <= epochs} | {0, epochs})
    found = train(
        run,
        run.members,
        lambda chunk: Network(chunk[0], data, run.device),
        epochs * per_epoch,
        [point * per_epoch for point in points],
        signature=lambda member: (member["condition"], member["seed"]),
    )
    return found | {"points": np.array(points)}
