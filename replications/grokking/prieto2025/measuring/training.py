"""What every training experiment has: accuracies, epochs of fit and of generalisation, norms, differences of arms."""

import numpy as np
import pandas as pd

from replications.grokking.prieto2025.measuring.levels import COLLAPSE, FIT
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, first_crossing, long

EPOCHS = (80, 130, 300, 400, 480, 2000, 75000, 80000)  # at which claims ask for accuracies
CURVES = ("train_accuracy", "test_accuracy", "train_loss", "test_loss", "collapsed", "zero_loss", "norm")
PAIRS = {
    # experiment: [(a, b)]: paired differences of test accuracy a - b, same seed, split and initial weights
    "edge113": [("perp_adamw", "adamw")],
    "delay53": [
        ("perp_adamw", "adamw"),
        ("perp_adamw", "projection_random"),
        ("projection_off", "adamw"),
        ("projection_random", "projection_off"),
        ("projection_random", "adamw"),
    ],
    "precision43": [("float32", "float16"), ("float64", "float32")],
    "stablemax53": [("stablemax", "softmax64"), ("softmax64", "softmax64"), ("softmax64_beta99", "softmax64")],
    "precision113": [("f32_70", "f16_70"), ("f64_70", "f32_70")],
    "stablemax113": [("stablemax", "softmax64")],
}


def measure(experiment: str, series: Series, out: Tables) -> None:
    """Statistics that every training experiment has, per condition."""
    last = series.points[-1]
    for condition in series.settings:
        name = {"condition": condition}
        test, train = series[condition, "test_accuracy"], series[condition, "train_accuracy"]
        out.per_seed(experiment, "final_test_accuracy", test[:, -1], name)
        out.per_seed(experiment, "final_train_accuracy", train[:, -1], name)
        out.per_seed(experiment, "initial_test_accuracy", test[:, 0], name)
        out.per_seed(experiment, "max_test_accuracy", test.max(1), name)
        out.per_seed(experiment, "max_train_accuracy", train.max(1), name)
        out.per_seed(experiment, "largest_gap", (train - test).max(1), name)
        for epoch in EPOCHS:
            if epoch <= last:
                for field in ("test_accuracy", "train_accuracy"):
                    out.per_seed(experiment, field, series.at(condition, field, epoch), name | {"epoch": epoch})
        fitted, never_fitted = first_crossing(series.points, train, FIT)
        grokked, never_grokked = first_crossing(series.points, test, FIT)
        out.per_seed(experiment, "fit_epoch", fitted, name, never=never_fitted)
        out.per_seed(experiment, "grok_epoch", grokked, name, never=never_grokked)
        delay, never_both = grokked / np.maximum(fitted, 1), never_grokked | never_fitted
        out.per_seed(experiment, "delay_ratio", delay, name, never=never_both)
        halfway, never_halfway = first_crossing(series.points, test, 0.5)
        out.per_seed(experiment, "half_test_epoch", halfway, name, never=never_halfway)
        norm = series[condition, "norm"]
        out.per_seed(experiment, "norm_ratio", norm[:, -1] / norm[:, 0], name)
        out.per_seed(experiment, "norm_peak_epoch", series.points[norm.argmax(1)], name)
        out.per_seed(experiment, "norm_peak", norm.max(1), name)
        out.per_seed(experiment, "final_norm", norm[:, -1], name)
        gain = test[:, -1] - series.at(condition, "test_accuracy", last / 4)
        out.per_seed(experiment, "test_gain_after_quarter", gain, name)
        if series.settings[condition]["loss"] == "softmax":
            collapsed = series[condition, "collapsed"]
            dated, never = first_crossing(series.points, collapsed, COLLAPSE)
            out.per_seed(experiment, "collapse_epoch", dated, name, never=never)
            out.per_seed(experiment, "peak_collapsed", collapsed.max(1), name)
            out.per_seed(experiment, "final_collapsed", collapsed[:, -1], name)
    _differences(experiment, series, out)
    out.curve(experiment, _long(series))


def _long(series: Series) -> pd.DataFrame:
    """Curves as a long table; alignment as one curve a layer."""
    frames = []
    for condition in series.settings:
        fields = {field: series[condition, field] for field in CURVES}
        alignment = series[condition, "alignment"]
        fields |= {f"alignment_{layer + 1}": alignment[..., layer] for layer in range(alignment.shape[2])}
        frames.append(long(series.points, fields, condition))
    return pd.concat(frames)


def _differences(experiment: str, series: Series, out: Tables) -> None:
    for a, b in PAIRS.get(experiment, []):
        if a in series and b in series:
            first, second = series.last(a, "test_accuracy"), series.last(b, "test_accuracy")
            out.per_seed(experiment, "test_difference", difference(first, second), {"a": a, "b": b})
