"""The phase diagram: how many entries of the grid end in which phase."""

import numpy as np
import pandas as pd

from replications.grokking.doshi2024.phases import HIGH, INVERTED, phase
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact

EXPERIMENT = "phases"
FIELDS = ("train_accuracy", "corrupted_accuracy", "test_accuracy")


def measure(artifact: Artifact, out: Tables) -> None:
    """Counts of entries by weight decay, one a seed, and the table of the diagram."""
    axes = ("seed", "weight_decay", "train_fraction", "corruption")
    rows = pd.DataFrame({name: artifact[name] for name in (*axes, *FIELDS)})
    rows["phase"] = phase(rows["train_accuracy"], rows["test_accuracy"], rows["corruption"])
    rows["inverted"] = rows["phase"].isin(INVERTED)
    rows["generalises"] = rows["test_accuracy"] >= HIGH
    for decay, part in rows.groupby("weight_decay"):
        where = {"decay": f"{decay:g}"}
        out.per_seed(EXPERIMENT, "inverted", by_seed(part, "inverted"), where)
        plain = part[part["corruption"] == 0]
        if len(plain):
            out.per_seed(EXPERIMENT, "inverted_plain", by_seed(plain, "inverted"), where)
        out.per_seed(EXPERIMENT, "gain_with_data", gain(part, "train_fraction"), where)
        out.per_seed(EXPERIMENT, "loss_with_corruption", -gain(part, "corruption"), where)
    finite = np.isfinite(rows[["train_accuracy", "test_accuracy"]]).all(axis=1)
    out.exact(EXPERIMENT, "finite_share", finite.mean())
    cells = rows.groupby(["weight_decay", "train_fraction", "corruption"], as_index=False)[[*FIELDS]].mean()
    cells["phase"] = phase(cells["train_accuracy"], cells["test_accuracy"], cells["corruption"])
    out.curve("phases", cells)


def by_seed(rows: pd.DataFrame, name: str) -> np.ndarray:
    """Number of entries by seed for which a column holds."""
    return rows.groupby("seed")[name].sum().to_numpy(float)


def gain(rows: pd.DataFrame, axis: str) -> np.ndarray:
    """By seed: how many more entries generalise at the largest value of an axis than at its smallest."""
    largest, smallest = (rows[rows[axis] == end] for end in (rows[axis].max(), rows[axis].min()))
    return by_seed(largest, "generalises") - by_seed(smallest, "generalises")
