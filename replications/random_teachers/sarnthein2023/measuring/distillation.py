"""Statistics and curves of small networks that are distilled: probes, gains over the teacher, divergence from it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.random_teachers.sarnthein2023.measuring.conditions import BY_IMAGES, INDEPENDENT, PROBES
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, melt, ratio

LOGGED = ("kl", "distance", "alive", "scale")  # fields about the network
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


def measure(name: str, series: Series, out: Tables) -> None:
    """All statistics of a regime, and curves over training and of the end."""
    for probe in PROBES:
        out.exact(name, f"input_{probe}", float(series.artifact[f"input_{probe}"]))
    for condition in series.settings:
        _condition(name, series, condition, out)
    for a, b in PAIRS[name]:
        if a in series and b in series:
            for probe in PROBES:
                values = difference(series.last(a, probe), series.last(b, probe))
                out.per_seed(name, f"{probe}_difference", values, {"a": a, "b": b})
    if all(condition in series for condition in BY_IMAGES):
        out.per_seed(name, "linear_per_decade", _per_decade(series))
    _divergences(name, series, out)
    _curves(name, series, out)


def _condition(name: str, series: Series, condition: str, out: Tables) -> None:
    """Final probes, gains over the teacher, and what is logged about the network."""
    label = {"condition": condition}
    for probe in (*PROBES, "linear_long", "ridge_shuffled"):
        student, teacher = series.last(condition, probe), series[condition, f"teacher_{probe}"]
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
    for field in LOGGED:
        out.per_seed(name, field, series.last(condition, field), label)


def _per_decade(series: Series) -> list[float]:
    """Slope of the linear probe's accuracy per factor 10 in distinct images, one fit a seed; NaN if they are all equal."""
    values = [series.last(condition, "linear") for condition in BY_IMAGES]
    decades = np.log10([series.settings[condition]["distinct_images"] for condition in BY_IMAGES])
    spread = np.ptp(decades) > 0
    return [np.polyfit(decades, rows, 1)[0] if spread else np.nan for rows in zip(*values, strict=False)]


def untrained_divergence(settings: Mapping) -> float:
    """KL between two independent networks before training: the variance of the last layer, see claim OR1."""
    return 1 / settings["bottleneck"] if settings["weight_norm"] else settings["output_std"] ** 2


def _divergences(name: str, series: Series, out: Tables) -> None:
    """KL ratios between local and independent students, and the first Adam step against the start."""
    far, near = INDEPENDENT[name], "local"
    if far not in series:
        return
    settings, start = series.settings[far], series[far, "kl"][:, 0]
    if settings["alpha"] == 1:  # the closed form is that of independent networks
        out.per_seed(name, "kl_start_ratio", start / untrained_divergence(settings), {"condition": far})
    if near not in series:
        return
    out.per_seed(name, "kl_ratio", ratio(series.last(far, "kl"), series.last(near, "kl")), {"a": far, "b": near})
    after = series[near, "kl"][:, list(series.points).index(1)]
    out.per_seed(name, "first_step_ratio", ratio(after, start))


def _curves(name: str, series: Series, out: Tables) -> None:
    """Probes over training, and a wide table of final values, one row a condition and seed."""
    probing, final = [], []
    for condition in series.settings:
        for probe in PROBES:
            axes = {"condition": condition, "probe": probe, "seed": range(series.seeds(condition)), "x": series.points}
            frame = melt(series[condition, probe], **axes)
            probing.append(frame[np.isfinite(frame["value"])])
        settings = series.settings[condition]
        table = {"condition": condition, "seed": range(series.seeds(condition))}
        table |= {key: settings[key] for key in ("alpha", "source", "distinct_images", "output_size")}
        for probe in (*PROBES, "linear_long"):
            table |= {probe: series.last(condition, probe), f"teacher_{probe}": series[condition, f"teacher_{probe}"]}
        table |= {f"input_{probe}": float(series.artifact[f"input_{probe}"]) for probe in PROBES}
        table |= {field: series.last(condition, field) for field in LOGGED}
        final.append(pd.DataFrame(table))
    out.curve(f"{name}_probing", pd.concat(probing))
    out.curve(f"{name}_final", pd.concat(final))
