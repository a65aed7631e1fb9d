"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, first_crossing, long, melt, ratio
from verifig.training.artifacts import Artifact

VARIANCE = 0.5  # of the target (beta . x)^2 / 2 with |beta|^2 = D
FITTED = 0.1  # of its first value: a training loss that counts as fitted
LEVEL = 0.95  # an accuracy that counts as reached
ALPHAS = ("alpha_0.3", "alpha_1", "alpha_3", "alpha_10")
SAME_RATE = ("same_rate_0.3", "same_rate_1", "same_rate_3", "alpha_10")  # all at the learning rate of the last
MODULAR_ALPHAS = ("alpha_0.25", "alpha_1", "alpha_2")
LOSSES = ("train_loss", "test_loss", "alignment", "movement", "weight_norm")
ACCURACIES = ("train_accuracy", "test_accuracy", "train_loss", "test_loss", "weight_norm")


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    for name in ("committee", "goldilocks", "misaligned", "eigenvectors"):
        if name in artifacts:
            series = Series(artifacts[name], "steps")
            _committee(name, series, out)
            out.curve(f"{name}_curves", _curves(series, LOSSES))
    if "committee" in artifacts:
        _laziness(Series(artifacts["committee"], "steps"), out)
    if "modular" in artifacts:
        _modular(Series(artifacts["modular"], "steps"), out)
    if "identities" in artifacts:
        _identities(artifacts["identities"], out)


def _curves(series: Series, fields: tuple[str, ...]) -> pd.DataFrame:
    """Curves from the first step on, where a log axis begins."""
    later = series.points > 0
    frames = [
        long(series.points[later], {field: series[condition, field][:, later] for field in fields}, condition)
        for condition in series.settings
    ]
    return pd.concat(frames)


def _committee(experiment: str, series: Series, out: Tables) -> None:
    """Ends, what they are next to the first kernel's, and how far the test loss was when the training set was fitted."""
    for condition in series.settings:
        place = {"condition": condition}
        train, test = series[condition, "train_loss"], series[condition, "test_loss"]
        with np.errstate(divide="ignore", invalid="ignore"):
            share, fitted_train = test / test[:, :1], train / train[:, :1] <= FITTED
        fitted = np.where(fitted_train.any(1), fitted_train.argmax(1), len(series.points) - 1)
        when = share[np.arange(len(share)), fitted]
        values = {
            "final_train": train[:, -1] / train[:, 0],
            "final_test": test[:, -1],
            "test_over_variance": test[:, -1] / VARIANCE,
            "test_over_first": share[:, -1],
            "test_when_fitted": when,
            "fall_after_fit": share[:, -1] / when,
            "test_peak": share.max(1),
            "weight_norm": series.last(condition, "weight_norm"),
            "weight_change": series.last(condition, "weight_change"),
            "movement": series.last(condition, "movement"),
            "alignment_gain": series.last(condition, "alignment") / series[condition, "alignment"][:, 0],
            "regression_over_variance": series[condition, "kernel_regression"] / VARIANCE,
            "test_over_regression": ratio(test[:, -1], series[condition, "kernel_regression"]),
            "descent_deviation": np.abs(ratio(test[:, -1], series[condition, "kernel_descent"]) - 1),
        }
        for statistic, value in values.items():
            out.per_seed(experiment, statistic, value, place)


def _laziness(series: Series, out: Tables) -> None:
    """Paired ratios of neighbours in alpha; the table of ends by alpha."""
    for arm, names in (("rescaled", ALPHAS), ("same_rate", SAME_RATE)):
        for low, high in itertools.pairwise(names):
            if low in series and high in series:
                place = {"arm": arm, "alphas": f"{_alpha(high)}/{_alpha(low)}"}
                for statistic, field in (("test_ratio", "test_loss"), ("change_ratio", "weight_change")):
                    value = ratio(series.last(high, field), series.last(low, field))
                    out.per_seed("committee", statistic, value, place)
    frames = [
        melt(
            {
                "weight_change": series.last(condition, "weight_change"),
                "weight_norm": series.last(condition, "weight_norm"),
                "test_loss": series.last(condition, "test_loss"),
                "regression": series[condition, "kernel_regression"],
            },
            x=series.settings[condition]["alpha"],
            seed=range(series.seeds(condition)),
        )
        for condition in (*ALPHAS, "lazy")
        if condition in series
    ]
    if frames:
        out.curve("laziness", pd.concat(frames))


