"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.artifacts import Artifact
from verifig.rulesets import members
from verifig.series import Series
from verifig.tables import Tables, first_crossing, long

FIT = 0.95  # accuracy at which a set counts as learnt (delay ratio)
SOLVED = 0.99
COLLAPSE = 0.5  # share of collapsed samples that dates the collapse (Fig 2, dotted lines)
EPOCHS = (80, 130, 300, 400, 2000, 80000)  # at which claims ask for accuracies
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
        _landscape(artifacts["landscape53"], out)


def _training(experiment: str, series: Series, out: Tables) -> None:
    """Statistics that every training experiment has, per condition."""
    last = series.points[-1]
    for condition in series.settings:
        name = {"condition": condition}
        test, train = series[condition, "test_accuracy"], series[condition, "train_accuracy"]
        out.per_seed(experiment, "final_test_accuracy", test[:, -1], name)
        out.per_seed(experiment, "final_train_accuracy", train[:, -1], name)
        out.per_seed(experiment, "max_test_accuracy", test.max(1), name)
        out.per_seed(experiment, "max_train_accuracy", train.max(1), name)
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
        out.per_seed(
            experiment, "test_gain_after_quarter", test[:, -1] - series.at(condition, "test_accuracy", last / 4), name
        )
        if series.settings[condition]["loss"] == "softmax":
            dated, never = first_crossing(series.points, series[condition, "collapsed"], COLLAPSE)
            out.per_seed(experiment, "collapse_epoch", dated, name, never=never)
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
    """EN-17: cosines at the first log point 200 epochs after the fit. EN-18: lowest cosine within 100 epochs of collapse."""
    for condition in ("float32", "float64", "float32_bias"):
        if condition not in series:
            continue
        alignment = series[condition, "alignment"]
        fit, _ = first_crossing(series.points, series[condition, "train_accuracy"], SOLVED)
        collapse, never = first_crossing(series.points, series[condition, "collapsed"], COLLAPSE)
        at = np.searchsorted(series.points, fit + 200)
        missing = np.full(alignment.shape[2], math.nan)  # the training ends before
        cosines = np.stack([alignment[seed, k] if k < len(series.points) else missing for seed, k in enumerate(at)])
        name = {"condition": condition}
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
        lowest = []
        for seed, epoch in enumerate(collapse):
            window = (series.points >= epoch) & (series.points <= epoch + 100)
            lowest.append(alignment[seed, window, -1].min() if window.any() and not never[seed] else math.nan)
        out.per_seed(experiment, "alignment_after_collapse", lowest, name)


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
    """EN-06 to EN-09 and EN-12 at paper scale."""
    experiment = "precision113"
    for condition in series.settings:
        name = {"condition": condition}
        test = series[condition, "test_accuracy"]
        collapse, never = first_crossing(series.points, series[condition, "collapsed"], COLLAPSE)
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


def _landscape(artifact: Artifact, out: Tables) -> None:
    """Paths in the plane and the two loss surfaces as long tables."""
    names = [member["condition"] for member in members(artifact.meta["job"]["settings"])]
    paths = [
        pd.DataFrame({"condition": name, "epoch": artifact["epochs"], "x": path[:, 0], "y": path[:, 1]})
        for name, path in zip(names, artifact["path"], strict=True)
    ]
    out.curve("landscape_paths", pd.concat(paths))
    x, y = np.meshgrid(artifact["grid_x"], artifact["grid_y"])
    surfaces = {"x": x.ravel(), "y": y.ravel(), **{k: artifact[f"surface_{k}"].ravel() for k in ("train", "test")}}
    out.curve("landscape_surface", pd.DataFrame(surfaces))
    for axis, share in enumerate(artifact["explained"], start=1):
        out.exact("landscape53", "explained_variance", float(share), {"axis": axis})
