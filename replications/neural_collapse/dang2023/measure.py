"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.neural_collapse.dang2023 import closed_form, metrics, soundness
from replications.neural_collapse.dang2023.geometry import Series, series_by_condition
from verifig.measuring.tables import Tables, long
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

TRAINING = ("direct", "networks", "mlp_imbalanced", "mlp_balanced", "mlp_widths", "convnets")
TRAINING += ("own_images_mlp", "own_images_convnets")
EARLY = {"direct": 100}  # iterations at which the fall of NC1 begins; elsewhere EARLY_SHARE of the training
EARLY_SHARE = 0.05
NONZERO = 1e-6  # squared length above which a class counts as not collapsed
NEAR = 0.03  # relative distance from a threshold within which convergence is critically slow
SELI_RATIOS = (1, 10, 100)


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    for name in TRAINING:
        if name in artifacts:
            _training(name, series_by_condition(artifacts[name]), out)
    for name, artifact in artifacts.items():
        soundness.measure(name, artifact, out)
    if "theory" in artifacts:
        _theory(artifacts["theory"], out)
    if "sweep" in artifacts:
        _sweep(artifacts["sweep"], out)
    if "cross_entropy" in artifacts:
        _cross_entropy(artifacts["cross_entropy"], out)


def _training(experiment: str, conditions: Mapping[str, Series], out: Tables) -> None:
    frames, matrices, lengths = [], [], []
    for condition, series in conditions.items():
        curves = series.misfits() | {"accuracy": series["accuracy"]}
        # without a second sample in any class there is no NC1, without images left out no test
        optional = ("nc1", "nc1_shuffled", "imbalance", "test_accuracy")
        curves |= {name: series[name] for name in optional if name in series and not np.isnan(series[name]).all()}
        curves["self_output"] = np.diagonal(series["output"], axis1=-2, axis2=-1).mean(-1)
        if series.solution is not None and "objective" in series:
            curves["classifier_error"] = series.classifier_error()
            curves["gap"] = series["objective"] / series.solution.objective - 1
        _final(experiment, condition, curves, out)
        _collapse(experiment, condition, series, curves, out)
        _laws(experiment, condition, series, out)
        frames.append(long(series.x, curves, condition))
        matrices.append(_matrices(condition, series))
        if series.solution is not None:
            lengths.append(_lengths(condition, series))
    for a, b in (("gof3", "gof1"), ("gof6", "gof3")):
        if a in conditions and b in conditions and conditions[a].has_slope() and conditions[b].has_slope():
            first, second = conditions[a].slopes(), conditions[b].slopes()
            shared = min(len(first), len(second))
            rise = first[:shared] - second[:shared]
            out.per_seed(experiment, "slope_difference", rise, {"a": a, "b": b})
    out.curve(experiment, pd.concat(frames))
    out.curve(f"{experiment}_geometry", pd.concat(matrices))
    if lengths:
        out.curve(f"{experiment}_lengths", pd.concat(lengths))


def _final(experiment: str, condition: str, curves: Mapping[str, np.ndarray], out: Tables) -> None:
    """Last values of every curve, and combinations of them."""
    name = {"condition": condition}
    for statistic, values in curves.items():
        out.per_seed(experiment, statistic, values[:, -1], name)
    if "own_misfit" not in curves:
        return
    worst = np.max([curves[statistic][:, -1] for statistic in ("nc2_w", "nc2_h", "nc3")], axis=0)
    out.per_seed(experiment, "worst_misfit", worst, name)
    own, other = curves["own_misfit"], curves["other_misfit"]
    with np.errstate(invalid="ignore", divide="ignore"):  # an exact frame, or a run without any geometry
        out.per_seed(experiment, "own_over_other", own[:, -1] / other[:, -1], name)
        out.per_seed(experiment, "other_over_own", other[:, -1] / own[:, -1], name)
        out.per_seed(experiment, "own_fall", own[:, -1] / own[:, 0], name)


def _collapse(experiment: str, condition: str, series: Series, curves: Mapping, out: Tables) -> None:
    """Fall of NC1 from an early point to the end, with true and with permuted labels; bound by the optimum; bias."""
    name = {"condition": condition}
    early = np.flatnonzero(series.x >= EARLY.get(experiment, EARLY_SHARE * series.x[-1]))
    for label in ("nc1", "nc1_shuffled"):
        if label in curves and len(early):  # a shorter training has no early point
            with np.errstate(invalid="ignore", divide="ignore"):  # a dead run has NC1 undefined
                fall = curves[label][:, early[0]] / curves[label][:, -1]
            out.per_seed(experiment, f"{label}_fall", fall, name)
    if "gap" in curves:
        excess = series["objective"] - series.solution.objective
        out.per_seed(experiment, "least_excess", excess.min(1), name)
    if "bias" in series:
        error = np.abs(series["bias"][:, -1] - series.sizes / series.sizes.sum()).max(1)
        out.per_seed(experiment, "bias_error", error, name)


