"""Statistics of the minimal example, the condition numbers at the threshold, and the identities."""

import math

import numpy as np
import pandas as pd

from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact

GROUP, DESCENT_GROUP = 50, 10  # draws a unit
DESCENT_STEPS = 1000  # the author's number of steps
RESIDUES = ("descent", "momentum", "sgd", "null_space")


def groups(values: np.ndarray, size: int, form=np.mean) -> np.ndarray:
    """One value for each `size` consecutive draws."""
    return form(values.reshape(-1, size), axis=1)


def minimal(experiment: str, artifact: Artifact, out: Tables) -> None:
    """A1-A4: means over groups of draws at P = n and 5n; differences to the neighbouring widths; contrasts."""
    grid, n = artifact["closed.widths"].tolist(), artifact.meta["job"]["settings"]["n"]
    for arm in ("closed", "ridge"):
        error = artifact[f"{arm}.test_error"]
        for width in (n, 5 * n):
            if width in grid:
                values = groups(error[:, grid.index(width)], GROUP)
                out.per_seed(experiment, "test_error", values, {"arm": arm, "P": width})
        if n not in grid:
            continue
        for other, factor in ((n // 2, 5), (5 * n, 10)):
            if other in grid:
                contrast = error[:, grid.index(n)] - factor * error[:, grid.index(other)]
                out.per_seed(experiment, "error_contrast", groups(contrast, GROUP), {"arm": arm, "other": other})
        for other in (n - 1, n + 1, 5 * n):
            if other not in grid:
                continue
            place = {"arm": arm, "other": other}
            rise = error[:, grid.index(n)] - error[:, grid.index(other)]
            out.per_seed(experiment, "error_rise", groups(rise, GROUP), place)
            for field in ("test_mse", "condition_number", "norm"):
                values = np.log(artifact[f"{arm}.{field}"])
                rise = groups(values[:, grid.index(n)] - values[:, grid.index(other)], GROUP, np.median)
                out.per_seed(experiment, f"log_{field}_rise", rise, place)
    fields = ("train_error", "test_error", "test_mse", "condition_number", "norm")
    out.curve("minimal", pd.concat([_closed_table(field, artifact[f"closed.{field}"], grid) for field in fields]))
    _descent(experiment, artifact, out)


def _closed_table(field: str, values: np.ndarray, grid: list[int]) -> pd.DataFrame:
    """Mean, median and quartiles over draws by width."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    frame = {"field": field, "P": grid, "mean": values.mean(0), "low": low, "median": middle, "high": high}
    return pd.DataFrame(frame)


def _descent(experiment: str, artifact: Artifact, out: Tables) -> None:
    """A4: error at P = N against P = 5N for gradient descent as the author ran it, and fully trained."""
    error, grid = artifact["descent.test_error"], artifact["descent.widths"].tolist()
    n = artifact.meta["job"]["settings"]["descent_n"]
    horizons = artifact["descent.horizons"].tolist()
    arms = {"limit": (error[:, -1], 1.8), "min_norm": (artifact["descent.min_norm_error"], 1.8)}
    if DESCENT_STEPS in horizons:
        arms["descent"] = (error[:, horizons.index(DESCENT_STEPS)], 0.6)
    for label, (values, factor) in arms.items() if {n, 5 * n} <= set(grid) else ():
        threshold, wide = (values[:, grid.index(width)] for width in (n, 5 * n))
        contrast = groups(threshold - factor * wide, DESCENT_GROUP)
        out.per_seed(experiment, "descent_contrast", contrast, {"arm": label})
    by_draw = melt(error, seed=np.arange(len(error)) // DESCENT_GROUP, steps=horizons, x=grid)
    out.curve("minimal_descent", by_draw.groupby(["seed", "steps", "x"], as_index=False).mean())


def conditioning(experiment: str, artifact: Artifact, out: Tables) -> None:
    """Ratios of condition numbers per draw, and the oracles' residues."""
    kappas = {name.removeprefix("kappa."): artifact[name] for name in artifact if name.startswith("kappa.")}
    for a, b in (("standardised", "batch"), ("scale_third", "scale_ten"), ("raw", "standardised")):
        if a in kappas and b in kappas:
            out.per_seed(experiment, "condition_ratio", kappas[a] / kappas[b], {"a": a, "b": b})
    frame = [pd.DataFrame({"map": name, "seed": range(len(k)), "value": k}) for name, k in sorted(kappas.items())]
    out.curve("threshold_kappa", pd.concat(frame))
    for name in RESIDUES:
        out.per_seed(experiment, "residue", artifact[f"oracle.{name}"], {"check": name})
    out.per_seed(experiment, "interpolation_loss", artifact["oracle.minimum_norm"])
    for name in ("float64", "float32"):
        out.per_seed(experiment, "normal_equations_ratio", artifact[f"normal.{name}"], {"precision": name})
    for index, ratio in enumerate(artifact["bai_yin.ratios"]):
        limit = (1 + math.sqrt(ratio)) / abs(1 - math.sqrt(ratio))
        out.per_seed(experiment, "bai_yin_ratio", artifact["bai_yin.kappa"][:, index] / limit, {"aspect": ratio})
    n = artifact.meta["job"]["settings"]["n"]
    for index, width in enumerate(artifact["ols.widths"].tolist()):
        out.per_seed(experiment, "ols_train_ratio", artifact["ols.train"][:, index] / (1 - width / n), {"width": width})
        expected = width / (n - width - 1)
        out.per_seed(experiment, "ols_excess_ratio", artifact["ols.excess"][:, index] / expected, {"width": width})
    _curvature(experiment, artifact, out)


def _curvature(experiment: str, artifact: Artifact, out: Tables) -> None:
    """The factor (1 - alpha lambda+)^(2T) by dimension, in groups of ten draws."""
    factor, dimensions = artifact["curvature.factor"], artifact["curvature.dimensions"].tolist()
    steps = artifact["curvature.horizons"].tolist()
    for column, dimension in enumerate(dimensions):
        values = groups(factor[:, column, 0], DESCENT_GROUP)
        out.per_seed(experiment, "curvature_factor", values, {"dimension": dimension, "steps": steps[0]})
    out.curve("smallest_curvature", melt(factor, seed=range(len(factor)), x=dimensions, steps=steps))
