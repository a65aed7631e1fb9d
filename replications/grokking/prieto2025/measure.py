"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, first_crossing, long
from verifig.training.artifacts import Artifact

FIT = 0.95  # accuracy at which a set counts as learnt (delay ratio)
SOLVED = 0.99
ALIGNED = 0.5  # cosine at which the output layer's gradient counts as aligned (Fig 5)
COLLAPSE = 0.5  # share of collapsed samples that dates the collapse (Fig 2, dotted lines)
EPOCHS = (80, 130, 300, 400, 480, 2000, 75000, 80000)  # at which claims ask for accuracies
CURVES = ("train_accuracy", "test_accuracy", "train_loss", "test_loss", "collapsed", "zero_loss", "norm")


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    for name, artifact in artifacts.items():
        if name == "thresholds":
            _thresholds(artifact, out)
        else:
            _training(name, Series(artifact, "epochs"), out)
    if "precision43" in artifacts:
        _collapse_delay("precision43", Series(artifacts["precision43"], "epochs"), out)
    if "landscape53" in artifacts:
        _landscape(Series(artifacts["landscape53"], "epochs"), out)
    for name in ("decay53", "decay113"):
        if name in artifacts:
            _decay(name, Series(artifacts[name], "epochs"), out)


def _training(experiment: str, series: Series, out: Tables) -> None:
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
                out.per_seed(
                    experiment, "test_accuracy", series.at(condition, "test_accuracy", epoch), name | {"epoch": epoch}
                )
                out.per_seed(
                    experiment, "train_accuracy", series.at(condition, "train_accuracy", epoch), name | {"epoch": epoch}
                )
        fitted, never_fitted = first_crossing(series.points, train, FIT)
        grokked, never_grokked = first_crossing(series.points, test, FIT)
        out.per_seed(experiment, "fit_epoch", fitted, name, never=never_fitted)
        out.per_seed(experiment, "grok_epoch", grokked, name, never=never_grokked)
        out.per_seed(
            experiment, "delay_ratio", grokked / np.maximum(fitted, 1), name, never=never_grokked | never_fitted
        )
        halfway, never_halfway = first_crossing(series.points, test, 0.5)
        out.per_seed(experiment, "half_test_epoch", halfway, name, never=never_halfway)
        norm = series[condition, "norm"]
        out.per_seed(experiment, "norm_ratio", norm[:, -1] / norm[:, 0], name)
        out.per_seed(experiment, "norm_peak_epoch", series.points[norm.argmax(1)], name)
        out.per_seed(experiment, "norm_peak", norm.max(1), name)
        out.per_seed(experiment, "final_norm", norm[:, -1], name)
        out.per_seed(
            experiment, "test_gain_after_quarter", test[:, -1] - series.at(condition, "test_accuracy", last / 4), name
        )
        if series.settings[condition]["loss"] == "softmax":
            collapsed = series[condition, "collapsed"]
            dated, never = first_crossing(series.points, collapsed, COLLAPSE)
            out.per_seed(experiment, "collapse_epoch", dated, name, never=never)
            out.per_seed(experiment, "peak_collapsed", collapsed.max(1), name)
            out.per_seed(experiment, "final_collapsed", collapsed[:, -1], name)
    _pairs(experiment, series, out)
    if experiment in ("precision43",):
        _alignment(experiment, series, out)
    if experiment == "mnist200":
        _mnist(series, out)
    if experiment == "precision113":
        _paper_precision(series, out)
    if experiment == "zeroed113":
        _zeroed(series, out)
    if experiment == "transformer":
        _transformer(series, out)
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


def _pairs(experiment: str, series: Series, out: Tables) -> None:
    for a, b in PAIRS.get(experiment, []):
        if a not in series.settings or b not in series.settings:
            continue
        first, second = series[a, "test_accuracy"][:, -1], series[b, "test_accuracy"][:, -1]
        shared = min(len(first), len(second))
        out.per_seed(experiment, "test_difference", first[:shared] - second[:shared], {"a": a, "b": b})


def predicted_delay(beta2: float) -> float:
    """Epochs between the collapse of float32 and of float64 under Adam: 29 ln 2 * 2 / -ln(beta2).

    Our derivation, not the paper's: after the fit the loss decays at ln(1/beta2)/2 per epoch, because Adam divides the
    gradient by a second moment that cannot decay faster than beta2; 53 - 24 = 29 bits separate the two formats.
    """
    return (53 - 24) * math.log(2) * 2 / -math.log(beta2)


