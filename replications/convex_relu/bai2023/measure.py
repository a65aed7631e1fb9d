"""Artifacts -> statistics and curves; no torch. Gaps are relative to the optimum of the convex programme unless said."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.convex_relu.science import laws
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, melt
from verifig.training.artifacts import Artifact

NEAR = 0.01  # a run ends at the optimum where its gap is below
MISSED = 1e-3  # and the best of all runs misses it where its gap is above
DIVERGED = 1e6  # a relative error above, or none that is finite


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "exact" in artifacts:
        _optima(artifacts["exact"], out)
        _sampling(artifacts["exact"], out)
    if "widths" in artifacts:
        _widths(artifacts["widths"], out)
    for experiment in ("ratios", "long"):
        if experiment in artifacts:
            _admm(experiment, artifacts[experiment], out)
    for experiment in ("images", "permuted", "images_mnist", "images_cifar"):
        if experiment in artifacts:
            _images(experiment, artifacts[experiment], out)
    if "robust" in artifacts:
        _robust(artifacts["robust"], out)


def _settings(artifact: Artifact) -> Mapping:
    return artifact.meta["job"]["settings"]


def gaps(values: np.ndarray, optima: np.ndarray) -> np.ndarray:
    """values / optima - 1, with the optima along the first axis."""
    with np.errstate(invalid="ignore", over="ignore"):
        return values / optima.reshape(-1, *[1] * (values.ndim - 1)) - 1


def _optima(artifact: Artifact, out: Tables) -> None:
    """CR1, CR5, and the penalty from which on the network is zero."""
    a = artifact
    out.per_seed("exact", "optimum", a["value"])
    out.per_seed("exact", "duality_gap", a["value"] - a["bound"])
    out.per_seed("exact", "network_gap", np.abs(a["network"] - a["value"]))
    out.per_seed("exact", "network_gap_whole", np.abs(a["network_whole"] - a["value"]))
    out.per_seed("exact", "network_gap_gated", np.abs(a["gated_network"] - a["gated"]))
    out.per_seed("exact", "patterns_missing", 2 * _settings(a)["samples"] - a["patterns"])
    out.per_seed("exact", "neurons", a["neurons"])
    out.per_seed("exact", "fall_above", a["start"] - a["above"])
    out.per_seed("exact", "fall_below", a["start"] - a["below"])
    off = np.abs(a["orthonormal"] - a["orthonormal_formula"]).max()
    out.exact("exact", "orthonormal_error", off)
    gains = pd.DataFrame({"curve": "gain", "x": a["angles"], "value": a["certificate"]})
    neurons = pd.DataFrame({"curve": "neurons", "x": a["neuron_angles"], "value": a["neuron_weights"]})
    out.curve("certificate", pd.concat([gains, neurons]))
    fits = [
        pd.DataFrame({"curve": "data", "x": a["points"][:, 0], "value": a["points"][:, 1]}),
        pd.DataFrame({"curve": "fit", "x": a["grid"], "value": a["fit"]}),
    ]
    out.curve("fit", pd.concat(fits))


def _sampling(artifact: Artifact, out: Tables) -> None:
    """CR10 to CR12: gaps and masses by the number of random patterns, gaps by the number of random neurons."""
    s, full = _settings(artifact), artifact["full"]
    counts, sizes = s["pattern_counts"], s["feature_counts"]
    found = {name: gaps(artifact[name], full) for name in ("sampled", "sampled_gated", "features")}
    for column, count in enumerate(counts):
        place = {"patterns": count}
        out.per_seed("exact", "sampled_gap", found["sampled"][:, column], place)
        out.per_seed("exact", "sampled_gap_gated", found["sampled_gated"][:, column], place)
        mass = artifact["mass"][:, column]
        out.per_seed("exact", "mass", mass, place)
        out.per_seed("exact", "mass_over_bound", mass / laws.unseen_mass(s["samples"], count), place)
        out.per_seed("exact", "drawn_mass", artifact["drawn_mass"][:, column], place)
    for column, size in enumerate(sizes):
        out.per_seed("exact", "feature_gap", found["features"][:, column], {"neurons": size})
    draws = range(len(full))
    tables = [melt(found["sampled"], curve="patterns", seed=draws, x=counts)]
    tables.append(melt(artifact["mass"], curve="mass", seed=draws, x=counts))
    tables.append(melt(found["features"], curve="neurons", seed=draws, x=sizes))
    out.curve("sampling", pd.concat(tables))


def _widths(artifact: Artifact, out: Tables) -> None:
    """CR2 to CR4: gaps of Adam's runs at their ends, by width."""
    series, frames, shares = Series(artifact, "points"), [], {}
    for condition, settings in series.settings.items():
        cost = series[condition, "cost"]
        ends, place = cost[:, -1], {"neurons": settings["neurons"]}
        gap = gaps(ends, artifact["optimum"][: len(ends)])
        out.per_seed("widths", "best_gap", gap.min(1), place)
        for name in ("doubled", "gated"):
            out.per_seed("widths", f"best_gap_{name}", gaps(ends, artifact[name][: len(ends)]).min(1), place)
        shares[settings["neurons"]] = (gap <= NEAR).mean(1)
        out.per_seed("widths", "share_near", shares[settings["neurons"]], place)
        out.exact("widths", "sets_missed", (gap.min(1) > MISSED).sum(), place)
        frames.append(melt(gap, **place, seed=range(len(gap)), start=range(gap.shape[1])))
    narrow, wide = min(shares), max(shares)
    out.per_seed("widths", "share_gain", difference(shares[wide], shares[narrow]))
    out.curve("widths", pd.concat(frames))


