"""Which settings go together, by program: checked before any training, without torch."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import no_conditions


def extrapolation(members: Sequence[Mapping]) -> None:
    """Families are a setting."""
    no_conditions(members)


def across_families(members: Sequence[Mapping]) -> None:
    """All families at once."""
    no_conditions(members)
