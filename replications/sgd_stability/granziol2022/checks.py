"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import require, shared

IMAGES = {"digits": 1797, "mnist_5k": 5000}


def spectra(members: Sequence[Mapping]) -> None:
    """One length of training, batches within the samples."""
    shared(members, ("steps", "chunk", "samples", "width", "dataset", "batch_sizes"))
    member, sizes = members[0], members[0]["batch_sizes"]
    _images(member)
    require(sizes == sorted(sizes), f"batch_sizes = {sizes} must increase")
    require(
        sizes[-1] <= member["samples"], f"batch_sizes up to {sizes[-1]} must be at most samples = {member['samples']}"
    )


def linear(members: Sequence[Mapping]) -> None:
    """One length of the search."""
    shared(members, ("chunk", "rounds", "round_steps", "dimension"))


def noisy(members: Sequence[Mapping]) -> None:
    """One length of training and one size of the grid."""
    shared(members, ("steps", "chunk", "points", "dimension"))


def rates(members: Sequence[Mapping]) -> None:
    """One length of training, one size of the grid, batches within the samples."""
    shared(members, ("steps", "chunk", "points", "samples", "width", "dataset"))
    _images(members[0])
    for member in members:
        require(
            member["batch_size"] <= member["samples"],
            f"batch_size = {member['batch_size']} must be at most samples = {member['samples']}",
        )


def _images(member: Mapping) -> None:
    count = IMAGES[member["dataset"]]
    require(member["samples"] <= count, f"samples = {member['samples']} must be at most the {count} images")
