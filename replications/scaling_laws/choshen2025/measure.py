"""Artifacts -> statistics and curves: errors against the authors' numbers, baselines, parameters across families; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.scaling_laws.choshen2025 import published
from replications.scaling_laws.choshen2025.rules import DROPPED_STARTS, SHARES, WINDOW, law
from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of
from verifig.training.seeds import derive

CLOSE = 0.05  # ARE points within which a cell counts as equal to the authors'
GRIDS = ("final", "late", "late_no_cut", "scale_down")
SHUFFLES = 2000


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out`; an experiment that did not run (scale, data) leaves no rows."""
    for name, artifact in artifacts.items():
        PARTS[name](artifact, out)


# ---- extrapolation ---------------------------------------------------------------------------------------------------


def _extrapolation(artifact: Artifact, out: Tables) -> None:
    """H1-H7 (but OLMo) for the families that ran; the authors print cells of OPT and GPT-3 alone."""
    names = members_of(artifact.meta["job"]["settings"])[0]["families"]
    families = {name: Family(artifact, name) for name in names}
    printed = [name for name in names if name in published.ARE_FINAL]
    _agreement({name: _compare(families[name].grid("final"), name) for name in printed}, out)
    for name, family in families.items():
        _grids(family, out)
        _windows(family, out)
        _baselines(family, out)
        _one_model("extrapolation", name, family["one_model"], family["sizes"], out)
    if "opt" in families:
        opt = families["opt"]
        _variant({"nats": artifact["opt_nats_final"], "not_strict": opt["final_not_strict"]}, out)
        _three_models(opt, out)
    _curves(families, out)
    _fits_that_gave_an_error(families, out)


class Family:
    """One family's arrays; `grid(name)` maps the number of models to errors in percent by share of training."""

    def __init__(self, artifact: Artifact, name: str):
        self.artifact, self.name = artifact, name

    def __getitem__(self, key: str) -> np.ndarray:
        return self.artifact[f"{self.name}_{key}"]

    def grid(self, key: str) -> dict[int, np.ndarray]:
        return {k + 2: 100 * row for k, row in enumerate(self[key])}

    def at_end(self, key: str, count: int) -> float:
        """Error in percent from `count` models with the whole training."""
        return float(self.grid(key)[count][-1])


def _compare(grid: dict[int, np.ndarray], family: str) -> np.ndarray:
    """Absolute differences in ARE points from the authors' cells."""
    rows = published.ARE_FINAL[family]
    return np.concatenate([np.abs(grid[count] - np.array(row)) for count, row in rows.items()])


def _agreement(differences: dict[str, np.ndarray], out: Tables) -> None:
    """Share of cells that agree and the worst difference, for each family and for all."""
    sets = dict(differences)
    if len(differences) > 1:
        sets["all"] = np.concatenate(list(differences.values()))
    for name, values in sets.items():
        condition = {"family": name}
        out.exact("extrapolation", "cells", len(values), condition)
        out.exact("extrapolation", "share_of_cells_equal", np.mean(values <= CLOSE), condition)
        out.exact("extrapolation", "worst_cell", np.nan_to_num(values, nan=100.0).max(), condition)


def _variant(grids: dict[str, np.ndarray], out: Tables) -> None:
    """The controls of H1: OPT in nats, and `<=` for `<` in the choice of rows."""
    for name, grid in grids.items():
        values = _compare({k + 2: 100 * row for k, row in enumerate(grid)}, "opt")
        condition = {"family": "opt", "variant": name}
        out.exact("extrapolation", "share_of_cells_equal", np.mean(values <= CLOSE), condition)
        out.exact("extrapolation", "worst_cell", np.nan_to_num(values, nan=100.0).max(), condition)


def _grids(family: Family, out: Tables) -> None:
    """Errors at the end of training by grid and number of models, for claims."""
    for key in GRIDS[:3]:
        for count, row in family.grid(key).items():
            condition = {"family": family.name, "grid": key, "models": count}
            out.exact("extrapolation", "error", row[-1], condition)
    last, every = 100 * family["final_only"]
    out.exact("extrapolation", "error_last_checkpoints", last, {"family": family.name})
    out.exact("extrapolation", "error_all_checkpoints", every, {"family": family.name})
    out.exact("extrapolation", "last_over_all", last / every, {"family": family.name})