def _laws(experiment: str, condition: str, series: Series, out: Tables) -> None:
    """Exponent of lengths against class sizes; decay of the layers' imbalance."""
    name = {"condition": condition}
    if series.family == "gof" and series.has_slope():
        out.per_seed(experiment, "slope", series.slopes(), name)
        if series.solution is not None:
            out.exact(experiment, "predicted_slope", series.predicted_slope(), name)
    if series.depth > 1 and "imbalance" in series:
        rate = series.imbalance_rates()
        out.per_seed(experiment, "imbalance_rate", rate, name)
        if series.predicted_rate() > 0:
            out.per_seed(experiment, "imbalance_rate_over_prediction", rate / series.predicted_rate(), name)


def _matrices(condition: str, series: Series) -> pd.DataFrame:
    """Matrices of the first seed at the start and at the end, and the predicted ones if known, in long form."""
    predicted = series.predicted(absolute=series.solution is not None)
    frames = []
    for matrix in ("classifier", "feature", "output"):
        found = series[matrix][0] if matrix == "output" else series[matrix][0][:, 0]
        if series.member["bias"] and matrix != "classifier":
            found = metrics.centre(found, series.sizes, sides=2 if matrix == "feature" else 1)
        stages = {"start": found[0], "end": found[-1]}
        if predicted is not None:
            stages["predicted"] = predicted[matrix][0, -1]
        for stage, values in stages.items():
            row, column = np.indices(values.shape)
            columns = {"row": row.ravel(), "column": column.ravel(), "value": values.ravel()}
            frames.append(pd.DataFrame({"condition": condition, "matrix": matrix, "stage": stage} | columns))
    return pd.concat(frames)


def _lengths(condition: str, series: Series) -> pd.DataFrame:
    """Squared lengths by class and seed at the end, beside the predicted ones."""
    frames, predicted = [], series.predicted(absolute=True)
    for seed in range(len(series.rows)):
        columns = {"class": np.arange(series.classes), "size": series.sizes}
        for name in ("classifier", "feature"):
            columns[name] = np.diagonal(series[name][seed, -1, 0])
            columns[f"predicted_{name}"] = np.diagonal(predicted[name][seed % len(predicted[name]), -1])
        frames.append(pd.DataFrame({"condition": condition, "seed": seed} | columns))
    return pd.concat(frames)


def _theory(artifact: Artifact, out: Tables) -> None:
    """Oracles, thresholds and angles of the cross-entropy geometry."""
    for statistic, combine in (("gradient", np.max), ("objective_error", np.max), ("least_rise", np.min)):
        out.exact("theory", statistic, combine(artifact[statistic]))
    out.exact("theory", "scaling_error", float(artifact["scaling_error"]))
    for k, pair in enumerate(("frame to frame", "frame to simplex", "simplex to simplex")):
        out.exact("theory", "misfit", artifact["of_misfit"][k], {"pair": pair})
    depths = artifact["depths"]
    for statistic in ("threshold", "spinodal", "critical_decay"):
        for depth, value in zip(depths, artifact[statistic], strict=True):
            out.exact("theory", statistic, value, {"depth": depth})
    for depth, counts in zip(depths, artifact["nonzero"], strict=True):
        critical = [closed_form.critical_decay(size, 400, depth) for size in (200, 100, 50, 50)]
        expected = (artifact["decays"][:, None] < np.array(critical)).sum(1)
        out.exact("theory", "count_errors", int((counts != expected).sum()), {"depth": depth})
    for ratio in SELI_RATIOS:
        grams = closed_form.simplex_labels([ratio] * 5 + [1] * 5)
        for name, gram in grams.items():
            out.exact("theory", f"seli_{name}_ratio", gram[0, 0] / gram[-1, -1], {"ratio": ratio})
            out.exact("theory", f"seli_{name}_cosine", gram[-1, -2] / gram[-1, -1], {"ratio": ratio})


def _levels(member: Mapping) -> list[str]:
    """Names of a sweep's levels, in the artifact's order: `0.3`, `0.95 T` (thresholds), `1.03 S` (spinodals)."""
    if member["decays"]:
        return [f"{value:g}" for value in member["decays"]]
    named = [f"{value:g}" for value in member["betas"]]
    return named + [f"{u:g} T" for u in member["over_threshold"]] + [f"{u:g} S" for u in member["over_spinodal"]]


