"""Images for one member: which, in which order of pixels, with which labels."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from verifig.training.data import embedded
from verifig.training.ensemble import generator

SLUG = "li2018"
CLASSES = 10
TRAIN = 4000  # of the 5,000 embedded images, in an order that does not depend on the seed

Part = tuple[Tensor, Tensor]


def split(member: Mapping, path: Path | None) -> tuple[Part, Part]:
    """Training and test part: images [n, side, side] float32 in [0, 1], averaged over blocks of `pool`, and labels [n].

    Args:
        path: the download of MNIST where `dataset` is mnist.
    """
    if member["dataset"] == "mnist":
        with np.load(path, allow_pickle=False) as stored:
            parts = [(stored[f"x_{part}"] / 255.0, stored[f"y_{part}"]) for part in ("train", "test")]
    else:
        images, labels = embedded(member["dataset"])
        order = np.random.RandomState(0).permutation(len(images))
        parts = [(images[rows], labels[rows]) for rows in (order[:TRAIN], order[TRAIN:])]
    train, test = (
        (_pooled(images, member["pool"]), torch.from_numpy(labels.astype(np.int64))) for images, labels in parts
    )
    return train, test


def _pooled(images: np.ndarray, pool: int) -> Tensor:
    side = int(np.sqrt(images[0].size))
    return avg_pool2d(torch.from_numpy(images).float().view(-1, 1, side, side), pool)[:, 0]


def chosen(part: Part, member: Mapping) -> Part:
    """`samples` training images of a member, drawn by seed where that is fewer than all; labels drawn anew if `random`."""
    images, labels = part
    if member["samples"] < len(images):
        stream = generator(SLUG, "samples", member["samples"], member["seed"])
        rows = torch.randperm(len(images), generator=stream)[: member["samples"]]
        images, labels = images[rows], labels[rows]
    if member["labels"] == "random":
        stream = generator(SLUG, "labels", member["samples"], member["seed"])
        labels = torch.randint(CLASSES, labels.shape, generator=stream)
    return images, labels


def order(member: Mapping, pixels: int, exchanged: bool = False) -> Tensor:
    """Order of the pixels [pixels] in which a member sees images; `exchanged`: shuffled where it is plain, and plain else."""
    if (member["pixels"] == "plain") != exchanged:
        return torch.arange(pixels)
    return torch.randperm(pixels, generator=generator(SLUG, "pixels", member["seed"]))
