"""Which settings go together, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, require, shared


def watched(members: Sequence[Mapping]) -> None:
    """As many steps and log points in all conditions; training pairs and test pairs in each."""
    shared(members, ("steps", "points_per_octave"))
    for member in by_condition(members):
        pairs = member["modulus"] ** 2
        size = int(member["train_fraction"] * pairs)
        require(
            0 < size < pairs,
            f"train_fraction = {member['train_fraction']:g} of {pairs} pairs leaves {size} to train on and {pairs - size} to test on; both must be at least 1",
        )
