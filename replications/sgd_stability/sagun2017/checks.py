"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, increasing, require, shared

EACH = {"digits": 174, "mnist_5k": 500}  # images of the rarest class


def networks(members: Sequence[Mapping]) -> None:
    """One length of training and one set of images; enough images of the classes; log points that increase."""
    shared(members, ("steps", "chunk", "dataset"))
    for member in by_condition(members):
        increasing(member, "log_at")
        _enough(member)


def path(members: Sequence[Mapping]) -> None:
    """One length of training, one set of images and one size of batches; as many points on every line."""
    shared(members, ("steps", "chunk", "dataset", "points", "batch_size"))
    for member in by_condition(members):
        _enough(member)


def _enough(member: Mapping) -> None:
    least = EACH[member["dataset"]] * member["classes"]
    require(
        member["samples"] <= least,
        f"samples = {member['samples']} must be at most {least}, what classes = {member['classes']} of {member['dataset']} hold at least",
    )
