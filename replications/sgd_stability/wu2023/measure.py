"""Artifacts -> statistics and curves. One value per seed, instance or group for each statistic; no torch."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact

NAMED = (0.01, 0.0316, 0.1)  # learning rates of Figure R2 that the claims name
DYNAMICS = 0.0316  # of Figure R1
COLUMNS = ("condition", "seed", "axis", "learning_rate", "batch_size", "initial_ratio", "algorithm", "clip")
SERIES = ("train_loss", "test_loss", "tr", "path_norm", "l1", "peak_norm", "clipped", "balance")


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    parts = {"relu": _relu, "diagonal": _diagonal, "balance": _balance, "batch_size": _batch_size}
    runs = []
    for experiment, statistics in parts.items():
        if experiment in artifacts:
            frame = final_values(artifacts[experiment])
            _common(experiment, frame, out)
            statistics(frame, out)
            runs.append(frame.assign(model=experiment))
            out.curve(f"{experiment}_series", _series(artifacts[experiment]))
    if runs:
        out.curve("runs", pd.concat(runs))
    if "escape" in artifacts:
        _escape(artifacts["escape"], out)
    if "thresholds" in artifacts:
        _thresholds(artifacts["thresholds"], out)


def final_values(artifact: Artifact) -> pd.DataFrame:
    """One row a run: its settings, everything recorded at the end, initial trace, and the ratios to the bounds.

    `trace_ratio` = eta tr / 2; `sharp_ratio` = eta g4 / (2 tr); `lmax_ratio` = eta lmax / 2; `threshold_ratio` = eta / eta*;
    `converged`: final training loss below `converged_below`.
    """
    iteration = artifact["iteration"]
    last = (~np.isnan(iteration)).sum(1) - 1
    rows = np.arange(len(last))
    frame = pd.DataFrame({name: artifact[name] for name in COLUMNS})
    for name in artifact:
        if name not in COLUMNS and artifact[name].shape == iteration.shape:
            frame[name] = artifact[name][rows, last]
    eta = frame["learning_rate"]
    frame["initial_trace_ratio"] = eta * artifact["tr"][:, 0] / 2
    frame["trace_ratio"] = eta * frame["tr"] / 2
    frame["lmax_ratio"] = eta * frame["lmax"] / 2
    frame["sharp_ratio"] = eta * frame["g4"] / (2 * frame["tr"])
    frame["threshold_ratio"] = eta / frame["threshold"]
    frame["frobenius_ratio"] = eta * frame["fro"] * np.sqrt(frame["alignment"])
    # instruments broken on purpose: Hessian of a loss without the factor 1/2, half the learning rate reported,
    # and the Fisher matrix of a single averaged gradient
    frame["sharp_ratio_missing_half"] = 2 * frame["sharp_ratio"]
    frame["trace_ratio_wrong_rate"] = frame["trace_ratio"] / 2
    frame["trace_ratio_rank_one"] = eta * frame["mean_gradient"] / 2
    frame["converged"] = frame["train_loss"] < artifact.meta["job"]["settings"]["converged_below"]
    return frame


def _series(artifact: Artifact) -> pd.DataFrame:
    """Curves over iterations as a long table: curve, condition, seed, axis, x, value; clipped as share of an interval."""
    frames = []
    iteration = artifact["iteration"]
    for field in SERIES:
        if field not in artifact:
            continue
        values = artifact[field]
        if field == "clipped":
            steps = np.diff(iteration, axis=1, prepend=0)
            values = np.divide(np.diff(values, axis=1, prepend=0), steps, out=np.zeros_like(values), where=steps > 0)
        for row in range(len(values)):
            good = ~np.isnan(values[row]) & ~np.isnan(iteration[row])
            columns = {
                name: artifact[name][row] for name in ("condition", "seed", "axis", "batch_size", "initial_ratio")
            }
            frames.append(
                pd.DataFrame({"curve": field, "x": iteration[row][good], "value": values[row][good]}).assign(**columns)
            )
    return pd.concat(frames)


def select(frame: pd.DataFrame, condition: str, **values: float) -> pd.DataFrame:
    """Runs of a condition with the given settings, by seed."""
    rows = frame[frame["condition"] == condition]
    for name, value in values.items():
        rows = rows[np.isclose(rows[name], value)]
    return rows.sort_values("seed")


SHOWN = (
    "train_loss", "test_loss", "test_nmse", "sign_mismatch", "tr", "lmax", "fro", "path_norm", "l1", "balance", "last_clipped", "clipped",
    "initial_trace_ratio", "trace_ratio", "lmax_ratio", "sharp_ratio", "threshold_ratio", "frobenius_ratio", "alignment",
    "trace_ratio_wrong_rate", "trace_ratio_rank_one",
)  # fmt: skip


def _common(experiment: str, frame: pd.DataFrame, out: Tables) -> None:
    """Every final value of every run, and how many runs of a condition did not converge."""
    for (condition, axis, batch, ratio), rows in frame.groupby(
        ["condition", "axis", "batch_size", "initial_ratio"], dropna=False
    ):
        rows = rows.sort_values("seed")
        name = {"condition": condition, "axis": axis}
        name |= {"batch": batch} if experiment == "batch_size" or frame["batch_size"].nunique() > 1 else {}
        name |= {"ratio": ratio} if not np.isnan(ratio) else {}
        for statistic in SHOWN:
            if statistic in rows:
                out.per_seed(experiment, statistic, rows[statistic], name, rows["seed"])
    for condition, rows in frame.groupby("condition"):
        name = {"condition": condition}
        out.exact(experiment, "unconverged_share", 1 - rows["converged"].mean(), name)
        out.exact(experiment, "unconverged_runs", (~rows["converged"]).sum(), name)
        out.exact(experiment, "runs", len(rows), name)
        out.exact(experiment, "finite_share", np.isfinite(rows["train_loss"]).mean(), name)


def worst_by_seed(
    rows: pd.DataFrame, values: pd.Series, keep: pd.Series | None = None, largest: bool = True
) -> pd.Series:
    """Worst value of each seed over its runs (those to `keep`); NaN if one of them is NaN or none is left."""
    kept = values if keep is None else values[keep]
    groups = kept.groupby(rows["seed"])
    worst = groups.agg(lambda each: each.max(skipna=False) if largest else each.min(skipna=False))
    return worst.reindex(sorted(rows["seed"].unique()))


def _worst(experiment: str, statistic: str, worst: pd.Series, out: Tables, condition: str) -> None:
    out.per_seed(experiment, statistic, worst, {"condition": condition}, worst.index)


def _paired(experiment: str, statistic: str, first: pd.DataFrame, second: pd.DataFrame, field: str, out, name) -> None:
    """Ratio of a field between two sets of runs of the same seeds, one run a seed (none, where more than that varies)."""
    if first["seed"].duplicated().any() or second["seed"].duplicated().any():
        return
    both = first.set_index("seed")[field].to_frame("a").join(second.set_index("seed")[field].rename("b"), how="inner")
    if len(both):
        out.per_seed(experiment, statistic, both["a"] / both["b"], name, both.index)


def _relu(frame: pd.DataFrame, out: Tables) -> None:
    """Statistics of Figures R1 and R2."""
    for condition in ("sgd", "sgd_deviation", "sgd_clip1"):
        rows = frame[frame["condition"] == condition]
        good = rows["converged"]
        for statistic in ("sharp_ratio", "sharp_ratio_missing_half"):
            _worst("relu", f"worst_{statistic}", worst_by_seed(rows, rows[statistic], good), out, condition)
        path_ratio = worst_by_seed(rows, rows["path_norm"] * rows["axis"] / 2, good & (rows["axis"] >= NAMED[0]))
        _worst("relu", "worst_path_norm_ratio", path_ratio, out, condition)
        active = (good & (rows["initial_trace_ratio"] > 1)).groupby(rows["seed"]).sum()
        _worst("relu", "active_rates", active, out, condition)
    gd = frame[frame["condition"] == "gd"]
    _worst("relu", "worst_lmax_ratio", worst_by_seed(gd, gd["lmax_ratio"]), out, "gd")
    for axis in sorted(frame["axis"].unique()):
        sgd, gd = select(frame, "sgd", axis=axis), select(frame, "gd", axis=axis)
        for field in ("path_norm", "test_loss"):
            _paired("relu", f"{field}_sgd_over_gd", sgd, gd, field, out, {"axis": axis})
    sgd = frame[frame["condition"] == "sgd"]
    if all(np.isclose(sgd["axis"], axis).any() for axis in NAMED):
        _slope(sgd, out)
        for condition in ("sgd", "gd"):
            ends = (select(frame, condition, axis=sgd["axis"].agg(end)) for end in ("max", "min"))
            _paired("relu", "path_norm_end_ratio", *ends, "path_norm", out, {"condition": condition})


def _slope(sgd: pd.DataFrame, out: Tables) -> None:
    """Slope of log tr G over log eta through the named learning rates, one fit a seed."""
    chosen = sgd[[any(np.isclose(axis, named) for named in NAMED) for axis in sgd["axis"]]]
    slopes = {
        seed: np.polyfit(np.log(rows["learning_rate"]), np.log(rows["tr"]), 1)[0]
        if np.isfinite(np.log(rows["tr"])).all()
        else np.nan
        for seed, rows in chosen.groupby("seed")
    }
    out.per_seed("relu", "trace_slope", slopes.values(), {"condition": "sgd"}, slopes.keys())


def _diagonal(frame: pd.DataFrame, out: Tables) -> None:
    """Statistics of Figure D1."""
    for condition, rows in frame.groupby("condition"):
        _worst("diagonal", "worst_trace_ratio", worst_by_seed(rows, rows["trace_ratio"]), out, condition)
    rates = sorted(frame["axis"].unique())
    for condition, low in (("gd", rates[0]), ("sgd", min(rates, key=lambda rate: abs(rate - 0.0158)))):
        first, second = (select(frame, condition, axis=axis) for axis in (rates[-1], low))
        for field in ("tr", "lmax", "fro"):
            _paired("diagonal", f"{field}_end_ratio", first, second, field, out, {"condition": condition})


def _balance(frame: pd.DataFrame, out: Tables) -> None:
    """Statistics of Figure D2."""
    for condition, rows in frame.groupby("condition"):
        _worst("balance", "worst_balance", worst_by_seed(rows, rows["balance"]), out, condition)
        gain = worst_by_seed(rows, rows["balance"] / rows["initial_ratio"], largest=False)
        _worst("balance", "worst_balance_gain", gain, out, condition)


def _batch_size(frame: pd.DataFrame, out: Tables) -> None:
    """Statistics of Figure B."""
    frame = frame[frame["condition"] == "base"]
    worst = worst_by_seed(frame, frame["threshold_ratio"], frame["converged"])
    _worst("batch_size", "worst_threshold_ratio", worst, out, "base")
    if {1, 16} <= set(frame["batch_size"]):
        large, small = (select(frame, "base", batch_size=batch) for batch in (16, 1))
        _paired("batch_size", "trace_16_over_1", large, small, "tr", out, None)


def growth(log_loss: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Growth of the median log loss per 1,000 steps over the last half: [.., replicas, ratios, points] -> [.., ratios]."""
    middle = np.median(log_loss, axis=-3)
    half = np.searchsorted(step, step[-1] / 2)
    return (middle[..., -1] - middle[..., half]) / (step[-1] - step[half]) * 1000


