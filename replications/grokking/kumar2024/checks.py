"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, distinct, no_conditions, require, shared


def committee(members: Sequence[Mapping]) -> None:
    """One length of training, and an eigenvector that there is."""
    shared(members, ("steps", "log_points", "chunk"))
    for member in by_condition(members):
        pool = 2 * member["samples"]
        require(
            member["eigenvector"] <= pool,
            f"eigenvector = {member['eigenvector']} must be at most {pool}, the number of training and test inputs",
        )
        require(
            member["labels"] != "eigenvector" or member["centred"],
            "centred = False is not available with eigenvectors: their labels are small beside the first outputs",
        )


def modular(members: Sequence[Mapping]) -> None:
    """One length of training, with a training and a test pair at least."""
    shared(members, ("steps", "log_every", "chunk"))
    for member in by_condition(members):
        pairs, fraction = member["modulus"] ** 2, member["train_fraction"]
        size = int(fraction * pairs)
        require(
            1 <= size < pairs,
            f"train_fraction = {fraction} of {pairs} pairs leaves {size} to train on and {pairs - size} to test on",
        )


def identities(members: Sequence[Mapping]) -> None:
    """Exact facts; nothing is compared between conditions."""
    no_conditions(members)
    distinct(members[0], "epsilons")
