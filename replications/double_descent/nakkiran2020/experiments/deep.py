"""Pre-activation ResNet18 of several widths on noisy image labels, as in Deep Double Descent (paper scale)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from replications.double_descent.science import THEME
from replications.double_descent.science.images import images
from verifig.training.ensemble import generator
from verifig.training.loop import Trainable, train
from verifig.training.optim import Adam
from verifig.training.run import Run

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


def incorrect_labels(labels: Tensor, classes: int, share: float, seed: int, part: str) -> Tensor:
    """Labels [n], each replaced with probability `share` by a uniformly random other class, drawn once."""
    stream = generator(THEME, "incorrect labels", part, len(labels), seed)
    flip = torch.rand(len(labels), generator=stream, dtype=torch.float64) < share
    shift = torch.randint(1, classes, (len(labels),), generator=stream)
    return torch.where(flip.to(labels.device), (labels + shift.to(labels.device)) % classes, labels)


class Network(Trainable):
    """One network, trained by Adam on random crops and flips; a step is one minibatch."""

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
        self.labels = incorrect_labels(answers[:n], classes, member["label_noise"], seed, "train")
        self.test_labels = incorrect_labels(self.clean, classes, member["label_noise"], seed, "test")
        self.batch, self.augment = member["batch_size"], member["augment"]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator(THEME, "resnet", member["width"], seed).initial_seed())
            self.net = ResNet18(channels, member["width"], classes).to(device)
        self.flat = torch.cat([p.detach().reshape(-1) for p in self.net.parameters()])[None].clone()
        start = 0
        for parameter in self.net.parameters():
            parameter.data = self.flat[0, start : start + parameter.numel()].view_as(parameter)
            start += parameter.numel()
        self.optimizer = Adam(self.flat, member["learning_rate"])
        buffers = {f"buffer {name}": value for name, value in self.net.named_buffers()}
        self.generators = {"batches": generator(THEME, "resnet batches", seed)}
        self.order = torch.randperm(n, generator=self.generators["batches"])
        self.place = torch.zeros(1, dtype=torch.int64)
        self.tensors = {
            "parameters": self.flat,
            "order": self.order,
            "place": self.place,
            **buffers,
            **self.optimizer.tensors,
        }

    def step(self) -> None:
        start = int(self.place)
        index = self.order[start : start + self.batch]
        x, labels = self.x[index], self.labels[index]
        if self.augment:
            x = self._augmented(x)
        self.net.train()
        loss = nn.functional.cross_entropy(self.net(x), labels)
        slopes = torch.autograd.grad(loss, list(self.net.parameters()))
        self.optimizer.step(self.flat, torch.cat([slope.reshape(-1) for slope in slopes])[None])
        self.place.fill_(start + self.batch)
        if start + self.batch >= len(self.order):
            self.order.copy_(torch.randperm(len(self.order), generator=self.generators["batches"]))
            self.place.zero_()

    def _augmented(self, x: Tensor) -> Tensor:
        """Each image flipped with probability 1/2 and shifted by up to 4 pixels, zeros moving in."""
        stream, side = self.generators["batches"], x.shape[-1]
        flip = (torch.rand(len(x), generator=stream) < 0.5).to(x.device)
        x = torch.where(flip[:, None, None, None], x.flip(-1), x)
        shifts = torch.randint(2 * CROP_PADDING + 1, (2, len(x), 1), generator=stream).to(x.device)
        padded = nn.functional.pad(x, [CROP_PADDING] * 4)
        rows, columns = (shift + torch.arange(side, device=x.device) for shift in shifts)
        index = torch.arange(len(x), device=x.device)[:, None, None]
        return padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)

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
