"""Which settings go together, by program: checked before any training, without torch."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import no_conditions


def chinchilla(members: Sequence[Mapping]) -> None:
    """One fit of one table."""
    no_conditions(members)
