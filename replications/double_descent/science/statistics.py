"""Statistics and sizes of trained models that several papers need. No torch."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.double_descent.science.datasets import COUNTS, SHAPES
from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

NARROW, WIDE = (16, 24, 40), 160  # hidden widths whose test MSE is compared


def conditions(artifact: Mapping[str, np.ndarray]) -> list[str]:
    """Names of the conditions of an artifact whose arrays are called `<condition>.widths`, sorted."""
    suffix = ".widths"
    return sorted(name.removesuffix(suffix) for name in artifact if name.endswith(suffix))


def class_count(settings: Mapping) -> int:
    """Number of classes: those chosen, else all of the data set."""
    return len(settings["classes"]) or len(COUNTS[settings["dataset"]])


def input_count(settings: Mapping) -> int:
    """Number of inputs of a two-layer network: pixels after averaging over blocks."""
    channels, side = SHAPES[settings["dataset"]]
    return channels * (side // settings["pool_size"]) ** 2


def parameter_threshold(settings: Mapping) -> float:
    """Hidden width at which a two-layer network with biases has as many parameters as equations, n times the classes."""
    classes = class_count(settings)
    return (settings["n"] * classes - classes) / (input_count(settings) + 1 + classes)


def zero_loss(settings: Mapping) -> float:
    """Loss of an output that is zero everywhere: (C - 1)/C^2, or log C for cross-entropy."""
    classes = class_count(settings)
    return math.log(classes) if settings.get("loss") == "cross_entropy" else (classes - 1) / classes**2


def run_loss(experiment: str, artifact: Artifact, out: Tables) -> None:
    """Health: by condition and seed the worst final training loss over widths, over `zero_loss`.

    Below 1 a run has learnt something, far above it has diverged.
    """
    by_name = {member["condition"]: member for member in members_of(artifact.meta["job"]["settings"])}
    losses = [artifact[f"{name}.train_mse"][:, -1].max(1) / zero_loss(by_name[name]) for name in conditions(artifact)]
    out.per_seed(experiment, "run_loss", np.concatenate(losses))


def wide_ratio(experiment: str, artifact: Artifact, out: Tables) -> None:
    """Test MSE of two-layer networks of narrow widths over that of width 160, at every recorded step; losses as a table."""
    frames = []
    for name in conditions(artifact):
        points, grid = artifact[f"{name}.points"].tolist(), artifact[f"{name}.widths"].tolist()
        mse = artifact[f"{name}.test_mse"]
        for index, point in enumerate(points):
            for width in NARROW:
                if {width, WIDE} <= set(grid):
                    ratio = mse[:, index, grid.index(width)] / mse[:, index, grid.index(WIDE)]
                    out.per_seed(experiment, "wide_ratio", ratio, {"run": name, "steps": point, "width": width})
        fields = {field: artifact[f"{name}.{field}"] for field in ("train_mse", "test_mse", "test_error")}
        frames.append(melt(fields, run=name, seed=range(len(mse)), steps=points, width=grid))
    out.curve(experiment, pd.concat(frames))
