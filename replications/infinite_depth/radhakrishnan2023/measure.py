"""Artifacts -> statistics and curves: one value a draw, or exact ones; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.infinite_depth.science import laws
from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

KINDS = ("nearest", "singular", "majority")  # kernels by angle
ACTIVATIONS = ("relu", "sine", "cubic", "h2")  # in the order of the program `width`
FIELDS = ("agreement", "majority_share", "error", "balanced_accuracy")


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "exact" in artifacts:
        _closed_forms(artifacts["exact"], out)
        _singularities(artifacts["exact"], out)
        _kernels(artifacts["exact"], out)
    for experiment in ("images", "mnist"):
        if experiment in artifacts:
            _images(experiment, artifacts[experiment], out)
    if "noisy" in artifacts:
        _noisy(artifacts["noisy"], out)
    if "sphere" in artifacts:
        _sphere(artifacts["sphere"], out)
    if "depth" in artifacts:
        _depth(artifacts["depth"], out)
    if "width" in artifacts:
        _width(artifacts["width"], out)


def _settings(artifact: Artifact) -> Mapping:
    return artifact.meta["job"]["settings"]


def _closed_forms(artifact: Artifact, out: Tables) -> None:
    """wd1, wd3: the recursion against closed forms; ReLU's kernel at a right angle, and its NNGP; errors of oracles."""
    s = _settings(artifact)
    for k, error in zip(s["degrees"], artifact["closed_monomial"], strict=True):
        out.exact("exact", "closed_form_error", error, {"activation": f"h{k}"})
    for p, error in zip(s["ps"], artifact["closed_moebius"], strict=True):
        out.exact("exact", "closed_form_error", error, {"activation": "moebius", "p": p})
    for depth, ntk, nngp in zip(s["relu_depths"], artifact["relu_ntk"], artifact["relu_nngp"], strict=True):
        out.exact("exact", "relu_kernel", ntk, {"depth": depth})
        out.exact("exact", "relu_nngp", nngp, {"depth": depth})
    out.exact("exact", "quadrature_error", artifact["quadrature"].max())
    out.exact("exact", "diagonal_error", artifact["diagonal"].max())
    for order, found in zip(s["sine_orders"], artifact["sine_order"], strict=True):
        out.exact("exact", "sine_order_error", abs(found - order), {"order": order})


def _singularities(artifact: Artifact, out: Tables) -> None:
    """wd2: order and slope of the cubic activations' limits, the order without its factor of four; worst values over d."""
    dimensions = np.array(_settings(artifact)["dimensions"], float)
    for d, order, slope in zip(dimensions, artifact["order"], artifact["slope"], strict=True):
        out.exact("exact", "order_error", order - d, {"d": d})
        out.exact("exact", "quarter_order_error", order / 4 - d, {"d": d})
        out.exact("exact", "slope_error", slope + d, {"d": d})
    out.exact("exact", "dual_error", np.abs(artifact["dual_at_one"] - 1).max())
    out.exact("exact", "square_slope_error", np.abs(artifact["square_slope"] - 2).max())
    out.exact("exact", "lowest", artifact["lowest"].min())
    out.exact("exact", "highest", artifact["highest"].max())
    out.exact("exact", "koenigs_error", artifact["koenigs"].max())
    out.curve("singularity", melt(artifact["logs"] / np.log(10), d=dimensions, x=artifact["radii"]))


def _kernels(artifact: Artifact, out: Tables) -> None:
    """Kernels by angle, in degrees."""
    degrees, depths = np.degrees(artifact["angles"]), _settings(artifact)["kernel_depths"]
    frames = [melt(artifact[f"kernel_{kind}"], kind=kind, depth=depths, x=degrees) for kind in KINDS]
    out.curve("kernels", pd.concat(frames))
    out.curve("limit", melt(artifact["kernel_limit"], x=degrees))


def _images(experiment: str, artifact: Artifact, out: Tables) -> None:
    """wd4 to wd8, wd16: what networks predict by depth; on all of MNIST nothing is drawn."""
    frames = []
    for condition, (rows, member) in _members(artifact).items():
        for column, depth in enumerate(member["depths"]):
            place = {"network": condition, "depth": depth}
            for name in FIELDS:
                _write(out, experiment, name, artifact[name][rows, column], place)
        for name in ("nearest_error", "majority_error"):
            _write(out, experiment, name, artifact[name][rows], {"network": condition})
        shown = {name: artifact[name][rows][:, : len(member["depths"])] for name in FIELDS}
        frames.append(melt(shown, network=condition, seed=range(len(rows)), x=member["depths"]))
    out.curve(experiment, pd.concat(frames))


def _members(artifact: Artifact) -> dict[str, tuple[list[int], Mapping]]:
    """By condition: the rows of its members, and the settings of one."""
    found: dict[str, tuple[list[int], Mapping]] = {}
    for row, member in enumerate(members_of(_settings(artifact))):
        found.setdefault(member["condition"], ([], member))[0].append(row)
    return found


