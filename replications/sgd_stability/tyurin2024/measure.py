"""Artifacts -> statistics and curves. Counts of iterations are exact, or one a draw; no torch."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.sgd_stability.tyurin2024 import theory
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "exact" in artifacts:
        _table(artifacts["exact"], out)
        _family(artifacts["exact"], out)
        _toy(artifacts["exact"], out)
    if "planted" in artifacts:
        _planted(artifacts["planted"], out)
    for experiment in ("images", "images_cifar"):
        if experiment in artifacts:
            _images(experiment, artifacts[experiment], out)
    if "imbalanced" in artifacts:
        _imbalanced(artifacts["imbalanced"], out)
    if "rounding" in artifacts:
        _rounding(artifacts["rounding"], out)


def methods(settings: Mapping) -> list[dict]:
    """By column of an artifact, the condition that names it: the method, and its step size where it has one."""
    columns = [{"method": "descent", "step_size": step} for step in settings["step_sizes"]]
    columns += [{"method": "normalised_descent", "step_size": step} for step in settings["normalised_step_sizes"]]
    return [*columns, {"method": "perceptron"}, {"method": "normalised_perceptron"}]


def _settings(artifact: Artifact) -> Mapping:
    return artifact.meta["job"]["settings"]


def counts(solved: np.ndarray) -> np.ndarray:
    """Iterations, infinite where the data were not separated (0)."""
    return np.where(solved > 0, solved, np.inf)


def bound(column: Mapping, n: int, radius: float, margin: float) -> float:
    """The paper's bound on the iterations of a method that has one (Theorems 3.3, 5.3, 6.1)."""
    if column["method"] == "perceptron":
        return theory.batch_perceptron_bound(n, radius, margin)
    if column["method"] == "normalised_perceptron":
        return theory.normalised_perceptron_bound(radius, margin)
    return theory.normalised_descent_bound(n, radius, margin, column["step_size"])


def _table(artifact: Artifact, out: Tables) -> None:
    """ty1: iterations on the worst case of Table 1; the bounds there, and that of Theorem 5.3 put on the perceptron."""
    settings = _settings(artifact)
    found, rows = counts(artifact["solved"]), theory.worst_case(settings["samples"])
    n, radius, margin = len(rows), theory.radius(rows), theory.margin(rows).value
    table = []
    for column, iterations in zip(methods(settings), found, strict=True):
        out.exact("exact", "iterations", iterations, column)
        table.append({"step_size": np.nan} | column | {"value": iterations})
        if column["method"] != "descent":
            out.exact("exact", "bound_ratio", iterations / bound(column, n, radius, margin), column)
    without_n = theory.normalised_perceptron_bound(radius, margin)
    out.exact("exact", "bound_ratio_without_n", found[-2] / without_n, {"method": "perceptron"})
    out.curve("table", pd.DataFrame(table))
    for size, solved in zip(artifact["near"].tolist(), artifact["near_solved"], strict=True):
        for column, iterations in zip(methods(settings), counts(solved), strict=True):
            out.exact("exact", "iterations_near", iterations, column | {"n": size})


