"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.sgd_stability.granziol2022 import formulas
from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

FITTED = (4, 128)  # sizes of batches over which slopes of the sharpness are taken and the model is fitted
SMALL = (1, 8)  # over which slopes of learning rates are taken, but of the noisy regression
NOISY = (1, 32)
LARGE = (32, 128)
LEVELS = {"noisy": 1.0, "rates": 0.9}  # the last loss over the first up to which a rate counts as stable


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # of runs that diverged
        if "spectra" in artifacts:
            _spectra(artifacts["spectra"], out)
        if "linear" in artifacts:
            _linear(artifacts["linear"], out)
        for name in LEVELS:
            if name in artifacts:
                _grid(name, artifacts[name], out)


def _spectra(artifact: Artifact, out: Tables) -> None:
    sizes, full = artifact["sizes"], artifact["full"]
    samples = artifact.meta["job"]["settings"]["samples"]
    ratios, copies = artifact["sharpness"] / full[:, None], artifact["copies"] / full[:, None]
    factors = formulas.sampling_factor(samples, sizes)
    for size, values in zip(sizes, ratios.T, strict=True):
        out.per_seed("spectra", "inflation", values, {"batch": int(size)})
    falls = ratios / np.hstack([ratios[:, 1:], np.ones((len(ratios), 1))])
    out.per_seed("spectra", "smallest_fall", falls.min(1))
    out.per_seed("spectra", "least_inflation", ratios.min(1))
    out.per_seed("spectra", "inverse_slope", slopes(sizes, 1 / ratios, SMALL))
    for name in ("identical", "identity_error"):
        out.per_seed("spectra", name, artifact[name])
    out.per_seed("spectra", "loss_left", artifact["loss"][:, 1] / artifact["loss"][:, 0])
    chosen = within(sizes, FITTED)
    if not chosen.any():
        return
    for suffix, values in (("", ratios), ("_copies", copies)):
        noise = [formulas.fitted(unit[chosen], factors[chosen]) for unit in values]
        model = np.array([formulas.spiked(each, factors) for each in noise])
        out.per_seed("spectra", f"slope{suffix}", slopes(sizes, values - 1, FITTED))
        out.per_seed("spectra", f"model_error{suffix}", np.abs(values / model - 1)[:, chosen].max(1))
        if not suffix:
            out.per_seed("spectra", "noise", noise)
            out.per_seed("spectra", "first_over_model", ratios[:, 0] / model[:, 0])
            fields = {"inflation": ratios, "copies": copies, "model": model}
            out.curve("spectra", melt(fields, seed=range(len(ratios)), x=sizes))


def _linear(artifact: Artifact, out: Tables) -> None:
    found, exact = ({key[1]: v for key, v in by_batch(artifact, name).items()} for name in ("found", "exact"))
    dimension = artifact.meta["job"]["settings"]["dimension"]
    sizes = sorted(found)
    closed = formulas.without_noise(sizes, dimension)
    rates, theory = np.stack([found[size] for size in sizes], 1), np.array([exact[size][0] for size in sizes])
    for column, size in enumerate(sizes):
        out.per_seed("linear", "over_exact", rates[:, column] / theory[column], {"batch": size})
    out.per_seed("linear", "slope", slopes(sizes, rates, SMALL))
    out.per_seed("linear", "slope_large", slopes(sizes, rates, LARGE))
    out.exact("linear", "exact_slope", slopes(sizes, theory[None], SMALL)[0])
    out.exact("linear", "closed_form_error", np.abs(theory / closed - 1).max())
    out.exact("linear", "grid", artifact["grid"] - 1)
    out.curve("linear", melt({"rate": rates}, seed=range(len(rates)), x=sizes))
    out.curve("linear_theory", pd.DataFrame({"x": sizes, "rate": theory}))


def _grid(name: str, artifact: Artifact, out: Tables) -> None:
    """Largest rates at which the loss ends below the level, and how they grow with the batch size."""
    losses, rates = by_batch(artifact, "loss"), by_batch(artifact, "rates")
    largest = {key: largest_rate(rates[key], losses[key], LEVELS[name]) for key in losses}
    frames, found = [], {}
    dimension = artifact.meta["job"]["settings"].get("dimension")
    for optimizer in ("sgd", "adam"):
        sizes = sorted(size for kind, size in largest if kind == optimizer)
        values = np.stack([largest[optimizer, size] for size in sizes], 1)
        for column, size in enumerate(sizes):
            place = {"optimizer": optimizer, "batch": size}
            out.per_seed(name, "largest", values[:, column], place)
            if dimension:
                closed = formulas.with_noise(size, dimension, optimizer)
                out.per_seed(name, "over_formula", values[:, column] / closed, place)
        found[optimizer] = slopes(sizes, values, NOISY if name == "noisy" else SMALL)
        out.per_seed(name, "slope", found[optimizer], {"optimizer": optimizer})
        frames.append(melt({"rate": values}, optimizer=optimizer, seed=range(len(values)), x=sizes))
    out.per_seed(name, "slope_difference", found["sgd"] - found["adam"])
    out.curve(name, pd.concat(frames))


def by_batch(artifact: Artifact, field: str) -> dict[tuple[str, int], np.ndarray]:
    """Values [seeds, ...] of a field by optimizer (SGD where the settings name none) and batch size."""
    rows: dict[tuple[str, int], list[int]] = {}
    for row, member in enumerate(members_of(artifact.meta["job"]["settings"])):
        rows.setdefault((member.get("optimizer", "sgd"), member["batch_size"]), []).append(row)
    return {key: artifact[field][chosen] for key, chosen in rows.items()}


def largest_rate(rates: np.ndarray, losses: np.ndarray, level: float) -> np.ndarray:
    """The largest rate of each unit at which the loss is at most `level`, between two points of the grid by logarithms.

    Args:
        rates, losses: [units, points].

    Returns:
        [units], NaN where no loss or the last one is at most `level`.
    """
    found = np.full(len(rates), np.nan)
    for unit, (x, y) in enumerate(zip(np.log(rates), np.log(losses / level), strict=True)):
        stable = np.flatnonzero(y <= 0)
        if len(stable) and (last := stable[-1]) + 1 < len(x):
            step = -y[last] / (y[last + 1] - y[last])  # 0 if the next loss is infinite
            found[unit] = np.exp(x[last] + step * (x[last + 1] - x[last]))
    return found


def within(sizes: np.ndarray, limits: tuple[int, int]) -> np.ndarray:
    """Which sizes lie within the limits, both included."""
    return (np.asarray(sizes) >= limits[0]) & (np.asarray(sizes) <= limits[1])


def slopes(sizes: np.ndarray, values: np.ndarray, limits: tuple[int, int]) -> np.ndarray:
    """Slope of log values [units, sizes] over log size by least squares, over sizes within the limits.

    NaN if a value is not finite, or for fewer than two sizes.
    """
    chosen = within(sizes, limits)
    if chosen.sum() < 2:
        return np.full(len(values), np.nan)
    x = np.log(np.asarray(sizes, float)[chosen])
    y = np.log(np.asarray(values)[:, chosen])
    return ((x - x.mean()) * (y - y.mean(1, keepdims=True))).sum(1) / np.square(x - x.mean()).sum()
