"""Artifacts -> statistics and curves. One value a seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.noisy_labels.liu2020 import closed_form
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, first_crossing, long, melt
from verifig.training.artifacts import Artifact

RADIUS = 2.0  # |theta_0| of Theorem 1
NETWORKS = ("images", "cifar")
CURVES = ("test_accuracy", "clean_accuracy", "wrong_accuracy", "memorised", "target_accuracy")
GROWN, EARLY = 3, 10  # steps at which the pulls of the linear model are compared


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    parts = {"theorem": _theorem, "laws": _laws, "separability": _separability, "linear": _linear}
    for name, statistics in parts.items():
        if name in artifacts:
            statistics(artifacts[name], out)
    for name in NETWORKS:
        if name in artifacts:
            _networks(name, Series(artifacts[name], "points"), out)


def _theorem(artifact: Artifact, out: Tables) -> None:
    """Theorem 1 up to T, the first step with theta . v >= 0.1; a run that does not reach it has NaN."""
    settings, time = artifact.meta["job"]["settings"], artifact["time"]
    wrong, aspect = settings["wrong"], settings["p"] / settings["n"]
    law = dict(zip(("clean", "wrong"), closed_form.coefficient_changes(), strict=True))
    for column, sigma in enumerate(artifact["sigmas"].tolist()):
        series = {name: artifact[name][:, column] for name in artifact if artifact[name].ndim == 3}
        reached = series["along"] >= closed_form.START
        ends = np.where(reached.any(1), reached.argmax(1), -1)
        place = {"sigma": sigma}

        def at_end(values: np.ndarray, ends: np.ndarray = ends) -> np.ndarray:
            return np.array([row[end] if end >= 0 else np.nan for row, end in zip(values, ends, strict=True)])

        before = [row[:end].min() if end > 0 else np.nan for row, end in zip(series["cosine"], ends, strict=True)]
        out.per_seed("theorem", "worst_cosine", before, place)
        out.per_seed("theorem", "moved", at_end(series["moved"]), place)
        first = series["cosine"][:, 0] - closed_form.first_cosine(wrong, sigma, aspect)
        out.per_seed("theorem", "first_cosine_error", first, place)
        out.per_seed("theorem", "first_cosine", series["cosine"][:, 0], place)
        crossing, never = first_crossing(time, series["along"], closed_form.START)
        out.per_seed("theorem", "early_time", crossing, place, never=never)
        for labels, field in (("clean", "right"), ("wrong", "wrong")):
            for kind, prefix in (("", ""), ("printed_", "printed_")):
                values = series[f"{prefix}{field}"]
                change = at_end(values) - values[:, 0]
                out.per_seed("theorem", f"{kind}{labels}_change", change, place)
                out.per_seed("theorem", f"{kind}{labels}_change_error", change - law[labels], place)
        out.per_seed("theorem", "wrong_accuracy_start", series["wrong_accuracy"][:, 0], place)
        end = at_end(series["wrong_accuracy"])
        out.per_seed("theorem", "wrong_accuracy_end", end, place)
        expected = closed_form.wrong_accuracy_at_end(sigma, norm=RADIUS)
        out.per_seed("theorem", "wrong_accuracy_error", end - expected, place)
        fields = {name: series[name] for name in ("along", "cosine", "right", "wrong", "wrong_accuracy")}
        out.curve(f"theorem_{column}", pd.concat([long(time, {name: v}, f"{sigma:g}") for name, v in fields.items()]))


def crossing(multiples: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Multiple at which each row of accuracy [units, T] falls through 1/2, from a straight line over the logarithms."""
    x = np.log(multiples)
    slopes, starts = np.polyfit(x, accuracy.T - 0.5, 1)
    return np.exp(-starts / slopes)


def _laws(artifact: Artifact, out: Tables) -> None:
    """Accuracies after one step minus the law, where they cross 1/2, and errors of the written gradients."""
    settings, sigmas = artifact.meta["job"]["settings"], artifact["sigmas"]
    law = closed_form.one_step(settings["wrong"], sigmas, settings["aspect"])
    broken = closed_form.one_step_without_own(settings["wrong"], sigmas, settings["aspect"])
    frames = []
    for examples, expected in law.items():
        found = artifact[f"step_{examples}"]
        for column, sigma in enumerate(sigmas.tolist()):
            place = {"sigma": sigma}
            out.per_seed("laws", f"{examples}_error", found[:, column] - expected[column], place)
            if examples == "wrong":
                out.per_seed("laws", "wrong_error_without_own", found[:, column] - broken[column], place)
                out.per_seed("laws", "wrong_over_half", found[:, column] - 0.5, place)
        frames.append(melt(found, examples=examples, seed=range(len(found)), x=sigmas))
    out.curve("one_step", pd.concat(frames))
    rows = []
    for i, aspect in enumerate(artifact["aspects"].tolist()):
        for j, wrong in enumerate(artifact["shares"].tolist()):
            values = crossing(artifact["multiples"], artifact["cross_wrong"][:, i, j])
            out.per_seed("laws", "crossing", values, {"aspect": aspect, "wrong": wrong})
            law_here = closed_form.end_of_early_learning(wrong, aspect)
            rows += [{"aspect": aspect, "wrong": wrong, "x": law_here, "value": law_here * value} for value in values]
    out.curve("crossings", pd.DataFrame(rows))
    for loss in ("elr", "kl"):
        out.per_seed("laws", "gradient_error", artifact[f"error_{loss}"], {"loss": loss})