def _alpha(condition: str) -> str:
    return condition.rsplit("_", 1)[1]


def _modular(series: Series, out: Tables) -> None:
    """Accuracies and norm; delays in epochs at a learning rate of 1 / alpha^2, since conditions may have several."""
    delays = {}
    for condition, settings in series.settings.items():
        place = {"condition": condition}
        train, test = series[condition, "train_accuracy"], series[condition, "test_accuracy"]
        fitted_at, unfitted = first_crossing(series.points, train, LEVEL)
        found_at, unfound = first_crossing(series.points, test, LEVEL)
        reached = train >= LEVEL
        first = np.where(reached.any(1), reached.argmax(1), len(series.points) - 1)
        delays[condition] = np.where(unfitted | unfound, np.nan, found_at - fitted_at) * settings["learning_rate"]
        out.per_seed("modular", "fit_accuracy", train[np.arange(len(train)), first], place)
        out.per_seed("modular", "test_when_fitted", test[np.arange(len(test)), first], place)
        out.per_seed("modular", "final_train", train[:, -1], place)
        out.per_seed("modular", "final_test", test[:, -1], place)
        out.per_seed("modular", "weight_norm", series.last(condition, "weight_norm"), place)
        out.per_seed("modular", "fitted_at", fitted_at, place, never=unfitted)
        out.per_seed("modular", "found_at", found_at, place, never=unfound)
        out.per_seed("modular", "finite", np.isfinite(series.last(condition, "train_loss")), place)
    for low, high in itertools.pairwise(MODULAR_ALPHAS):
        if low in series and high in series:
            place = {"alphas": f"{_alpha(high)}/{_alpha(low)}"}
            out.per_seed("modular", "delay_ratio", ratio(delays[high], delays[low]), place)
    curves = _curves(series, ACCURACIES)
    rates = {condition: settings["learning_rate"] for condition, settings in series.settings.items()}
    out.curve("modular_curves", curves.assign(time=curves["x"] * curves["condition"].map(rates)))


def _identities(artifact: Artifact, out: Tables) -> None:
    """Eq. 6 against samples, eigenvalues against both printed formulas, errors of the closed forms."""
    terms, sampled, error = (artifact[name] for name in ("terms", "sampled", "standard_error"))
    loss = terms.sum(2)
    for statistic, theory in (("", loss), ("_no_trace", loss - terms[..., 0])):
        out.per_seed("identities", f"largest_z{statistic}", np.abs((sampled - theory) / error).max(1))
        out.per_seed("identities", f"sampled_over_exact{statistic}", (sampled / theory).mean(1))
    seeds, steps = range(len(terms)), artifact["steps"]
    named = dict(zip(("variance", "misalignment", "linear"), np.moveaxis(terms, 2, 0), strict=True))
    parts = named | {"exact": loss, "sampled": sampled}
    out.curve("terms", pd.concat([melt(values, curve=name, seed=seeds, x=steps) for name, values in parts.items()]))
    size = artifact.meta["job"]["settings"]["spectrum_dimension"]
    eigenvalues = artifact["quadratic_eigenvalue"]
    for column, epsilon in enumerate(artifact["epsilons"].tolist()):
        place, values = {"epsilon": epsilon}, eigenvalues[:, column]
        out.per_seed("identities", "over_main_text", values / (2 * epsilon / size**2), place)
        out.per_seed("identities", "over_appendix", values / (2 * epsilon**2 / size**2), place)
        out.per_seed("identities", "linear_times_d", artifact["linear_eigenvalue"][:, column] * size, place)
    out.curve("spectrum", melt(eigenvalues, seed=seeds, x=artifact["epsilons"]))
    for statistic in ("initial_loss_error", "first_step_error", "descent_error"):
        out.per_seed("identities", statistic, artifact[statistic])
