"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import at_least_one, by_condition, distinct, increasing, no_conditions, require, shared

PLANE = ("samples", "noise", "penalty", "steps", "log_points")
POOL = {"mnist_5k": 1000, "mnist": 11000, "cifar10": 10000}  # about the smallest pair of classes


def exact(members: Sequence[Mapping]) -> None:
    """Nothing is trained."""
    no_conditions(members)
    member = members[0]
    at_least_one(member, "pattern_counts", "feature_counts", "orthonormal_sizes", "orthonormal_penalties")
    increasing(member, "pattern_counts", "feature_counts", "orthonormal_sizes", "orthonormal_penalties")
    distinct(member, "orthonormal_penalties")


def widths(members: Sequence[Mapping]) -> None:
    """All widths on the same data, and at least one network each."""
    shared(members, (*PLANE, "inits", "dtype", "optimizer"))
    for member in by_condition(members):
        increasing(member, "log_points")
        require(member["inits"] > 0, "inits = 0 must be at least 1")


def admm(members: Sequence[Mapping]) -> None:
    """All ratios on the same data."""
    shared(members, (*PLANE, "curve_points"))
    increasing(members[0], "log_points")


def images(members: Sequence[Mapping]) -> None:
    """All numbers of patterns on images of one data set, with some of them left for testing."""
    names = ("dataset", "classes", "stride", "penalty", "steps", "log_points", "certify", "inits", "adam_steps")
    shared(members, (*names, "learning_rate", "dtype", "optimizer"))
    increasing(members[0], "log_points")
    most = POOL[members[0]["dataset"]]
    for member in by_condition(members):
        if member["dataset"] == "mnist_5k":
            require(member["n"] < most, f"n = {member['n']} must be below {most}, the images of both classes")


def robust(members: Sequence[Mapping]) -> None:
    """All conditions are trained for as long."""
    shared(members, ("steps",))
