"""Which settings go together, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, require, shared

LENGTH = ("steps", "record_at", "chunk", "batch_size", "drops", "drop_factor")  # of the run, not of a condition


def search(members: Sequence[Mapping]) -> None:
    """Candidates keep no more units than there are, and there is a second one where it is picked."""
    shared(members, LENGTH)
    for member in by_condition(members):
        require(
            member["kind"] != "nodes" or member["keep"] <= member["width"],
            f"keep = {member['keep']} must be at most width = {member['width']}",
        )
        require(
            member["picks"] != "second" or member["candidates"] > 1,
            f"picks = second needs at least 2 candidates, not {member['candidates']}",
        )
