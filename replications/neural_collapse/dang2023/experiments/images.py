"""Images for the network experiments, as float32 tensors, normalised, with class subsets of given sizes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from verifig.ground.errors import InputError
from verifig.training import archives, data, image_files
from verifig.training.ensemble import generator
from verifig.training.run import Run

SIDE = 32
NORMALISATION = {
    # data set: mean and standard deviation by channel; the authors' values
    "mnist_5k": ((0.1307,), (0.3081,)),
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
    "folder": ((0.1722,) * 3, (0.3309,) * 3),
}


def load(run: Run) -> tuple[Tensor, Tensor]:
    """All training images [n, channels, side, side] normalised, and labels [n], of the run's data set.

    `mnist_5k` is embedded, `cifar10` a download; `folder` reads `image_folder`, a tree with one folder a class, whose
    images are converted to 32 x 32 RGB (EMNIST letters in the authors' extended code are treated so).

    Raises:
        InputError: no `image_folder`, one without images, or a damaged archive.
    """
    name = run.members[0]["dataset"]
    if name == "mnist_5k":
        pixels, labels = data.embedded(name)
        pixels = pixels.reshape(-1, 1, 28, 28)
    elif name == "cifar10":
        pixels, labels = read_cifar(run.path(name))
    else:
        pixels, labels = read_folder(run.members[0]["image_folder"])
    mean, deviation = (np.array(v, np.float32).reshape(1, -1, 1, 1) for v in NORMALISATION[name])
    return torch.from_numpy((pixels.astype(np.float32) - mean) / deviation), torch.from_numpy(labels)


def read_cifar(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Training images of CIFAR-10 in file order: [50000, 3, 32, 32] float32 in [0, 1], and labels."""
    (pixels, labels), _ = archives.archive(path, "cifar10")
    return pixels.astype(np.float32) / 255, labels


def read_folder(folder: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Images of a tree with one folder a class as 32 x 32 RGB: [n, 3, 32, 32] in [0, 1], and labels.

    Raises:
        InputError: `image_folder` is not set, or is no such tree.
    """
    if folder is None:
        raise InputError("image_folder is not set: it must name a folder with one folder of images for each class")
    pixels, labels = image_files.image_folder(Path(folder), SIDE)
    return pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255, labels


def subset(labels: Tensor, sizes: Sequence[int], seed: int | None) -> tuple[Tensor, Tensor]:
    """Rows of a class subset and of the rest, both ordered by class.

    Args:
        sizes: images by class.
        seed: draws the subset, nested over sizes; None takes the first ones in file order, as the authors do.

    Raises:
        InputError: a class has too few images.
    """
    chosen, rest = [], []
    for label, size in enumerate(sizes):
        rows = torch.nonzero(labels == label).flatten()
        if len(rows) < size:
            raise InputError(f"sizes asks for {size} images of class {label}, the data has {len(rows)}")
        if seed is not None:
            rows = rows[torch.randperm(len(rows), generator=generator("neural_collapse", "subset", label, seed))]
        chosen.append(rows[:size])
        rest.append(rows[size:])
    return torch.cat(chosen), torch.cat(rest)


def resize_rgb(images: Tensor) -> Tensor:
    """Images [n, c, h, w] as [n, 3, 32, 32]."""
    if images.shape[1:] == (3, SIDE, SIDE):
        return images
    grown = torch.nn.functional.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return grown.expand(-1, 3, -1, -1).contiguous()


def label_noise(member: Mapping, labels: Tensor) -> Tensor:
    """The labels, permuted if the member trains on shuffled ones."""
    if not member["shuffle_labels"]:
        return labels
    return labels[torch.randperm(len(labels), generator=generator("neural_collapse", "shuffle", member["seed"]))]
