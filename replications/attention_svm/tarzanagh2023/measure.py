"""Artifacts -> statistics and curves. The unit is a data set of the authors' seeds with initial weights of its own; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.attention_svm.tarzanagh2023.names import DIRECTIONS, PREDICTIONS
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, melt
from verifig.training.artifacts import Artifact

SLOPE_FROM = 1000  # iterations; from here on the slope of log(1 - correlation) is fitted
ROUNDING = 1e-16  # 1 - correlation below is rounding


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    for name, of in (("local", _local), ("stall", _stall), ("selection", _selection), ("multi", _multi)):
        if name in artifacts:
            of(Series(artifacts[name], "points") if name in ("local", "stall") else artifacts[name], out)
    if "ranks" in artifacts:
        _ranks(artifacts["ranks"], out)
    if "paths" in artifacts:
        _paths(Series(artifacts["paths"], "points"), out)


def _local(series: Series, out: Tables) -> None:
    """AS1 to AS5: correlations and probabilities at the judged steps; curves; certificates of the machines."""
    frames = []
    for condition, member in series.settings.items():
        for step in _judged(member):
            place = {"condition": condition, "iteration": step}
            found = dict(zip(DIRECTIONS, series.at(condition, "correlation", step).T, strict=True))
            for name, values in found.items():
                out.per_seed("local", "correlation", values, place | {"direction": name})
            own, other = ("frobenius", "nuclear") if member["parameters"] == "w" else ("nuclear", "frobenius")
            out.per_seed("local", "advantage", found[own] - found[other], place)
            out.per_seed("local", "probability", series.at(condition, "probability", step), place)
            out.per_seed("local", "norm", series.at(condition, "norm", step), place)
        for name in ("gap", "nuclear_gap", "multiplier_error", "frobenius_rank", "nuclear_rank"):
            out.per_seed("local", name, series[condition, name], {"condition": condition})
        drawn = {name: series[condition, "correlation"][:, :, k] for k, name in enumerate(DIRECTIONS[:2])}
        drawn["probability"] = series[condition, "probability"]
        frames += [_summary(values, series.points, condition=condition, curve=name) for name, values in drawn.items()]
    out.curve("local", pd.concat(frames))


def _judged(member: Mapping) -> list[int]:
    return [step for step in member["judged_steps"] if step <= member["steps"]]


def _summary(values: np.ndarray, x: np.ndarray, **place: str) -> pd.DataFrame:
    """Of values [units, T]: mean, median, and the 10th, 25th, 75th and 90th percentile at each x."""
    names = {"low": 10, "first": 25, "middle": 50, "third": 75, "high": 90}
    fields = {name: np.percentile(values, at, axis=0) for name, at in names.items()}
    return melt({"value": values.mean(0)} | fields, **place, x=x)


def _stall(series: Series, out: Tables) -> None:
    """AS14: how 1 - correlation falls with the iterations, by arithmetic."""
    frames = []
    late = series.points >= SLOPE_FROM
    for condition, member in series.settings.items():
        away = np.maximum(1 - series[condition, "correlation"][:, :, 0], ROUNDING)
        if late.sum() > 1:
            slopes = _slope(np.log(series.points[late]), np.log(away[:, late]))
            out.per_seed("stall", "slope", slopes, {"condition": condition})
        for step in _judged(member):
            place = {"condition": condition, "iteration": step}
            out.per_seed("stall", "norm", series.at(condition, "norm", step), place)
            correlation = series.at(condition, "correlation", step)[:, 0]
            out.per_seed("stall", "distance", np.maximum(1 - correlation, ROUNDING), place)
        for name, values in (("distance", away), ("norm", series[condition, "norm"])):
            frames.append(_summary(values, series.points, condition=condition, curve=name))
    out.curve("stall", pd.concat(frames))


def _slope(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least-squares slopes of the rows of y [units, T] over x [T]."""
    centred = x - x.mean()
    return y @ centred / (centred @ centred)


def _selection(artifact: Artifact, out: Tables) -> None:
    """AS11 and AS13: in which runs every input's best token is selected, by dimension, and with equal scores."""
    series = Series(artifact, "probability")
    found = {name: np.nanmin(series[name, "optimal"], 1) for name in series.settings}
    rows = []
    for name, values in found.items():
        out.per_seed("selection", "all_optimal", values, {"condition": name})
        out.per_seed("selection", "probability", series[name, "probability"], {"condition": name})
        member = series.settings[name]
        kept = {key: member[key] for key in ("inputs", "tokens", "dimension", "equal_scores")}
        rows.append({"condition": name} | kept | {"optimal": values.sum(), "runs": len(values)})
    table = pd.DataFrame(rows)
    out.curve("selection", table)
    for (inputs, tokens), group in table[~table["equal_scores"]].groupby(["inputs", "tokens"]):
        by_size = group.sort_values("dimension")["condition"]
        rise = difference(found[by_size.iloc[-1]], found[by_size.iloc[0]])
        out.per_seed("selection", "rise", rise, {"inputs": inputs, "tokens": tokens})
    for row in table[table["equal_scores"]].itertuples():
        out.exact("selection", "elsewhere", row.runs - row.optimal, {"condition": row.condition})
        same = table[["inputs", "tokens", "dimension"]].eq([row.inputs, row.tokens, row.dimension]).all(axis=1)
        for plain in table[same & ~table["equal_scores"]]["condition"][:1]:
            gain = difference(found[row.condition], found[plain])
            out.per_seed("selection", "equal_gain", gain, {"condition": row.condition})


