"""Which settings go together, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, require, shared

LENGTH = ("steps", "log_every", "chunk", "batch_size", "drops", "drop_factor")  # of the run, not of a condition


def networks(members: Sequence[Mapping]) -> None:
    """Scored positions are SNIP's; conditions are trained together."""
    shared(members, LENGTH)
    for member in by_condition(members):
        require(
            member["positions"] == "random" or member["ratios"] == "snip",
            f"positions = {member['positions']} needs ratios = snip, not {member['ratios']}",
        )


def images(members: Sequence[Mapping]) -> None:
    """Depths are 6n + 2."""
    shared(members, ("epochs", "log_every", "dataset", "held_out"))
    for member in by_condition(members):
        _depth(member["depth"])


def layers(members: Sequence[Mapping]) -> None:
    """Depths are 6n + 2."""
    for depth in members[0]["depths"]:
        _depth(depth)


def _depth(depth: int) -> None:
    require(depth % 6 == 2, f"depth = {depth} must be 6n + 2, such as 20, 32, 44, 56 or 110")
