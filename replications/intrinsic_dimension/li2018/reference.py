"""The authors' own results, from the arrays stored in their notebooks, and counts of parameters."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

SIDES = {1: 28, 2: 14, 4: 7}  # of images averaged over blocks
WIDTHS, DEPTHS = (50, 100, 200, 400), (1, 2, 3, 4, 5)
FIRST = np.array(  # first d with an accuracy above 0.90 of 784-width^depth-10 on MNIST [widths, depths]
    [
        [800, 700, 750, 800, 675],
        [675, 750, 775, 750, 775],
        [775, 725, 750, 800, 850],
        [800, 800, 800, 900, 850],
    ]
)


def perceptron(sizes: Sequence[int]) -> int:
    """Number of weights and biases of a perceptron with layers of these sizes."""
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))


def parameters() -> np.ndarray:
    """Numbers of parameters D of the authors' perceptrons [widths, depths]."""
    return np.array([[perceptron([784, *[width] * depth, 10]) for depth in DEPTHS] for width in WIDTHS])


def lenet(side: int, channels: int) -> int:
    """Number of parameters of LeNet on images of side x side pixels: convolutions of 5x5 without padding, pooling by 2."""
    left = ((side - 4) // 2 - 4) // 2
    return 6 * (25 * channels + 1) + 16 * (25 * 6 + 1) + perceptron([16 * left**2, 120, 84, 10])


def size_of(settings: Mapping) -> int:
    """Number of parameters D of a member's network."""
    side = SIDES[settings["pool"]]
    if settings["network"] == "fc":
        return perceptron([side**2, *[settings["width"]] * settings["depth"], 10])
    if settings["network"] == "lenet":
        return lenet(side, 1)
    patches = ((side - 5) // 2 + 1) ** 2
    return 26 * settings["width"] + perceptron([patches * settings["width"], 10])
