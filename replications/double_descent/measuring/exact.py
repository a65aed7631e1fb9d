"""Statistics of the minimal example, the identities, ridge regression against theory, and the published arrays."""

import math

import numpy as np
import pandas as pd

from replications.double_descent import eigenframework as theory
from replications.double_descent import reference
from verifig.measuring.tables import Tables
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
    draws, steps, places = np.meshgrid(np.arange(len(error)) // DESCENT_GROUP, horizons, grid, indexing="ij")
    frame = {"seed": draws.ravel(), "steps": steps.ravel(), "x": places.ravel(), "value": error.ravel()}
    frame = pd.DataFrame(frame).groupby(["seed", "steps", "x"], as_index=False).mean()
    out.curve("minimal_descent", frame)


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
    draws, places, horizons = np.meshgrid(np.arange(len(factor)), dimensions, steps, indexing="ij")
    frame = {"seed": draws.ravel(), "x": places.ravel(), "steps": horizons.ravel(), "value": factor.ravel()}
    out.curve("smallest_curvature", pd.DataFrame(frame))


def ridge(experiment: str, artifact: Artifact, out: Tables) -> None:
    """M2-M4: experiment over theory per trial and cell; monotonicity at the optimal ridge."""
    ridges = artifact["ridges"].tolist()
    for kind, against in (("gaussian", "theory"), ("gaussian", "theory_misread"), ("images", "corrected")):
        if f"{kind}.test" not in artifact:
            continue
        test, expected, ks = artifact[f"{kind}.test"], artifact[f"{kind}.{against}"], artifact[f"{kind}.k"].tolist()
        statistic = "ratio_misread" if against == "theory_misread" else "ratio"
        for row, k in enumerate(ks):
            for column, value in enumerate(ridges):
                place = {"task": kind, "k": k, "ridge": value}
                out.per_seed(experiment, statistic, test[:, row, column] / expected[row, column], place)
                if statistic == "ratio":
                    out.per_seed(experiment, "test_error", test[:, row, column], place)
        if against != "theory_misread":
            _risk_table(f"{experiment}_{kind}", test, expected, ks, ridges, out)
    n = artifact.meta["job"]["settings"]["n"]
    if "images.test" in artifact and n in artifact["images.k"].tolist() and 0.01 in ridges:
        ks, column = artifact["images.k"].tolist(), ridges.index(0.01)
        centre = ks.index(n)
        for other in (centre - 1, centre + 1):
            if 0 <= other < len(ks):
                rise = artifact["images.test"][:, centre, column] - artifact["images.test"][:, other, column]
                out.per_seed(experiment, "image_peak_rise", rise, {"other": ks[other]})
    _theorem(experiment, artifact, out)


def _risk_table(name: str, test: np.ndarray, expected: np.ndarray, ks: list, ridges: list, out: Tables) -> None:
    seeds, k, value = np.meshgrid(np.arange(len(test)), ks, ridges, indexing="ij")
    theory_values = np.broadcast_to(expected, test.shape)
    frame = {"seed": seeds.ravel(), "x": k.ravel(), "ridge": value.ravel(), "value": test.ravel()}
    out.curve(name, pd.DataFrame(frame | {"theory": theory_values.ravel()}))


def _theorem(experiment: str, artifact: Artifact, out: Tables) -> None:
    """M3: largest ratio of successive risks at the optimal ridge (< 1), and the peak without tuning."""
    sizes = artifact["theorem.sizes"].tolist()
    for name in ("by_k", "by_n"):
        values = artifact[f"theorem.{name}"]
        if len(values) > 1:
            out.exact(experiment, "largest_step", float((values[1:] / values[:-1]).max()), {"order": name})
    n, small = int(artifact["theorem.n"]), artifact["theorem.ridgeless_by_k"]
    if {n // 4, n, 8 * n} <= set(sizes):
        for other in (n // 4, 8 * n):
            out.exact(experiment, "untuned_peak", small[sizes.index(n)] / small[sizes.index(other)], {"over": other})
    rows = ("by_k", "by_n", "ridgeless_by_k")
    frame = [pd.DataFrame({"order": row, "x": sizes, "value": artifact[f"theorem.{row}"]}) for row in rows]
    out.curve(f"{experiment}_theorem", pd.concat(frame))


def published(out: Tables) -> None:
    """M1, M5, M6, N4, N5: formulas against published arrays; nothing is trained."""
    _published_risks(reference.figure1_task(), out)
    for name, ((a, b), stored) in reference.KERNEL_OPTIMA.items():
        other = next(exponents for task_name, (exponents, _) in reference.KERNEL_OPTIMA.items() if task_name != name)
        gaps, foreign, rows = [], [], []
        for noise, ratio in stored.items():
            formula = theory.optimal_fitting_ratio(a, b, noise)
            out.exact("reference", "optimal_ratio", formula, {"task": name, "noise": noise})
            stored_ratio = reference.SMALLEST_RIDGE_RATIO if ratio is None else ratio
            gaps.append(abs(formula - stored_ratio))
            foreign.append(abs(theory.optimal_fitting_ratio(*other, noise) - stored_ratio))
            rows.append({"task": name, "noise": noise, "formula": formula, "stored": stored_ratio})
        out.exact("reference", "largest_ratio_gap", max(gaps), {"task": name})
        # the instrument broken on purpose: the exponents of the other data set
        out.exact("reference", "largest_ratio_gap_other_task", max(foreign), {"task": name})
        out.exact("reference", "noise_free_ratio", rows[0]["stored"], {"task": name})
        out.curve(f"optima_{name.lower().replace('-', '')}", pd.DataFrame(rows))
    grid = list(reference.RESNET_WIDTHS)
    test, train = (np.array([pair[k] for pair in reference.RESNET_WIDTHS.values()]) for k in (0, 1))
    peak = reference.published_peak()
    first = int(np.argmin(test[:peak]))
    out.exact("reference", "resnet_peak_rise", test[peak] - test[first])
    out.exact("reference", "resnet_peak_width", grid[peak])
    out.exact("reference", "resnet_peak_train_error", train[peak])
    out.curve("resnet_published", pd.DataFrame({"x": grid, "test": test, "train": train}))


def _published_risks(task: theory.Task, out: Tables) -> None:
    """M1: largest relative deviation of our solver from the stored theory as printed; the ridge divided by n as a sabotage."""
    worst, n = {"ours": 0.0, "divided": 0.0}, reference.FIGURE1["n"]
    rows = []
    for k, cells in reference.RISK_TABLE.items():
        for value, (test, train, experiment) in zip(reference.RIDGES, cells, strict=True):
            found = theory.risk(task, n, k, value)
            broken = theory.risk(task, n, k, value * n)
            for name, pair in (("ours", found), ("divided", broken)):
                worst[name] = max(
                    worst[name], *(reference.deviation(*each) for each in zip(pair, (test, train), strict=True))
                )
            rows.append({"x": k, "ridge": value, "theory": found[0], "experiment": float(experiment)})
    for name, deviation in worst.items():
        out.exact("reference", "risk_table_deviation", deviation, {"ridge": name})
    out.curve("published_risks", pd.DataFrame(rows))