def _admm(experiment: str, artifact: Artifact, out: Tables) -> None:
    """CR6, CR7: relative error of the objective and largest residual, by the ratio of the step sizes."""
    series, frames = Series(artifact, "points"), []
    named = [*(p for p in _settings(artifact)["log_points"] if p in series.points), int(series.points[-1])]
    for condition, settings in series.settings.items():
        programme = series[condition, "programme"]
        error = np.abs(gaps(programme, artifact["optimum"][: len(programme)]))
        residual = np.maximum(series[condition, "apart"], series[condition, "slack_apart"])
        for point in named:
            place, k = {"ratio": settings["ratio"], "iterations": point}, list(series.points).index(point)
            out.per_seed(experiment, "error", error[:, k], place)
            out.per_seed(experiment, "residual", residual[:, k], place)
        out.per_seed(experiment, "diverged", ~(error[:, -1] <= DIVERGED), {"ratio": settings["ratio"]})
        shown = np.where(error <= DIVERGED, error, np.nan)
        frames.append(melt(shown, ratio=settings["ratio"], seed=range(len(error)), x=series.points))
    out.curve(experiment, pd.concat(frames))


def _images(experiment: str, artifact: Artifact, out: Tables) -> None:
    """CR8, CR9, CR15: the sampled optimum over the best of Adam's, enclosed; test accuracy by iteration."""
    series, curves, costs = Series(artifact, "points"), [], []
    for condition, settings in series.settings.items():
        count, points = {"patterns": settings["patterns"]}, list(series.points)
        accuracy = series[condition, "accuracy"]
        for point in sorted({*points} & {5, points[-1]}):
            out.per_seed(experiment, "accuracy", accuracy[:, points.index(point)], count | {"iterations": point})
        if 5 in points:
            out.per_seed(experiment, "accuracy_fall", accuracy[:, points.index(5)] - accuracy[:, -1], count)
        out.per_seed(experiment, "outside", series[condition, "outside"][:, -1], count)
        curves.append(melt(accuracy, **count, curve="ADMM", seed=range(len(accuracy)), x=points))
        if "adam_cost" in artifact:
            best = series[condition, "adam_cost"].min(1)
            names = {"ratio_low": "bound", "ratio_high": "feasible"}
            found = {name: series[condition, field] / best for name, field in names.items()}
            for name, values in found.items():
                out.per_seed(experiment, name, values, count)
            reached = series[condition, "adam_accuracy"].mean(1)
            out.per_seed(experiment, "adam_accuracy", reached, count)
            costs.append(
                pd.DataFrame(found | {"adam": best, "adam_accuracy": reached, "seed": range(len(best))} | count)
            )
    out.curve(f"{experiment}_accuracy", pd.concat(curves))
    if costs:
        out.curve(f"{experiment}_costs", pd.concat(costs))


def _robust(artifact: Artifact, out: Tables) -> None:
    """CR13, CR14: losses at the worst inputs by formula and by attack; accuracies of paired plain and robust networks."""
    series, frames = Series(artifact, "seeds"), []
    for condition in series.settings:
        place, found = {"condition": condition}, {name: series[condition, name] for name in artifact if name != "seeds"}
        out.per_seed("robust", "gap", found["cost"] / found["bound"] - 1, place)
        out.per_seed("robust", "attack_error", np.abs(found["hinge_attacked"] - found["hinge"]), place)
        out.per_seed("robust", "far_error", np.abs(found["hinge_far_attacked"] - found["hinge_far"]), place)
        if np.isfinite(found["hinge_grid"]).all():
            out.per_seed("robust", "grid_error", np.abs(found["hinge_grid"] - found["hinge"]), place)
        for name in ("cones", "kinked", "clean", "attacked"):
            out.per_seed("robust", name, found[name], place)
        names = ("hinge", "hinge_attacked", "hinge_far", "hinge_far_attacked", "clean", "attacked")
        frames.append(
            pd.DataFrame({name: found[name] for name in names} | {"seed": range(len(found["clean"]))} | place)
        )
    if {"plain", "robust"} <= set(series.settings):
        gain = difference(series["robust", "attacked"], series["plain", "attacked"])
        out.per_seed("robust", "attacked_gain", gain)
        out.per_seed("robust", "clean_fall", difference(series["plain", "clean"], series["robust", "clean"]))
    out.curve("robust", pd.concat(frames))
