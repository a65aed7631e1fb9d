"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from replications.intrinsic_dimension.li2018 import reference
from verifig.planning.checks import by_condition, increasing, require, shared

TRAIN = {"mnist_5k": 4000, "mnist": 60000}


def toy(members: Sequence[Mapping]) -> None:
    """Groups of equal size; subspaces smaller than the space; draws below the number of constraints."""
    shared(members, ("draws", "draw_dimensions"))
    for member in by_condition(members):
        size, constraints = member["size"], member["constraints"]
        require(size % constraints == 0, f"size = {size} must be a multiple of constraints = {constraints}")
        require(
            constraints + 1 < member["largest"] < size,
            f"largest = {member['largest']} must lie between constraints + 1 = {constraints + 1} and size = {size}",
        )
        increasing(member, "draw_dimensions")


def identities(members: Sequence[Mapping]) -> None:
    """As classifiers; the perceptron is the one that does not see an order of pixels."""
    classifiers(members)
    for member in by_condition(members):
        require(member["network"] == "fc", f"network = {member['network']} must be fc, which sees no order of pixels")


def classifiers(members: Sequence[Mapping]) -> None:
    """One data set; as many images as there are; batches no larger; subspaces in order; networks that fit the images."""
    shared(members, ("dataset", "pool", "chunk", "beta1", "beta2", "l2", "dtype"))
    for member in by_condition(members):
        increasing(member, "dimensions")
        most, samples = TRAIN[member["dataset"]], member["samples"]
        require(
            samples <= most, f"samples = {samples} must be at most {most}, the training images of {member['dataset']}"
        )
        require(
            member["batch_size"] <= samples,
            f"batch_size = {member['batch_size']} must be at most samples = {samples}",
        )
        side = reference.SIDES[member["pool"]]
        require(
            member["network"] != "lenet" or side == 28,
            f"pool = {member['pool']} must be 1 where network = lenet, which takes images of 28x28",
        )
        size, largest = reference.size_of(member), member["dimensions"][-1]
        require(
            largest <= size, f"dimensions: its last entry {largest} must be at most {size}, the number of parameters"
        )
