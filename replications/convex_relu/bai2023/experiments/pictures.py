"""Two classes of a data set of images, made smaller, as inputs and labels of +1 and -1."""

from collections.abc import Mapping

import numpy as np

from replications.convex_relu.bai2023.experiments.problems import stream
from verifig.training import archives, data
from verifig.training.run import Run

SIZES = {"mnist_5k": (1, 28, 28), "mnist": (1, 28, 28), "cifar10": (3, 32, 32)}


def pool(run: Run) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(inputs [N, d] in [0, 1], labels [N]) of the two classes for training, and for testing; of `mnist_5k` none is for testing."""
    s = run.settings
    name = s["dataset"]
    if name == "mnist_5k":
        train, test = data.embedded(name), data.embedded(name)
        test = tuple(part[:0] for part in test)
    elif name == "mnist":
        with np.load(run.path("mnist"), allow_pickle=False) as stored:
            train, test = ((stored[f"x_{part}"] / 255, stored[f"y_{part}"]) for part in ("train", "test"))
    else:
        train, test = ((x / 255, y) for x, y in archives.archive(run.path(name), name))
    return chosen(train, s), chosen(test, s)


def chosen(part: tuple[np.ndarray, np.ndarray], settings: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """The two classes, the first with label +1, and of each row and column every `stride`-th pixel."""
    pixels, labels = part
    kept = np.isin(labels, settings["classes"])
    stride = settings["stride"]
    pixels = pixels.reshape(len(pixels), *SIZES[settings["dataset"]])[kept, :, ::stride, ::stride]
    return pixels.reshape(kept.sum(), np.prod(pixels.shape[1:])), np.where(
        labels[kept] == settings["classes"][0], 1.0, -1.0
    )


def split(run: Run, member: Mapping, parts: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training inputs [n, d] and labels [n], test inputs and labels, of a member; `labels: permuted` permutes those for training.

    Images not drawn are the test images where the data set has none.
    """
    (x, y), (test_x, test_y) = parts
    order = stream("images", member["seed"]).permutation(len(y))
    drawn, rest = order[: member["n"]], order[member["n"] :]
    if not len(test_y):
        test_x, test_y = x[rest], y[rest]
    labels = y[drawn]
    if member["labels"] == "permuted":
        labels = stream("permutation", member["seed"]).permutation(labels)
    return x[drawn], labels, test_x, test_y
