"""Pre-activation ResNet18 of several widths on noisy image labels, as in Deep Double Descent (paper scale)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from replications.double_descent.science import THEME
from replications.double_descent.science.images import images
from verifig.training import flat
from verifig.training.augment import CropsAndFlips
from verifig.training.batches import Epochs
from verifig.training.channels import channels_last
from verifig.training.ensemble import generator
from verifig.training.labels import corrupt
from verifig.training.loop import train
from verifig.training.optim import Adam
from verifig.training.run import Run
from verifig.training.trainable import Trainable

CROP_PADDING = 4
EVALUATION_BATCH = 500


class Block(nn.Module):
    """BatchNorm, ReLU, 3x3 convolution, twice, with a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        same = stride == 1 and inputs == outputs
        self.shortcut = None if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        active = torch.relu(self.norm1(x))
        skipped = x if self.shortcut is None else self.shortcut(active)
        return self.conv2(torch.relu(self.norm2(self.conv1(active)))) + skipped


class ResNet18(nn.Module):
    """Four stages of two blocks with k, 2k, 4k, 8k channels (k = 64 is the standard network)."""

    def __init__(self, channels: int, k: int, classes: int):
        super().__init__()
        widths = [k, 2 * k, 4 * k, 8 * k]
        blocks, inputs = [], k
        for stage, outputs in enumerate(widths):
            for repeat in range(2):
                blocks.append(Block(inputs, outputs, 2 if stage and not repeat else 1))
                inputs = outputs
        self.stem = nn.Conv2d(channels, k, 3, 1, 1, bias=False)
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(8 * k, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class Network(Trainable):
    """One network, trained by Adam on random crops and flips; a step is one minibatch.

    The last minibatch of an epoch may be smaller: a phase of its own. Orders, flips and shifts come from one CPU stream:
    the order of an epoch, then by minibatch its flips and shifts.

    Args:
        data: pixels [N, channels x side x side] float64 in [0, 1], labels [N] int64; the first `n` are trained on, the next
            `test_size` (0: all others) are for testing.
    """

    def __init__(self, member: Mapping, data: tuple[np.ndarray, np.ndarray], device: torch.device):
        super().__init__()
        pixels, labels = data
        channels, side = member["channels"], member["side"]
        shaped = torch.from_numpy(pixels).float().view(-1, channels, side, side)
        shaped = ((shaped - shaped.mean((0, 2, 3), keepdim=True)) / shaped.std((0, 2, 3), keepdim=True)).to(device)
        n, answers, seed = member["n"], torch.from_numpy(labels).to(device), member["seed"]
        classes = int(labels.max()) + 1
        rest = slice(n, n + member["test_size"] if member["test_size"] else None)
        self.x, self.x_test, self.clean = shaped[:n], shaped[rest], answers[rest]
        self.labels, self.test_labels = (
            corrupt(part, classes, member["label_noise"], generator(THEME, "incorrect labels", name, len(part), seed))
            for name, part in (("train", answers[:n]), ("test", self.clean))
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator(THEME, "resnet", member["width"], seed).initial_seed())
            self.net = channels_last(ResNet18(channels, member["width"], classes)).to(device)
        self.flat, self.grads = flat.flatten(self.net.parameters())
        self.optimizer = Adam(self.flat, member["learning_rate"])
        self.stream = generator(THEME, "resnet batches", seed)
        self.batches = Epochs(lambda epoch: torch.randperm(n, generator=self.stream), n, member["batch_size"], device)
        self.augment = CropsAndFlips(CROP_PADDING, device) if member["augment"] else None
        self.generators = {"batches": self.stream}
        self.tensors = {
            "parameters": self.flat,
            **self.batches.tensors,
            **flat.buffers(self.net),
            **self.optimizer.tensors,
        }

    def prepare(self, step: int) -> int:
        size = self.batches.prepare(step)
        if self.augment:
            self.augment.draw(size, self.stream)
        return size

    def step(self) -> None:
        rows = self.batches.rows
        x, labels = self.x.index_select(0, rows), self.labels.index_select(0, rows)
        if self.augment:
            x = self.augment(x)
        self.net.train()
        self.grads.zero_()
        nn.functional.cross_entropy(self.net(x), labels).backward()
        self.optimizer.step(self.flat, self.grads)

    def record(self) -> dict[str, Tensor]:
        self.net.eval()
        guesses = self._classes(self.x_test)
        return {
            "train_error": (self._classes(self.x) != self.labels).double().mean()[None],
            "test_error": (guesses != self.test_labels).double().mean()[None],
            "clean_test_error": (guesses != self.clean).double().mean()[None],
        }

    @torch.no_grad()
    def _classes(self, x: Tensor) -> Tensor:
        return torch.cat([self.net(part).argmax(1) for part in x.split(EVALUATION_BATCH)])


def deep(run: Run) -> dict[str, np.ndarray]:
    """Train every width and seed; arrays `<field>` [seeds, widths, points], `widths`, `points` (epochs)."""
    settings = run.settings
    data = images(run, settings["dataset"])
    if settings["dataset"] == "mnist_5k":  # sorted by class
        order = torch.randperm(len(data[1]), generator=generator(THEME, "deep order")).numpy()
        data = tuple(part[order] for part in data)
    members = [member | {"width": width} for member in run.members for width in settings["widths"]]
    batches = -(-settings["n"] // settings["batch_size"])
    found = train(
        run,
        members,
        lambda chunk: Network(chunk[0], data, run.device),
        settings["epochs"] * batches,
        [epoch * batches for epoch in settings["record_epochs"]],
        signature=lambda member: (member["width"], member["seed"]),
    )
    shape = (settings["seeds"], len(settings["widths"]), -1)
    kept = sorted({epoch for epoch in settings["record_epochs"] if epoch <= settings["epochs"]})
    return {field: values.reshape(shape) for field, values in found.items()} | {
        "widths": np.array(settings["widths"]),
        "points": np.array(kept),
    }