def _separability(artifact: Artifact, out: Tables) -> None:
    """Whether each instance is separable, and the two thresholds."""
    shares, multiples = artifact["shares"].tolist(), artifact["multiples"].tolist()
    rows = []
    for j, wrong in enumerate(shares):
        place = {"wrong": wrong}
        out.per_seed("separability", "separable_beyond", artifact["paper"][:, j], place)
        out.exact("separability", "sharp_threshold", artifact["sharp_threshold"][j], place)
        out.exact(
            "separability", "sharp_over_paper", artifact["sharp_threshold"][j] / artifact["paper_threshold"][j], place
        )
        for k, multiple in enumerate(multiples):
            found = artifact["sharp"][:, j, k]
            out.per_seed("separability", "separable", found, place | {"multiple": multiple})
            rows.append({"wrong": wrong, "x": multiple, "value": found.mean()})
    out.curve("separable", pd.DataFrame(rows))


def _linear(artifact: Artifact, out: Tables) -> None:
    """Peaks and ends of the linear model's accuracies, and the pulls of its examples."""
    series = Series(artifact, "points")
    frames, points = [], series.points
    for condition in series.settings:
        wrong, fresh = series[condition, "wrong_accuracy"], series[condition, "fresh_accuracy"]
        out.per_seed("linear", "wrong_peak", wrong[:, points > 0].max(1), condition_of(condition))
        out.per_seed("linear", "wrong_end", wrong[:, -1], condition_of(condition))
        out.per_seed("linear", "train_end", series.last(condition, "train_accuracy"), condition_of(condition))
        out.per_seed("linear", "fresh_end", fresh[:, -1], condition_of(condition))
        out.per_seed("linear", "fresh_fall", fresh.max(1) - fresh[:, -1], condition_of(condition))
        out.per_seed("linear", "wrong_square_end", series.last(condition, "wrong_square"), condition_of(condition))
        names = [name for name in artifact if name != "points"]
        frames.append(long(points, {name: series[condition, name] for name in names}, condition))
    if {"ce", "elr"} <= set(series.settings):
        gain = difference(series.last("elr", "fresh_accuracy"), series.last("ce", "fresh_accuracy"))
        out.per_seed("linear", "fresh_gain", gain, condition_of("elr"))
        out.per_seed("linear", "wrong_growth", series.at("ce", "wrong_pull", GROWN) - series.at("ce", "wrong_pull", 0))
        out.per_seed("linear", "clean_fall", series.at("ce", "clean_pull", 0) - series.at("ce", "clean_pull", EARLY))
        kept = difference(series.at("elr", "clean_pull", EARLY), 1.5 * series.at("ce", "clean_pull", EARLY))
        out.per_seed("linear", "clean_kept", kept)
        left = difference(series.at("elr", "wrong_pull", EARLY), 0.5 * series.at("ce", "wrong_pull", EARLY))
        out.per_seed("linear", "wrong_left", left)
    out.curve("linear", pd.concat(frames))


def condition_of(name: str) -> dict[str, str]:
    """The condition of a statistic that belongs to one condition of the settings."""
    return {"condition": name}


def _networks(experiment: str, series: Series, out: Tables) -> None:
    """Peaks and ends of every condition, and paired differences between the methods on the same noise."""
    frames = []
    for condition in series.settings:
        place = condition_of(condition)
        for field in CURVES:
            out.per_seed(experiment, f"{field}_end", series.last(condition, field), place)
        for field, name in (("test_accuracy", "test"), ("wrong_accuracy", "wrong"), ("target_accuracy", "target")):
            values = series[condition, field]
            out.per_seed(experiment, f"{name}_peak", values.max(1), place)
            out.per_seed(experiment, f"{name}_fall", values.max(1) - values[:, -1], place)
        out.per_seed(experiment, "wrong_share", series.last(condition, "wrong_share"), place)
        out.per_seed(experiment, "finite", series.last(condition, "finite"), place)
        frames.append(long(series.points, {field: series[condition, field] for field in CURVES}, condition))
        noise, _, method = condition.partition("_")
        if method != "ce" and f"{noise}_ce" in series:
            gain = difference(series.last(condition, "test_accuracy"), series.last(f"{noise}_ce", "test_accuracy"))
            out.per_seed(experiment, "gain", gain, place)
    if {"sym40_ce", "sym40_elr", "sym40_kl"} <= set(series.settings):
        elr, kl, ce = (series.last(f"sym40_{method}", "test_accuracy") for method in ("elr", "kl", "ce"))
        contrast = difference(difference(elr, ce), 2 * difference(kl, ce))
        out.per_seed(experiment, "gain_over_twice_kl", contrast)
        shifted = "sym40_elr_shifted"
        if shifted in series:
            other = difference(series.last(shifted, "test_accuracy"), ce)
            out.per_seed(experiment, "shifted_over_twice_kl", difference(other, 2 * difference(kl, ce)))
    for variant in ("weak", "slow", "beta0"):
        if {"sym40_elr", f"sym40_elr_{variant}"} <= set(series.settings):
            ends = (series.last(condition, "test_accuracy") for condition in ("sym40_elr", f"sym40_elr_{variant}"))
            out.per_seed(experiment, "below_default", difference(*ends), {"variant": variant})
    out.curve(experiment, pd.concat(frames))