def _write(out: Tables, experiment: str, name: str, values: np.ndarray, place: Mapping) -> None:
    if experiment == "mnist":
        out.exact(experiment, name, values[0], place)
    else:
        out.per_seed(experiment, name, values, place)


def _noisy(artifact: Artifact, out: Tables) -> None:
    """wd9: errors by order of the singularity, and how far below the nearest neighbour and the first order they lie."""
    orders, frames = _settings(artifact)["orders"], []
    for condition, (rows, _) in _members(artifact).items():
        error, nearest = artifact["error"][rows], artifact["nearest"][rows]
        out.per_seed("noisy", "nearest_error", nearest, {"labels": condition})
        for column, order in enumerate(orders):
            place = {"labels": condition, "order": order}
            out.per_seed("noisy", "error", error[:, column], place)
            out.per_seed("noisy", "below_nearest", nearest - error[:, column], place)
            out.per_seed("noisy", "below_first", error[:, 0] - error[:, column], place)
        frames.append(melt(error, labels=condition, seed=range(len(rows)), x=orders))
        frames.append(melt(nearest, labels=condition, seed=range(len(rows)), x=np.inf))
    out.curve("noisy", pd.concat(frames))


def _sphere(artifact: Artifact, out: Tables) -> None:
    """wd10 to wd12: errors by number of points, their fall from the first number to the last, gaps between orders."""
    s = _settings(artifact)
    sizes, orders, seeds = s["sizes"], s["orders"], range(len(artifact["error"]))
    for row, target in enumerate(s["targets"]):
        error, nearest = artifact["error"][:, row], artifact["nearest"][:, row]
        for column, order in enumerate(orders):
            place = {"target": target, "order": order}
            out.per_seed("sphere", "fall", error[:, 0, column] - error[:, -1, column], place)
            for k, size in enumerate(sizes):
                out.per_seed("sphere", "error", error[:, k, column], place | {"size": size})
            for other, over in enumerate(orders):
                if other != column:
                    gap = error[:, -1, other] - error[:, -1, column]
                    out.per_seed("sphere", "below_order", gap, place | {"over": over})
        for k, size in enumerate(sizes):
            out.per_seed("sphere", "nearest_error", nearest[:, k], {"target": target, "size": size})
    frame = melt(artifact["error"], seed=seeds, target=s["targets"], x=sizes, order=orders)
    near = melt(artifact["nearest"], seed=seeds, target=s["targets"], x=sizes).assign(order=np.inf)
    out.curve("sphere", pd.concat([frame, near]))
    above = [order for order in orders if order > s["dimension"]]
    lines = [laws.vote_error(order, s["dimension"], s["noise"]) for order in above]
    lines = pd.DataFrame({"order": [*above, np.inf], "value": [*lines, laws.neighbour_error(s["noise"])]})
    out.curve("laws", lines)


def _depth(artifact: Artifact, out: Tables) -> None:
    """wd13, wd14: errors by depth, and agreement with the vote of infinite depth."""
    s, frames = _settings(artifact), []
    for condition, (rows, _) in _members(artifact).items():
        out.per_seed("depth", "limit_error", artifact["limit_error"][rows], {"condition": condition})
        for kernel, depths in (("ntk", s["depths"]), ("nngp", s["depths"]), ("solved", s["solved_depths"])):
            fields = {name: artifact[f"{kernel}_{name}"][rows] for name in ("error", "agreement")}
            for column, depth in enumerate(depths):
                for name, values in fields.items():
                    place = {"condition": condition, "kernel": kernel, "depth": depth}
                    out.per_seed("depth", name, values[:, column], place)
            frames.append(melt(fields, condition=condition, kernel=kernel, seed=range(len(rows)), x=depths))
    out.curve("depth", pd.concat(frames))


def _width(artifact: Artifact, out: Tables) -> None:
    """wd15: tangent kernels over those of infinite width: the error of a group's mean, and of its single nets."""
    s, frames = _settings(artifact), []
    for row, name in enumerate(ACTIVATIONS):
        error = artifact["kernel"][row] / artifact["limit"][row] - 1  # [groups, nets, depths, correlations]
        with np.errstate(over="ignore", invalid="ignore"):
            mean, single = np.abs(error.mean(1)), np.sqrt(np.square(error, dtype=float).mean(1))
        out.per_seed("width", "mean_error", mean.max((1, 2)), {"activation": name})
        for column, depth in enumerate(s["depths"]):
            for k, xi in enumerate(s["correlations"]):
                place = {"activation": name, "depth": depth, "xi": xi}
                out.per_seed("width", "single_error", single[:, column, k], place)
        axes = {"activation": name, "seed": range(len(error)), "x": s["depths"], "xi": s["correlations"]}
        frames.append(melt({"value": single, "mean": mean}, **axes))
    out.curve("width", pd.concat(frames))
