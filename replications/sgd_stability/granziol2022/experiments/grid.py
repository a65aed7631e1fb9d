"""Grids of learning rates: one member a rate, and their values as a table."""

from collections.abc import Mapping, Sequence

import numpy as np


def expand(members: Sequence[Mapping]) -> list[dict]:
    """One member a learning rate: `points` of them, each `factor` times the one before, from `lowest` on."""
    return [
        member | {"learning_rate": member["lowest"] * member["factor"] ** place}
        for member in members
        for place in range(member["points"])
    ]


def table(values: Sequence[float], members: int) -> np.ndarray:
    """Values of members, one after the other, as [members, rates]."""
    return np.reshape(np.asarray(values, float), (members, -1))
