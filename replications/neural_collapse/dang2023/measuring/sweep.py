"""Statistics and curves of regularisation sweeps: classes that vanish one by one, branches of deeper heads."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from replications.neural_collapse.dang2023 import closed_form
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

NONZERO = 1e-6  # squared length above which a class counts as not collapsed
NEAR = 0.03  # relative distance from a threshold within which convergence is critically slow


def measure(artifact: Artifact, out: Tables) -> None:
    """Branches by level of pressure, staircases by decay."""
    branches, stairs = [], []
    for row, member in enumerate(members_of(artifact.meta["job"]["settings"])):
        mine, classes = np.flatnonzero(artifact["owner"] == row), len(member["sizes"])
        lengths = np.diagonal(artifact["classifier"][mine, 0], axis1=-2, axis2=-1)[:, :classes]
        common = {"condition": member["condition"], "seed": member["seed"]}
        if member["decays"]:
            _stairs(member, artifact["common_decay"][mine], lengths, out)
            for size_index, size in enumerate(member["sizes"]):
                columns = {"decay": artifact["common_decay"][mine], "classifier": lengths[:, size_index]}
                stairs.append(pd.DataFrame(common | {"class": size_index, "size": size} | columns))
            continue
        outputs = np.diagonal(artifact["output"][mine], axis1=-2, axis2=-1)[:, :classes].mean(-1)
        columns = {"level": _levels(member), "beta": artifact["level"][mine], "self_output": outputs}
        columns["objective"] = artifact["objective"][mine]
        branches.append(pd.DataFrame(common | {"depth": member["depth"]} | columns))
    if branches:
        table = pd.concat(branches)
        _branches(table, out)
        out.curve("sweep_branches", table)
    if stairs:
        out.curve("sweep_staircase", pd.concat(stairs))


def near_threshold(sizes: Sequence[float], depth: int, decays: np.ndarray) -> np.ndarray:
    """Which common decays lie so near to the threshold of a class that they are not judged, [decays]."""
    thresholds = np.array([closed_form.critical_decay(size, sum(sizes), depth) for size in sizes])
    return (np.abs(decays[:, None] / thresholds - 1) < NEAR).any(1)


def _levels(member: Mapping) -> list[str]:
    """Names of a condition's levels, in the artifact's order: `0.3`, `0.95 T` (thresholds), `1.03 S` (spinodals)."""
    named = [f"{value:g}" for value in member["betas"]]
    return named + [f"{u:g} T" for u in member["over_threshold"]] + [f"{u:g} S" for u in member["over_spinodal"]]


def _branches(table: pd.DataFrame, out: Tables) -> None:
    """Self-outputs and objectives by level, and errors against the non-zero branch."""
    for (condition, level), rows in table.groupby(["condition", "level"]):
        name = {"condition": condition, "level": level}
        for statistic in ("self_output", "objective"):
            out.per_seed("sweep", statistic, rows[statistic], name, seeds=rows["seed"])
        x = closed_form.branch(rows["beta"].to_numpy(), rows["depth"].iloc[0]) ** rows["depth"].iloc[0]
        out.per_seed("sweep", "branch_error", np.abs(rows["self_output"] - x / (1 + x)), name, seeds=rows["seed"])


def _stairs(member: Mapping, decays: np.ndarray, lengths: np.ndarray, out: Tables) -> None:
    """NC09 for one seed: errors of counts and lengths over all decays away from the thresholds (sqrt(n_k)/N for M = 1)."""
    sizes, depth = member["sizes"], member["depth"]
    seed, name = [member["seed"]], {"condition": member["condition"]}
    away = ~near_threshold(sizes, depth, decays)
    out.per_seed("sweep", "levels_judged", [away.sum()], name, seeds=seed)
    if not away.any():
        return
    thresholds = np.array([closed_form.critical_decay(size, sum(sizes), depth) for size in sizes])
    expected = (decays[:, None] < thresholds).sum(1)
    predicted = np.stack([closed_form.solve(sizes, depth, lam, lam).classifier for lam in decays])
    deeper = np.stack([closed_form.solve(sizes, depth + 1, lam, lam).classifier for lam in decays])
    counts = (lengths > NONZERO).sum(1)
    errors = {
        "count_errors": (counts != expected)[away].sum(),
        "length_error": np.abs(lengths - predicted)[away].max(),
        "length_error_wrong_depth": np.abs(lengths - deeper)[away].max(),
        "count_errors_wrong_depth": (counts != (deeper > NONZERO).sum(1))[away].sum(),
    }
    for statistic, value in errors.items():
        out.per_seed("sweep", statistic, [value], name, seeds=seed)
