"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact

SMALL, LARGE = 0.01, 0.325  # the two learning rates that are compared
UNLEARNED = 0.25  # mean |y f - 1| on strong samples at the small rate, of a run that has not learned a label
WEAK_SHARE = 1 / 8  # of test points that have the weak feature alone: the paper's 4 of 32
FIELDS = ("weak", "strong", "swing", "growth", "weak_accuracy", "strong_accuracy", "accuracy")
COMPARED = ("weak_accuracy", "strong_accuracy", "accuracy")
SERIES = ("weak", "strong", "deviation")


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    frames = {name: runs(artifact) for name, artifact in artifacts.items()}
    for experiment, frame in frames.items():
        _final(experiment, frame, out)
        out.curve(f"{experiment}_runs", frame)
        out.curve(f"{experiment}_series", series(artifacts[experiment]))
    if "rates" in frames:
        _compared(frames["rates"], out)
    if {"rates", "patient"} <= set(frames):
        _patient(frames["rates"], frames["patient"], out)


def runs(artifact: Artifact) -> pd.DataFrame:
    """One row a run: values at the end, `accuracy` over all test points, `growth` of the weak component."""
    ends = {name: artifact[name][:, -1] for name in ("weak", "strong")}
    flat = {name: artifact[name] for name in ("condition", "seed", "rate", "swing", "weak_accuracy", "strong_accuracy")}
    frame = pd.DataFrame(flat | ends)
    frame["accuracy"] = WEAK_SHARE * frame["weak_accuracy"] + (1 - WEAK_SHARE) * frame["strong_accuracy"]
    frame["growth"] = frame["weak"] / artifact["weak"][:, 0]
    return frame


def series(artifact: Artifact) -> pd.DataFrame:
    """Records over steps as a long table: condition, seed, rate, x, and a column for each curve."""
    names = ("condition", "seed", "rate")
    frames = [
        melt({name: artifact[name][row][None] for name in SERIES}, run=[row], x=artifact["steps"]).assign(
            **{name: artifact[name][row] for name in names}
        )
        for row in range(len(artifact["seed"]))
    ]
    return pd.concat(frames).drop(columns="run")


def by_seed(frame: pd.DataFrame, condition: str, rate: float) -> pd.DataFrame:
    """Runs of a condition at a rate, by seed."""
    rows = frame[(frame["condition"] == condition) & np.isclose(frame["rate"], rate)]
    return rows.set_index("seed")


def _final(experiment: str, frame: pd.DataFrame, out: Tables) -> None:
    for (condition, rate), rows in frame.groupby(["condition", "rate"]):
        place = {"condition": condition, "rate": rate}
        for name in FIELDS:
            out.per_seed(experiment, name, rows[name], place, rows["seed"])
        out.exact(experiment, "finite_share", np.isfinite(rows["weak"]).mean(), place)


def _compared(frame: pd.DataFrame, out: Tables) -> None:
    """Gains of accuracy over the small rate of the same seed, and ratios of the weak component.

    Beside them, how many runs do not learn the strong samples of a label at the small rate, and extremes of the rest.
    """
    for condition, rows in frame.groupby("condition"):
        small = by_seed(frame, condition, SMALL)
        if small.empty:
            continue
        learned = small["swing"] <= UNLEARNED
        out.exact("rates", "unlearned_runs", (~learned).sum(), {"condition": condition})
        for rate in sorted(rows["rate"].unique()):
            place, run = {"condition": condition, "rate": rate}, by_seed(frame, condition, rate)
            for name in COMPARED:
                out.per_seed("rates", f"{name}_gain", run[name] - small[name], place, run.index)
            out.per_seed("rates", "weak_ratio", run["weak"] / small["weak"], place, run.index)
            rest = run[learned]
            for name, value in {"swing": rest["swing"].max(), "growth": rest["growth"].max()}.items():
                out.exact("rates", f"largest_{name}_of_the_rest", value, place)
            out.exact("rates", "smallest_growth_of_the_rest", rest["growth"].min(), place)


def _patient(frame: pd.DataFrame, patient: pd.DataFrame, out: Tables) -> None:
    """Accuracy on weak features at the large rate, less that of the patient runs of the same seed."""
    large = by_seed(frame, "mixed", LARGE)
    for rate, rows in patient.groupby("rate"):
        rest = rows.set_index("seed")["weak_accuracy"]
        both = large.index.intersection(rest.index)
        out.per_seed("patient", "gain_of_large", large["weak_accuracy"][both] - rest[both], {"rate": rate}, both)
