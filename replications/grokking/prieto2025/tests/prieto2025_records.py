"""Records of training by condition, and what is measured on them: for the tests of statistics."""

from collections.abc import Mapping

import numpy as np
from made_up import artifact

from replications.grokking.prieto2025 import measure
from verifig.measuring.tables import Tables

FIELDS = ("train_accuracy", "test_accuracy", "train_loss", "test_loss", "collapsed", "zero_loss", "norm", "alignment")


def measured(
    experiment: str,
    points: list[int],
    fields: Mapping[str, Mapping[str, object]],
    settings: Mapping[str, Mapping] | None = None,
    **arrays,
) -> Tables:
    """Statistics of one training experiment.

    Args:
        fields: by name, the rows [seeds, points, ...] of each condition; what is left out is not a number.
        settings: by condition, what differs from softmax with beta2 = 0.95 and no weight decay.
        arrays: further arrays of the artifact.
    """
    seeds = {condition: len(rows) for by_condition in fields.values() for condition, rows in by_condition.items()}
    stored = {"epochs": np.array(points)} | arrays
    for field in FIELDS:
        shape = (len(points), 3) if field == "alignment" else (len(points),)
        rows = {condition: np.full((count, *shape), np.nan) for condition, count in seeds.items()}
        rows |= fields.get(field, {})
        stored[field] = np.concatenate([np.asarray(rows[condition], float) for condition in sorted(rows)])
    conditions = {name: {"seeds": seeds[name]} | (settings or {}).get(name, {}) for name in sorted(seeds, reverse=True)}
    out = Tables()
    measure.measure({experiment: artifact(stored, conditions, loss="softmax", beta2=0.95, weight_decay=0.0)}, out)
    return out


def statuses(out: Tables, statistic: str, condition: str) -> list[str]:
    """Status of each unit of a statistic."""
    return out.statistics().query("statistic == @statistic and condition == @condition")["status"].tolist()