def _family(artifact: Artifact, out: Tables) -> None:
    """ty2: iterations of both perceptrons by the number of samples, against the closed form."""
    sizes, by_size = artifact["sizes"], counts(artifact["by_size"])
    formula = np.array([theory.worst_case_iterations(int(n)) for n in sizes])
    out.exact("exact", "largest_formula_error", np.abs(by_size[:, 0] - formula).max())
    tens = sizes % 10 == 0
    out.exact("exact", "largest_tens_error", np.abs(by_size[tens, 0] - (3 * sizes[tens] // 10 + 1)).max())
    for n, pair in zip(sizes.tolist(), by_size, strict=True):
        for method, iterations in zip(("perceptron", "normalised_perceptron"), pair, strict=True):
            out.exact("exact", "iterations_by_size", iterations, {"method": method, "n": n})
    columns = {"perceptron": by_size[:, 0], "normalised_perceptron": by_size[:, 1], "formula": formula}
    out.curve("family", pd.DataFrame({"n": sizes} | columns))


def _toy(artifact: Artifact, out: Tables) -> None:
    """ty3: theta/gamma after one and two steps against its limit, loss and gradient norm after the first."""
    steps = _settings(artifact)["toy_step_sizes"]
    distance = np.abs(artifact["theta"] - artifact["limit"][:, None]).max(-1)
    for column, step in enumerate(steps):
        place = {"step_size": step}
        out.exact("exact", "toy_loss", artifact["loss"][0, column], place)
        out.exact("exact", "toy_gradient", artifact["gradient"][0, column], place)
        for row, name in enumerate(("first", "second")):
            theta = artifact["theta"][row, column]
            for entry, value in zip("xy", theta, strict=True):
                out.exact("exact", f"toy_{name}_{entry}", value, place)
    frame = {"x": steps, "loss": artifact["loss"][0], "gradient": artifact["gradient"][0]}
    out.curve("toy", pd.DataFrame(frame | {"first": distance[0], "second": distance[1]}))


def _planted(artifact: Artifact, out: Tables) -> None:
    """Iterations over the paper's bounds, whether any method ended, margins against the planted ones, the limit."""
    settings = _settings(artifact)
    series, columns = Series(artifact, "points"), methods(settings)
    frames = []
    for condition in series.settings:
        solved, n, radius = (series[condition, name] for name in ("solved", "n", "radius"))
        out.per_seed("planted", "solved_share", (solved > 0).mean(1), {"condition": condition})
        margin = series[condition, "margin"]
        out.per_seed("planted", "margin", margin, {"condition": condition})
        planted = series[condition, "planted"]
        for column, each in zip(columns, solved.T, strict=True):
            if column["method"] == "descent":
                continue
            limits = np.array([bound(column, *case) for case in zip(n, radius, planted, strict=True)])
            steps = np.where(each > 0, each, settings["steps"])
            name = column | {"condition": condition}
            out.per_seed("planted", "bound_ratio", steps / limits, name, never=each == 0)
            frames.append(pd.DataFrame({"seed": range(len(n)), "iterations": steps, "bound": limits} | name))
    out.curve("bounds", pd.concat(frames)[lambda frame: frame["condition"] == "separable"])
    margin, attained, planted = (series["separable", name] for name in ("margin", "attained", "planted"))
    out.per_seed("planted", "margin_error", np.abs(margin / planted - 1))
    out.per_seed("planted", "margin_gap", (margin - attained) / planted)
    distance, steps = series["separable", "distance"], settings["step_sizes"]
    for column, step in enumerate(steps):
        out.per_seed("planted", "limit_distance", distance[:, :, column].max(1), {"step_size": step})
    points = artifact["points"]
    out.curve("limit", melt(distance, seed=range(len(distance)), t=points, x=steps))


def _images(experiment: str, artifact: Artifact, out: Tables) -> None:
    """ty4, ty5: iterations and largest losses by step size, for each pair of classes; curves over iterations."""
    settings = _settings(artifact)
    series, columns, cap = Series(artifact, "points"), methods(settings), settings["steps"]
    plain, frames, counted = settings["step_sizes"], [], []
    for pair in series.settings:
        (solved,), (peak,) = (series[pair, name] for name in ("solved", "peak"))
        found = counts(solved)
        for number, column in enumerate(columns):
            name = {"pair": pair} | column
            out.exact(experiment, "iterations", found[number], name)
            counted.append({"step_size": np.nan} | name | {"value": found[number]})
            for curve in ("accuracy", "loss", "gradient")[: 3 if number < len(peak) else 1]:
                values = series[pair, curve][0][:, number]
                frames.append(melt(values, curve=curve, **({"step_size": np.nan} | name), x=series.points))
        _image_bounds(experiment, pair, series, columns, out)
        out.exact(experiment, "normalised_over_perceptron", found[-1] / found[-2], {"pair": pair})
        for number, step in enumerate(plain):
            out.exact(experiment, "over_perceptron", found[number] / found[-2], {"pair": pair, "step_size": step})
            out.exact(experiment, "peak", peak[number], {"pair": pair, "step_size": step})
        for low, high in itertools.combinations(range(len(plain)), 2):
            place = {"pair": pair, "over": plain[low], "step_size": plain[high]}
            out.exact(experiment, "peak_ratio", peak[high] / peak[low], place)
            out.exact(experiment, "iterations_ratio", found[high] / min(found[low], cap), place)
    out.curve(f"{experiment}_curves", pd.concat(frames))
    out.curve(f"{experiment}_counts", pd.DataFrame(counted))


def _image_bounds(experiment: str, pair: str, series: Series, columns: list[dict], out: Tables) -> None:
    """The margin of a pair of classes, and iterations over the bounds where the paper has one."""
    if "margin" not in series.artifact:
        return
    (n,), (radius,), (margin,), (solved,) = (series[pair, name] for name in ("n", "radius", "margin", "solved"))
    out.exact(experiment, "margin", margin, {"pair": pair})
    out.exact(experiment, "margin_gap", (margin - series[pair, "attained"][0]) / margin, {"pair": pair})
    for column, iterations in zip(columns, solved, strict=True):
        if column["method"] != "descent" and iterations > 0:
            ratio = iterations / bound(column, n, radius, margin)
            out.exact(experiment, "bound_ratio", ratio, {"pair": pair} | column)


def _imbalanced(artifact: Artifact, out: Tables) -> None:
    """Iterations of the perceptron over those of the normalised one, by pair and number of images of the second class."""
    series, cap, frames, curves = Series(artifact, "points"), _settings(artifact)["steps"], [], []
    for condition, member in series.settings.items():
        place = {"pair": condition.rpartition("_")[0], "minority": member["minority"]}
        solved = series[condition, "solved"]
        never, steps = (solved == 0).any(1), np.where(solved > 0, solved, cap)
        out.per_seed("imbalanced", "perceptron_over_normalised", steps[:, 0] / steps[:, 1], place, never=never)
        for number, method in enumerate(("perceptron", "normalised_perceptron")):
            values = np.where(solved[:, number] > 0, solved[:, number], np.nan)
            frames.append(melt(values, **place, method=method, seed=range(len(values))))
            accuracy = series[condition, "accuracy"][..., number]
            curves.append(melt(accuracy, **place, method=method, seed=range(len(accuracy)), x=series.points))
    out.curve("imbalanced_counts", pd.concat(frames))
    out.curve("imbalanced_curves", pd.concat(curves))


def _rounding(artifact: Artifact, out: Tables) -> None:
    """How many different counts of iterations the orders of the images give, and how far theta has moved apart."""
    columns, points = methods(_settings(artifact)), artifact["points"]
    spread, frames = artifact["spread"], []
    for number, column in enumerate(columns):
        solved = counts(artifact["solved"][:, number])
        out.exact("rounding", "different_counts", len(np.unique(solved)), column)
        out.per_seed("rounding", "iterations", solved, column)
        out.per_seed("rounding", "spread", spread[1:, -1, number], column, range(1, len(spread)))
        frames.append(
            melt(spread[1:, :, number], **({"step_size": np.nan} | column), seed=range(1, len(spread)), x=points)
        )
    out.curve("rounding", pd.concat(frames))
