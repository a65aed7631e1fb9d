"""Softmax collapse by precision: when it comes, the law for its time, and test accuracy once it has come."""

import math

import numpy as np

from replications.grokking.prieto2025.measuring.levels import COLLAPSE
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, first_crossing


def predicted_delay(beta2: float) -> float:
    """Epochs between the collapse of float32 and of float64 under Adam: 29 ln 2 * 2 / -ln(beta2).

    Our derivation, not the paper's: after the fit the loss decays at ln(1/beta2)/2 per epoch, because Adam divides the
    gradient by a second moment that cannot decay faster than beta2; 53 - 24 = 29 bits separate the two formats.
    """
    return (53 - 24) * math.log(2) * 2 / -math.log(beta2)


def delay(experiment: str, series: Series, out: Tables) -> None:
    """(t64 - t32) / prediction for every pair of conditions that differ in precision only."""
    for suffix in ("", "_beta90", "_fast"):
        single, double = f"float32{suffix}", f"float64{suffix}"
        if not _comparable(series, single, double):
            continue
        between, never = _delay(series, single, double)
        beta2 = series.settings[single]["beta2"]
        predicted = predicted_delay(beta2)
        wrong = predicted_delay(0.99 if beta2 != 0.99 else 0.95)  # the instrument broken on purpose: another beta2
        decay = _loss_decay(series, double) / (math.log(beta2) / 2)
        name = {"pair": f"{single}/{double}"}
        out.per_seed(experiment, "collapse_delay", between, name, never=never)
        out.per_seed(experiment, "collapse_delay_over_prediction", between / predicted, name, never=never)
        out.exact(experiment, "predicted_delay", predicted, name)
        out.per_seed(experiment, "collapse_delay_over_wrong_prediction", between / wrong, name, never=never)
        out.per_seed(experiment, "loss_decay_over_prediction", decay, name)


def _comparable(series: Series, single: str, double: str) -> bool:
    """Whether both conditions ran as often and the prediction is defined: with beta2 = 0 Adam has no memory."""
    if single not in series or double not in series:
        return False
    return series.seeds(single) == series.seeds(double) and series.settings[single]["beta2"] > 0


def _delay(series: Series, single: str, double: str) -> tuple[np.ndarray, np.ndarray]:
    """Epochs from the collapse of one precision to that of the other, and whether one never collapsed [seeds]."""
    early, never_single = first_crossing(series.points, series[single, "collapsed"], COLLAPSE)
    late, never_double = first_crossing(series.points, series[double, "collapsed"], COLLAPSE)
    return late - early, never_single | never_double


def _loss_decay(series: Series, condition: str) -> np.ndarray:
    """Slope of ln(loss) per epoch between 1e-3 and 1e-12, per seed [seeds]; NaN where fewer than 3 log points lie there."""
    slopes = []
    for loss in series[condition, "train_loss"]:
        window = np.flatnonzero((loss < 1e-3) & (loss > 1e-12))
        window = window[: np.flatnonzero(np.diff(window, append=window[-1] + 2) > 1)[0] + 1] if len(window) else window
        slopes.append(np.polyfit(series.points[window], np.log(loss[window]), 1)[0] if len(window) >= 3 else math.nan)
    return np.array(slopes)


def paper_precision(series: Series, out: Tables) -> None:
    """EN-06 to EN-09 and EN-12 at paper scale; EN-08 reads the collapse at every 500th epoch, as the paper does."""
    experiment = "precision113"
    read = series.points % 500 == 0
    for condition in series.settings:
        name = {"condition": condition}
        test = series[condition, "test_accuracy"]
        collapse, never = first_crossing(series.points, series[condition, "collapsed"], COLLAPSE)
        seen = series[condition, "collapsed"][:, read] > COLLAPSE
        epochs, unseen = series.points[read], ~seen.any(1)
        first = np.where(unseen, epochs[-1], epochs[seen.argmax(1)])
        out.per_seed(experiment, "collapse_epoch_by_500", first, name, never=unseen)
        late = series.points >= series.points[-1] / 2
        out.per_seed(experiment, "late_mean_test_accuracy", test[:, late].mean(1), name)
        ranges = [
            np.ptp(test[k, series.points >= 2 * epoch]) if not never[k] and 2 * epoch <= series.points[-1] else math.nan
            for k, epoch in enumerate(collapse)
        ]
        out.per_seed(experiment, "test_range_after_twice_collapse", ranges, name)
    for statistic, a, b in (("f32_minus_f16", "f32_70", "f16_70"), ("f64_peak_minus_f32", "f64_70", "f32_70")):
        if a not in series or b not in series:
            continue
        first = series.last(a, "test_accuracy") if a == "f32_70" else series[a, "test_accuracy"].max(1)
        values = difference(first, series.last(b, "test_accuracy"))
        out.per_seed(experiment, statistic, values, {"train_fraction": 0.7})
    for percent in (60, 70):
        single, double = f"f32_{percent}", f"f64_{percent}"
        if _comparable(series, single, double):
            between, never = _delay(series, single, double)
            ratio = between / predicted_delay(series.settings[single]["beta2"])
            out.per_seed(experiment, "collapse_delay_over_prediction", ratio, {"percent": percent}, never=never)
