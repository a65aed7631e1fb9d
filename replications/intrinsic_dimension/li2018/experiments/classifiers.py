"""Classifiers of images, trained in random subspaces."""

import numpy as np

from replications.intrinsic_dimension.li2018.experiments.subspaces import Subspaces
from verifig.training.loop import train
from verifig.training.run import Run

SHAPE = ("network", "width", "depth", "samples", "batch_size", "dataset")


def classifiers(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed: accuracies by `Subspaces.record` before and after [members, 2, ...]."""
    path = run.path("mnist") if run.settings["dataset"] == "mnist" else None
    parts: dict[int, dict[str, np.ndarray]] = {}
    for steps in sorted({member["steps"] for member in run.members}):
        rows = [row for row, member in enumerate(run.members) if member["steps"] == steps]
        records = train(
            run,
            [run.members[row] for row in rows],
            lambda members: Subspaces(members, run.device, path),
            steps,
            [0, steps],
            signature=lambda member: (*(member[name] for name in SHAPE), repr([member["dimensions"], member["drops"]])),
            chunk=run.settings["chunk"],
            name=f"train {steps}",
        )
        for place, row in enumerate(rows):
            parts[row] = {name: values[place] for name, values in records.items()}
    return {name: _stacked([parts[row][name] for row in sorted(parts)]) for name in parts[0]}


def _stacked(rows: list[np.ndarray]) -> np.ndarray:
    """Rows [2, R] of members as one array, with NaN where a member has fewer subspaces."""
    longest = max(row.shape[-1] for row in rows)
    short = [
        np.pad(row.astype(float), [(0, 0)] * (row.ndim - 1) + [(0, longest - row.shape[-1])], constant_values=np.nan)
        for row in rows
    ]
    return np.stack(short)
