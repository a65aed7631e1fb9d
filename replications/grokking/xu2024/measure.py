"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch.

A statistic at a step is that of the first record after at least as many steps (steps may be taken in groups).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from replications.grokking.xu2024.theory import near_orthogonal
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, melt, ratio
from verifig.training.artifacts import Artifact

PASSED = 0.95  # test accuracy above which a run counts as generalising
AT_A_STEP = ("train_accuracy", "test_accuracy", "permuted_accuracy", "linear_agreement", "shuffled_agreement")
MISTAKES = {"test": "misclassified", "permuted": "misclassified_permuted"}  # in % of the test points
NEURONS = ("positive", "negative")
MEANS = ("mu1", "mu2")


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    series = {name: Series(artifact, "steps") for name, artifact in artifacts.items()}
    for name, records in series.items():
        for condition in records.settings:
            _accuracies(name, records, condition, out)
            _spreads(name, records, condition, out)
    if "runs" in series:
        _generalising(series["runs"], out)
        _outside_theory(series["runs"], out)
        _figures("runs", series["runs"], out)
        out.curve("plane", _plane(series["runs"]))
        out.curve("linear", _linear(series["runs"]))
        if "controls" in series:
            _paired(series, "controls", "clean", 1, out)
        if "one_by_one" in series:
            last = int(min(series[name].points[-1] for name in ("runs", "one_by_one")))
            _paired(series, "one_by_one", "base", last, out)
    if "small_step" in series:
        _figures("small_step", series["small_step"], out)


def after(records: Series, condition: str, field: str, step: int) -> np.ndarray:
    """Values [seeds, ...] of the first record after at least `step` steps."""
    return records[condition, field][:, np.flatnonzero(records.points >= step)[0]]


def wanted(records: Series, condition: str) -> list[int]:
    """The steps at which records were asked for, up to the last."""
    return [step for step in records.settings[condition]["record_at"] if step <= records.points[-1]]


def named(condition: str, **rest: object) -> dict:
    """What a statistic is filed under; the only condition of an experiment goes unnamed."""
    return rest if condition == "base" else {"condition": condition} | rest


def _accuracies(experiment: str, records: Series, condition: str, out: Tables) -> None:
    for step in wanted(records, condition):
        for field in AT_A_STEP:
            out.per_seed(experiment, field, after(records, condition, field, step), named(condition, step=step))
        for kind, statistic in MISTAKES.items():
            percent = 100 * (1 - after(records, condition, f"{kind}_accuracy", step))
            out.per_seed(experiment, statistic, percent, named(condition, step=step))


def _spreads(experiment: str, records: Series, condition: str, out: Tables) -> None:
    """Spread along the mean of the neurons' own class over that along the other, by sign of the output weight."""
    for step in wanted(records, condition):
        spread = after(records, condition, "spread", step)  # [seeds, sign, mean]
        for k, neurons in enumerate(NEURONS):
            where = named(condition, step=step, neurons=neurons)
            out.per_seed(experiment, "spread_ratio", ratio(spread[:, k, 0], spread[:, k, 1]), where)


def _generalising(records: Series, out: Tables) -> None:
    """Which runs have a test accuracy above `PASSED`, and what the others lack."""
    steps = wanted(records, "base")
    passed = {step: after(records, "base", "test_accuracy", step) > PASSED for step in steps}
    for step in steps:
        out.per_seed("runs", "passed", passed[step], {"step": step})
        out.per_seed("runs", "stuck", ~passed[step], {"step": step})
        worst = after(records, "base", "cluster_accuracy", step).min(1)
        out.per_seed("runs", "worst_cluster", worst, {"step": step})
        # a worst accuracy that is not a number is no missed cluster, and stays undefined
        out.per_seed("runs", "missed", np.where(np.isnan(worst), np.nan, worst < 0.5), {"step": step})
    if {100, 300} <= set(steps):
        out.per_seed("runs", "recovered", ~passed[100] & passed[300], {"since": 100})


def _outside_theory(records: Series, out: Tables) -> None:
    """What Theorem 3.1 says of the training set, and how far its assumptions hold."""
    n = records.settings["base"]["samples"]
    within = (records.points >= 1) & (records.points <= math.sqrt(n))
    fitted = (records["base", "train_accuracy"][:, within] == 1).all(1)
    out.per_seed("runs", "fitted", fitted)
    out.per_seed("runs", "cosine_excess", records["base", "largest_cosine"][:, 0] / near_orthogonal(n))
    out.per_seed("runs", "largest_cosine", records["base", "largest_cosine"][:, 0])
    out.per_seed("runs", "largest_output", records.last("base", "largest_output"))
    out.per_seed("runs", "linear_accuracy", records["base", "linear_accuracy"][:, 0])


def _paired(series: Mapping[str, Series], experiment: str, condition: str, step: int, out: Tables) -> None:
    """Test accuracy of a condition minus that of the runs, same seed."""
    other = after(series[experiment], condition, "test_accuracy", step)
    gap = difference(other, after(series["runs"], "base", "test_accuracy", step))
    out.per_seed(experiment, "test_difference", gap, named(condition, step=step))


def _figures(name: str, records: Series, out: Tables) -> None:
    points, seeds = records.points, range(records.seeds("base"))
    accuracies = {kind: records["base", f"{kind}_accuracy"] for kind in ("train", "test")}
    frames = [melt(values, set=kind, seed=seeds, x=points + 1) for kind, values in accuracies.items()]
    out.curve(f"{name}_accuracy", pd.concat(frames))
    largest = records["base", "largest_output"]
    out.curve(f"{name}_outputs", melt(largest, seed=seeds, x=points))
    counts = records["base", "histogram"].sum(0)  # [points, mean, bins], over all runs
    bins = counts.shape[-1]
    middles = (np.arange(bins) + 0.5) / bins * 2 - 1  # in units of the histogram's reach
    shares = counts / counts.sum(-1, keepdims=True)
    out.curve(f"{name}_projections", melt(shares, step=points, mean=MEANS, x=middles))


def _plane(records: Series, steps: Sequence[int] = (0, 1, 15)) -> pd.DataFrame:
    """Sign of the network by direction in the plane of the means, in degrees from mu1."""
    frames = []
    for step in [step for step in steps if step <= records.points[-1]]:
        signs = after(records, "base", "signs", step)
        angles = np.arange(signs.shape[1]) * 360 / signs.shape[1]
        frames.append(melt(signs, step=step, seed=range(len(signs)), x=angles))
    return pd.concat(frames)


def _linear(records: Series) -> pd.DataFrame:
    """Share of test points on which network and linear classifier agree, over steps + 1, by seed."""
    return melt(records["base", "linear_agreement"], seed=range(records.seeds("base")), x=records.points + 1)
