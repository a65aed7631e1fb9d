"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, require, shared


def ascent(members: Sequence[Mapping]) -> None:
    """As many starts and steps in all conditions; two frequencies at least, for the arc between them."""
    shared(members, ("starts", "steps", "log_every"))
    for member in by_condition(members):
        require(
            member["modulus"] >= 5,
            f"modulus = {member['modulus']} must be at least 5: a feature needs another beside it",
        )


def modular(members: Sequence[Mapping]) -> None:
    """Training pairs and test pairs; every log point before the last step."""
    shared(members, ("steps", "log_every", "early_records"))
    for member in by_condition(members):
        pairs = member["modulus"] ** 2
        size = int(member["train_fraction"] * pairs)
        require(
            0 < size < pairs,
            f"train_fraction = {member['train_fraction']:g} of {pairs} pairs leaves {size} to train on and {pairs - size} to test on; both must be at least 1",
        )
