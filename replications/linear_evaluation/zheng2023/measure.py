"""Artifacts -> statistics and curves. One value a seed; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.linear_evaluation.zheng2023 import theory
from verifig.measuring.tables import Tables, difference, melt, ratio
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

RULES = ("naive_bayes", "logistic", "nearest_mean")
EXACT = ("tight_error", "discriminant_error", "gradient", "permuted", "scaled_bayes", "scaled_logistic", "exact_error", "bayes_error",
         "bayes_three_40", "bayes_three_100")  # fmt: skip
TOLERANCES = ("newton", "default_tolerance", "tight_tolerance")
FEW, MANY = 100, 1000  # samples between which the fall of errors is compared


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "identities" in artifacts:
        _identities(artifacts["identities"], out)
    if "mixture" in artifacts:
        _mixture(artifacts["mixture"], out)
    for experiment in ("images", "small"):
        if experiment in artifacts:
            _features(experiment, artifacts[experiment], out)


def _rows(artifact: Artifact) -> dict[str, tuple[Mapping, list[int]]]:
    """By condition, its settings and the rows of its members."""
    found: dict[str, tuple[Mapping, list[int]]] = {}
    for row, member in enumerate(members_of(artifact.meta["job"]["settings"])):
        found.setdefault(member["condition"], (member, []))[1].append(row)
    return found


def _identities(artifact: Artifact, out: Tables) -> None:
    for name in EXACT:
        out.exact("identities", name, artifact[name])
    for name in ("slack", "slack_doubled"):
        out.exact("identities", name, artifact[name].min())
    halves = np.array(theory.SIZES) // 2
    for name, high in {"miscounted": halves + 1, "rightly_counted": halves}.items():
        out.exact("identities", f"stored_{name}", np.abs(theory.deviations(high)).max())
    for name in TOLERANCES:
        out.per_seed("identities", name, artifact[name])
    out.curve("pairs", pd.DataFrame(artifact["shown"], columns=["classes", "x", "value"]))
    out.curve("tolerances", melt({name: artifact[name] for name in TOLERANCES}, seed=range(len(artifact["newton"]))))
    out.per_seed("identities", "default_over_tight", ratio(artifact["default_tolerance"], artifact["tight_tolerance"]))
    out.per_seed("identities", "newton_off_tight", np.abs(artifact["newton"] - artifact["tight_tolerance"]))


# ---- the mixture -------------------------------------------------------------------------------------------------------


def _mixture(artifact: Artifact, out: Tables) -> None:
    needed: dict[tuple[str, str], np.ndarray] = {}
    sizes, seen = [], []
    for condition, (settings, rows) in _rows(artifact).items():
        dimensions = np.array(settings["dimensions"])
        for rule in settings["rules"]:
            values = artifact[rule][rows][:, : len(dimensions)]
            needed[condition, rule] = values
            _needed(condition, rule, dimensions, values, out)
            place = {"condition": condition, "rule": rule, "seed": range(len(rows))}
            sizes.append(melt(values, **place, x=dimensions))
            tried = artifact[f"{rule}_seen"][rows][:, : len(dimensions)]
            fields = {"x": tried[..., 0], "value": tried[..., 1]}
            seen.append(melt(fields, **place, dimension=dimensions, place=range(tried.shape[2])).dropna())
        if {"naive_bayes", "logistic"} <= set(settings["rules"]):
            _together(condition, dimensions, needed[condition, "logistic"], needed[condition, "naive_bayes"], out)
    for statistic, above, below in (
        ("classes_ratio", "three_100", "two_100"),
        ("growth_logistic", "three_400", "three_100"),
    ):
        if {(above, "logistic"), (below, "logistic")} <= set(needed):
            values = ratio(needed[above, "logistic"][:, 0], needed[below, "logistic"][:, 0])
            out.per_seed("mixture", statistic, values, {"condition": above})
    out.curve("needed", pd.concat(sizes))
    out.curve("seen", pd.concat(seen))


def _needed(condition: str, rule: str, dimensions: np.ndarray, values: np.ndarray, out: Tables) -> None:
    """Samples [seeds, dimensions] by dimension, the most over dimensions, slope of logarithms and growth from first to last."""
    place, never = {"condition": condition}, np.isinf(values)
    shown = np.where(never, dimensions, values)
    for k, dimension in enumerate(dimensions):
        out.per_seed("mixture", rule, shown[:, k], place | {"dimension": int(dimension)}, never=never[:, k])
    out.per_seed("mixture", f"most_{rule}", shown.max(1), place, never=never.any(1))
    if len(dimensions) > 1:
        slopes = [slope(dimensions, row) for row in values]
        out.per_seed("mixture", f"slope_{rule}", slopes, place)
        out.per_seed("mixture", f"growth_{rule}", ratio(values[:, -1], values[:, 0]), place)


def slope(dimensions: np.ndarray, samples: np.ndarray) -> float:
    """Slope of ln samples on ln dimension; NaN where a number of samples is infinite."""
    return np.polyfit(np.log(dimensions), np.log(samples), 1)[0] if np.isfinite(samples).all() else np.nan


def _together(condition: str, dimensions: np.ndarray, logistic: np.ndarray, bayes: np.ndarray, out: Tables) -> None:
    """Both rules on the same draws: ratios by dimension, their growth and largest, and the largest difference."""
    place, ratios = {"condition": condition}, ratio(logistic, bayes)
    for k, dimension in enumerate(dimensions):
        out.per_seed("mixture", "ratio", ratios[:, k], place | {"dimension": int(dimension)})
    out.per_seed("mixture", "ratio_growth", ratio(ratios[:, -1], ratios[:, 0]), place)
    out.per_seed("mixture", "most_ratio", ratios.max(1), place)
    out.per_seed("mixture", "most_difference", (logistic - bayes).max(1), place)


# ---- fixed features ----------------------------------------------------------------------------------------------------


def _features(experiment: str, artifact: Artifact, out: Tables) -> None:
    frames = []
    for condition, (settings, rows) in _rows(artifact).items():
        sizes, strengths = np.array(settings["sizes"]), settings["strengths"]
        bayes, floored = (artifact[name][rows][:, : len(sizes)] for name in ("naive_bayes", "floored"))
        logistic = artifact["logistic"][rows][:, : len(sizes), : len(strengths)]
        errors = {("naive_bayes", 0.0): bayes, ("floored", 0.0): floored}
        errors |= {("logistic", strength): logistic[:, :, k] for k, strength in enumerate(strengths)}
        for (rule, strength), values in errors.items():
            told = {"strength": strength} if rule == "logistic" else {}
            _by_size(experiment, rule, sizes, values, {"condition": condition} | told, out)
            labels = {"condition": condition, "rule": rule, "strength": strength}
            frames.append(melt(values, **labels, seed=range(len(rows)), x=sizes))
            if rule == "logistic":
                _by_size(experiment, "gain", sizes, difference(bayes, values), {"condition": condition} | told, out)
                if {FEW, MANY} <= set(sizes):
                    falls = fall(sizes, bayes) - fall(sizes, values)
                    out.per_seed(experiment, "nearer", falls, {"condition": condition, "strength": strength})
        _by_size(experiment, "gain_best", sizes, difference(bayes, logistic.min(2)), {"condition": condition}, out)
        if settings["representation"] == "supervised":
            out.per_seed(experiment, "network", artifact["network"][rows], {"condition": condition})
    out.curve(f"{experiment}_errors", pd.concat(frames))


def _by_size(
    experiment: str, statistic: str, sizes: np.ndarray, values: np.ndarray, place: Mapping, out: Tables
) -> None:
    for k, size in enumerate(sizes):
        out.per_seed(experiment, statistic, values[:, k], place | {"size": int(size)})


def fall(sizes: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Logarithm of the error [seeds] at few samples over that at many."""
    few, many = (errors[:, list(sizes).index(size)] for size in (FEW, MANY))
    return np.log(ratio(few, many))
