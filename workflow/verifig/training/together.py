"""Jobs of one experiment with different settings as one job, whose program trains the members of all as one ensemble.

Such a job has the settings of each under `together`, beside those of the first. A member that several of them have (a
condition that no change reaches) is trained once.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from verifig.training.members import members_of
from verifig.training.run import Run


class Together(Run):
    """A run of such a job: its program is given the members of all."""

    @property
    def members(self) -> list[dict]:
        return distinct(self.job["together"])


def distinct(settings: Sequence[Mapping]) -> list[dict]:
    """The members of several settings, in their order, each once."""
    found: list[dict] = []
    for values in settings:
        found += [member for member in members_of(values) if member not in found]
    return found


def part(
    arrays: Mapping[str, np.ndarray], together: Sequence[Mapping], settings: Mapping, common: Collection[str]
) -> dict[str, np.ndarray]:
    """What the job with these settings alone would have made, up to rounding.

    Args:
        arrays: of the job of all, by name: [members, ...] but for those in `common`.
        together: the settings of all.
        common: names of arrays that do not depend on who the members are.
    """
    everyone = distinct(together)
    rows = [everyone.index(member) for member in members_of(settings)]
    return {name: array if name in common else array[rows] for name, array in arrays.items()}
