"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import distinct, increasing, no_conditions, require


def worst_case(members: Sequence[Mapping]) -> None:
    """Horizons increase; shuffled ones are among them."""
    no_conditions(members)
    member = members[0]
    increasing(member, "horizons", "shuffled_horizons", "dense_horizons", "long_horizons")
    for horizon in member["shuffled_horizons"]:
        require(
            horizon in member["horizons"],
            f"shuffled_horizons = {horizon} must be among the horizons {member['horizons']}",
        )


def guarantee(members: Sequence[Mapping]) -> None:
    """Ranges go from low to high."""
    no_conditions(members)
    member = members[0]
    increasing(member, "sizes")
    require(len(member["dimensions"]) == 2, f"dimensions = {member['dimensions']} must be a range, from and to")
    for name in ("dimensions", "step_range"):
        low, high = member[name]
        require(low <= high, f"{name} = {member[name]} must be a range from low to high")


def noisy(members: Sequence[Mapping]) -> None:
    """A number of runs for each dimension; the checked multiple has an exact law of enough steps."""
    no_conditions(members)
    member = members[0]
    increasing(member, "multiples", "dimensions", "horizons")
    distinct(member, "multiples", digits=12)
    dimensions, runs = member["dimensions"], member["runs"]
    require(len(dimensions) == len(runs), f"runs = {runs} must have one number for each of dimensions = {dimensions}")
    multiple, steps = member["checked_multiple"], member["steps"]
    require(
        multiple in member["multiples"],
        f"checked_multiple = {multiple:g} must be among the multiples {member['multiples']}",
    )
    require(
        member["checked_steps"] <= steps, f"checked_steps = {member['checked_steps']} must be at most steps = {steps}"
    )
