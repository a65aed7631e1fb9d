"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, melt, paired, ratio
from verifig.training.artifacts import Artifact

SETTLED = 50  # steps from which the Gauss-Newton part is compared with the Hessian


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "linear" in artifacts:
        _linear(Series(artifacts["linear"], "steps"), out)
        _direct(artifacts["linear"], out)
    if "digits" in artifacts:
        _digits(artifacts["digits"], out)


def _linear(series: Series, out: Tables) -> None:
    frames = []
    for condition, settings in series.settings.items():
        place, sharp, loss = {"condition": condition}, series[condition, "sharpness"], series[condition, "loss"]
        growth = ratio(sharp[:, -1], sharp[:, 0])
        out.per_seed("linear", "growth", growth, place)
        out.per_seed("linear", "relative_change", np.abs(growth - 1), place)
        out.per_seed("linear", "edge", settings["learning_rate"] * sharp[:, -1] / 2, place)
        out.per_seed("linear", "sharpness", sharp[:, -1], place)
        out.per_seed("linear", "loss_left", ratio(loss[:, -1], loss[:, 0]), place)
        frames.append(_curves(series, condition, settings))
        if settings["hessian"]:
            _hessian(series, condition, out)
    for arm in ("mup", "ntp", "unscaled", "edge"):
        _across_widths(series, arm, out)
    out.curve("sharpness", pd.concat(frames))


def arm_of(condition: str) -> str:
    """A condition's name without the width at its end: `mup` of `mup_64`."""
    arm, _, width = condition.rpartition("_")
    return arm if width.isdigit() else condition


def _curves(series: Series, condition: str, settings: Mapping) -> pd.DataFrame:
    """Curves of a condition; its arm is the part of its name before the width."""
    arm, sharp = arm_of(condition), series[condition, "sharpness"]
    fields = {"sharpness": sharp, "edge": settings["learning_rate"] * sharp / 2, "loss": series[condition, "loss"]}
    fields["over_hessian"] = ratio(sharp, series[condition, "hessian"])
    return melt(fields, arm=arm, width=settings["width"], seed=range(len(sharp)), x=series.points)


def _hessian(series: Series, condition: str, out: Tables) -> None:
    """The Gauss-Newton part's largest eigenvalue over that of the Hessian: at the start, and the lowest from step 50 on."""
    share = ratio(series[condition, "sharpness"], series[condition, "hessian"])
    settled = series.points >= min(SETTLED, series.points[-1])
    out.per_seed("linear", "gauss_newton_ratio_at_start", share[:, 0], {"condition": condition})
    out.per_seed("linear", "gauss_newton_ratio_settled", share[:, settled].min(1), {"condition": condition})


def _across_widths(series: Series, arm: str, out: Tables) -> None:
    """Largest over smallest of the last sharpness over widths, by seed; and without the factor gamma squared."""
    names = [name for name in series.settings if arm_of(name) == arm]
    if len(names) < 2:
        return
    last = np.array(paired(*(series.last(name, "sharpness") for name in names)))
    settings = [series.settings[name] for name in names]
    squared = np.array([[each["width"] if each["parametrisation"] == "mup" else 1] for each in settings])
    place = {"arm": arm}
    out.per_seed("linear", "width_ratio", ratio(last.max(0), last.min(0)), place)
    bare = last / squared
    out.per_seed("linear", "width_ratio_bare", ratio(bare.max(0), bare.min(0)), place)


def _direct(artifact: Artifact, out: Tables) -> None:
    for name, loss, sharp in zip(
        ("mup", "ntp"), artifact["direct_loss_error"], artifact["direct_sharpness_error"], strict=True
    ):
        out.exact("linear", "direct_loss_error", loss, {"parametrisation": name})
        out.exact("linear", "direct_sharpness_error", sharp, {"parametrisation": name})


def _digits(artifact: Artifact, out: Tables) -> None:
    """Best learning rates of the grid by seed; their shift with the width in factors of two; losses at a fixed rate."""
    losses = Series(Artifact({**artifact, "rate": np.arange(artifact["rates"].shape[1])}, artifact.meta), "rate")
    best, frames = {}, []
    for condition, settings in losses.settings.items():
        grid, place = np.isfinite(losses[condition, "rates"][0]), {"condition": condition}
        loss, rates = losses[condition, "loss"][:, grid], np.log2(losses[condition, "rates"][:, grid])
        place_of_best = loss.argmin(1)
        best[condition] = np.take_along_axis(rates, place_of_best[:, None], 1)[:, 0]
        out.per_seed("digits", "best_rate", best[condition], place)
        out.per_seed("digits", "best_loss", loss.min(1), place)
        out.per_seed("digits", "inside", (place_of_best > 0) & (place_of_best < loss.shape[1] - 1), place)
        labels = {"arm": arm_of(condition), "width": settings["width"]}
        frames.append(melt(loss, **labels, seed=range(len(loss)), x=2 ** rates[0]))
    for arm in ("mup", "ntp"):
        names = sorted((name for name in best if arm_of(name) == arm and name != arm), key=_width)
        for narrow, wide in itertools.combinations(names, 2):
            place = {"arm": arm, "widths": f"{_width(wide)}/{_width(narrow)}"}
            low, high = paired(best[narrow], best[wide])
            out.per_seed("digits", "shift", high - low, place)
            if arm == "mup":  # on the axis of the weights' own rates, which are the width times those of the grid
                wider = losses.settings[wide]["width"] / losses.settings[narrow]["width"]
                out.per_seed("digits", "shift", high - low + np.log2(wider), place | {"arm": "unscaled"})
            at_one = [losses[name, "loss"][:, losses[name, "rates"][0] == 1] for name in (narrow, wide)]
            if all(each.shape[1] for each in at_one):
                out.per_seed("digits", "loss_ratio", ratio(*(each[:, 0] for each in at_one)), place)
    out.curve("rates", pd.concat(frames))


def _width(condition: str) -> int:
    """The width at the end of a condition's name."""
    return int(condition.rpartition("_")[2])
