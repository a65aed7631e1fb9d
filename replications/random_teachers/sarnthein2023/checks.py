"""Which settings go together, by program: checked before any training, without torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from verifig.planning.checks import require, shared

TRAINING_IMAGES = {"cifar10": 50_000, "cifar100": 50_000, "stl10": 5_000, "mnist_5k": 4_000}
REDUCED = {"real", "noise", "digits", "file"}  # sources of the programs on 14x14 images
PIXELS = 14**2
PLANES = ("local", "independent")  # conditions that span the planes


def identities(members: Sequence[Mapping]) -> None:
    """Exact facts know no conditions."""
    require({m["condition"] for m in members} == {"base"}, "identities computes exact facts and has no conditions")


def distil(members: Sequence[Mapping]) -> None:
    """One set of log points, one line and one probe, by which students, teachers and pixels are compared."""
    shared(members, ("steps", "chunk", "line", "probe_steps", "ridge_penalty", "neighbours"))
    for member in members:
        _reduced(member)


def landscape(members: Sequence[Mapping]) -> None:
    """The planes go through one teacher and two students of one shape that differ from it and from each other."""
    names = {member["condition"] for member in members}
    require(names == set(PLANES), f"the conditions must be {' and '.join(PLANES)}, which span the planes")
    varying = {"condition", "seed", "seeds", "alpha", "eps", "permute_targets", "distinct_images", "noise_std"}
    varying |= {name for name in members[0] if name.endswith("learning_rate")}
    shared(members, sorted(set(members[0]) - varying))
    alphas = {member["condition"]: member["alpha"] for member in members}
    for member in members:
        _reduced(member)
        _require(member, member["alpha"] > 0, "alpha must be > 0, a copy of the teacher spans no plane with it")
        _require(member, member["grid_from"] < member["grid_to"], "grid_from must be below grid_to")
    same = len(set(alphas.values())) == 1
    require(
        not same, f"alpha {members[0]['alpha']:g} must differ between {' and '.join(PLANES)}, or they are one student"
    )


def distil_images(members: Sequence[Mapping]) -> None:
    """Probes at common epochs."""
    shared(members, ("epochs", "probe_every"))
    _images(members)


def tickets(members: Sequence[Mapping]) -> None:
    """Arms are compared round by round."""
    shared(members, ("rounds",))
    _images(members)


def connectivity(members: Sequence[Mapping]) -> None:
    """Lines between equally many models, at the same places."""
    shared(members, ("orders", "line_points"))
    _images(members)


def _reduced(member: Mapping) -> None:
    """What one network of the batched programs needs."""
    most = TRAINING_IMAGES["mnist_5k"]
    for name in ("batch_size", "neighbours"):
        _require(member, member[name] <= most, f"{name} {member[name]} must be at most {most}, the training images")
    known = ", ".join(sorted(REDUCED))
    _require(member, member["source"] in REDUCED, f"source {member['source']} must be one of {known} here")
    if member["source"] == "file":
        _array(member)


def _array(member: Mapping) -> None:
    """`source_file` is an array of images."""
    file = member["source_file"]
    wanted = "a .npy array of numbers [n, 14, 14]"
    _require(member, file is not None, f"source file needs source_file, {wanted}")
    _require(member, Path(file).is_file(), f"source_file {file} does not exist")
    try:
        images = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError):
        images = np.empty(0)
    fits = len(images.shape) > 1 and images.size == len(images) * PIXELS and images.size > 0
    _require(member, fits and np.issubdtype(images.dtype, np.number), f"source_file {file} must hold {wanted}")


def _images(members: Sequence[Mapping]) -> None:
    """Sources are data sets of images, and neighbours are found among the images that are used."""
    for member in members:
        source = member["source"]
        _require(member, source not in REDUCED - {"noise"}, f"source {source} is for small networks, choose a data set")
        for name in member["targets"]:
            there = TRAINING_IMAGES.get(
                name, member["neighbours"]
            )  # of a folder the number is not known before it is read
            count = min(there, member["train_images"] or there)
            k = member["neighbours"]
            _require(member, k <= count, f"neighbours {k} must be at most {count}, the training images of {name}")


def _require(member: Mapping, holds: bool, sentence: str) -> None:
    require(holds, sentence if member["condition"] == "base" else f"condition {member['condition']}: {sentence}")
