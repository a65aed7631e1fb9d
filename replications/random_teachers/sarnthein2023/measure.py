"""Artifacts -> statistics and curves. Gains are student minus teacher of the same seed; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.random_teachers.sarnthein2023 import measure_health, measure_images
from replications.random_teachers.sarnthein2023.series import Series
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact

PROBES = ("linear", "ridge", "neighbours")
REDUCED = ("plain", "kick", "wide_kick")
BY_IMAGES = ("images_100", "images_1000", "full")
PAIRS = {
    # experiment: [(a, b)]: paired differences a - b of the final probes, same seed, teacher and batch order
    "plain": [
        ("full", "noise"),
        ("full", "alpha_08"),
        ("full", "images_1000"),
        ("images_1000", "images_100"),
        ("full", "outputs_4"),
        ("full", "outputs_64"),
        ("local", "full"),
        ("alpha_06", "alpha_0"),
        ("alpha_0", "full"),
    ],
    "kick": [("local", "independent"), ("local", "local_noise")],
    "wide_kick": [("local", "independent")],
}
INDEPENDENT = {"plain": "full", "kick": "independent", "wide_kick": "independent"}


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "identities" in artifacts:
        _identities(artifacts["identities"], out)
    for name in REDUCED:
        if name in artifacts:
            _reduced(name, Series(artifacts[name]), out)
    if "planes" in artifacts:
        _planes(artifacts["planes"], out)
    measure_images.measure(artifacts, out)
    measure_health.measure(artifacts, out)


def _identities(artifact: Artifact, out: Tables) -> None:
    for name, value in artifact.items():
        if name.startswith("step_zero"):
            out.per_seed("identities", name, value)
        elif name == "remaining":
            for row, error in enumerate(value):
                out.exact("identities", "remaining_error", abs(error), {"rounds": 3 * (row + 1)})
        else:
            out.exact("identities", name, float(value))


def _reduced(name: str, series: Series, out: Tables) -> None:
    """Everything about the batched distillations of small networks."""
    for probe in PROBES:
        out.exact(name, f"input_{probe}", float(series.artifact[f"input_{probe}"]))
    for condition in series.settings:
        _condition(name, series, condition, out)
    for a, b in PAIRS[name]:
        if a in series.settings and b in series.settings:
            for probe in PROBES:
                first, second = series.last(a, probe), series.last(b, probe)
                shared = min(len(first), len(second))
                out.per_seed(name, f"{probe}_difference", first[:shared] - second[:shared], {"a": a, "b": b})
    if all(condition in series.settings for condition in BY_IMAGES):
        out.per_seed(name, "linear_per_decade", _per_decade(series))
    _divergences(name, series, out)
    if len(series.artifact["line"]):
        _lines(name, series, out)
    _reduced_curves(name, series, out)


def _condition(name: str, series: Series, condition: str, out: Tables) -> None:
    """Final probes, gains over the teacher, and what is logged about the network."""
    label = {"condition": condition}
    for probe in (*PROBES, "linear_long", "ridge_shuffled"):
        student, teacher = series.last(condition, probe), series.teacher(condition, probe)
        if np.isfinite(student).any():  # all NaN where it was not to be probed
            out.per_seed(name, probe, student, label)
            out.per_seed(name, f"teacher_{probe}", teacher, label)
            out.per_seed(name, f"{probe}_gain", student - teacher, label)
            if probe in PROBES:
                pixels = float(series.artifact[f"input_{probe}"])
                out.per_seed(name, f"{probe}_over_input", student - pixels, label)
        first = series[condition, probe][:, 0] if probe in PROBES else np.array([np.nan])
        if np.isfinite(first).any():
            out.per_seed(name, f"{probe}_untrained_gain", first - teacher, label)
    for field in ("kl", "distance", "alive", "scale"):
        out.per_seed(name, field, series.last(condition, field), label)


def _per_decade(series: Series) -> list[float]:
    """Slope of the linear probe's accuracy per factor 10 in distinct images, one fit a seed; NaN if they are all equal."""
    values = [series.last(condition, "linear") for condition in BY_IMAGES]
    decades = np.log10([series.settings[condition]["distinct_images"] for condition in BY_IMAGES])
    spread = np.ptp(decades) > 0
    return [np.polyfit(decades, rows, 1)[0] if spread else np.nan for rows in zip(*values, strict=False)]


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """above / below by unit; NaN or infinite, and so `diverged`, where a copy of the teacher has no divergence at all."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return above / below


def _divergences(name: str, series: Series, out: Tables) -> None:
    """KL ratios between local and independent students, and the first Adam step against the start."""
    far, near = INDEPENDENT[name], "local"
    if far in series.settings:
        settings, start = series.settings[far], series[far, "kl"][:, 0]
        if settings["alpha"] == 1:  # the closed form is that of independent networks
            predicted = 1 / settings["bottleneck"] if settings["weight_norm"] else settings["output_std"] ** 2
            out.per_seed(name, "kl_start_ratio", start / predicted, {"condition": far})
    if far not in series.settings or near not in series.settings:
        return
    seeds = min(series.seeds(far), series.seeds(near))
    final = {condition: series.last(condition, "kl")[:seeds] for condition in (far, near)}
    out.per_seed(name, "kl_ratio", ratio(final[far], final[near]), {"a": far, "b": near})
    after = series[near, "kl"][:, list(series.points).index(1)]
    out.per_seed(name, "first_step_ratio", ratio(after[:seeds], start[:seeds]))


def _lines(name: str, series: Series, out: Tables) -> None:
    """Shape of the valley on the line teacher + g (student - teacher), and on a random one of equal length."""
    places = list(series.artifact["line"])
    between = [k for k, g in enumerate(places) if 0 < g < 1]
    for condition in series.settings:
        label = {"condition": condition}
        line, random = (series.last(condition, field) for field in ("kl_line", "kl_random_line"))
        if -0.1 in places and 0.1 in places:
            back, forth = places.index(-0.1), places.index(0.1)
            out.per_seed(name, "asymmetry", ratio(line[:, back], line[:, forth]), label)
            out.per_seed(name, "random_asymmetry", ratio(random[:, back], random[:, forth]), label)
        if 1.0 in places and between:
            out.per_seed(name, "barrier", ratio(line[:, between].max(1), line[:, places.index(1.0)]), label)
    frames = [
        pd.DataFrame({"condition": c, "seed": seed, "x": places, "value": row, "random": random})
        for c in series.settings
        for seed, (row, random) in enumerate(
            zip(series.last(c, "kl_line"), series.last(c, "kl_random_line"), strict=True)
        )
    ]
    out.curve(f"{name}_line", pd.concat(frames))


def _reduced_curves(name: str, series: Series, out: Tables) -> None:
    """Probes over training, and a wide table of final values, one row a condition and seed."""
    probing, final = [], []
    for condition in series.settings:
        for probe in PROBES:
            values = series[condition, probe]
            for seed, row in enumerate(values):
                there = np.isfinite(row)
                columns = {"condition": condition, "probe": probe, "seed": seed}
                probing.append(pd.DataFrame(columns | {"x": series.points[there], "value": row[there]}))
        settings = series.settings[condition]
        table = {"condition": condition, "seed": range(series.seeds(condition))}
        table |= {key: settings[key] for key in ("alpha", "source", "distinct_images", "output_size")}
        for probe in (*PROBES, "linear_long"):
            table |= {probe: series.last(condition, probe), f"teacher_{probe}": series.teacher(condition, probe)}
        table |= {f"input_{probe}": float(series.artifact[f"input_{probe}"]) for probe in PROBES}
        table |= {field: series.last(condition, field) for field in ("kl", "distance", "alive", "scale")}
        final.append(pd.DataFrame(table))
    out.curve(f"{name}_probing", pd.concat(probing))
    out.curve(f"{name}_final", pd.concat(final))


def _planes(artifact: Artifact, out: Tables) -> None:
    """The two planes as long tables with distance-preserving coordinates; corners are the models themselves."""
    axis = artifact["axis"]
    first, second = (grid.ravel() for grid in np.meshgrid(axis, axis))
    frames = []
    for view in ("shared", "nonlocal"):
        places = artifact[f"{view}_shift"] + np.stack([first, second], 1) @ artifact[f"{view}_map"].T
        columns = {"view": view, "a": first, "b": second, "x": places[:, 0], "y": places[:, 1]}
        fields = ("kl", "encoder_kl", "linear", "ridge", "norm")
        frames.append(pd.DataFrame(columns | {field: artifact[f"{view}_{field}"].ravel() for field in fields}))
        frame = frames[-1]
        teacher = frame[(frame["a"].abs() < 1e-9) & (frame["b"].abs() < 1e-9)]
        if len(teacher):
            out.exact("planes", "kl_at_teacher", abs(teacher["kl"].iloc[0]), {"view": view})
        norm = np.hypot(frame["x"], frame["y"])
        rest = np.sqrt(np.maximum(frame["norm"] ** 2 - norm**2, 0))  # distance of the plane from the origin
        if rest.mean() > 0:  # a plane through the origin has no distance to vary
            out.exact("planes", "norm_spread", float(np.ptp(rest) / rest.mean()), {"view": view})
    out.curve("planes", pd.concat(frames))
