"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, require, shared

IMAGES = 5000
KEPT = 3  # losses of as many steps are kept: the first record is after as many


def toy(members: Sequence[Mapping]) -> None:
    """One length of training; samples in both groups of outliers and outside."""
    shared(members, ("steps", "log_every", "chunk"))
    for member in by_condition(members):
        count = round(member["samples"] * member["outlier_share"] / 2)
        require(
            count >= 1 and 2 * count < member["samples"],
            f"outlier_share = {member['outlier_share']} of samples = {member['samples']} gives groups of {count}: each needs one "
            "sample at least, and one must be left outside",
        )


def network(members: Sequence[Mapping]) -> None:
    """One length of training; groups among the samples, chosen early enough to be followed."""
    shared(members, ("steps", "chunk", "samples", "width", "group", "follow_from"))
    member = members[0]
    require(member["samples"] <= IMAGES, f"samples = {member['samples']} must be at most the {IMAGES} images")
    require(
        member["group"] <= member["samples"],
        f"group = {member['group']} must be at most samples = {member['samples']}",
    )
    least = max(KEPT, member["follow_from"] + 2)
    require(member["steps"] >= least, f"steps = {member['steps']} must be at least {least}, follow_from + 2")