def boundary(ratios: Sequence[float], rates: np.ndarray) -> float:
    """First ratio at which the growth turns positive, interpolated linearly; NaN if it does not, or overflows there."""
    above = np.flatnonzero(rates > 0)
    if not len(above) or above[0] == 0 or np.isinf(rates[above[0]]):
        return float("nan")
    k = above[0]
    return ratios[k - 1] + (ratios[k] - ratios[k - 1]) * -rates[k - 1] / (rates[k] - rates[k - 1])


def _escape(artifact: Artifact, out: Tables) -> None:
    """Empirical boundary in units of eta* by group, growth by ratio, and the sections of the loss."""
    ratios = artifact["ratios"]
    rates = growth(artifact["log_loss"], artifact["step"])
    out.per_seed("escape", "boundary", [boundary(ratios, row) for row in rates])
    for k, ratio in enumerate(ratios):
        out.per_seed("escape", "growth", rates[:, k], {"ratio": ratio})
    out.exact("escape", "threshold", float(artifact["threshold"]))
    groups = range(len(rates))
    middle = np.median(artifact["log_loss"], axis=1)  # [groups, ratios, steps]
    out.curve("escape_losses", melt(middle.swapaxes(0, 1), ratio=ratios, seed=groups, x=artifact["step"]))
    out.curve("escape_growth", melt(rates, seed=groups, x=ratios))
    out.per_seed("escape", "own_growth", growth(artifact["own_log_loss"], artifact["step"])[:, 0])
    out.exact("escape", "own_threshold_ratio", float(artifact["own_ratio"]))
    section = {"x": artifact["slice_x"], "sgd": artifact["slice_sgd"], "gd": artifact["slice_gd"]}
    out.curve("slice", pd.DataFrame(section))
    for name in ("sgd", "gd"):
        at_minimum = section[name][np.abs(section["x"]).argmin()]
        out.exact("escape", "loss_at_minimum", float(at_minimum), {"algorithm": name})
    spectra = {name: artifact[f"spectrum_{name}"][::-1] for name in ("sgd", "gd")}
    out.curve("spectrum", pd.DataFrame({"x": np.arange(1, len(spectra["gd"]) + 1)} | spectra))
    for name, values in spectra.items():
        out.exact("escape", "lmax", values[0], {"algorithm": name})
        out.exact("escape", "tr", values.sum(), {"algorithm": name})


def _thresholds(artifact: Artifact, out: Tables) -> None:
    """Errors per random instance, and population values against their closed forms."""
    for name in (
        "equal_norm", "equal_norm_wrong_loss", "full_batch", "sandwich", "decrease_with_batch", "orthogonal", "one_dimensional",
        "radius_below", "radius_above",
    ):  # fmt: skip
        out.per_seed("thresholds", name, artifact[name])
    d = 10
    rows = []
    for law, shift in (("gaussian", 1), ("sphere", -1)):
        for batch, value in zip(artifact["batches"], artifact[law], strict=True):
            closed = 2 * batch / (batch + d + shift)
            name = {"batch": batch, "law": law}
            out.exact("thresholds", "population_threshold", value, name)
            out.exact("thresholds", "population_error", abs(value / closed - 1), name)
            rows.append(name | {"value": value, "closed": closed})
    for name in ("relu_trace_error", "relu_initial_trace", "diagonal_initial_trace", "balance_law"):
        out.exact("thresholds", name, float(artifact[name]))
    out.curve("population", pd.DataFrame(rows))
    names = ("largest_norm_bound", "fourth_moment_bound", "trace_bound")
    out.curve("bounds", pd.DataFrame({name: artifact[name] for name in names}))
