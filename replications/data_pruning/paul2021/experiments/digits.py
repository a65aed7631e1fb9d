"""MNIST digits of 14x14 pixels in a fixed training and test part, with random labels where asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from verifig.training.data import embedded
from verifig.training.ensemble import generator
from verifig.training.labels import corrupt

SLUG = "paul2021"
CLASSES = 10
SIDE = 28
SPLIT = 0  # seed of the one permutation that parts training from test images


@dataclass
class Digits:
    """Images [n, pixels] float32 in [0, 1] and labels [n] int64 of the training and of the test part."""

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def load(member: Mapping) -> Digits:
    """The digits of `dataset`, `train_images` of them for training and the rest for testing, means over 2x2 pixels."""
    pixels, labels = embedded(member["dataset"])
    half = SIDE // 2
    pooled = pixels.reshape(-1, half, 2, half, 2).mean((2, 4)).reshape(len(pixels), half**2)
    order = np.random.RandomState(SPLIT).permutation(len(labels))
    parts = order[: member["train_images"]], order[member["train_images"] :]
    return Digits(
        *(
            torch.from_numpy(values[rows]).to(kind)
            for rows in parts
            for values, kind in ((pooled, torch.float32), (labels, torch.int64))
        )
    )


def noisy(labels: Tensor, member: Mapping) -> Tensor:
    """Labels [n] with a share `label_noise` of them redrawn uniformly from all classes, so that a tenth of those stay right.

    Drawn by seed.
    """
    wrong = member["label_noise"] * (1 - 1 / CLASSES)
    return corrupt(labels, CLASSES, wrong, generator(SLUG, "label noise", member["seed"]))
