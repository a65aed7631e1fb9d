"""Which settings go together: cross-conditions of the program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, increasing, require, shared

SHAPE = (
    "samples",
    "dimension",
    "weak_norm",
    "noise",
    "test_size",
    "width",
    "initial_std",
    "steps",
    "log_every",
    "dtype",
)


def oscillation(members: Sequence[Mapping]) -> None:
    """One program for all conditions, with a strong sample at least."""
    shared(members, SHAPE)
    for member in by_condition(members):
        increasing(member, "rates")
        weak, samples = member["weak_samples"], member["samples"]
        require(weak < samples, f"weak_samples = {weak} must be less than samples = {samples}")
