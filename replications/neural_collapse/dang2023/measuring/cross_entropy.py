"""Statistics of heads under cross-entropy: objectives against the best simplex point, rank and geometry of the logits."""

import numpy as np
import pandas as pd

from replications.neural_collapse.dang2023 import closed_form, metrics
from replications.neural_collapse.dang2023.cross_entropy_geometry import simplex_cross_entropy
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact


def measure(artifact: Artifact, out: Tables) -> None:
    """By condition, one value a start."""
    series, frames = Series(artifact, "iterations"), []
    for condition, settings in series.settings.items():
        name, depth, classes = {"condition": condition}, settings["depth"], len(settings["sizes"])
        simplex, gap = simplex_cross_entropy(
            classes, settings["sizes"][0], depth, settings["weight_decay"], settings["feature_decay"]
        )
        objective = series.last(condition, "objective")
        logits = series[condition, "output"][:, :classes, :classes]
        rank, misfit = metrics.numerical_rank(logits), metrics.misfit(logits, closed_form.simplex(classes))
        out.exact("cross_entropy", "simplex_objective", simplex, name)
        out.exact("cross_entropy", "simplex_gap", gap, name)
        out.exact("cross_entropy", "best_below_simplex", 1 - objective.min() / simplex, name)
        out.per_seed("cross_entropy", "objective_error", np.abs(objective - simplex), name)
        out.per_seed("cross_entropy", "below_simplex", 1 - objective / simplex, name)
        out.per_seed("cross_entropy", "simplex_misfit", misfit, name)
        out.per_seed("cross_entropy", "rank", rank, name)
        out.per_seed("cross_entropy", "accuracy", series.last(condition, "accuracy"), name)
        columns = {"seed": np.arange(len(objective)), "rank": rank, "misfit": misfit, "ratio": objective / simplex}
        frames.append(pd.DataFrame({"condition": condition, "classes": classes, "depth": depth} | columns))
    out.curve("cross_entropy", pd.concat(frames))
