"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, distinct, increasing, no_conditions, require, shared

METHODS = ("steps", "step_sizes", "normalised_step_sizes")
PER_CLASS = {"mnist_5k": 500, "digits": 174, "cifar10": 5000}


def exact(members: Sequence[Mapping]) -> None:
    """One worst case, its family by size, one toy."""
    no_conditions(members)
    member = members[0]
    increasing(member, "step_sizes", "normalised_step_sizes", "toy_step_sizes", "sizes")
    distinct(member, "step_sizes", "normalised_step_sizes", "toy_step_sizes")


def planted(members: Sequence[Mapping]) -> None:
    """Ranges from low to high; the limit is read before the end."""
    shared(members, (*METHODS, "limit_steps"))
    for member in by_condition(members):
        for name in ("sample_range", "dimensions", "margin_range"):
            low, high = member[name]
            require(low <= high, f"{name} = {member[name]} must be a range from low to high")
        increasing(member, "limit_steps", "step_sizes", "normalised_step_sizes")
        distinct(member, "step_sizes", "normalised_step_sizes")
        last, steps = member["limit_steps"][-1], member["steps"]
        require(last < steps, f"limit_steps = {member['limit_steps']} must lie before steps = {steps}")
        require(bool(member["step_sizes"]), "step_sizes = [] must have at least one entry")


def images(members: Sequence[Mapping]) -> None:
    """All pairs of classes from one data set, under the same methods."""
    shared(members, (*METHODS, "dataset", "curve_points"))
    for member in by_condition(members):
        increasing(member, "step_sizes", "normalised_step_sizes")
        distinct(member, "step_sizes", "normalised_step_sizes")
        most = PER_CLASS[member["dataset"]]
        require(
            member["minority"] <= most, f"minority = {member['minority']} must be at most {most}, the images of a class"
        )


def rounding(members: Sequence[Mapping]) -> None:
    """One data set in several orders."""
    no_conditions(members)
    images(members)