def _windows(family: Family, out: Tables) -> None:
    values = 100 * family["windows"]
    for row, line in enumerate(values):
        for largest, value in enumerate(line):
            if np.isfinite(value):
                condition = {"family": family.name, "models": row + 2, "largest": largest + 1}
                out.exact("extrapolation", "window_error", value, condition)


def _three_models(opt: Family, out: Tables) -> None:
    """H3: three consecutive OPT sizes; the smallest, the middle and the largest window."""
    small, middle, large = 100 * opt["windows"][1][2:5]
    out.exact("extrapolation", "large_over_small_window", large / small)
    out.exact("extrapolation", "middle_window_excess", middle - max(small, large))


def _baselines(family: Family, out: Tables) -> None:
    for index, (best, most) in enumerate(zip(family["best_seen"], family["most_trained"], strict=True)):
        condition = {"family": family.name, "models": index + 2}
        out.exact("extrapolation", "best_seen_error", 100 * best, condition)
        out.exact("extrapolation", "most_trained_error", 100 * most, condition)
        out.exact("extrapolation", "best_seen_over_law", 100 * best / family.at_end("late", index + 2), condition)


def _one_model(experiment: str, family: str, errors: np.ndarray, sizes: np.ndarray, out: Tables) -> None:
    """H4: error at the whole training by size of the one model (billions of parameters)."""
    for size, row in zip(sizes, errors, strict=True):
        condition = {"family": family, "size": size / 1e9}
        out.exact(experiment, "one_model_error", 100 * row[-1], condition)
    if family == "opt":
        ends = 100 * errors[2:5, -1]
        out.exact(experiment, "one_model_smallest_fall", -np.diff(ends).max())
    records = [
        {"family": family, "size": size, "share": share, "error": 100 * error}
        for size, row in zip(sizes, errors, strict=True)
        for share, error in zip(SHARES, row, strict=True)
    ]
    out.curve(f"h_one_model_{family}", pd.DataFrame(records))


def _curves(families: dict[str, Family], out: Tables) -> None:
    grids, starts, windows, scale_up, lines = [], [], [], [], []
    for name, family in families.items():
        sizes, authors = family["sizes"], published.ARE_FINAL.get(name, {})
        costs = _costs(family)
        for key in GRIDS:
            for count, row in family.grid(key).items():
                for k, (share, value) in enumerate(zip(SHARES, row, strict=True)):
                    known = authors[count][k] if key == "final" and count in authors else np.nan
                    grids.append((name, key, count, share, value, known, costs(count, share)))
        dropped, moved, scaled = ({"error": 100 * family[key]} for key in ("drop_start", "windows", "scale_up"))
        counts, factors = range(2, len(sizes)), sizes[-1] / sizes[WINDOW - 1 : -1]
        starts.append(melt(dropped, family=name, models=counts, start=DROPPED_STARTS))
        windows.append(melt(moved, family=name, models=counts, largest=sizes[:-1]))
        scale_up.append(melt(scaled, family=name, factor=factors, share=SHARES))
        lines.append(_lines(name, family))
    out.curve("h_grid", pd.DataFrame(grids, columns=["family", "grid", "models", "share", "error", "authors", "flop"]))
    for key, frames in (("starts", starts), ("windows", windows), ("scale_up", scale_up), ("lines", lines)):
        out.curve(f"h_{key}", pd.concat(frames))
    baselines = [
        (name, index + 2, 100 * best, 100 * most, family.at_end("late", index + 2))
        for name, family in families.items()
        for index, (best, most) in enumerate(zip(family["best_seen"], family["most_trained"], strict=True))
    ]
    out.curve("h_baselines", pd.DataFrame(baselines, columns=["family", "models", "best", "most", "law"]))


def _costs(family: Family):
    """FLOP to train the `count` smallest models up to a share of the longest of them."""
    curves, sizes = family["curves"], family["sizes"]
    tokens = np.array([curves[curves[:, 0] == k, 1].max() for k in range(len(sizes))])

    def flop(count: int, share: float) -> float:
        return float((6 * sizes[:count] * np.minimum(tokens[:count], share * tokens[:count].max())).sum())

    return flop


