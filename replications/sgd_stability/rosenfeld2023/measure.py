"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact

WINDOW = 20  # changes of loss up to the spike that are correlated
SHOWN = 200  # steps of the figures of groups


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    with np.errstate(
        divide="ignore", invalid="ignore", over="ignore"
    ):  # of diverged runs, whose statistics are not finite
        for name in ("minimum", "edge"):
            if name in artifacts:
                _toy(name, Series(artifacts[name], "steps"), out)
                for statistic in ("direct_hessian_error", "direct_loss_error"):
                    out.exact(name, statistic, artifacts[name][statistic].max())
        if "network" in artifacts:
            _network(Series(artifacts["network"], "steps"), out)


def _toy(experiment: str, series: Series, out: Tables) -> None:
    frames, groups, changes = [], [], []
    for condition, settings in series.settings.items():
        place, threshold = {"condition": condition}, 2 / settings["learning_rate"]
        sharp, both = series[condition, "sharpness"], series[condition, "groups"][..., :2]
        gauss_newton = series[condition, "gauss_newton"]
        valley = settings["beta"] * settings["outlier_share"] * settings["outlier_size"] ** 2
        if valley:
            out.per_seed(experiment, "over_closed_form", sharp[:, -1] / valley, place)
            out.per_seed(experiment, "over_target", sharp[:, -1] / settings["beta"], place)
        out.per_seed(experiment, "lowest", sharp.min(1) / sharp[:, 0], place)
        out.per_seed(experiment, "lowest_gauss_newton", gauss_newton.min(1) / gauss_newton[:, 0], place)
        out.per_seed(experiment, "final_over_threshold", sharp[:, -1] / threshold, place)
        out.per_seed(experiment, "peak_over_threshold", sharp.max(1) / threshold, place)
        out.per_seed(experiment, "spike", both.mean(2).max(1) / both[:, 0].mean(1), place)
        out.per_seed(experiment, "loss_left", series[condition, "loss"][:, -1] / series[condition, "loss"][:, 0], place)
        labels = {"condition": condition, "seed": range(len(sharp)), "x": series.points}
        fields = {"sharpness": sharp, "gauss_newton": gauss_newton, "loss": series[condition, "loss"]}
        frames.append(melt(fields | {"over_valley": sharp / (valley or np.nan)}, **labels, beta=settings["beta"]))
        if experiment == "edge":
            last, never = spikes(sharp > threshold, both.mean(2))
            moves = np.diff(both, axis=1)
            correlation = [
                series.points[-1] if unseen else correlation_before(unit, end)
                for unit, end, unseen in zip(moves, last, never, strict=True)
            ]
            out.per_seed(experiment, "correlation", correlation, place, never=never)
            groups.append(_shown(series, condition))
            changes.append(_window(moves, np.where(never, 0, last), condition))
    out.curve(f"{experiment}_sharpness", pd.concat(frames))
    if groups:
        out.curve("groups", pd.concat(groups))
        out.curve("changes", pd.concat(changes))


def spikes(above: np.ndarray, loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When the loss of the outliers is highest once the sharpness has been above the threshold.

    Args:
        above, loss: [units, T].

    Returns:
        (numbers of the records [units], never [units]); never where the sharpness was not above, or the first
        `WINDOW` changes are not over by then.
    """
    begun = np.maximum.accumulate(above, axis=1)
    last = np.where(begun, loss, -np.inf).argmax(1)
    return last, ~above.any(1) | (last < WINDOW)


def correlation_before(changes: np.ndarray, end: int) -> float:
    """Correlation of the loss changes [T - 1, 2] of two groups over the `WINDOW` steps up to record number `end`."""
    return np.corrcoef(changes[end - WINDOW : end].T)[0, 1]


def _shown(series: Series, condition: str) -> pd.DataFrame:
    """Group losses and the outlier feature's part of the output over the first steps."""
    early = series.points <= SHOWN
    groups = series[condition, "groups"][:, early]
    fields = {"positive": groups[..., 0], "negative": groups[..., 1], "rest": groups[..., 2]}
    fields |= {"output": series[condition, "output"][:, early]}
    return melt(fields, condition=condition, seed=range(len(groups)), x=series.points[early])


def _window(changes: np.ndarray, last: np.ndarray, condition: str) -> pd.DataFrame:
    """Loss changes of the two groups over the steps up to the spike, one row a step and seed; none where `last` is 0."""
    frames = [pd.DataFrame(columns=["condition", "seed", "x", "positive", "negative"])]
    for seed, (unit, end) in enumerate(zip(changes, last, strict=True)):
        part = unit[max(end - WINDOW, 0) : end]
        fields = {"positive": part[:, 0], "negative": part[:, 1]}
        frames.append(melt(fields, condition=condition, seed=seed, x=np.arange(end - len(part), end)))
    return pd.concat([frame for frame in frames if len(frame)] or frames)


def _network(series: Series, out: Tables) -> None:
    """Means over the last third of training; loss changes of the followed groups from when they were chosen on."""
    frames, followed = [], []
    late = series.points > 2 * series.points[-1] / 3
    for condition, settings in series.settings.items():
        place = {"condition": condition}
        for name in ("turn_up", "turn_down", "overlap"):
            values = series[condition, name]
            out.per_seed("network", name, values[:, late].mean(1), place)
            frames.append(melt(values, curve=name, condition=condition, seed=range(len(values)), x=series.points))
        loss, level = series[condition, "loss"], 2 / settings["learning_rate"]
        out.per_seed("network", "sharpness_over_threshold", series.last(condition, "sharpness") / level, place)
        out.per_seed("network", "loss_left", loss[:, -1] / loss[:, 0], place)
        after = series.points > settings["follow_from"] + 1
        fields = {name: np.diff(series[condition, name][:, after], axis=1) for name in ("up", "down", "loss")}
        followed.append(melt(fields, condition=condition, seed=range(len(loss)), x=series.points[after][:-1]))
    out.curve("network_turns", pd.concat(frames))
    out.curve("followed", pd.concat(followed))
