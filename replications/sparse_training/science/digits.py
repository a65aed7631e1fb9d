"""MNIST digits of half the resolution, split into a training and a test set."""

import numpy as np
import torch
from torch import Tensor

from verifig.training import data

SIDE, POOL = 28, 2
TRAINING = 4000  # of 5,000 images
CLASSES = 10
INPUTS = (SIDE // POOL) ** 2


def split() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Training and test set: images [n, 196] float32 in [0, 1], averaged over 2 x 2 pixels, and labels [n] int64.

    4,000 and 1,000 of the 5,000 embedded MNIST images, in the order of numpy's RandomState(0).
    """
    pixels, labels = data.embedded("mnist_5k")
    side = SIDE // POOL
    pooled = pixels.reshape(-1, side, POOL, side, POOL).mean((2, 4)).reshape(-1, INPUTS)
    order = np.random.RandomState(0).permutation(len(labels))
    images, answers = torch.from_numpy(pooled[order]).float(), torch.from_numpy(labels[order])
    return (images[:TRAINING], answers[:TRAINING]), (images[TRAINING:], answers[TRAINING:])
