"""Perceptrons on images with noisy labels: all methods, noises and seeds as one program."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from replications.noisy_labels.liu2020.experiments.methods import strengths
from replications.noisy_labels.science import THEME
from replications.noisy_labels.science.elr import averaged, elr_gradient, kl_gradient
from replications.noisy_labels.science.noise import asymmetric, symmetric
from verifig.training import optim
from verifig.training.batches import Epochs
from verifig.training.data import embedded
from verifig.training.ensemble import MLP, generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

CLASSES = 10


@functools.cache
def pooled(dataset: str, pool_size: int) -> tuple[Tensor, Tensor]:
    """Images [count, pixels] float32, averaged over blocks of pool_size x pool_size pixels, and labels [count]."""
    pixels, labels = embedded(dataset)
    side = round(pixels.shape[1] ** 0.5)
    blocks = pixels.reshape(len(pixels), side // pool_size, pool_size, side // pool_size, pool_size).mean((2, 4))
    return torch.from_numpy(blocks.reshape(len(pixels), -1)).float(), torch.from_numpy(labels)


def observed_labels(member: Mapping, labels: Tensor) -> Tensor:
    """The labels that a member trains on; its method does not matter."""
    stream = generator(THEME, "label noise", member["noise"], member["seed"])
    if member["noise"] == "asymmetric":
        return asymmetric(labels, member["becomes"], member["noise_share"], stream)
    return symmetric(labels, CLASSES, member["noise_share"], stream)


class Classifiers(Trainable):
    """K perceptrons, SGD with momentum on minibatches; a step is one minibatch of each.

    Split, label noise, initial weights and orders derive from the seed alone, so that methods are paired. Tensors:
    `targets` [K, n, 10], the running averages of the outputs; cross-entropy has them too, without effect.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        first, count = members[0], len(members)
        n, size = first["n"], first["batch_size"]
        images, labels = pooled(first["dataset"], first["pool_size"])
        splits = [torch.randperm(len(labels), generator=generator(THEME, "split", m["seed"])) for m in members]
        self.images = images.to(device)
        self.train_rows = torch.stack([split[:n] for split in splits]).to(device)
        self.test_rows = torch.stack([split[n : n + first["test_size"]] for split in splits]).to(device)
        self.true, self.test_labels = labels.to(device)[self.train_rows], labels.to(device)[self.test_rows]
        observed = [observed_labels(m, labels[split[:n]]) for m, split in zip(members, splits, strict=True)]
        self.observed = torch.stack(observed).to(device)
        self.one_hot = one_hot(self.observed, CLASSES).float().flatten(0, 1)  # [K n, 10]
        self.network = MLP((images.shape[1], *first["hidden"], CLASSES), count, bias=True, device=device)
        self.network.initialise([generator(THEME, "initial weights", m["seed"]) for m in members])
        self.parameters = self.network.parameters
        self.gradient = self.parameters.like()
        self.optimizer = optim.of(self.parameters.flat, members)
        columns = [[strengths(m)[name] for m in members] for name in ("elr", "kl", "beta")]
        self.elr, self.kl, self.beta = torch.tensor(columns, device=device)[:, :, None, None]  # each [K, 1, 1]
        self.shifted = torch.tensor([m["targets"] == "shifted" for m in members], device=device)[:, None, None]
        self.streams = {m["seed"]: generator(THEME, "order", m["seed"]) for m in members}
        self.seeds = [m["seed"] for m in members]
        self.batches = Epochs(self._orders, n, size, device, count, last="dropped")
        self.offsets = torch.arange(count, device=device)[:, None] * n
        self.targets = torch.zeros(count * n, CLASSES, device=device)
        self.generators = {f"order {seed}": stream for seed, stream in self.streams.items()}
        self.tensors = {"parameters": self.parameters.flat, "targets": self.targets}
        self.tensors |= self.optimizer.tensors | self.batches.tensors

    def _orders(self, epoch: int) -> Tensor:
        n = self.train_rows.shape[1]
        orders = {seed: torch.randperm(n, generator=stream) for seed, stream in self.streams.items()}
        return torch.stack([orders[seed] for seed in self.seeds])

    def prepare(self, step: int) -> int:
        return self.batches.prepare(step)

    def step(self) -> None:
        rows = self.batches.rows
        places = (rows + self.offsets).flatten()
        shape = (*rows.shape, CLASSES)
        outputs = self.network(self._pixels(self.train_rows.gather(1, rows)), keep=True).softmax(2)
        targets = averaged(self.targets.index_select(0, places).view(shape), outputs, self.beta)
        self.targets.index_copy_(0, places, targets.flatten(0, 1))
        used = torch.where(self.shifted, targets.roll(1, 1), targets)
        gradient = outputs - self.one_hot.index_select(0, places).view(shape)
        gradient += self.elr * elr_gradient(outputs, used) + self.kl * kl_gradient(outputs, used)
        self.network.backward(gradient / rows.shape[1], self.gradient)
        self.optimizer.step(self.parameters.flat, self.gradient)

    def _pixels(self, rows: Tensor) -> Tensor:
        """Images [K, count, pixels] of rows [K, count]."""
        return self.images.index_select(0, rows.flatten()).view(*rows.shape, -1)

    def record(self) -> dict[str, Tensor]:
        wrong = self.observed != self.true
        guesses = self.network(self._pixels(self.train_rows)).argmax(2)
        tested = self.network(self._pixels(self.test_rows)).argmax(2)
        averages = self.targets.view(*self.true.shape, CLASSES).argmax(2)
        correct = guesses == self.true
        return {
            "test_accuracy": (tested == self.test_labels).float().mean(1),
            "clean_accuracy": _share(correct, ~wrong),
            "wrong_accuracy": _share(correct, wrong),
            "memorised": _share(guesses == self.observed, wrong),
            "target_accuracy": (averages == self.true).float().mean(1),
            "wrong_share": wrong.float().mean(1),
            "finite": self.parameters.flat.isfinite().all(1).float(),
        }


def _share(of: Tensor, among: Tensor) -> Tensor:
    """Share of True entries among the chosen ones of each member; NaN where none is chosen."""
    return (of & among).sum(1) / among.sum(1)


def images(run: Run) -> dict[str, np.ndarray]:
    """All conditions and seeds; arrays [members, log points] (see `Classifiers.record`) and `points` (epochs)."""
    settings = run.settings
    epochs, per_epoch = settings["epochs"], settings["n"] // settings["batch_size"]
    points = sorted({point for point in settings["record_epochs"] if point <= epochs} | {0, epochs})
    found = train(
        run,
        run.members,
        lambda chunk: Classifiers(chunk, run.device),
        epochs * per_epoch,
        [point * per_epoch for point in points],
        chunk=settings["chunk"],
    )
    return found | {"points": np.array(points)}