def _collapse_delay(experiment: str, series: Series, out: Tables) -> None:
    """(t64 - t32) / prediction for every pair of conditions that differ in precision only."""
    for suffix in ("", "_beta90", "_fast"):
        single, double = f"float32{suffix}", f"float64{suffix}"
        if not _comparable(series, single, double):
            continue
        early, never32 = first_crossing(series.points, series[single, "collapsed"], COLLAPSE)
        late, never64 = first_crossing(series.points, series[double, "collapsed"], COLLAPSE)
        beta2 = series.settings[single]["beta2"]
        name = {"pair": f"{single}/{double}"}
        never = never32 | never64
        out.per_seed(experiment, "collapse_delay", late - early, name, never=never)
        out.per_seed(
            experiment, "collapse_delay_over_prediction", (late - early) / predicted_delay(beta2), name, never=never
        )
        out.exact(experiment, "predicted_delay", predicted_delay(beta2), name)
        # the instrument broken on purpose: the prediction of another beta2
        wrong = predicted_delay(0.99 if beta2 != 0.99 else 0.95)
        out.per_seed(experiment, "collapse_delay_over_wrong_prediction", (late - early) / wrong, name, never=never)
        out.per_seed(
            experiment, "loss_decay_over_prediction", _loss_decay(series, double) / (math.log(beta2) / 2), name
        )


def _comparable(series: Series, single: str, double: str) -> bool:
    """Whether both conditions ran as often and the prediction is defined: with beta2 = 0 Adam has no memory."""
    if single not in series or double not in series:
        return False
    return series.seeds(single) == series.seeds(double) and series.settings[single]["beta2"] > 0


def _loss_decay(series: Series, condition: str) -> np.ndarray:
    """Slope of ln(loss) per epoch between 1e-3 and 1e-12, per seed [seeds]; NaN where fewer than 3 log points lie there."""
    slopes = []
    for loss in series[condition, "train_loss"]:
        window = np.flatnonzero((loss < 1e-3) & (loss > 1e-12))
        window = window[: np.flatnonzero(np.diff(window, append=window[-1] + 2) > 1)[0] + 1] if len(window) else window
        slopes.append(np.polyfit(series.points[window], np.log(loss[window]), 1)[0] if len(window) >= 3 else math.nan)
    return np.array(slopes)


def _alignment(experiment: str, series: Series, out: Tables) -> None:
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


def _mnist(series: Series, out: Tables) -> None:
    """EN-19."""
    experiment = "mnist200"
    for condition in series.settings:
        name = {"condition": condition}
        test = series[condition, "test_accuracy"]
        if series.points[-1] < 1000:
            continue
        late = series.points >= 500
        out.per_seed(experiment, "test_range_after_500", test[:, late].max(1) - test[:, late].min(1), name)
        out.per_seed(experiment, "min_collapsed_after_500", series[condition, "collapsed"][:, late].min(1), name)
        out.per_seed(experiment, "min_zero_loss_after_500", series[condition, "zero_loss"][:, late].min(1), name)
        out.per_seed(experiment, "collapsed", series.at(condition, "collapsed", 1000), name | {"epoch": 1000})
        out.per_seed(experiment, "test_gain_after_300", test[:, -1] - series.at(condition, "test_accuracy", 300), name)


def _paper_precision(series: Series, out: Tables) -> None:
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
        first, second = series[a, "test_accuracy"], series[b, "test_accuracy"][:, -1]
        first = first[:, -1] if a == "f32_70" else first.max(1)
        shared = min(len(first), len(second))
        out.per_seed(experiment, statistic, first[:shared] - second[:shared], {"train_fraction": 0.7})
    for percent in (60, 70):
        if not _comparable(series, f"f32_{percent}", f"f64_{percent}"):
            continue
        early, never32 = first_crossing(series.points, series[f"f32_{percent}", "collapsed"], COLLAPSE)
        late_epoch, never64 = first_crossing(series.points, series[f"f64_{percent}", "collapsed"], COLLAPSE)
        beta2 = series.settings[f"f32_{percent}"]["beta2"]
        ratio = (late_epoch - early) / predicted_delay(beta2)
        out.per_seed(experiment, "collapse_delay_over_prediction", ratio, {"percent": percent}, never=never32 | never64)


def _transformer(series: Series, out: Tables) -> None:
    """EN-20: epochs to test accuracy 0.9, with the projection over with weight decay, same seed."""
    if "perp_adamw" not in series or "adamw_wd" not in series:
        return
    shared = min(series.seeds(condition) for condition in ("perp_adamw", "adamw_wd"))
    a, never_a = first_crossing(series.points, series["perp_adamw", "test_accuracy"][:shared], 0.9)
    b, never_b = first_crossing(series.points, series["adamw_wd", "test_accuracy"][:shared], 0.9)
    name = {"a": "perp_adamw", "b": "adamw_wd"}
    out.per_seed("transformer", "epoch_ratio", a / np.maximum(b, 1), name, never=never_a | never_b)


