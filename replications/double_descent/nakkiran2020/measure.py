"""Artifacts and published runs -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.double_descent.nakkiran2020 import reference
from replications.double_descent.science import statistics
from verifig.measuring.tables import Tables, melt
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
    """N1-N3 and their controls, the oracles, and tables for figures.

    Health: the error with the most samples and the least label noise.
    """
    _threshold_rises(experiment, artifact, out)
    _size_contrasts(experiment, artifact, out)
    _fit_losses(experiment, artifact, out)
    for index, n in enumerate(artifact["linear.n"].tolist()):
        risk = least_squares_risk(n, artifact.meta["job"]["settings"]["linear_width"])
        out.per_seed(experiment, "linear_ratio", (artifact["linear.risk"][:, :, index] / risk).ravel(), {"n": n})
    errors, levels = artifact["threshold.test_error"], artifact["sizes.noise"]
    by_n, grid = artifact["sizes.test_error"], artifact["sizes.n"].tolist()
    sizes, ratios = artifact["threshold.n"], artifact["threshold.ratios"]
    out.per_seed(experiment, "run_error", by_n[:, np.argmin(levels), -1])
    by_width = melt(errors, seed=range(len(errors)), noise=levels, n=sizes, x=ratios)
    by_size = melt(by_n, seed=range(len(by_n)), noise=levels, n=0, x=np.array(grid, float))
    for kind, frame in (("sizes", by_size), ("threshold", by_width)):
        out.curve(f"{experiment}_{kind}", frame[["noise", "n", "x", "seed", "value"]])


def _threshold_rises(experiment: str, artifact: Artifact, out: Tables) -> None:
    """N1: where the error peaks by width for several n.

    Controls: the same of the ridge's fits, with their error at width n; and the same where W counts as many equations
    as there are samples times classes.
    """
    plain, ridged = artifact["threshold.test_error"], artifact["threshold.ridge_error"]
    classes = statistics.class_count(artifact.meta["job"]["settings"])
    ratios = artifact["threshold.ratios"]
    for name, errors, ratio in (("threshold", plain, 1), ("ridge", ridged, 1), ("equations", plain, classes)):
        centre = int(np.argmin(np.abs(ratios - ratio)))
        if abs(ratios[centre] - ratio) > NEAR:
            continue
        for level, share in enumerate(artifact["sizes.noise"]):
            for index, n in enumerate(artifact["threshold.n"]):
                place = {"n": int(n), "noise": share}
                for side, other in (("below", centre - 1), ("above", centre + 1)):
                    if 0 <= other < len(ratios):
                        rise = errors[:, level, index, centre] - errors[:, level, index, other]
                        out.per_seed(experiment, f"{name}_rise", rise, place | {"side": side})
                if name == "ridge":
                    out.per_seed(experiment, "ridge_error", errors[:, level, index, centre], place)


def _size_contrasts(experiment: str, artifact: Artifact, out: Tables) -> None:
    """N2, N3: where the error peaks by n for one width.

    Controls: the same at the width far from every n, with the error there for the most samples; and the rise from
    nearby sample sizes, with the ridge and without.
    """
    levels, grid = artifact["sizes.noise"], artifact["sizes.n"].tolist()
    middle = artifact.meta["job"]["settings"]["sample_width"]
    for kind, name in (("sizes", "size"), ("far", "far")):
        errors = artifact[f"{kind}.test_error"]
        for level, factor in ((0, 3), (1, 2)):
            for other in (25, 200):
                if level < len(levels) and {other, middle} <= set(grid):
                    contrast = errors[:, level, grid.index(middle)] - factor * errors[:, level, grid.index(other)]
                    out.per_seed(experiment, f"{name}_contrast", contrast, {"noise": levels[level], "other": other})
    for fit, name in (("test_error", "size_rise"), ("ridge_error", "ridge_size_rise")):
        errors = artifact[f"sizes.{fit}"]
        for level, share in enumerate(levels):
            for other in (75, 150):
                if {other, middle} <= set(grid):
                    rise = errors[:, level, grid.index(middle)] - errors[:, level, grid.index(other)]
                    out.per_seed(experiment, name, rise, {"noise": share, "other": other})
    for level, share in enumerate(levels):
        out.per_seed(experiment, "far_error", artifact["far.test_error"][:, level, -1], {"noise": share})


def _fit_losses(experiment: str, artifact: Artifact, out: Tables) -> None:
    """Oracle: by seed the largest training loss of minimum-norm fits with W >= n, the smallest of those with W < n.

    Both over the loss of an output that is zero everywhere.
    """
    settings, ratios = artifact.meta["job"]["settings"], artifact["threshold.ratios"]
    grid = {
        "sizes": [(settings["sample_width"], n) for n in artifact["sizes.n"]],
        "far": [(settings["far_width"], n) for n in artifact["sizes.n"]],
        "threshold": [(round(n * ratio), n) for n in artifact["threshold.n"].tolist() for ratio in ratios.tolist()],
    }
    losses = [artifact[f"{kind}.train_mse"] for kind in grid]
    by_fit = np.concatenate([loss.reshape(*loss.shape[:2], -1) for loss in losses], 2) / statistics.zero_loss(settings)
    enough = np.array([width >= n for fits in grid.values() for width, n in fits])
    if enough.any():
        out.per_seed(experiment, "loss_from_n", by_fit[:, :, enough].max((1, 2)))
    if not enough.all():
        out.per_seed(experiment, "loss_below_n", by_fit[:, :, ~enough].min((1, 2)))


def least_squares_risk(n: int, width: int) -> float:
    """Mean of ||a - b||^2 over draws of the minimum-norm fit a to n samples with Gaussian features.

    With targets z b + noise, ||b|| = 1, variance 1: beyond the threshold (n < width) b is projected on n of `width`
    directions, and the mean trace of an inverse Wishart matrix is n/(width - n - 1); before it width/(n - width - 1).
    """
    return 1 - n / width + n / (width - n - 1) if n < width else width / (n - width - 1)


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
    errors = {"value": error, "train": artifact["train_error"][:, :, -1]}
    out.curve(experiment, melt(errors, seed=range(len(error)), x=grid)[["x", "seed", "value", "train"]])


def _published(out: Tables) -> None:
    """N4, N5: peak and first minimum of the released runs; nothing is trained."""
    grid = list(reference.RESNET_WIDTHS)
    test, train = (np.array([pair[k] for pair in reference.RESNET_WIDTHS.values()]) for k in (0, 1))
    peak = reference.published_peak()
    out.exact("reference", "resnet_peak_rise", test[peak] - test[:peak].min())
    out.exact("reference", "resnet_peak_width", grid[peak])
    out.exact("reference", "resnet_peak_train_error", train[peak])
    out.curve("resnet_published", pd.DataFrame({"x": grid, "test": test, "train": train}))
