"""Image data of the paper-scale programs: torchvision's data sets, an image folder of the user's, or embedded MNIST.

An image folder holds train/CLASS/*.png (or jpg) and test/CLASS/*. Everything is resized to 32x32 RGB and standardised
by channel with the mean and deviation of the training part.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from replications.random_teachers.experiments.sources import Arrays
from verifig import vision
from verifig.ensemble import generator
from verifig.errors import InputError

SIDE = 32
TORCHVISION = {"cifar10": "CIFAR10", "cifar100": "CIFAR100", "stl10": "STL10"}


@dataclass(frozen=True)
class Images:
    """Standardised images [n, 3, 32, 32] float32 and labels [n] int64."""

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor

    def to(self, device: torch.device) -> "Images":
        """The same on a device."""
        return Images(*(part.to(device) for part in (self.train, self.train_labels, self.test, self.test_labels)))


def load(name: str, settings: Mapping, arrays: Arrays) -> Images:
    """A labelled data set.

    Args:
        name: cifar10, cifar100, stl10, tinyimagenet (image folder only) or mnist_5k (embedded).
        settings: `image_folders`, `data_folder`, `train_images` and `test_images` (None: all).

    Raises:
        InputError: the data can neither be read nor downloaded.
    """
    folder = settings["image_folders"].get(name)
    if name == "mnist_5k":
        parts = _embedded(arrays)
    elif folder is not None:
        parts = from_folder(Path(folder))
    elif name in TORCHVISION:
        parts = _from_torchvision(name, Path(settings["data_folder"]))
    else:
        raise InputError(
            f"{name} has no download here: set image_folders.{name} to a folder with train/CLASS and test/CLASS"
        )
    limits = settings["train_images"], settings["test_images"]
    (train, train_labels), (test, test_labels) = (
        _some(images, labels, limit, part) for (images, labels), limit, part in zip(parts, limits, "ab", strict=True)
    )
    mean, deviation = (
        torch.from_numpy(f(train / np.float32(255), axis=(0, 1, 2)).astype(np.float32)) for f in (np.mean, np.std)
    )
    deviation = deviation.clamp_min(1e-6)
    standard = [((torch.from_numpy(p).float() / 255 - mean) / deviation).permute(0, 3, 1, 2) for p in (train, test)]
    return Images(
        standard[0].contiguous(),
        torch.from_numpy(train_labels),
        standard[1].contiguous(),
        torch.from_numpy(test_labels),
    )


def source(member: Mapping, arrays: Arrays, device: torch.device) -> Tensor:
    """Images [N, 3, 32, 32] that a member distils on: a data set, a part of it repeated to N, or Gaussian noise."""
    stream = generator("random_teachers", "images", member["seed"])
    name = member["targets"][0] if member["source"] == "noise" else member["source"]
    images = load(name, member, arrays).train
    count = len(images)
    if member["source"] == "noise":
        images = member["noise_std"] * torch.randn(images.shape, generator=stream)
    elif member["distinct_images"] is not None and member["distinct_images"] < count:
        rows = torch.randperm(count, generator=stream)[: member["distinct_images"]]
        images = images[rows[torch.arange(count) % len(rows)]]
    return images.to(device)


@functools.cache  # every member asks for its source and targets; decoding 60,000 files takes half a minute
def from_folder(folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """(images uint8 [n, 32, 32, 3], labels) of train/ and test/, each with one folder a class.

    Raises:
        InputError: a part or its images are missing, or a file is not an image.
    """
    return [vision.image_folder(folder / part, SIDE) for part in ("train", "test")]


def _from_torchvision(name: str, folder: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    from PIL import Image

    kind, parts = getattr(vision.torchvision().datasets, TORCHVISION[name]), []
    for train in (True, False):
        choice = {"split": "train" if train else "test"} if name == "stl10" else {"train": train}
        try:
            found = kind(folder, download=True, **choice)
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"{name} could not be downloaded to {folder} ({str(error)[:80]}): put torchvision's files there or set "
                f"image_folders.{name} to a folder with train/CLASS and test/CLASS"
            ) from None
        images = np.asarray(found.data)
        if name == "stl10":
            small = [
                Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
                for image in images.transpose(0, 2, 3, 1)
            ]
            images = np.stack([np.asarray(image) for image in small])
        labels = found.labels if name == "stl10" else found.targets
        parts.append((images, np.asarray(labels, np.int64)))
    return parts


def _embedded(arrays: Arrays) -> list[tuple[np.ndarray, np.ndarray]]:
    """MNIST as 32x32 RGB, every fifth image for testing."""
    images, labels = arrays("mnist_5k")
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
