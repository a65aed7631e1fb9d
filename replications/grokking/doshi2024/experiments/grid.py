"""The phase diagram (Figure 3): training fraction by corruption, one for each weight decay."""

from collections.abc import Mapping, Sequence

import numpy as np

from replications.grokking.doshi2024.experiments.corrupted import fit
from replications.grokking.doshi2024.experiments.data import SETS
from verifig.training.run import Run

AXES = {"weight_decays": "weight_decay", "train_fractions": "train_fraction", "corruptions": "corruption"}


def grid(run: Run) -> dict[str, np.ndarray]:
    """Train every seed at each decay, training fraction and corruption; records of the end.

    Arrays [rows]: `<set>_accuracy`, and `seed`, `weight_decay`, `train_fraction`, `corruption` of each row.
    """
    rows = expand(run.members)
    found = fit(run, rows, ends_only=True)
    fields = {f"{name}_accuracy": found[f"{name}_accuracy"][:, -1] for name in SETS}
    axes = {name: np.array([row[name] for row in rows]) for name in ("seed", *AXES.values())}
    return fields | axes


def expand(members: Sequence[Mapping]) -> list[dict]:
    """One row for each member and each entry of the grid that its settings span."""
    rows = [dict(member) | {"labels": "random"} for member in members]
    for several, one in AXES.items():
        rows = [row | {one: value} for row in rows for value in row[several]]
    return rows