def _zeroed(series: Series, out: Tables) -> None:
    """EN-21: change of test accuracy from the intervention to the end."""
    epoch = series.settings["zeroed"]["zero_correct_logits_at"] if "zeroed" in series else None
    if epoch is None:
        return
    for condition in series.settings:
        change = series[condition, "test_accuracy"][:, -1] - series.at(condition, "test_accuracy", epoch)
        out.per_seed("zeroed113", "test_change_after_zeroing", change, {"condition": condition})


def _thresholds(artifact: Artifact, out: Tables) -> None:
    """Oracles: collapse thresholds against theory, StableMax against softmax, projection identities."""
    for precision in ("float16", "float32", "float64"):
        found, theory = artifact[f"threshold_{precision}"], float(artifact[f"theory_{precision}"])
        for event, value in zip(("loss", "gradient", "collapsed"), found, strict=True):
            out.exact("thresholds", "threshold_error", abs(value - theory), {"precision": precision, "event": event})
        out.exact("thresholds", "threshold", found[0], {"precision": precision})
        out.exact(
            "thresholds", "wrong_gradient", float(artifact[f"wrong_gradient_{precision}"]), {"precision": precision}
        )
    for name in ("prop1", "orthogonality", "descent", "euler"):
        out.exact("thresholds", name, float(artifact[name]))
    frame = pd.DataFrame({name: artifact[name] for name in ("x", "s", "exp")})
    out.curve("stablemax_function", frame)


def _landscape(series: Series, out: Tables) -> None:
    """How training and test loss of each run end relative to their start and lowest value; paths and sections as tables."""
    experiment, artifact = "landscape53", series.artifact
    for condition in series.settings:
        name = {"condition": condition}
        for which in ("train", "test"):
            loss = series[condition, f"{which}_loss"]
            out.per_seed(experiment, f"{which}_loss_end_over_start", loss[:, -1] / loss[:, 0], name)
        loss = series[condition, "train_loss"]
        out.per_seed(experiment, "train_loss_end_over_lowest", loss[:, -1] / loss.min(1), name)
    paths, surfaces = [], []
    for index, condition in enumerate(sorted(series.settings)):
        x, y = artifact["path"][index].T
        losses = {f"{which}_loss": series[condition, f"{which}_loss"][0] for which in ("train", "test")}
        paths.append(pd.DataFrame({"condition": condition, "epoch": series.points, "x": x, "y": y, **losses}))
        grid = np.meshgrid(*artifact["grid"][index])
        planes = {which: artifact[f"surface_{which}"][index].ravel() for which in ("train", "test")}
        surfaces.append(pd.DataFrame({"condition": condition, "x": grid[0].ravel(), "y": grid[1].ravel(), **planes}))
        out.exact(experiment, "lowest_share_in_plane", artifact["in_plane"][index].min(), {"condition": condition})
    out.curve("landscape_paths", pd.concat(paths))
    out.curve("landscape_surface", pd.concat(surfaces))


def _decay(experiment: str, series: Series, out: Tables) -> None:
    """EN-28 to EN-30: per seed, epochs to test accuracy `FIT` compared between arms.

    `grok_epoch_ratio`: of one weight decay over another's; `projection_over_best_decay`: of the run with the projection
    over those of the fastest weight decay. A run that never gets there counts as the last epoch, and as never seen.
    """
    epochs = {name: first_crossing(series.points, series[name, "test_accuracy"], FIT) for name in series.settings}
    if "wd6" in epochs and "wd2" in epochs:
        (late, never_late), (early, never_early) = epochs["wd6"], epochs["wd2"]
        n = min(len(late), len(early))
        ratio, never = late[:n] / np.maximum(early[:n], 1), (never_late[:n] | never_early[:n])
        out.per_seed(experiment, "grok_epoch_ratio", ratio, {"a": "wd6", "b": "wd2"}, never=never)
    decays = [epochs[name] for name, member in series.settings.items() if member["weight_decay"] > 0]
    if decays and "perp_adamw" in epochs:
        n = min(len(epoch) for epoch, _ in [*decays, epochs["perp_adamw"]])
        best = np.min([np.where(never[:n], np.inf, epoch[:n]) for epoch, never in decays], 0)
        epoch, never = (values[:n] for values in epochs["perp_adamw"])
        ratio = epoch / np.maximum(np.where(np.isfinite(best), best, series.points[-1]), 1)
        out.per_seed(experiment, "projection_over_best_decay", ratio, never=never)
