"""Which settings go together, by program: checked before any training, without torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from verifig.planning.checks import require, shared

IMAGES = {"mnist_5k": 500, "cifar10": 5000}  # training images of each of the ten classes
CLASSES = 10


def theory(members: Sequence[Mapping]) -> None:
    """Exact facts know no conditions."""
    require({m["condition"] for m in members} == {"base"}, "theory computes exact facts and has no conditions")


def direct(members: Sequence[Mapping]) -> None:
    """Log points are common; what is compared with the closed form has its loss."""
    shared(members, ("iterations", "log_points", "chunk"))
    for member in members:
        _require(member, member["loss"] == "mse", "loss must be mse, which the closed form belongs to")


def sweep(members: Sequence[Mapping]) -> None:
    """Levels are named by class pressure, and every class has room."""
    direct(members)
    for member in members:
        sizes, levels = member["sizes"], [member[name] for name in ("betas", "over_threshold", "over_spinodal")]
        _require(member, not member["bias"], "bias must be false, the collapse diagram has none")
        _enough_width(member, len(sizes))
        _require(
            member, bool(member["decays"] or any(levels)), "decays, betas or multiples of a threshold must be given"
        )
        if not member["decays"]:
            _equal(member, "pressures betas belong to classes of equal size (or give decays)")
            for level in levels:
                names = [f"{value:g}" for value in level]
                _require(
                    member, len(set(names)) == len(names), f"the levels {level} must differ in their first six digits"
                )


def cross_entropy(members: Sequence[Mapping]) -> None:
    """The best simplex is known for classes of equal size, exists only with decay, and needs K - 1 dimensions."""
    shared(members, ("iterations", "log_points", "chunk"))
    for member in members:
        _require(member, member["loss"] == "cross_entropy", "loss must be cross_entropy")
        _equal(member, "the best simplex is known for classes of equal size only")
        for name in ("weight_decay", "feature_decay"):
            _require(member, member[name] > 0, f"{name} must be > 0, without decay cross-entropy has no minimum")
        _enough_width(member, len(member["sizes"]) - 1)


def networks(members: Sequence[Mapping]) -> None:
    """One data set, long enough in every class; log points are common."""
    shared(members, ("dataset", "image_folder", "iterations", "log_points", "chunk"))
    _images(members)


def backbones(members: Sequence[Mapping]) -> None:
    """One subset of one data set in equal mini-batches, none of which is a single image."""
    shared(members, ("dataset", "image_folder", "sizes", "epochs", "batch_size", "log_points"))
    _images(members)
    for member in members:
        last = sum(member["sizes"]) % member["batch_size"]
        _require(
            member,
            last != 1,
            f"batch_size {member['batch_size']} leaves one image of {sum(member['sizes'])} for the last mini-batch, "
            "which batch normalisation cannot use",
        )


def _images(members: Sequence[Mapping]) -> None:
    """The class sizes that are asked for exist in the data, as far as is known without reading it."""
    for member in members:
        name, sizes = member["dataset"], member["sizes"]
        if name == "folder":
            folder = member["image_folder"]
            _require(
                member,
                folder is not None,
                "dataset folder needs image_folder, a folder with one folder of images a class",
            )
            _require(member, Path(folder).is_dir(), f"image_folder {folder} is not a folder")
            continue
        _require(member, len(sizes) <= CLASSES, f"sizes names {len(sizes)} classes, {name} has {CLASSES}")
        most = max(sizes)
        _require(member, most <= IMAGES[name], f"sizes asks for {most} images of a class, {name} has {IMAGES[name]}")


def _enough_width(member: Mapping, wanted: int) -> None:
    sentence = f"width {member['width']} must be at least {wanted} for {len(member['sizes'])} classes"
    _require(member, member["width"] >= wanted, sentence)


def _equal(member: Mapping, why: str) -> None:
    _require(member, len(set(member["sizes"])) == 1, f"sizes {list(member['sizes'])} must be equal: {why}")


def _require(member: Mapping, holds: bool, sentence: str) -> None:
    require(holds, sentence if member["condition"] == "base" else f"condition {member['condition']}: {sentence}")
