"""The images of a data set by its name, embedded or downloaded."""

import gzip
from pathlib import Path

import numpy as np

from verifig.training import archives, data
from verifig.training.run import Run

FASHION = [f"fashion_{part}_{kind}" for part in ("train", "test") for kind in ("images", "labels")]
IDX_HEADER = {"images": 16, "labels": 8}


def images(run: Run, name: str) -> tuple[np.ndarray, np.ndarray]:
    """All images [n, pixels] in [0, 1] and labels of a data set.

    Raises:
        InputError: the data set is not among the experiment's data.
    """
    if name in ("mnist_5k", "digits"):
        return data.embedded(name)
    needed = {"mnist": ["mnist"], "cifar10": ["cifar10"], "fashion_mnist": FASHION}[name]
    paths = [run.path(each) for each in needed]
    if name == "mnist":
        with np.load(paths[0], allow_pickle=False) as stored:
            pixels = np.concatenate([stored["x_train"], stored["x_test"]])
            labels = np.concatenate([stored["y_train"], stored["y_test"]])
        return pixels.reshape(len(pixels), -1) / 255.0, labels.astype(np.int64)
    if name == "cifar10":
        return read_cifar(paths[0])
    pixels = np.concatenate([read_idx(path, "images") for path in paths[::2]]).reshape(-1, 784)
    return pixels / 255.0, np.concatenate([read_idx(path, "labels") for path in paths[1::2]]).astype(np.int64)


def read_idx(path: Path, kind: str) -> np.ndarray:
    """Bytes of an idx file (gzip) after its header, flat."""
    return np.frombuffer(gzip.decompress(Path(path).read_bytes()), np.uint8, offset=IDX_HEADER[kind])


def read_cifar(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """CIFAR-10: images [60000, 3072] (channel, row, column) float64 in [0, 1], labels; test images last."""
    pixels, labels = (np.concatenate(parts) for parts in zip(*archives.archive(path, "cifar10"), strict=True))
    return pixels.reshape(len(pixels), -1) / 255.0, labels