def _lines(name: str, family: Family) -> pd.DataFrame:
    """Loss curves with the prediction of the law fitted to the four smallest models."""
    index, tokens, losses = family["curves"].T
    sizes = family["sizes"][index.astype(int)]
    with np.errstate(over="ignore"):
        predicted = law(np.stack([sizes, tokens]), *family["theta"])
    return pd.DataFrame(
        {"family": name, "index": index.astype(int), "N": sizes, "D": tokens, "L": losses, "predicted": predicted}
    )


def _fits_that_gave_an_error(families: dict[str, Family], out: Tables) -> None:
    """Soundness: their share of fits to at least three models and the whole training; two do not identify the law."""
    ends = [family[grid][1:, -1] for family in families.values() for grid in ("final", "late")]
    out.exact("extrapolation", "finite", np.mean(np.isfinite(np.concatenate(ends))))


# ---- across families -------------------------------------------------------------------------------------------------


def _across_families(artifact: Artifact, out: Tables) -> None:
    """H8, and OLMo and T5 of H4."""
    experiment = "across_families"
    names = [str(name) for name in artifact["names"]]
    out.exact(experiment, "families", len(names))
    for name, theta in (("routine", artifact["theta"]), ("all_sizes", artifact["theta_all_sizes"])):
        for first, second in (("a", "alpha"), ("b", "beta")):
            columns = {"a": 0, "b": 1, "alpha": 3, "beta": 4}
            value = np.corrcoef(theta[:, columns[first]], theta[:, columns[second]])[0, 1]
            out.exact(experiment, "correlation", value, {"pair": f"{first} {second}", "fit": name})
        out.exact(experiment, "three_components", explained(theta)[2], {"fit": name})
    centred = artifact["theta_centred"]
    standard = (centred - centred.mean(0)) / centred.std(0)
    out.exact(experiment, "three_components", explained(standard)[2], {"fit": "centred_standardised"})
    shuffled = _shuffled(artifact["theta"])
    out.exact(experiment, "correlation", np.median(shuffled[:, 0]), {"pair": "a alpha", "fit": "shuffled"})
    out.exact(experiment, "three_components", np.median(shuffled[:, 1]), {"fit": "shuffled"})
    mixed = np.median(_shuffled(standard)[:, 1])
    out.exact(experiment, "three_components", mixed, {"fit": "shuffled_standardised"})
    frame = pd.DataFrame(artifact["theta"], columns=["a", "b", "e", "alpha", "beta"])
    out.curve("h_parameters", frame.assign(family=names))
    for family in ("olmo", "t5"):
        _one_model(experiment, family, artifact[f"{family}_one_model"], artifact[f"{family}_sizes"], out)
    _finite(artifact["theta"], out)


def _finite(theta: np.ndarray, out: Tables) -> None:
    """Soundness: share of the parameters that are finite."""
    out.exact("across_families", "finite", np.mean(np.isfinite(theta)))


def explained(values: np.ndarray) -> np.ndarray:
    """Cumulative share of the variance explained by principal components: values [units, columns] -> [columns].

    Not a number where a value is not finite.
    """
    if not np.isfinite(values).all():
        return np.full(values.shape[1], np.nan)
    squares = np.linalg.svd(values - values.mean(0), compute_uv=False) ** 2
    return np.cumsum(squares) / squares.sum()


def _shuffled(theta: np.ndarray) -> np.ndarray:
    """(|corr(a, alpha)|, share of three components) with every column permuted over families [SHUFFLES, 2]."""
    stream = np.random.default_rng(derive("scaling_laws", "shuffled families"))
    results = []
    for _ in range(SHUFFLES):
        mixed = stream.permuted(theta, axis=0)
        results.append((abs(np.corrcoef(mixed[:, 0], mixed[:, 3])[0, 1]), explained(mixed)[2]))
    return np.array(results)


PARTS = {"extrapolation": _extrapolation, "across_families": _across_families}
