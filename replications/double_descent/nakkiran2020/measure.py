"""Artifacts and published runs -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.double_descent.nakkiran2020 import reference
from replications.double_descent.science import statistics
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact

NEAR = 0.1  # a width stands for W = n if its ratio to n is at most so far from 1


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale, and from the published runs."""
    for name, artifact in artifacts.items():
        match artifact.meta["job"]["program"]:
            case "sample_sizes":
                _sample_sizes(name, artifact, out)
            case "two_layer":
                statistics.run_loss(name, artifact, out)
                statistics.wide_ratio(name, artifact, out)
            case "deep":
                _deep(name, artifact, out)
    _published(out)


def _sample_sizes(experiment: str, artifact: Artifact, out: Tables) -> None:
    """N1-N3: where the error peaks by width for several n, and by n for one width.

    Health: the error with the most samples and the least label noise.
    """
    errors, levels = artifact["threshold.test_error"], artifact["sizes.noise"]
    ratios, sizes = artifact["threshold.ratios"], artifact["threshold.n"]
    centre = int(np.argmin(np.abs(ratios - 1)))
    for level, share in enumerate(levels):
        for index, n in enumerate(sizes):
            for side, other in (("below", centre - 1), ("above", centre + 1)):
                if not 0 <= other < len(ratios) or abs(ratios[centre] - 1) > NEAR:
                    continue
                rise = errors[:, level, index, centre] - errors[:, level, index, other]
                out.per_seed(experiment, "threshold_rise", rise, {"n": int(n), "noise": share, "side": side})
    by_n, grid = artifact["sizes.test_error"], artifact["sizes.n"].tolist()
    middle = artifact.meta["job"]["settings"]["sample_width"]
    for level, factor in ((0, 3), (1, 2)):
        for other in (25, 200):
            if level < len(levels) and {other, middle} <= set(grid):
                contrast = by_n[:, level, grid.index(middle)] - factor * by_n[:, level, grid.index(other)]
                out.per_seed(experiment, "size_contrast", contrast, {"noise": levels[level], "other": other})
    out.per_seed(experiment, "run_error", by_n[:, np.argmin(levels), -1])
    for kind, table, axis in (("sizes", by_n[:, :, None], grid), ("threshold", errors, ratios)):
        seeds, level, group, place = np.meshgrid(*(np.arange(size) for size in table.shape), indexing="ij")
        frame = {
            "noise": np.asarray(levels)[level.ravel()],
            "n": np.asarray(sizes)[group.ravel()] if kind == "threshold" else 0,
            "x": np.asarray(axis, float)[place.ravel()],
            "seed": seeds.ravel(),
            "value": table.ravel(),
        }
        out.curve(f"{experiment}_{kind}", pd.DataFrame(frame))


def _deep(experiment: str, artifact: Artifact, out: Tables) -> None:
    """N7: test error at the width of the published peak against a narrower and the widest network.

    Health: the training error of the widest network.
    """
    grid, error = artifact["widths"].tolist(), artifact["test_error"][:, :, -1]
    for other in (4, 64):
        if {10, other} <= set(grid):
            rise = error[:, grid.index(10)] - error[:, grid.index(other)]
            out.per_seed(experiment, "peak_rise", rise, {"other": other})
    out.per_seed(experiment, "final_train_error", artifact["train_error"][:, -1, -1])
    out.per_seed(experiment, "run_error", artifact["train_error"][:, -1, -1])
    seeds, places = np.meshgrid(np.arange(len(error)), grid, indexing="ij")
    frame = {"x": places.ravel(), "seed": seeds.ravel(), "value": error.ravel()}
    out.curve(experiment, pd.DataFrame(frame | {"train": artifact["train_error"][:, :, -1].ravel()}))


def _published(out: Tables) -> None:
    """N4, N5: peak and first minimum of the released runs; nothing is trained."""
    grid = list(reference.RESNET_WIDTHS)
    test, train = (np.array([pair[k] for pair in reference.RESNET_WIDTHS.values()]) for k in (0, 1))
    peak = reference.published_peak()
    out.exact("reference", "resnet_peak_rise", test[peak] - test[:peak].min())
    out.exact("reference", "resnet_peak_width", grid[peak])
    out.exact("reference", "resnet_peak_train_error", train[peak])
    out.curve("resnet_published", pd.DataFrame({"x": grid, "test": test, "train": train}))
