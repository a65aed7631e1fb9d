"""Statistics and curves of trained features and networks against the predicted geometry."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.neural_collapse.dang2023 import metrics
from replications.neural_collapse.dang2023.measuring.geometry import Condition, by_condition
from verifig.measuring.tables import Tables, difference, long, melt
from verifig.training.artifacts import Artifact

EARLY = {"direct": 100}  # iterations at which the fall of NC1 begins; elsewhere EARLY_SHARE of the training
EARLY_SHARE = 0.05
SLOPES = (("gof3", "gof1"), ("gof6", "gof3"))  # conditions whose slopes are compared


def measure(experiment: str, artifact: Artifact, out: Tables) -> None:
    """All statistics by condition; curves, matrices and lengths."""
    conditions = by_condition(artifact)
    frames, matrices, lengths = [], [], []
    for name, condition in conditions.items():
        curves = _curves(condition)
        _final(experiment, name, curves, out)
        _collapse(experiment, condition, curves, out)
        _laws(experiment, condition, out)
        frames.append(long(condition.points, curves, name))
        matrices.append(_matrices(condition))
        if condition.solution is not None:
            lengths.append(_lengths(condition))
    for a, b in SLOPES:
        if a in conditions and b in conditions and conditions[a].has_slope() and conditions[b].has_slope():
            rise = difference(conditions[a].slopes(), conditions[b].slopes())
            out.per_seed(experiment, "slope_difference", rise, {"a": a, "b": b})
    out.curve(experiment, pd.concat(frames))
    out.curve(f"{experiment}_geometry", pd.concat(matrices))
    if lengths:
        out.curve(f"{experiment}_lengths", pd.concat(lengths))


def _curves(condition: Condition) -> dict[str, np.ndarray]:
    """What is followed over training, by name [seeds, points]."""
    curves = condition.misfits() | {"accuracy": condition["accuracy"]}
    # without a second sample in any class there is no NC1, without images left out no test
    for name in ("nc1", "nc1_shuffled", "imbalance", "test_accuracy"):
        if name in condition and not np.isnan(condition[name]).all():
            curves[name] = condition[name]
    curves["self_output"] = np.diagonal(condition["output"], axis1=-2, axis2=-1).mean(-1)
    if condition.solution is not None and "objective" in condition:
        curves["classifier_error"] = condition.classifier_error()
        curves["gap"] = condition["objective"] / condition.solution.objective - 1
    return curves


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


def _collapse(experiment: str, condition: Condition, curves: Mapping[str, np.ndarray], out: Tables) -> None:
    """Fall of NC1 from an early point to the end, with true and with permuted labels; bound by the optimum; bias."""
    name = {"condition": condition.name}
    early = np.flatnonzero(condition.points >= EARLY.get(experiment, EARLY_SHARE * condition.points[-1]))
    for label in ("nc1", "nc1_shuffled"):
        if label in curves and len(early):  # a shorter training has no early point
            with np.errstate(invalid="ignore", divide="ignore"):  # a dead run has NC1 undefined
                fall = curves[label][:, early[0]] / curves[label][:, -1]
            out.per_seed(experiment, f"{label}_fall", fall, name)
    if "gap" in curves:
        excess = condition["objective"] - condition.solution.objective
        out.per_seed(experiment, "least_excess", excess.min(1), name)
    if "bias" in condition:
        error = np.abs(condition["bias"][:, -1] - condition.sizes / condition.sizes.sum()).max(1)
        out.per_seed(experiment, "bias_error", error, name)


def _laws(experiment: str, condition: Condition, out: Tables) -> None:
    """Exponent of lengths against class sizes; decay of the layers' imbalance."""
    name = {"condition": condition.name}
    if condition.family == "gof" and condition.has_slope():
        out.per_seed(experiment, "slope", condition.slopes(), name)
        if condition.solution is not None:
            out.exact(experiment, "predicted_slope", condition.predicted_slope(), name)
    if condition.depth > 1 and "imbalance" in condition:
        rate = condition.imbalance_rates()
        out.per_seed(experiment, "imbalance_rate", rate, name)
        if condition.predicted_rate() > 0:
            out.per_seed(experiment, "imbalance_rate_over_prediction", rate / condition.predicted_rate(), name)


def _matrices(condition: Condition) -> pd.DataFrame:
    """Matrices of the first seed at the start and at the end, and the predicted ones if known, in long form."""
    predicted = condition.predicted(absolute=condition.solution is not None)
    frames = []
    for matrix in ("classifier", "feature", "output"):
        found = condition[matrix][0] if matrix == "output" else condition[matrix][0][:, 0]
        if condition.settings["bias"] and matrix != "classifier":
            found = metrics.centre(found, condition.sizes, sides=2 if matrix == "feature" else 1)
        stages = {"start": found[0], "end": found[-1]}
        if predicted is not None:
            stages["predicted"] = predicted[matrix][0, -1]
        for stage, values in stages.items():
            classes = range(len(values))
            place = {"condition": condition.name, "matrix": matrix, "stage": stage}
            frames.append(melt(values, **place, row=classes, column=classes))
    return pd.concat(frames)


def _lengths(condition: Condition) -> pd.DataFrame:
    """Squared lengths by class and seed at the end, beside the predicted ones."""
    frames, predicted = [], condition.predicted(absolute=True)
    for seed in range(condition.seeds):
        columns = {"class": np.arange(condition.classes), "size": condition.sizes}
        for name in ("classifier", "feature"):
            columns[name] = np.diagonal(condition[name][seed, -1, 0])
            columns[f"predicted_{name}"] = np.diagonal(predicted[name][seed % len(predicted[name]), -1])
        frames.append(pd.DataFrame({"condition": condition.name, "seed": seed} | columns))
    return pd.concat(frames)
