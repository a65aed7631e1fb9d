"""Statistics of the random-feature experiments: panels B-F and H."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.double_descent.liu2023.measuring import widths
from replications.double_descent.liu2023.measuring.widths import Curves
from replications.double_descent.science.statistics import conditions
from verifig.measuring.tables import Tables, difference, melt, ratio
from verifig.training.artifacts import Artifact

GROWTH = ["steps 3000", "steps 10000", "steps 30000", "steps 100000", "steps 1e+06"]
SPECTRAL = [
    "steps 100", "steps 1000", "steps 3000", "steps 10000", "steps 30000", "steps 100000", "steps 1e+06",
    "rate 0.01/L", "rate 0.1/L", "rate 1.9/L", "momentum 0.99 steps 1000", "momentum 0.99 steps 10000",
]  # fmt: skip
OUTPUT_SCALES = ("output_scale 0", "output_scale 3", "output_scale 10")
ERROR_WIDTHS = (0.4, 0.6, 1.0, 4.0)
MAP_PAIRS = [
    ("standardised", "raw"), ("batch", "standardised"), ("scale_ten", "scale_third"), ("batch", "raw"), ("layer", "standardised"),
]  # fmt: skip


def measure(experiment: str, artifact: Artifact, out: Tables) -> dict[str, Curves]:
    """Statistics of one experiment; returns its curves by feature map."""
    n = artifact.meta["job"]["settings"]["n"]
    maps = {
        name: widths.curves(artifact, name, n, list(artifact[f"{name}.solvers"].tolist()))
        for name in conditions(artifact)
    }
    kappas = {name: artifact[f"{name}.condition_number"] for name in maps}
    for name, curves in maps.items():
        _solvers(experiment, name, curves, out)
        for multiple, width in ((1, "n"), (4, "4n")):
            if curves.covers(multiple):
                values = kappas[name][:, curves.nearest(multiple)]
                out.per_seed(experiment, "condition_number", values, {"map": name, "width": width})
    if "standardised" in maps:
        for statistics in (_growth, _threshold, _correlation, _noise):
            statistics(experiment, maps["standardised"], out)
        _output_scales(experiment, maps["standardised"], artifact.meta["job"]["settings"], out)
    _map_pairs(experiment, maps, kappas, out)
    out.curve(f"{experiment}_risk", pd.concat([_long(name, curves) for name, curves in maps.items()]))
    by_width = [
        melt(kappa, map=name, seed=range(len(kappa)), x=maps[name].widths)[["map", "x", "seed", "value"]]
        for name, kappa in kappas.items()
    ]
    out.curve(f"{experiment}_kappa", pd.concat(by_width))
    return maps


def _solvers(experiment: str, name: str, curves: Curves, out: Tables) -> None:
    """Height, loss, peak and error triple of every way to train."""
    for solver in curves.names:
        place = {"map": name, "solver": solver}
        if curves.covers(1, widths.TAIL):
            out.per_seed(experiment, "peak_height", curves.height(solver), place)
        if curves.covers(1):
            out.per_seed(experiment, "threshold_loss", curves.loss(solver), place)
            out.per_seed(experiment, "peak_mse", curves.peak(solver), place)
        if curves.covers(widths.TAIL):
            out.per_seed(experiment, "tail_mse", curves.at("test_mse", solver, widths.TAIL), place)
        for multiple in ERROR_WIDTHS:
            if curves.covers(multiple):
                values = curves.at("test_error", solver, multiple)
                out.per_seed(experiment, "test_error", values, place | {"width_over_n": multiple})
        for left in (0.4, widths.LEFT):
            if curves.covers(1, left):
                rise = curves.at("test_error", solver, 1) - curves.at("test_error", solver, left)
                out.per_seed(experiment, "error_rise", rise, place | {"from_width_over_n": left})


def _growth(experiment: str, curves: Curves, out: Tables) -> None:
    """B2: h at a horizon over h at the one before, per seed."""
    for a, b in itertools.pairwise(GROWTH):
        if {a, b} <= set(curves.names) and curves.covers(1, widths.TAIL):
            out.per_seed(experiment, "height_ratio", curves.height(b) / curves.height(a), {"a": a, "b": b})


def _threshold(experiment: str, curves: Curves, out: Tables) -> None:
    """B3: test MSE at W = n over that at the neighbouring widths, fully trained."""
    for side, values in curves.over_neighbours("test_mse", "steps inf").items():
        out.per_seed(experiment, "threshold_over_neighbour", values, {"side": side})


def _correlation(experiment: str, curves: Curves, out: Tables) -> None:
    """B4: Spearman's coefficient of h and l over the named spectral configurations, and over noise levels."""
    if not curves.covers(1, widths.TAIL):
        return
    if set(SPECTRAL) <= set(curves.names):
        loss, height = (np.stack([form(name) for name in SPECTRAL], 1) for form in (curves.loss, curves.height))
        out.per_seed(experiment, "rank_correlation", widths.rank_correlation(loss, height), {"list": "spectral"})
    noisy = [f"noise {share} steps 10000" for share in ("0", "0.1", "0.2", "0.4")]
    if set(noisy) <= set(curves.names):
        loss, height = (np.stack([form(name) for name in noisy], 1) for form in (curves.loss, curves.height))
        out.per_seed(experiment, "rank_correlation", widths.rank_correlation(loss, height), {"list": "noise levels"})


