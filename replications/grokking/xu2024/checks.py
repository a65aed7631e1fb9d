"""Which settings go together, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, increasing, require, shared

LENGTH = ("steps", "growth", "record_at", "chunk")  # of the run, not of a condition


def network(members: Sequence[Mapping]) -> None:
    """At least as many dimensions as points, so that their Gram matrix can be drawn by its factor."""
    shared(members, LENGTH)
    increasing(members[0], "record_at")
    require(
        members[0]["record_at"][0] <= members[0]["steps"],
        f"record_at begins at {members[0]['record_at'][0]}, after the last of steps = {members[0]['steps']}",
    )
    for member in by_condition(members):
        points = member["samples"] + member["test_size"]
        require(
            member["dimension"] >= points + 2,
            f"dimension = {member['dimension']} must be at least samples + test_size + 2 = {points + 2}",
        )
