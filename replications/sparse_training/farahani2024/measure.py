"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, melt
from verifig.training.artifacts import Artifact

PAIRS = (("best", "random"), ("other", "random"), ("worst", "random"), ("trained", "random"), ("random", "whole"),
         ("eighth", "whole"))  # fmt: skip


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    for name, artifact in artifacts.items():
        records = Series(artifact, "steps")
        _accuracies(name, records, out)
        _differences(name, records, out)
        _scores(name, records, out)
        out.exact(name, "largest_pruned", artifact["largest_pruned"].max())


def _accuracies(name: str, records: Series, out: Tables) -> None:
    frames = []
    for condition in records.settings:
        values = records[condition, "test_accuracy"]
        for column, step in enumerate(records.points):
            out.per_seed(name, "test_accuracy", values[:, column], {"condition": condition, "step": step})
        frames.append(melt(values, picks=condition, seed=range(len(values)), x=records.points))
    out.curve(f"{name}_accuracy", pd.concat(frames))


def _differences(name: str, records: Series, out: Tables) -> None:
    """Test accuracy of one network minus that of another of the same seed, by step."""
    frames = []
    for first, second in PAIRS:
        if first not in records or second not in records:
            continue
        gain = difference(records[first, "test_accuracy"], records[second, "test_accuracy"])
        for column, step in enumerate(records.points):
            out.per_seed(name, "difference", gain[:, column], {"first": first, "second": second, "step": step})
        frames.append(melt(gain, first=first, second=second, seed=range(len(gain)), x=records.points))
    if frames:
        out.curve(f"{name}_differences", pd.concat(frames))


def _scores(name: str, records: Series, out: Tables) -> None:
    """Losses before training: of the best candidate less the first one (a random one), their range, and of what was picked."""
    for condition in records.settings:
        picked = records[condition, "picked"].astype(int)
        chosen = records[condition, "scores"][np.arange(len(picked)), picked]
        out.per_seed(name, "picked_score", chosen, {"condition": condition})
    if "best" in records:
        scores = records["best", "scores"]
        out.per_seed(name, "score_gain", np.nanmin(scores, 1) - scores[:, 0])
        out.per_seed(name, "score_spread", np.nanmax(scores, 1) - np.nanmin(scores, 1))
        out.curve(f"{name}_scores", melt(scores, seed=range(len(scores)), candidate=range(scores.shape[1])))