def _multi(artifact: Artifact, out: Tables) -> None:
    """AS9 and AS10: 1 - correlation with each prediction, over the runs that the authors accept."""
    series = Series(artifact, "distance")
    frames, counts = [], []
    for condition, member in series.settings.items():
        trained, accepted = (series[condition, name] > 0 for name in ("trained", "accepted"))
        seeds = np.flatnonzero(accepted)[: member["accepted_runs"]]
        distance = series[condition, "distance"][seeds]
        for name, values in zip(PREDICTIONS, distance.T, strict=True):
            out.per_seed("multi", "distance", values, {"condition": condition, "prediction": name}, seeds)
        place = {"condition": condition}
        out.per_seed("multi", "single_minus_direction", distance[:, 2] - distance[:, 1], place, seeds)
        out.per_seed("multi", "direction_minus_line", distance[:, 1] - distance[:, 0], place, seeds)
        out.per_seed("multi", "accepted", accepted[trained], place, np.flatnonzero(trained))
        several = series[condition, "kept"][seeds] > member["inputs"]
        out.per_seed("multi", "several", several, place, seeds)
        frames.append(melt(distance, dimension=member["dimension"], seed=seeds, prediction=PREDICTIONS))
        counts.append({"dimension": member["dimension"], "trained": trained.sum(), "accepted": accepted.sum()})
    out.curve("multi", pd.concat(frames))
    out.curve("multi_counts", pd.DataFrame(counts))


def _ranks(artifact: Artifact, out: Tables) -> None:
    """AS6 to AS8 and AS12: how many draws are feasible, and the ranks of their machines."""
    rows, excess, gaps = [], -np.inf, 0.0
    for (n, d), found, gap in zip(artifact["cells"].tolist(), artifact["frobenius"], artifact["gap"], strict=True):
        place, solved = {"inputs": n, "dimension": d}, np.isfinite(found)
        counted = np.where(solved, found, 1.0).mean()
        out.exact("ranks", "feasible", solved.sum(), place)
        out.exact("ranks", "rank_with_infeasible_as_one", counted, place)
        rows += [place | {"curve": "counted", "value": counted}, place | {"curve": "draws", "value": solved.sum()}]
        if solved.any():
            out.exact("ranks", "rank_of_feasible", found[solved].mean(), place)
            rows.append(place | {"curve": "feasible", "value": found[solved].mean()})
            excess, gaps = max(excess, (found[solved] - min(n, d)).max()), max(gaps, np.abs(gap[solved]).max())
    out.exact("ranks", "largest_excess", excess)
    out.exact("ranks", "largest_gap", gaps)
    nuclear = {tuple(cell): k for k, cell in enumerate(artifact["nuclear_cells"].tolist())}
    for (n, d), k in nuclear.items():
        place = {"inputs": n, "dimension": d}
        for name in ("nuclear", "unfinished"):
            values = artifact[name][k]
            solved = np.isfinite(values)
            out.per_seed("ranks", f"{name}_rank", values[solved], place, np.flatnonzero(solved))
            if solved.any():
                rows.append(place | {"curve": name, "value": values[solved].mean()})
        known = artifact["nuclear_gap"][k]
        out.exact("ranks", "largest_nuclear_gap", known[~np.isnan(known)].max(initial=0), place)
        for e in sorted(other for m, other in nuclear if m == n and other > d):
            change = artifact["nuclear"][nuclear[n, e]] - artifact["nuclear"][k]
            known = np.isfinite(change)
            between = {"inputs": n, "dimension": d, "to": e}
            out.per_seed("ranks", "nuclear_change", change[known], between, np.flatnonzero(known))
    out.curve("ranks", pd.DataFrame(rows))


def _paths(series: Series, out: Tables) -> None:
    """AS15: where the machines put the queries, and the correlation at the judged steps; of the first data set."""
    paths, images = [], []
    for condition, member in series.settings.items():
        path, image = series[condition, "path"][0], series[condition, "image"][0]
        inputs = range(1, len(image[0]) + 1)
        for step in _judged(member):
            for name, value in zip(DIRECTIONS, series.at(condition, "correlation", step)[0], strict=False):
                out.exact("paths", "correlation", value, {"condition": condition, "direction": name, "iteration": step})
        for name, points in zip(DIRECTIONS, image, strict=False):
            for number, point in zip(inputs, points, strict=True):
                for axis, value in zip("xy", point, strict=True):
                    place = {"condition": condition, "direction": name, "input": number, "axis": axis}
                    out.exact("paths", "image", value, place)
                images.append(
                    {"condition": condition, "direction": name, "input": number, "x": point[0], "y": point[1]}
                )
        fields = {"first": path[..., 0], "second": path[..., 1]}
        paths.append(melt(fields, condition=condition, x=series.points, input=list(inputs)))
    out.curve("paths", pd.concat(paths))
    out.curve("images", pd.DataFrame(images))
