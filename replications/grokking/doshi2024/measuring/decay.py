"""Training on corrupted labels by weight decay: accuracies, periodicity of neurons, pruning."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.grokking.doshi2024.pruning import ORDERS
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, long, melt

EXPERIMENT = "decay"
SETS = ("train", "clean", "corrupted", "test")  # the last axis of what was pruned
PERIODIC = 0.5  # participation ratio from which on a neuron is counted as periodic
BINS = np.linspace(0, 1, 21)
PAIRS = (("wd0", "wd5"), ("wd5", "wd15"), ("wd5", "clean5"))  # conditions whose neurons are compared, seed by seed
PRUNED_AT = (0.3, 0.5)  # shares of neurons removed at which pruning is judged


def measure(series: Series, out: Tables) -> None:
    """Statistics of each condition and differences between weight decays."""
    for condition in series.settings:
        final(series, condition, out)
        dynamics(series, condition, out)
        pruning(series, condition, out)
    for below, above in PAIRS:
        for name in ("participation", "participation_shuffled"):
            gain = difference(mean_participation(series, above, name), mean_participation(series, below, name))
            out.per_seed(EXPERIMENT, f"{name}_gain", gain, {"from": below, "to": above})
    curves(series, out)


def final(series: Series, condition: str, out: Tables) -> None:
    """Accuracies at the end, and how periodic the neurons are."""
    where = {"condition": condition}
    for name in SETS:
        out.per_seed(EXPERIMENT, f"{name}_accuracy", series.last(condition, f"{name}_accuracy"), where)
    out.per_seed(EXPERIMENT, "recovered", series.last(condition, "recovered"), where)
    out.per_seed(EXPERIMENT, "loss", series.last(condition, "loss"), where)
    out.per_seed(EXPERIMENT, "participation", mean_participation(series, condition), where)
    out.per_seed(EXPERIMENT, "aperiodic_share", (series.last(condition, "participation") < PERIODIC).mean(1), where)


def mean_participation(series: Series, condition: str, name: str = "participation") -> np.ndarray:
    """Mean participation ratio of the neurons at the end [seeds]; `participation_shuffled`: of their shuffled entries."""
    if name == "participation_shuffled":
        return series.last(condition, "shuffled")
    return series.last(condition, "participation").mean(1)


def dynamics(series: Series, condition: str, out: Tables) -> None:
    """The highest training accuracy, how far it falls until the end, and how far test accuracy rises meanwhile."""
    train, test = series[condition, "train_accuracy"], series[condition, "test_accuracy"]
    units, peak = np.arange(len(train)), train.argmax(1)
    where = {"condition": condition}
    out.per_seed(EXPERIMENT, "train_peak", train[units, peak], where)
    out.per_seed(EXPERIMENT, "train_fall", train[units, peak] - train[:, -1], where)
    out.per_seed(EXPERIMENT, "test_rise", test[:, -1] - test[units, peak], where)


def pruning(series: Series, condition: str, out: Tables) -> None:
    """Accuracies with a share of the neurons removed, by order of removal."""
    pruned, shares = series.last(condition, "pruned"), series.artifact["shares"]  # [seeds, orders, shares, sets]
    for share in PRUNED_AT:
        at = int(np.abs(shares - share).argmin())
        left = {order: by_set(pruned[:, k, at]) for k, order in enumerate(ORDERS)}
        for k, order in enumerate(ORDERS):
            where, whole = {"condition": condition, "order": order, "removed": share}, by_set(pruned[:, k, 0])
            for name in ("corrupted", "test"):
                out.per_seed(EXPERIMENT, f"{name}_left", left[order][name], where)
                out.per_seed(EXPERIMENT, f"{name}_drop", whole[name] - left[order][name], where)
            out.per_seed(EXPERIMENT, "separation", separation(whole, left[order]), where)
            out.per_seed(EXPERIMENT, "above_high", left[order]["test"] - left["high"]["test"], where)
            out.per_seed(EXPERIMENT, "below_low", left["low"]["test"] - left[order]["test"], where)


def by_set(accuracies: np.ndarray) -> dict[str, np.ndarray]:
    """Accuracies [seeds, sets] by the name of the set."""
    return {name: accuracies[:, k] for k, name in enumerate(SETS)}


def separation(whole: Mapping[str, np.ndarray], left: Mapping[str, np.ndarray]) -> np.ndarray:
    """Share of test accuracy that pruning leaves, minus the share of accuracy on corrupted labels that it leaves.

    1: all of what generalises stays and all of what was memorised goes; -1: the reverse; 0: both suffer alike.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return left["test"] / whole["test"] - left["corrupted"] / whole["corrupted"]


def curves(series: Series, out: Tables) -> None:
    """Tables of accuracies over steps, of the histograms of participation ratios, and of pruning."""
    runs, histograms, pruned = [], [], []
    shares = series.artifact["shares"]
    for condition in series.settings:
        fields = {name: series[condition, f"{name}_accuracy"] for name in SETS}
        fields["recovered"] = series[condition, "recovered"]
        runs.append(long(series.points, fields, condition))
        ratios = series.last(condition, "participation")
        counts = np.stack([np.histogram(row, BINS)[0] for row in ratios])
        histograms.append(melt(counts / ratios.shape[1], condition=condition, seed=range(len(counts)), x=middles()))
        values = series.last(condition, "pruned")
        axes = {"seed": range(len(values)), "order": ORDERS, "x": shares, "curve": SETS}
        pruned.append(melt(values, condition=condition, **axes))
    out.curve("runs", pd.concat(runs))
    out.curve("histograms", pd.concat(histograms))
    out.curve("pruned", pd.concat(pruned).sort_values(["condition", "order", "curve", "seed", "x"], kind="stable"))


def middles() -> np.ndarray:
    """Middles of the bins of the histograms."""
    return (BINS[1:] + BINS[:-1]) / 2
