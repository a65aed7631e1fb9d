"""What the student is shown while it imitates, and what its embeddings are probed on.

Laptop data: the 5,000 embedded MNIST images, halved to 14x14, 400 + 100 of each digit in one fixed split,
standardised by the scalar mean and deviation of the training part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from verifig.ground.errors import InputError
from verifig.training.ensemble import generator

SIDE = 14
PER_CLASS = 400  # training images of each digit; the rest is for testing

Arrays = Callable[[str], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Labelled:
    """Images [n, pixels], standardised, with labels [n]; the probes train on one part and are tested on the other."""

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor

    def to(self, device: torch.device, dtype: torch.dtype) -> "Labelled":
        """The same on a device, images in a floating-point format."""
        images = (self.train.to(device, dtype), self.test.to(device, dtype))
        return Labelled(images[0], self.train_labels.to(device), images[1], self.test_labels.to(device))


def labelled(arrays: Arrays) -> Labelled:
    """The probing task."""
    images, labels = arrays("mnist_5k")
    small = halve(images)
    stream = generator("random_teachers", "split")
    train, test = [], []
    for digit in range(10):
        rows = np.flatnonzero(labels == digit)[torch.randperm(int((labels == digit).sum()), generator=stream).numpy()]
        train.append(rows[:PER_CLASS])
        test.append(rows[PER_CLASS:])
    mix = torch.randperm(10 * PER_CLASS, generator=stream).numpy()  # unshuffled, subsets would lack digits
    first, second = np.concatenate(train)[mix], np.concatenate(test)
    mean, deviation = small[first].mean(), small[first].std()
    standard = torch.from_numpy((small - mean) / deviation)
    known = torch.from_numpy(labels)
    return Labelled(standard[first], known[first], standard[second], known[second])


def halve(images: np.ndarray) -> np.ndarray:
    """28x28 -> 14x14 by means over 2x2 pixels: [n, 784] -> [n, 196]."""
    return images.reshape(-1, SIDE, 2, SIDE, 2).mean((2, 4)).reshape(-1, SIDE * SIDE)


def training_images(member: Mapping, data: Labelled, arrays: Arrays) -> Tensor:
    """The images [N, pixels] that a member's student imitates the teacher on; N as in the real training part.

    Sources with fewer distinct images are repeated to N, so that the number of steps in an epoch is the same.

    Raises:
        InputError: a `source_file` that is not an array of 14x14 images.
    """
    count = len(data.train)
    stream = generator("random_teachers", "source", member["seed"])
    match member["source"]:
        case "real":
            rows = torch.randperm(count, generator=stream)[: member["distinct_images"]]
            images = data.train[rows]
        case "noise":
            noise = torch.randn(count, data.train.shape[1], generator=stream, dtype=torch.float64)
            images = member["noise_std"] * noise
        case "digits":
            images = _standard(_enlarge(torch.from_numpy(arrays("digits")[0])))
        case "file":
            images = _standard(_from_file(member["source_file"]))
    return images[torch.arange(count) % len(images)]


def _enlarge(images: Tensor) -> Tensor:
    """8x8 -> 14x14, bilinear."""
    square = images.unflatten(1, (1, 8, 8))
    return torch.nn.functional.interpolate(square, size=(SIDE, SIDE), mode="bilinear", align_corners=False).flatten(1)


def _standard(images: Tensor) -> Tensor:
    return (images - images.mean()) / images.std()


def _from_file(path: str | None) -> Tensor:
    if path is None or not Path(path).is_file():
        raise InputError(
            f"source: file needs source_file, a .npy array of images [n, {SIDE}, {SIDE}]; {path} is no file"
        )
    try:
        images = np.load(path, allow_pickle=False)
        return torch.from_numpy(np.asarray(images, np.float64).reshape(len(images), SIDE * SIDE))
    except (ValueError, TypeError):
        raise InputError(f"source_file {path} must hold a numeric array of shape [n, {SIDE}, {SIDE}]") from None
