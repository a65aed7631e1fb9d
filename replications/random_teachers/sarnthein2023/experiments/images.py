"""Image data of the paper-scale programs: binary archives or folders of the user's (see `archives.archive`), embedded MNIST.

Everything is resized to 32x32 RGB and standardised by channel with the mean and deviation of the training part.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from verifig.training import archives, data
from verifig.training.ensemble import generator
from verifig.training.run import Run

SIDE = 32


@dataclass(frozen=True)
class Images:
    """Standardised images [n, 3, 32, 32] float32 and labels [n] int64."""

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.train_labels.max()) + 1

    def to(self, device: torch.device) -> "Images":
        """The same on a device."""
        return Images(*(part.to(device) for part in (self.train, self.train_labels, self.test, self.test_labels)))


def load(name: str, settings: Mapping, run: Run) -> Images:
    """A labelled data set.

    Args:
        name: cifar10, cifar100, stl10, tinyimagenet (data sets of the run) or mnist_5k (embedded).
        settings: `train_images` and `test_images` (None: all).

    Raises:
        InputError: the data cannot be read, or is not among the experiment's data.
    """
    parts = _embedded(run) if name == "mnist_5k" else from_archive(run.path(name), name)
    limits = settings["train_images"], settings["test_images"]
    (train, train_labels), (test, test_labels) = (
        _some(images, labels, limit, part) for (images, labels), limit, part in zip(parts, limits, "ab", strict=True)
    )
    mean, deviation = (  # summed in double precision: float32 sums over 10^8 pixels stop growing
        torch.from_numpy(f(train / np.float32(255), axis=(0, 1, 2), dtype=np.float64).astype(np.float32))
        for f in (np.mean, np.std)
    )
    deviation = deviation.clamp_min(1e-6)
    standard = [((torch.from_numpy(p).float() / 255 - mean) / deviation).permute(0, 3, 1, 2) for p in (train, test)]
    return Images(
        standard[0].contiguous(),
        torch.from_numpy(train_labels),
        standard[1].contiguous(),
        torch.from_numpy(test_labels),
    )


def source(member: Mapping, run: Run) -> Tensor:
    """Images [N, 3, 32, 32] that a member distils on: a data set, a part of it repeated to N, or Gaussian noise."""
    stream = generator("random_teachers", "images", member["seed"])
    name = member["targets"][0] if member["source"] == "noise" else member["source"]
    images = load(name, member, run).train
    count = len(images)
    if member["source"] == "noise":
        images = member["noise_std"] * torch.randn(images.shape, generator=stream)
    elif member["distinct_images"] is not None and member["distinct_images"] < count:
        rows = torch.randperm(count, generator=stream)[: member["distinct_images"]]
        images = images[rows[torch.arange(count) % len(rows)]]
    return images.to(run.device)


@functools.cache  # every member asks for its source and targets; STL10's archive has 3 GB
def from_archive(path: Path, name: str) -> list[archives.Part]:
    """(images uint8 [n, 32, 32, 3], labels) of both parts of a binary archive (see `archives.archive`).

    Raises:
        InputError: the archive is damaged or another one.
    """
    return [(_small(images.transpose(0, 2, 3, 1)), labels) for images, labels in archives.archive(path, name)]


def _small(images: np.ndarray) -> np.ndarray:
    """RGB images [n, side, side, 3] as [n, 32, 32, 3] (bilinear)."""
    if images.shape[1] == SIDE:
        return images
    from PIL import Image

    size, method = (SIDE, SIDE), Image.Resampling.BILINEAR
    return np.stack([np.asarray(Image.fromarray(image).resize(size, method)) for image in images])


def _embedded(run: Run) -> list[archives.Part]:
    """MNIST as 32x32 RGB, every fifth image for testing."""
    images, labels = data.embedded("mnist_5k")
    square = np.pad((images * 255).round().astype(np.uint8).reshape(-1, 28, 28), ((0, 0), (2, 2), (2, 2)))
    colour = np.repeat(square[..., None], 3, -1)
    held_out = np.arange(len(labels)) % 5 == 0
    return [(colour[~held_out], labels[~held_out]), (colour[held_out], labels[held_out])]


def _some(images: np.ndarray, labels: np.ndarray, limit: int | None, part: str) -> tuple[np.ndarray, np.ndarray]:
    """All, or a random part with the same rows in every run."""
    if limit is None or limit >= len(labels):
        return images, labels
    rows = torch.randperm(len(labels), generator=generator("random_teachers", "limit", part))[:limit].numpy()
    return images[rows], labels[rows]
