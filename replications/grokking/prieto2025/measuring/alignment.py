"""Naive loss minimisation: cosines of the negative gradient and the weights."""

import math

import numpy as np

from replications.grokking.prieto2025.measuring.levels import ALIGNED, COLLAPSE, SOLVED
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, first_crossing


def measure(experiment: str, series: Series, out: Tables) -> None:
    """Cosines of gradient and weights around the fit and around collapse.

    EN-17: at the first log point 200 epochs after the fit. EN-26: by how much that exceeds the value at half of the time
    to the fit. EN-18: the lowest of the output layer within 100 epochs of collapse, and of the float64 run of the same
    seed, which has not collapsed, in the same epochs.

    Also when the cosine of the output layer first passes `ALIGNED`, the training accuracy then, and the cosine at the fit.
    """
    for condition in ("float32", "float64", "float32_bias"):
        if condition not in series:
            continue
        alignment, train = series[condition, "alignment"], series[condition, "train_accuracy"]
        fit, never_fit = first_crossing(series.points, train, SOLVED)
        collapse, never = first_crossing(series.points, series[condition, "collapsed"], COLLAPSE)
        cosines = np.full((len(fit), alignment.shape[2]), math.nan)  # of a run too short to tell
        for seed, epoch in enumerate(fit):
            later = np.flatnonzero(series.points >= epoch + 200)
            if len(later) and not never_fit[seed]:
                cosines[seed] = alignment[seed, later[0]]
        name = {"condition": condition}
        out.per_seed(experiment, "solved_epoch", fit, name, never=never_fit)
        aligned, never_aligned = first_crossing(series.points, alignment[..., -1], ALIGNED)
        out.per_seed(experiment, "aligned_epoch", aligned, name, never=never_aligned)
        at_aligned = [np.interp(epoch, series.points, row) for epoch, row in zip(aligned, train, strict=True)]
        out.per_seed(experiment, "train_accuracy_when_aligned", np.where(never_aligned, math.nan, at_aligned), name)
        at_fit = [np.interp(epoch, series.points, row) for epoch, row in zip(fit, alignment[..., -1], strict=True)]
        out.per_seed(experiment, "alignment_at_fit", np.where(never_fit, math.nan, at_fit), name)
        for layer in range(cosines.shape[1]):
            out.per_seed(experiment, "alignment_after_fit", cosines[:, layer], name | {"layer": layer + 1})
        for layer in range(1, cosines.shape[1]):
            out.per_seed(
                experiment,
                "alignment_step",
                cosines[:, layer] - cosines[:, layer - 1],
                name | {"layer": f"{layer + 1}-{layer}"},
            )
        out.per_seed(experiment, "alignment_sign_flipped", -cosines[:, -1], name)
        early = [alignment[seed, np.flatnonzero(series.points >= epoch / 2)[0], -1] for seed, epoch in enumerate(fit)]
        out.per_seed(experiment, "alignment_rise", cosines[:, -1] - early, name)
        collapse = np.where(never, math.nan, collapse)
        out.per_seed(experiment, "alignment_after_collapse", _lowest(series, condition, collapse), name)
        if condition == "float32" and "float64" in series:
            out.per_seed(experiment, "alignment_without_collapse", _lowest(series, "float64", collapse), name)


def _lowest(series: Series, condition: str, epochs: np.ndarray) -> list[float]:
    """Lowest alignment of the output layer within 100 epochs of `epochs` [seeds]; NaN where there is none."""
    result = []
    for row, epoch in zip(series[condition, "alignment"], epochs, strict=False):
        window = (series.points >= epoch) & (series.points <= epoch + 100)
        result.append(row[window, -1].min() if window.any() else math.nan)
    return result
