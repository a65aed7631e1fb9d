"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from replications.sgd_stability.sclocchi2023.theory import test_error
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact

CHIS = ("chi0", "chi1", "chi3")  # conditions over training set sizes
HEATS = ("heat0", "heat1")  # conditions over temperatures
STEP = 4.0  # ratio of temperatures that training times are compared at
BATCHES = ("batch8", "batch64", "rate8")  # compared with `batch1`


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "perceptron" in artifacts:
        _perceptron(runs(artifacts["perceptron"]), out)
    if "network" in artifacts:
        _network(runs(artifacts["network"]), out)


def runs(artifact: Artifact) -> pd.DataFrame:
    """One row a run, with `time` (t*, learning rate times steps) and `fitted`; of the perceptron also `error`."""
    names = [name for name in artifact if np.ndim(artifact[name]) == 1]
    frame = pd.DataFrame({name: artifact[name] for name in names})
    frame["fitted"] = frame["left"] == 0
    if "draws" in frame:
        frame["time"] = frame["temperature"] * frame["draws"]
        frame["share"] = frame["signal"] / frame["norm"]
        frame["error"] = test_error(frame["signal"], frame["norm"], frame["chi"])
    return frame


def table(frame: pd.DataFrame, condition: str, field: str, along: str) -> pd.DataFrame:
    """A field of a condition by seed (rows) and by size, temperature, ... (columns); NaN where a run was not fitted.

    Empty where something else varies too.
    """
    rows = frame[frame["condition"] == condition]
    if rows.duplicated(["seed", along]).any():
        rows = rows[:0]
    return rows.assign(kept=rows[field].where(rows["fitted"])).pivot(index="seed", columns=along, values="kept")


def slopes(values: pd.DataFrame) -> pd.Series:
    """Slope of the logarithms over those of the columns by least squares, by seed; NaN where a value is missing.

    Empty with fewer than two columns.
    """
    if len(values.columns) < 2:
        return pd.Series(dtype=float)
    x = np.log(values.columns.to_numpy(float))
    x = x - x.mean()
    return np.log(values) @ pd.Series(x / (x @ x), values.columns)


def _series(out: Tables, experiment: str, statistic: str, values: pd.Series, condition: Mapping) -> None:
    out.per_seed(experiment, statistic, values, condition, values.index)


def _common(experiment: str, frame: pd.DataFrame, out: Tables, fields: Sequence[str]) -> None:
    """Every value of every run, how many runs were fitted, and geometric means for the figures."""
    axes = ["condition", "size", "alpha", "temperature"]
    for place, rows in frame.groupby(axes):
        name = dict(zip(axes, place, strict=True))
        for field in fields:
            never = ~rows["fitted"] if field == "time" else None
            out.per_seed(experiment, field, rows[field], name, rows["seed"], never)
        out.exact(experiment, "fitted_share", rows["fitted"].mean(), name)
    for condition, rows in frame.groupby("condition"):
        out.exact(experiment, "fitted_share", rows["fitted"].mean(), {"condition": condition})
    out.curve(f"{experiment}_runs", frame)


def _perceptron(frame: pd.DataFrame, out: Tables) -> None:
    _common("perceptron", frame, out, ("time", "norm", "share", "error"))
    fits = {}
    for condition in CHIS:
        for field in ("norm", "time"):
            fits[condition, field] = slopes(table(frame, condition, field, "size"))
            _series(out, "perceptron", f"{field}_exponent", fits[condition, field], {"condition": condition})
    for field in ("norm", "time"):
        gap = fits["chi0", field] - fits["chi1", field]
        _series(out, "perceptron", f"{field}_exponent_gap", gap, {"from": "chi1", "to": "chi0"})
    for condition in HEATS:
        for field in ("time", "draws"):
            values = table(frame, condition, field, "temperature")
            for low in (heat for heat in values.columns if STEP * heat in values):
                place = {"condition": condition, "temperature": low}
                _series(out, "perceptron", f"{field}_ratio", values[STEP * low] / values[low], place)
    _batches(frame, out)
    _scaled(frame, out)


def one_by_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """Runs by seed; none where a seed has several."""
    return (rows[:0] if rows["seed"].duplicated().any() else rows).set_index("seed")


def _batches(frame: pd.DataFrame, out: Tables) -> None:
    """Training time and norm with larger batches over those with single samples, at fixed temperature or fixed rate."""
    single = one_by_seed(frame[frame["condition"] == "batch1"])
    for condition in BATCHES:
        rows = one_by_seed(frame[frame["condition"] == condition])
        both = rows.index.intersection(single.index)
        fitted = rows["fitted"][both] & single["fitted"][both]
        for field in ("time", "norm"):
            ratio = (rows[field][both] / single[field][both]).where(fitted)
            _series(out, "perceptron", f"batch_{field}_ratio", ratio, {"condition": condition})


def _scaled(frame: pd.DataFrame, out: Tables) -> None:
    """Largest relative difference of alpha w and of the samples drawn between runs of equal alpha T, by seed."""
    keys = ["seed", "size", "product"]
    rescaled = frame.assign(
        product=frame["alpha"] * frame["temperature"],
        norm=frame["alpha"] * frame["norm"],
        signal=frame["alpha"] * frame["signal"],
    )
    scaled, plain = (rescaled[rescaled["condition"] == name] for name in ("scaled", "heat1"))
    both = one_by_seed(scaled.merge(plain, on=keys, suffixes=("", "_plain")))
    fields = ("norm", "signal", "draws")
    differences = pd.DataFrame({name: both[name] / both[f"{name}_plain"] - 1 for name in fields})
    _series(out, "perceptron", "scaling_difference", differences.abs().max(axis=1, skipna=False), {})


def _network(frame: pd.DataFrame, out: Tables) -> None:
    _common("network", frame, out, ("time", "test_error", "change"))
    for condition in ("lazy", "cold"):
        for field in ("time", "steps", "change"):
            fit = slopes(table(frame, condition, field, "temperature"))
            _series(out, "network", f"{field}_heat_exponent", fit, {"condition": condition})
    _series(out, "network", "time_exponent", slopes(table(frame, "grow", "time", "size")), {"condition": "grow"})
    for alpha, rows in frame[frame["condition"] == "pair"].groupby("alpha"):
        errors = table(rows, "pair", "test_error", "temperature")
        if len(errors.columns) > 1:
            gain = errors.iloc[:, 0] - errors.iloc[:, -1]
            _series(out, "network", "noise_gain", gain, {"alpha": alpha})