def _output_scales(experiment: str, curves: Curves, settings: Mapping, out: Tables) -> None:
    """D1: h at sigma_a = 0 over h at 1 after as many steps; the quadratic law of the tail."""
    base = f"steps {settings['steps']:g}"
    if not set(OUTPUT_SCALES) <= set(curves.names) or not curves.covers(widths.TAIL):
        return
    if base in curves.names and settings["output_scale"] == 1 and curves.covers(1):
        out.per_seed(experiment, "start_height_ratio", curves.height("output_scale 0") / curves.height(base))
    zero, three, ten = (curves.at("test_mse", name, widths.TAIL) for name in OUTPUT_SCALES)
    out.per_seed(experiment, "tail_law", ((ten - zero) / 100) / ((three - zero) / 9))


def _noise(experiment: str, curves: Curves, out: Tables) -> None:
    """F1: peak MSE at 20 % label noise over that at none, after 10,000 steps."""
    a, b = "noise 0.2 steps 10000", "noise 0 steps 10000"
    if {a, b} <= set(curves.names) and curves.covers(1):
        out.per_seed(experiment, "noise_peak_ratio", curves.peak(a) / curves.peak(b))


def _map_pairs(experiment: str, maps: dict[str, Curves], kappas: dict[str, np.ndarray], out: Tables) -> None:
    """D2, E1, E2: paired differences of threshold errors and ratios of condition numbers between feature maps."""
    for a, b in MAP_PAIRS:
        if a not in maps or b not in maps:
            continue
        if maps[a].covers(4) and maps[b].covers(4):
            tails = (kappas[name][:, maps[name].nearest(4)] for name in (a, b))
            out.per_seed(experiment, "tail_condition_ratio", ratio(*tails), {"a": a, "b": b})
        for solver in ("steps 10000", "lr 0.01"):
            if not all(solver in maps[name].names and maps[name].covers(1) for name in (a, b)):
                continue
            errors = (maps[name].at("test_error", solver, 1) for name in (a, b))
            losses = (maps[name].loss(solver) for name in (a, b))
            place = {"a": a, "b": b, "solver": solver}
            out.per_seed(experiment, "threshold_error_difference", difference(*errors), place)
            out.per_seed(experiment, "threshold_loss_ratio", ratio(*losses), place)


def _long(name: str, curves: Curves) -> pd.DataFrame:
    """map, solver, width, seed, and the four fields."""
    seeds = range(len(curves.fields["test_mse"]))
    frame = melt(curves.fields, map=name, seed=seeds, solver=curves.names, width=curves.widths)
    return frame[["map", "solver", "width", "seed", *curves.fields]]
