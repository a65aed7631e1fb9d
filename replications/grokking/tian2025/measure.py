"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from replications.grokking.tian2025.boundary import boundary_constant
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, first_crossing, melt, ratio
from verifig.training.artifacts import Artifact

GENERALISES = 0.5  # test accuracy at which the boundary is read
MOVED = 0.1  # cosine distance from the initial weights at which a layer counts as moved
DRAWN = 40  # steps of the ascents that are drawn, of the first seed
EARLY = 1000  # step by which Figure 3's network is to generalise at laptop scale
CURVES = (
    "test_accuracy",
    "train_accuracy",
    "feature_gradient",
    "moved_output",
    "moved_hidden",
    "purity",
    "frequencies",
)


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    for name, artifact in artifacts.items():
        if name == "ascent":
            _ascent(Series(artifact, "steps"), out)
        else:
            _networks(name, Series(artifact, "steps"), out)


def _ascent(series: Series, out: Tables) -> None:
    """Limits of the ascents by seed: worst purity, spread of the energy, frequencies; the energy of exact features."""
    paths, limits, arcs = [], [], []
    for condition, settings in series.settings.items():
        modulus, name = settings["modulus"], {"condition": condition}
        for suffix, point in (("", -1), ("_at_start", 0)):
            energy, purity = (series[condition, field][:, point] for field in ("energy", "purity"))
            out.per_seed("ascent", f"lowest_purity{suffix}", purity.min(1), name)
            out.per_seed("ascent", f"mean_purity{suffix}", purity.mean(1), name)
            out.per_seed("ascent", f"energy_spread{suffix}", energy.max(1) / energy.min(1) - 1, name)
        energy, purity = (series.last(condition, field) for field in ("energy", "purity"))
        frequency = series.last(condition, "frequency")
        out.per_seed("ascent", "missing_frequencies", [modulus // 2 - len(set(row)) for row in frequency], name)
        out.per_seed("ascent", "largest_tangent", series.last(condition, "tangent").max(1), name)
        reflection = series.last(condition, "reflection")
        out.per_seed("ascent", "least_reflection", reflection.min(1), name)
        out.per_seed("ascent", "energy_over_modulus", energy.mean(1) / modulus, name)
        _features(series, condition, out)
        if modulus % 2 == 0:
            _even(energy, frequency, modulus, condition, out)
        seeds = range(len(energy))
        early = series.points <= DRAWN
        climb = series[condition, "energy"][0, early]
        paths.append(
            melt(climb, condition=condition, modulus=modulus, x=series.points[early], start=range(energy.shape[1]))
        )
        fields = {"energy": energy, "purity": purity, "frequency": frequency, "reflection": reflection}
        limits.append(melt(fields, condition=condition, modulus=modulus, seed=seeds, start=range(energy.shape[1])))
        arcs.append(
            melt(
                series[condition, "between"],
                condition=condition,
                modulus=modulus,
                seed=seeds,
                x=series.artifact["angle"],
            )
        )
    out.curve("ascent_paths", pd.concat(paths))
    out.curve("ascent_limits", pd.concat(limits))
    out.curve("ascent_arcs", pd.concat(arcs))


def _features(series: Series, condition: str, out: Tables) -> None:
    """The energy of unit cosines over M, and its largest deviation from M/4 (M/2 at the highest of an even modulus)."""
    modulus = series.settings[condition]["modulus"]
    found = series[condition, "feature_energy"][:, : modulus // 2]
    expected = np.full(modulus // 2, modulus / 4)
    if modulus % 2 == 0:
        expected[-1] *= 2
    name = {"condition": condition}
    out.exact("ascent", "feature_energy_over_modulus", found[:, 0].mean() / modulus, name)
    out.exact("ascent", "feature_energy_deviation", np.abs(found / expected - 1).max(), name)


def _even(energy: np.ndarray, frequency: np.ndarray, modulus: int, condition: str, out: Tables) -> None:
    """Limits at the highest frequency of an even modulus over the others: ratio of mean energies, and share of starts."""
    highest = 2 * frequency == modulus
    ratios = [
        row[top].mean() / row[~top].mean() if top.any() and not top.all() else np.nan
        for row, top in zip(energy, highest, strict=True)
    ]
    out.per_seed("ascent", "highest_over_others", ratios, {"condition": condition})
    out.per_seed("ascent", "highest_share", highest.mean(1), {"condition": condition})


def _networks(experiment: str, series: Series, out: Tables) -> None:
    """Accuracies, features and stages of every condition, and where the sweeps over fractions cross one half."""
    frames = []
    for condition, settings in series.settings.items():
        name = {"condition": condition}
        for field in ("test_accuracy", "train_accuracy", "train_loss", "frequencies", "moved_hidden"):
            out.per_seed(experiment, field, series.last(condition, field), name)
        if series.points[-1] >= EARLY:
            out.per_seed(experiment, "early_test_accuracy", series.at(condition, "test_accuracy", EARLY), name)
        purity = series[condition, "purity"]
        out.per_seed(experiment, "purity_rise", purity[:, -1] - purity[:, 0], name)
        _stages(experiment, series, condition, out)
        if not settings["train_hidden"]:
            for field in ("fixed_test_accuracy", "fixed_train_accuracy"):
                out.per_seed(experiment, field, series.last(condition, field), name)
        fields = {field: series[condition, field] for field in CURVES}
        frames.append(melt(fields, condition=condition, seed=range(len(purity)), x=series.points))
    out.curve(f"{experiment}_curves", pd.concat(frames))
    if {"decay", "plain"} <= set(series.settings):
        gain = difference(series.last("decay", "test_accuracy"), series.last("plain", "test_accuracy"))
        out.per_seed(experiment, "gain_of_decay", gain)
    _sweeps(experiment, series, out)


def _stages(experiment: str, series: Series, condition: str, out: Tables) -> None:
    """|G_F|: how far it rises and how far it falls again; how much later the hidden weights have moved than the output's."""
    name = {"condition": condition}
    gradient = series[condition, "feature_gradient"]
    out.per_seed(experiment, "gradient_rise", ratio(gradient.max(1), gradient[:, 0]), name)
    out.per_seed(experiment, "gradient_fall", ratio(gradient[:, -1], gradient.max(1)), name)
    steps, never = {}, {}
    for layer in ("output", "hidden"):
        steps[layer], never[layer] = first_crossing(series.points, series[condition, f"moved_{layer}"], MOVED)
    delay = ratio(steps["hidden"], steps["output"])
    out.per_seed(experiment, "hidden_delay", delay, name, never=never["hidden"] | never["output"])


def _sweeps(experiment: str, series: Series, out: Tables) -> None:
    """By modulus, the fraction at which the final test accuracy crosses one half, and its constant in ln(M) / M."""
    frames, constants, unseen = [], {}, {}
    for modulus, conditions in sweeps(series.settings).items():
        fractions = np.array([series.settings[condition]["train_fraction"] for condition in conditions])
        columns = [series.last(condition, "test_accuracy") for condition in conditions]
        accuracy = np.stack([column[: min(map(len, columns))] for column in columns], 1)
        crossing, never = first_crossing(fractions, accuracy, GENERALISES)
        never |= accuracy[:, 0] >= GENERALISES  # the boundary lies below the smallest share
        constants[modulus], unseen[modulus] = boundary_constant(crossing, modulus), never
        out.per_seed(experiment, "boundary", crossing, {"modulus": modulus}, never=never)
        out.per_seed(experiment, "boundary_constant", constants[modulus], {"modulus": modulus}, never=never)
        frames.append(melt(accuracy, modulus=modulus, seed=range(len(accuracy)), x=fractions))
    if frames:
        out.curve(f"{experiment}_fractions", pd.concat(frames))
    if len(constants) > 1:
        seeds = min(map(len, constants.values()))
        found = np.stack([values[:seeds] for values in constants.values()])
        never = np.stack([values[:seeds] for values in unseen.values()]).any(0)
        out.per_seed(experiment, "boundary_spread", found.max(0) / found.min(0), never=never)


def sweeps(settings: Mapping[str, Mapping]) -> dict[int, Sequence[str]]:
    """By modulus, conditions of whole networks on the true table with weight decay, by rising fraction (two at least)."""
    groups: dict[int, list[str]] = {}
    for condition, member in settings.items():
        if member["train_hidden"] and not member["shuffle_labels"] and member["weight_decay"] > 0:
            groups.setdefault(member["modulus"], []).append(condition)
    ordered = {m: sorted(names, key=lambda name: settings[name]["train_fraction"]) for m, names in groups.items()}
    return {
        modulus: names
        for modulus, names in sorted(ordered.items())
        if len({settings[name]["train_fraction"] for name in names}) == len(names) > 1
    }