def _sweep(artifact: Artifact, out: Tables) -> None:
    found = members_of(artifact.meta["job"]["settings"])
    branches, stairs = [], []
    for row, member in enumerate(found):
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
        for (condition, level), rows in table.groupby(["condition", "level"]):
            name = {"condition": condition, "level": level}
            for statistic in ("self_output", "objective"):
                out.per_seed("sweep", statistic, rows[statistic], name, seeds=rows["seed"])
            x = closed_form.branch(rows["beta"].to_numpy(), rows["depth"].iloc[0]) ** rows["depth"].iloc[0]
            out.per_seed("sweep", "branch_error", np.abs(rows["self_output"] - x / (1 + x)), name, seeds=rows["seed"])
        out.curve("sweep_branches", table)
    if stairs:
        out.curve("sweep_staircase", pd.concat(stairs))


def _stairs(member: Mapping, decays: np.ndarray, lengths: np.ndarray, out: Tables) -> None:
    """NC09 for one seed: errors of counts and lengths over all decays away from the thresholds (sqrt(n_k)/N for M = 1)."""
    sizes, total, depth = member["sizes"], sum(member["sizes"]), member["depth"]
    thresholds = np.array([closed_form.critical_decay(size, total, depth) for size in sizes])
    away = (np.abs(decays[:, None] / thresholds - 1) >= NEAR).all(1)
    seed, name = [member["seed"]], {"condition": member["condition"]}
    out.per_seed("sweep", "levels_judged", [away.sum()], name, seeds=seed)
    if not away.any():
        return
    expected = (decays[:, None] < thresholds).sum(1)
    wrong = (lengths > NONZERO).sum(1) != expected
    predicted = np.stack([closed_form.solve(sizes, depth, lam, lam).classifier for lam in decays])
    shuffled = np.stack([closed_form.solve(sizes, depth + 1, lam, lam).classifier for lam in decays])
    out.per_seed("sweep", "count_errors", [wrong[away].sum()], name, seeds=seed)
    out.per_seed("sweep", "length_error", [np.abs(lengths - predicted)[away].max()], name, seeds=seed)
    out.per_seed("sweep", "length_error_wrong_depth", [np.abs(lengths - shuffled)[away].max()], name, seeds=seed)
    counts = (shuffled > NONZERO).sum(1)
    out.per_seed(
        "sweep", "count_errors_wrong_depth", [((lengths > NONZERO).sum(1) != counts)[away].sum()], name, seeds=seed
    )


def _cross_entropy(artifact: Artifact, out: Tables) -> None:
    """Objectives against the best simplex point, rank and geometry of the logits, by start."""
    rows: dict[str, list[int]] = {}
    found = members_of(artifact.meta["job"]["settings"])
    for index, member in enumerate(found):
        rows.setdefault(member["condition"], []).append(index)
    frames = []
    for condition, indices in rows.items():
        member = found[indices[0]]
        classes, size = len(member["sizes"]), member["sizes"][0]
        simplex, gap = closed_form.simplex_cross_entropy(
            classes, size, member["depth"], member["weight_decay"], member["feature_decay"]
        )
        objective = artifact["objective"][indices]
        logits = artifact["output"][indices][:, :classes, :classes]
        rank = metrics.numerical_rank(logits)
        name = {"condition": condition}
        out.exact("cross_entropy", "simplex_objective", simplex, name)
        out.exact("cross_entropy", "simplex_gap", gap, name)
        out.exact("cross_entropy", "best_below_simplex", 1 - objective[:, -1].min() / simplex, name)
        out.per_seed("cross_entropy", "objective_error", np.abs(objective[:, -1] - simplex), name)
        out.per_seed("cross_entropy", "below_simplex", 1 - objective[:, -1] / simplex, name)
        misfit = metrics.misfit(logits, closed_form.simplex(classes))
        out.per_seed("cross_entropy", "simplex_misfit", misfit, name)
        out.per_seed("cross_entropy", "rank", rank, name)
        out.per_seed("cross_entropy", "accuracy", artifact["accuracy"][indices][:, -1], name)
        columns = {"seed": np.arange(len(indices)), "rank": rank, "misfit": misfit, "ratio": objective[:, -1] / simplex}
        frames.append(pd.DataFrame({"condition": condition, "classes": classes, "depth": member["depth"]} | columns))
    out.curve("cross_entropy", pd.concat(frames))
