"""Two classes of images, balanced or not: every method until it separates them, and after."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from replications.sgd_stability.tyurin2024 import theory
from replications.sgd_stability.tyurin2024.experiments.separating import SLUG, points_of, separate
from verifig.training import archives
from verifig.training.data import EMBEDDED, embedded
from verifig.training.ensemble import generator
from verifig.training.run import Run


def images(run: Run) -> dict[str, np.ndarray]:
    """Every method on the images of every member (condition: a pair of classes; seed).

    Arrays: `points` [T]; `accuracy` [members, T, M], `loss` and `gradient` [members, T, S]; `solved` [members, M], `peak`
    [members, S]; `n` [members], `radius`, and where `margins` is set `margin` and
    `attained` of `theory.margin` [members].
    """
    pixels, labels = read(run)
    data = [rows(pixels, labels, member) for member in run.members]
    points = points_of(run.settings)
    records = separate(run, run.members, data, points, run.settings["chunk"])
    last = {name: records[name][:, -1] for name in ("solved", "peak")}
    last |= {"n": np.array([len(each) for each in data]), "radius": np.array([theory.radius(each) for each in data])}
    if run.settings["margins"]:
        last |= run.once("margins", lambda: margins(data))
    return {name: records[name] for name in ("accuracy", "loss", "gradient")} | last | {"points": np.array(points)}


def margins(data: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """`margin` and `attained` [sets]: upper and lower bound of the largest margin."""
    found = [theory.margin(each) for each in data]
    return {"margin": np.array([each.value for each in found]), "attained": np.array([each.attained for each in found])}


def read(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Pixels [N, pixels] in [0, 1] and labels [N]: embedded, or the training part of a download."""
    name = run.settings["dataset"]
    if name in EMBEDDED:
        return embedded(name)
    (images, labels), _ = archives.archive(run.path(name), name)
    return images.reshape(len(images), -1) / 255.0, labels


def rows(pixels: np.ndarray, labels: np.ndarray, member: Mapping) -> np.ndarray:
    """y_i a_i [n, d]: a column of ones beside the pixels, all over the longest row; pixels that are always 0 left out.

    The first class has label +1. Of the second one `minority` images are drawn (0: all are kept).
    """
    first, second = (np.flatnonzero(labels == label) for label in member["classes"])
    if member["minority"]:
        stream = generator(SLUG, "images", member["classes"], member["minority"], member["seed"])
        second = second[torch.randperm(len(second), generator=stream).numpy()[: member["minority"]]]
    chosen = np.r_[first, second]
    inputs = np.c_[pixels[chosen], np.ones(len(chosen))]
    inputs /= np.linalg.norm(inputs, axis=1).max()
    found = np.where(labels[chosen] == member["classes"][0], 1.0, -1.0)[:, None] * inputs
    return found[:, found.any(0)]
