"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, increasing, require, shared

IMAGES = {"digits": 1797, "mnist_5k": 5000}


def linear(members: Sequence[Mapping]) -> None:
    """One problem a seed and one length of training, with a record in it."""
    shared(members, ("steps", "log_at", "chunk", "dimension", "samples", "direct_width", "direct_steps"))
    member = members[0]
    increasing(member, "log_at")
    first, steps = member["log_at"][0], member["steps"]
    require(first <= steps, f"log_at: its first entry {first} must be at most steps = {steps}")


def digits(members: Sequence[Mapping]) -> None:
    """One set of images and one length of training; grids that increase."""
    shared(members, ("steps", "chunk", "dataset", "samples", "batch_size", "layers"))
    for member in by_condition(members):
        increasing(member, "learning_rates")
        most = IMAGES[member["dataset"]]
        require(
            member["samples"] <= most,
            f"samples = {member['samples']} must be at most the {most} images of {member['dataset']}",
        )
