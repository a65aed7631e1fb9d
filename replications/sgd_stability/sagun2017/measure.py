"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, melt, paired, ratio
from verifig.training.artifacts import Artifact

OUTLIER = 0.05  # of the largest eigenvalue: above it an eigenvalue is an outlier
BULK = 0.01  # of the largest eigenvalue: below it in absolute value an eigenvalue is part of the bulk
EARLY = 100  # steps from which the residual part is fitted against the loss
PAIRS = (("classes_10", "classes_5"), ("classes_5", "classes_2"), ("classes_10", "classes_2"), ("width_16", "classes_5"),
         ("classes_5", "width_4"), ("width_16", "width_4"))  # fmt: skip
GROUPS = {"widths": ("width_4", "classes_5", "width_16"), "classes": ("classes_2", "classes_5", "classes_10")}


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "networks" in artifacts:
        _networks(Series(artifacts["networks"], "steps"), out)
        for name in ("zero_residual_error", "difference_error"):
            out.exact("networks", name, float(artifacts["networks"][name]))
    if "path" in artifacts:
        _path(artifacts["path"], out)


def spectrum(values: np.ndarray, classes: int) -> dict[str, np.ndarray]:
    """Statistics [seeds] of eigenvalues [seeds, P], increasing, of networks with C classes.

    `outliers`: number above 5 % of the largest; `outside`: number of at least 1 % of it in absolute value; `bulk`: share of all
    others; `lowest`: smallest over largest; `top_share`: the C - 1 largest over the sum of all.
    """
    top = values[:, -1:]
    outside = (np.abs(values) >= BULK * top).sum(1)
    return {
        "outliers": (values > OUTLIER * top).sum(1),
        "outside": outside,
        "bulk": 1 - outside / values.shape[1],
        "lowest": ratio(values[:, 0], values[:, -1]),
        "top_share": ratio(values[:, 1 - classes :].sum(1), values.sum(1)),
    }


def _networks(series: Series, out: Tables) -> None:
    last, ranks, along = {}, [], []
    for condition, settings in series.settings.items():
        place = {"condition": condition}
        values, loss = series[condition, "eigenvalues"], series[condition, "loss"]
        values = values[..., np.isfinite(values).any((0, 1))]
        norms = series[condition, "residual"]
        measured = np.flatnonzero(np.isfinite(norms).any(0))
        for step, suffix in ((measured[-1], ""), (measured[0], "_at_start")):
            found = spectrum(values[:, step], settings["classes"])
            found["residual"] = ratio(norms[:, step], values[:, step, -1])
            for name, each in found.items():
                out.per_seed("networks", name + suffix, each, place)
            last.setdefault(condition, found)
        out.per_seed("networks", "loss", loss[:, -1], place)
        out.per_seed("networks", "loss_left", ratio(loss[:, -1], loss[:, 0]), place)
        out.per_seed("networks", "accuracy", series[condition, "accuracy"][:, -1], place)
        ranks.append(_ranks(values[:, measured[-1]], condition))
        if len(measured) > 2:
            fields = {"loss": loss, "residual": norms, "largest": values[..., -1]}
            fields = {name: each[:, measured] for name, each in fields.items()}
            _slopes(fields, series.points[measured], place, out)
            along.append(melt(fields, condition=condition, seed=range(len(loss)), x=series.points[measured]))
    _across(last, out)
    out.curve("ranks", pd.concat(ranks))
    if along:
        out.curve("along", pd.concat(along))
    out.curve("counts", pd.concat([_counts(series, condition, found) for condition, found in last.items()]))


def _ranks(values: np.ndarray, condition: str) -> pd.DataFrame:
    """Eigenvalues over the largest of the first seed, by rank of their absolute value."""
    values = values[0][np.argsort(-np.abs(values[0]))]
    return melt(values / values[0], condition=condition, x=np.arange(1, len(values) + 1))


def _counts(series: Series, condition: str, found: Mapping[str, np.ndarray]) -> pd.DataFrame:
    settings = series.settings[condition]
    labels = {"condition": condition, "classes": settings["classes"], "width": settings["width"]}
    return melt(found, **labels, seed=range(series.seeds(condition)))


def _slopes(fields: Mapping[str, np.ndarray], steps: np.ndarray, place: Mapping, out: Tables) -> None:
    """Exponents of |H - G| and of the largest eigenvalue as powers of the loss, from step 100 on."""
    late = steps >= EARLY
    if late.sum() < 2:
        return
    x = np.log(fields["loss"][:, late])
    x = x - x.mean(1, keepdims=True)
    for name, statistic in (("residual", "residual_exponent"), ("largest", "largest_exponent")):
        y = np.log(fields[name][:, late])
        out.per_seed("networks", statistic, ratio((x * y).sum(1), (x**2).sum(1)), place)


def _across(last: Mapping[str, Mapping[str, np.ndarray]], out: Tables) -> None:
    """Differences between conditions and ranges over groups of them, by seed."""
    for high, low in PAIRS:
        if {high, low} <= set(last):
            place = {"pair": f"{high}/{low}"}
            for name in ("outliers", "bulk"):
                out.per_seed("networks", f"more_{name}", difference(last[high][name], last[low][name]), place)
            out.per_seed("networks", "outside_ratio", ratio(last[high]["outside"], last[low]["outside"]), place)
    for group, names in GROUPS.items():
        if set(names) <= set(last):
            counts = np.array(paired(*(last[name]["outliers"] for name in names)))
            out.per_seed("networks", "outlier_range", np.ptp(counts, axis=0), {"group": group})


def _path(artifact: Artifact, out: Tables) -> None:
    """How far the loss on the line rises above the chord between its ends, over the loss at the start."""
    lines = Series(artifact, "at")
    share, frames = lines.points, []
    for condition in lines.settings:
        place, line = {"condition": condition}, lines[condition, "line"]
        first = lines[condition, "first_loss"]
        chord = line[:, :1] * (1 - share) + line[:, -1:] * share
        out.per_seed("path", "barrier", ratio((line - chord).max(1), first), place)
        out.per_seed("path", "distance", lines[condition, "distance"], place)
        out.per_seed("path", "large_left", ratio(line[:, 0], first), place)
        out.per_seed("path", "small_left", ratio(line[:, -1], first), place)
        frames.append(melt(line / first[:, None], condition=condition, seed=range(len(line)), x=share))
    out.curve("line", pd.concat(frames))
