"""Statistics of iterated training: batch sizes, optimisers, two-layer networks."""

import itertools

import numpy as np
import pandas as pd

from replications.double_descent.liu2023.measuring import widths
from replications.double_descent.liu2023.measuring.features import SPECTRAL
from replications.double_descent.liu2023.measuring.widths import Curves
from replications.double_descent.science import statistics
from replications.double_descent.science.statistics import WIDE
from verifig.measuring.tables import Tables, melt, paired, ratio
from verifig.training.artifacts import Artifact

CONTROL = "both_layers"
OPTIMISERS = [
    # (label, source, solver or point): full batch, from weakest to strongest at 10,000 steps
    ("gd", "features", "steps 10000"),
    ("adam_slow", "iterated", "adam_slow 10000"),
    ("momentum", "features", "momentum 0.99 steps 10000"),
]
ITERATED = [
    "sgd_1 1000", "sgd_10 1000", "sgd_100 1000",
    "adam_slow 1000", "adam_slow 10000", "adam_fast 1000", "adam_fast 10000",
]  # fmt: skip


def iterated(experiment: str, artifact: Artifact, spectral: Curves | None, out: Tables) -> None:
    """Heights and losses of every condition and recorded point; comparisons with the spectral runs, paired by seed."""
    n = artifact.meta["job"]["settings"]["n"]
    found: dict[str, Curves] = {}
    for name in statistics.conditions(artifact):
        points = [f"{name} {point}" for point in artifact[f"{name}.points"].tolist()]
        curves = widths.curves(artifact, name, n, points)
        for point in points:
            found[point] = curves
            if curves.covers(1):
                out.per_seed(experiment, "threshold_loss", curves.loss(point), {"run": point})
                out.per_seed(experiment, "threshold_mse", curves.at("test_mse", point, 1), {"run": point})
            if curves.covers(1, widths.TAIL):
                out.per_seed(experiment, "peak_height", curves.height(point), {"run": point})
    control = next((point for point in found if point.startswith(CONTROL)), None)
    if control:
        for side, values in found[control].over_neighbours("test_mse", control).items():
            out.per_seed(experiment, "threshold_over_neighbour", values, {"side": side})
    _batches(experiment, found, out)
    if spectral is not None:
        _optimisers(experiment, found, spectral, out)
        _correlation(experiment, found, spectral, out)
    out.curve(f"{experiment}_risk", pd.concat([_long(point, curves) for point, curves in found.items()]))


def _batches(experiment: str, found: dict[str, Curves], out: Tables) -> None:
    """C2: ratios of threshold losses between batch sizes after the same number of epochs."""
    for a, b in (("sgd_10 1000", "sgd_1 1000"), ("sgd_100 1000", "sgd_10 1000")):
        if {a, b} <= set(found) and found[a].covers(1) and found[b].covers(1):
            out.per_seed(experiment, "loss_ratio", ratio(found[a].loss(a), found[b].loss(b)), {"a": a, "b": b})


def _optimisers(experiment: str, found: dict[str, Curves], spectral: Curves, out: Tables) -> None:
    """C1: test MSE at W = n of each optimiser over the weaker one's, and the train MSE the other way."""
    sources = {"features": dict.fromkeys(spectral.names, spectral), "iterated": found}
    if any(name not in sources[source] or not sources[source][name].covers(1) for _, source, name in OPTIMISERS):
        return
    for (weak, source, name), (strong, strong_source, strong_name) in itertools.pairwise(OPTIMISERS):
        weaker, stronger = sources[source][name], sources[strong_source][strong_name]
        place = {"a": strong, "b": weak}
        test = ratio(stronger.at("test_mse", strong_name, 1), weaker.at("test_mse", name, 1))
        train = ratio(weaker.loss(name), stronger.loss(strong_name))
        out.per_seed(experiment, "threshold_mse_ratio", test, place)
        out.per_seed(experiment, "threshold_loss_ratio", train, place)


def _correlation(experiment: str, found: dict[str, Curves], spectral: Curves, out: Tables) -> None:
    """B4 and panel H: h against l over spectral and iterated configurations together."""
    if not set(SPECTRAL) <= set(spectral.names) or not set(ITERATED) <= set(found):
        return
    chosen = [(name, spectral) for name in SPECTRAL] + [(name, found[name]) for name in ITERATED]
    if not all(curves.covers(1, widths.TAIL) for _, curves in chosen):
        return
    loss = np.stack(paired(*(curves.loss(name) for name, curves in chosen)), 1)
    height = np.stack(paired(*(curves.height(name) for name, curves in chosen)), 1)
    out.per_seed(experiment, "rank_correlation", widths.rank_correlation(loss, height), {"list": "all"})
    points = melt({"loss": loss, "height": height}, seed=range(len(loss)), name=[name for name, _ in chosen])
    out.curve("loss_peak", points[["name", "seed", "loss", "height"]])


def _long(point: str, curves: Curves) -> pd.DataFrame:
    """run, width, seed, train_mse, test_mse, test_error."""
    rows = {field: curves.row(field, point) for field in ("train_mse", "test_mse", "test_error")}
    frame = melt(rows, run=point, seed=range(len(rows["test_mse"])), width=curves.widths)
    return frame[["run", "width", "seed", *rows]]


def two_layer(experiment: str, artifact: Artifact, out: Tables) -> None:
    """G1-G3, L5: ratios of test MSE between widths, ratios between optimisers, train losses."""
    statistics.wide_ratio(experiment, artifact, out)
    names = statistics.conditions(artifact)
    for name in names:
        grid, mse = artifact[f"{name}.widths"].tolist(), artifact[f"{name}.test_mse"]
        if {40, 80} <= set(grid):
            for index, point in enumerate(artifact[f"{name}.points"].tolist()):
                after = mse[:, index, grid.index(40)] / mse[:, index, grid.index(80)]
                out.per_seed(experiment, "descent_ratio", after, {"run": name, "steps": point})
        _paper_peak(experiment, name, mse[:, -1], grid, out)
    _between_optimisers(experiment, artifact, names, out)


def _paper_peak(experiment: str, name: str, mse: np.ndarray, grid: list[int], out: Tables) -> None:
    """At full size: test MSE at the parameter threshold (H = 50) over that at the widest."""
    if 50 in grid:
        out.per_seed(experiment, "threshold_wide_ratio", mse[:, grid.index(50)] / mse[:, -1], {"run": name})


def _between_optimisers(experiment: str, artifact: Artifact, names: list[str], out: Tables) -> None:
    for weak, strong in (("gd", "heavy_ball"), ("heavy_ball", "adam")):
        grids = {name: artifact[f"{name}.widths"].tolist() for name in (weak, strong) if name in names}
        if len(grids) < 2 or not all({40, WIDE} <= set(grid) for grid in grids.values()):
            continue
        relative, losses = {}, {}
        for name, grid in grids.items():
            mse, at = artifact[f"{name}.test_mse"][:, -1], grid.index(40)
            relative[name] = mse[:, at] / mse[:, grid.index(WIDE)]
            losses[name] = artifact[f"{name}.train_mse"][:, -1, at]
        place = {"a": strong, "b": weak}
        out.per_seed(experiment, "wide_ratio_ratio", ratio(relative[strong], relative[weak]), place)
        out.per_seed(experiment, "train_ratio", ratio(losses[weak], losses[strong]), place)
