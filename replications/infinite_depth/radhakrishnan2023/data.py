"""Images of length 1 in two classes, and points on the sphere, with labels +1 and -1."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from replications.infinite_depth.science import THEME
from verifig.training.data import EMBEDDED, embedded
from verifig.training.ensemble import generator

POSITIVE = 4  # digits below it are the class +1, 40 % of the images
CAP = 0.85  # points of the sphere whose first coordinate exceeds it are the class +1 of the target `cap`


@dataclass(frozen=True)
class Split:
    """Training inputs [n, d] and labels [n], clean test inputs [m, d] and labels [m]."""

    inputs: Tensor
    labels: Tensor
    tests: Tensor
    truth: Tensor


def images(name: str, path: Path | None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pixels [N, pixels], each image of length 1, and labels [N] of +1 and -1: all images, or training and test part."""
    if name in EMBEDDED:
        parts = [embedded(name)]
    else:
        with np.load(path, allow_pickle=False) as stored:
            parts = [(stored[f"x_{part}"].reshape(-1, 784) / 255.0, stored[f"y_{part}"]) for part in ("train", "test")]
    return [(_unit(pixels), np.where(digits < POSITIVE, 1.0, -1.0)) for pixels, digits in parts]


def _unit(pixels: np.ndarray) -> np.ndarray:
    return pixels / np.linalg.norm(pixels, axis=1, keepdims=True)


def split(parts: list[tuple[np.ndarray, np.ndarray]], member: Mapping, device: torch.device) -> Split:
    """A member's draw of images; the same for all members of a seed with the same kind of labels.

    `labels` is given, balanced (equally many training images of each class) or shuffled (training labels permuted); a share
    `flipped` of the training labels is wrong.
    """
    seed, n, count = member["seed"], member["n"], member["test_size"]
    pool, labels = parts[0]
    order = torch.randperm(len(pool), generator=generator(THEME, "images", seed)).numpy()
    chosen = order[:n]
    if member["labels"] == "balanced":
        signs = labels[order]
        chosen = np.concatenate([order[signs > 0][: n // 2], order[signs < 0][: n - n // 2]])
    if len(parts) == 1:
        tested, (others, truth) = order[~np.isin(order, chosen)][:count], parts[0]
    else:
        others, truth = parts[1]
        tested = torch.randperm(len(others), generator=generator(THEME, "tests", seed)).numpy()[:count]
    return Split(
        *(torch.as_tensor(array, device=device) for array in (pool[chosen], _observed(labels[chosen], member))),
        *(torch.as_tensor(array, device=device) for array in (others[tested], truth[tested])),
    )


def _observed(labels: np.ndarray, member: Mapping) -> np.ndarray:
    """Labels as they are trained on."""
    if member["labels"] == "shuffled":
        stream = generator(THEME, "shuffled labels", member["seed"])
        labels = labels[torch.randperm(len(labels), generator=stream).numpy()]
    wrong = round(member["flipped"] * len(labels))
    stream = generator(THEME, "flipped labels", member["seed"])
    rows = torch.randperm(len(labels), generator=stream).numpy()[:wrong]
    labels = labels.copy()
    labels[rows] *= -1
    return labels


def sphere(member: Mapping, n: int, target: str, device: torch.device) -> Split:
    """Points |N(0, I)| over their length, in the positive part of the sphere S^dimension; labels flipped with `noise`.

    Test labels are clean. Members of a seed share points and flips, whatever their target is.
    """
    seed, d = member["seed"], member["dimension"] + 1
    stream = generator(THEME, "sphere", seed)
    tests, inputs = (_points(count, d, stream) for count in (member["test_size"], n))
    wrong = torch.rand(n, generator=stream, dtype=torch.float64) < member["noise"]
    labels = torch.where(wrong, -1.0, 1.0) * clean(inputs, target)
    return Split(*(each.to(device) for each in (inputs, labels, tests, clean(tests, target))))


def _points(count: int, d: int, stream: torch.Generator) -> Tensor:
    points = torch.randn(count, d, generator=stream, dtype=torch.float64).abs_()
    return points.div_(points.norm(dim=1, keepdim=True))


def clean(points: Tensor, target: str) -> Tensor:
    """Labels without noise: +1 everywhere (`constant`), or inside a cap alone (`cap`)."""
    inside = points[:, 0] > CAP if target == "cap" else torch.ones(len(points), dtype=torch.bool)
    return torch.where(inside, 1.0, -1.0).to(points.dtype)
