"""Artifacts -> statistics and curves: errors in the units in which bounds are stated. No torch."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact

SCHEDULES = ("inverse_root", "constant", "linear_decay", "late_decay")  # of the worst case, in the order of its arrays
NORMALISED = ("inverse_root", "constant", "tight_decay")  # of its normalised form, and of the guarantee
OVERLONG = "overlong"
SHARP = ("inverse_root", "constant", "linear_decay")
FROM, TO = 64, 1024  # horizons between which growth is measured


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    for name, function in (("worst_case", _worst_case), ("guarantee", _guarantee), ("noisy", _noisy)):
        if name in artifacts:
            function(artifacts[name], out)


def growth(horizons: Sequence[int], values: np.ndarray) -> np.ndarray:
    """Growth of values [..., H] per unit of ln T between `FROM` and `TO`, both among the horizons [H]."""
    first, last = (list(horizons).index(each) for each in (FROM, TO))
    return (values[..., last] - values[..., first]) / np.log(TO / FROM)


def grows(horizons: Sequence[int]) -> bool:
    """Whether growth can be measured between these horizons."""
    return {FROM, TO} <= set(horizons)


def first_above(horizons: np.ndarray, values: np.ndarray) -> float:
    """The smallest horizon [H] at which a value [H] exceeds 1; infinite where none does."""
    above = np.asarray(values) > 1
    return float(horizons[above.argmax()]) if above.any() else np.inf


def _worst_case(artifact: Artifact, out: Tables) -> None:
    settings = artifact.meta["job"]["settings"]
    horizons = np.array(settings["horizons"])
    root = np.sqrt(horizons)[:, None]
    scaled = {name: root * artifact[name] for name in ("last", "average", "suffix", "normalised")}
    _last(horizons, scaled["last"], out)
    _normalised(horizons, scaled["normalised"], out)
    for name in ("average", "suffix", "last"):
        for extreme in ("min", "max"):
            value = getattr(scaled[name][:, 0], extreme)()
            out.exact("worst_case", {"min": "smallest", "max": "largest"}[extreme], value, {"iterate": name})
    for name in ("identity", "identity_before"):
        out.exact(
            "worst_case", "identity_error", artifact[name].max(), {"average": "before" if "_" in name else "after"}
        )
    shuffled = np.sqrt(settings["shuffled_horizons"]) * artifact["shuffled"]
    if grows(settings["shuffled_horizons"]):
        out.per_seed("worst_case", "shuffled_growth", growth(settings["shuffled_horizons"], shuffled))
    _sound(artifact, out)
    long = np.sqrt(settings["long_horizons"])[:, None] * artifact["long"]
    ends = np.log(settings["long_horizons"][-2:])
    for number, name in enumerate(SCHEDULES):
        slope = (long[-1, number] - long[-2, number]) / (ends[1] - ends[0])
        out.exact("worst_case", "long_slope", slope, {"schedule": name})
        out.exact("worst_case", "long_level", long[-1, number], {"schedule": name})
    averages = melt(
        np.stack([scaled[name][:, 0] for name in ("average", "suffix")]), schedule=["average", "suffix"], x=horizons
    )
    out.curve("last", pd.concat([melt(scaled["last"].T, schedule=list(SCHEDULES), x=horizons), averages]))
    out.curve("normalised", melt(scaled["normalised"].T, schedule=list(NORMALISED), x=horizons))
    out.curve("shuffled", melt(shuffled, seed=range(len(shuffled)), x=settings["shuffled_horizons"]))


def _last(horizons: np.ndarray, last: np.ndarray, out: Tables) -> None:
    """sqrt(T) f(last) [H, 4] by horizon, its growth, and how far above the lower bound it stays."""
    for number, name in enumerate(SCHEDULES):
        for horizon, value in zip(horizons, last[:, number], strict=True):
            out.exact("worst_case", "last", value, {"horizon": horizon, "schedule": name})
        if grows(horizons):
            out.exact("worst_case", "growth", growth(horizons, last[:, number]), {"schedule": name})
        ratio = last[:, number] / (np.log(horizons) / 32)
        out.exact("worst_case", "over_lower_bound", ratio.min(), {"schedule": name})


def _normalised(horizons: np.ndarray, values: np.ndarray, out: Tables) -> None:
    """sqrt(T) f(last) / (B R) [H, 3] by horizon, and the first horizon at which it exceeds 1."""
    for number, name in enumerate(NORMALISED):
        for horizon, value in zip(horizons, values[:, number], strict=True):
            out.exact("worst_case", "normalised", value, {"horizon": horizon, "schedule": name})
        out.exact("worst_case", "first_above", first_above(horizons, values[:, number]), {"schedule": name})


def _sound(artifact: Artifact, out: Tables) -> None:
    """Whether the oracle did what it must, the closed form, the matrix form, and the minimum."""
    out.exact("worst_case", "in_order_share", artifact["in_order"].mean())
    out.exact("worst_case", "largest_norm", artifact["norm"].max())
    out.exact("worst_case", "closed_error", np.abs(artifact["closed"] - artifact["last"]).max())
    out.exact("worst_case", "hull_error", artifact["hull"].max())
    settings = artifact.meta["job"]["settings"]
    sizes, known = settings["dense_horizons"], list(settings["horizons"])
    for number, size in enumerate(sizes):
        for name, column in (("exact_ties", 0), ("dense", 1)):
            out.exact(
                "worst_case", "last", size**0.5 * artifact["dense"][number, column], {"horizon": size, "schedule": name}
            )
    rows = [
        (artifact["dense"][number, 1], artifact["last"][known.index(size), 0])
        for number, size in enumerate(sizes)
        if size in known
    ]
    out.exact("worst_case", "dense_error", max((abs(a - b) for a, b in rows), default=np.nan))


def _guarantee(artifact: Artifact, out: Tables) -> None:
    """Errors over the bound: where it is attained, and on random problems."""
    for name in ("attained", "touched"):
        for number, schedule in enumerate(NORMALISED):
            error = np.abs(artifact[name][:, number] - 1).max()
            out.exact("guarantee", "distance_from_bound", error, {"problem": name, "schedule": schedule})
    for number, schedule in enumerate((*NORMALISED, OVERLONG)):
        out.per_seed("guarantee", "ratio", artifact["ratio"][:, number], {"schedule": schedule})
    out.exact("guarantee", "minimum_error", artifact["residual"].max())
    sizes = artifact.meta["job"]["settings"]["sizes"]
    out.curve("attained", melt(artifact["attained"].T, schedule=list(NORMALISED), x=sizes))
    frames = [
        pd.DataFrame({"schedule": name, "steps": artifact["steps"], "ratio": artifact["ratio"][:, number]})
        for number, name in enumerate(NORMALISED)
    ]
    out.curve("ratios", pd.concat(frames))


def _noisy(artifact: Artifact, out: Tables) -> None:
    """T E F of the quadratic by law and by runs; sqrt(T) E F of the norm by group of runs."""
    s = artifact.meta["job"]["settings"]
    steps = np.arange(s["steps"] + 1)
    exact = steps * artifact["exact"]
    for number, multiple in enumerate(s["multiples"]):
        place = {"multiple": multiple}
        out.exact("noisy", "scaled_error", exact[number, -1], place)
        tenth = s["steps"] // 10
        unit = np.log(s["steps"] / tenth)
        out.exact("noisy", "error_growth", (exact[number, -1] - exact[number, tenth]) / unit, place)
        out.exact("noisy", "error_power", np.log(exact[number, -1] / exact[number, tenth]) / unit, place)
    law = artifact["exact"][s["multiples"].index(s["checked_multiple"]), s["checked_steps"]]
    out.per_seed("noisy", "checked_ratio", artifact["checked"] / law)
    shown = np.unique(np.geomspace(1, s["steps"], 60).astype(int))
    out.curve("quadratic", melt(exact[:, shown], multiple=s["multiples"], x=shown))
    sharp = np.sqrt(s["horizons"])[:, None, None] * artifact["sharp"]
    names = {"dimension": s["dimensions"], "x": s["horizons"], "schedule": list(SHARP)}
    out.curve("sharp", melt(sharp, **names, seed=range(sharp.shape[-1])))
    for d, dimension in enumerate(s["dimensions"]):
        for h, horizon in enumerate(s["horizons"]):
            for number, schedule in enumerate(SHARP):
                place = {"dimension": dimension, "horizon": horizon, "schedule": schedule}
                values = sharp[d, h]
                out.per_seed("noisy", "sharp", values[number], place)
                out.per_seed("noisy", "over_decay", values[number] / values[SHARP.index("linear_decay")], place)
