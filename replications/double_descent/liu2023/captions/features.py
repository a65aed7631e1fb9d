"""Captions of what changes the features or the labels: panels D to F."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.double_descent.liu2023.captions.common import at, seeds, told_at
from replications.double_descent.liu2023.measuring import widths
from replications.double_descent.liu2023.plotting import select
from replications.double_descent.science.drawing import count
from replications.double_descent.science.wording import listed, peak_of, steps_text
from verifig.ground.numbers import text
from verifig.pages import marked


def initialisation_alt(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> str:
    """Tail by output scale; rise of the error at the threshold by feature scale at both rates."""
    tails, widest = [], max(settings["widths"])
    for scale, solver in select.scale_solvers(settings).items():
        frame = select.rows(risk, solver)
        if len(frame):
            tails.append(f"{text(at(frame, widest, 'test_mse'))} for output scale {scale:g}")
    rises = []
    for name, (label, _) in select.by_scale(settings, maps).items():
        pair = [_rise(select.rows(risk, solver, name), settings["n"]) for solver in _rates(settings)]
        rises.append(f"{text(100 * pair[0], 2)} and {text(100 * pair[1], 2)} for feature scale {label}")
    return (
        f"Top left: test MSE by width; median at W = {widest}: {listed(tails)}. Top right and below: test error by width at two learning "
        f"rates; mean error at W = n less that at {_narrow(settings)}, in points: {listed(rises)}."
    )


def initialisation_note(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> str:
    """Rates, steps and seeds of the panels, and the peak itself by output scale, whose ratio to the tail is h."""
    n, peaks = settings["n"], []
    for scale, solver in select.scale_solvers(settings).items():
        frame = select.rows(risk, solver)
        frame = frame[frame["width"].between(widths.WINDOW[0] * n - 1e-6, widths.WINDOW[1] * n + 1e-6)]
        if len(frame):
            peak = text(float(frame.groupby("seed")["test_mse"].max().median()))
            told = marked.of_table(peak, frame, "test_mse", "median over seeds of the largest of")
            peaks.append(f"{told} at output scale {scale:g}")
    rates = f"1/L and {settings['learning_rates'][0]:g}"
    low, high = (f"{ratio * n:g}" for ratio in widths.WINDOW)
    return (
        f"{count(settings['steps'])} steps. Test MSE: rate 1/L, medians with quartiles over {settings['seeds']} seeds. Test error: rates "
        f"{rates}, means with 95 % intervals over {seeds(maps[name] for name in select.by_scale(settings, maps))}. h is relative to "
        f"the tail: the largest test MSE between W = {low} and {high} itself is {listed(peaks)} (medians)."
    )


def _rates(settings: Mapping) -> tuple[str, str]:
    return select.base_solver(settings), f"lr {settings['learning_rates'][0]:g}"


def _narrow(settings: Mapping) -> str:
    """The widths among which `_rise` takes the best."""
    chosen = [width for width in settings["widths"] if width <= widths.LEFT * settings["n"] * 1.001]
    return f"the best of W = {listed(chosen)}" if len(chosen) > 1 else f"W = {listed(chosen)}"


def _rise(frame: pd.DataFrame, n: float) -> float:
    """Mean error at W = n less the smallest mean error up to 0.6 n."""
    curve = frame.groupby("width")["test_error"].mean()
    narrow = curve[curve.index <= widths.LEFT * n * 1.001]
    return at(frame, n, "test_error", "mean") - float(narrow.min()) if len(narrow) else float("nan")


def normalisation_alt(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> str:
    """Error at the threshold by normalisation, at both rates."""
    rate, parts = settings["learning_rates"][0], _errors_at(risk, settings, maps, settings["n"])
    return f"Test error by width at rate 1/L and at rate {rate:g}. Mean error at W = n in percent: {listed(parts)}."


def normalisation_note(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> str:
    """Seeds, and the error of the widest models, against which a peak is seen."""
    widest, parts = max(settings["widths"]), _errors_at(risk, settings, maps, max(settings["widths"]))
    return (
        f"Means with 95 % intervals over {seeds(maps[name] for name in select.by_normalisation(settings, maps))}. At W = {widest} the "
        f"mean error in percent is {listed(parts)} (rate 1/L and rate {settings['learning_rates'][0]:g})."
    )


def _errors_at(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping], width: float) -> list[str]:
    """By normalisation, the mean error in percent at one width, at both rates."""
    parts = []
    for name, (label, _) in select.by_normalisation(settings, maps).items():
        frames = [select.rows(risk, solver, name) for solver in _rates(settings)]
        errors = [
            told_at(text(100 * at(frame, width, "test_error", "mean")), frame, width, "test_error", "mean")
            for frame in frames
        ]
        parts.append(f"{errors[0]} and {errors[1]} for {label}")
    return parts


def conditioning_alt(kappa: pd.DataFrame, threshold: pd.DataFrame) -> str:
    """Where condition numbers peak, and their medians over the draws at W = n."""
    places = sorted({int(peak_of(part, "x", "value")[0]) for _, part in kappa.groupby("map")})
    medians = threshold.groupby("map")["value"].median().sort_values()
    return (
        f"Condition numbers against width; the medians of all feature maps are largest at W = {listed(places)}. Below: "
        f"distributions at W = n, with medians from {text(medians.iloc[0])} to {text(medians.iloc[-1])} and largest values up to "
        f"{text(float(threshold['value'].max()))}."
    )


def threshold_table(risk: pd.DataFrame, kappa: pd.DataFrame, settings: Mapping, maps: Mapping) -> pd.DataFrame:
    """At W = n, by normalisation (its label): medians of condition number, training loss and test error (%)."""
    n, found = settings["n"], {}
    for name, (label, _) in select.by_normalisation(settings, maps).items():
        frame = select.rows(risk, select.base_solver(settings), name)
        condition = kappa[(kappa["map"] == name) & (kappa["x"] == n)]["value"].median()
        found[label] = (condition, at(frame, n, "train_mse"), 100 * at(frame, n, "test_error"))
    return pd.DataFrame(found, index=["condition number", "train MSE", "test error (%)"]).T


def caveat_normalisation_alt(risk: pd.DataFrame, kappa: pd.DataFrame, settings: Mapping, maps: Mapping) -> str:
    """The medians, in words."""
    table = threshold_table(risk, kappa, settings, maps)
    parts = [f"{label}: {', '.join(text(float(v)) for v in values)}" for label, values in zip(table.index, table.to_numpy(), strict=True)]  # fmt: skip
    return f"Condition number, training loss and test error (%) at W = n, medians. {'; '.join(parts)}."


def caveat_normalisation_note(risk: pd.DataFrame, kappa: pd.DataFrame, settings: Mapping, maps: Mapping) -> str:
    """What is drawn; whether better conditioned maps have lower losses and higher errors, pair by pair."""
    drawn = f"Medians and quartiles over seeds, W = n, {count(settings['steps'])} steps of size 1/L."
    table = threshold_table(risk, kappa, settings, maps)
    pairs = [(a, b) for a in table.index for b in table.index if table.loc[a].iloc[0] < table.loc[b].iloc[0]]
    if not pairs:
        return drawn
    counts = [sum(compare(table.loc[a].iloc[k], table.loc[b].iloc[k]) for a, b in pairs) for k, compare in ((1, np.less), (2, np.greater))]  # fmt: skip
    lower, higher = (
        marked.of_table(str(found), risk, field, "pairs of medians at W = n of which this holds, over")
        for found, field in zip(counts, ("train_mse", "test_error"), strict=True)
    )
    verdict = (
        "so here a lower condition number goes with a lower loss throughout"
        if counts[0] == len(pairs)
        else "so here a lower condition number does not always go with a lower loss"
    )
    return (
        f"{drawn} Of {len(pairs)} pairs of feature maps the one with the lower median condition number has the lower median training loss in "
        f"{lower} and the higher median error in {higher}, {verdict}. At W = n these medians are uncertain, as their quartiles "
        "show. The abstract's statement is judged on condition number and error."
    )


def noise_alt(risk: pd.DataFrame, settings: Mapping) -> str:
    """Rise of the error at the threshold by noise and steps."""
    levels, parts = select.noise_levels(settings), []
    for steps in [*sorted(settings["noise_horizons"])[-2:], np.inf]:
        found = [
            _rise(select.rows(risk, select.noise_solver(settings, share, steps)), settings["n"]) for share in levels
        ]
        values = listed(f"{text(100 * value, 2)}" for value in found)
        parts.append(f"{values} after {steps_text(steps)}")
    shares = listed(f"{100 * share:g}" for share in levels)
    return (
        f"Test error by width for label noise of {shares} %. Mean error at W = n less that at {_narrow(settings)}, in points, "
        f"by noise: {'; '.join(parts)}."
    )


def noise_note(risk: pd.DataFrame, settings: Mapping) -> str:
    """Seeds, and at which noise the error of the leftmost panel is higher at W = n than on either side, whatever h says."""
    n, steps, humps = settings["n"], sorted(settings["noise_horizons"])[-2:][0], []
    for share in select.noise_levels(settings):
        frame = select.rows(risk, select.noise_solver(settings, share, steps))
        middle, tail = (at(frame, width, "test_error", "mean") for width in (n, max(settings["widths"])))
        if _rise(frame, n) > 0 and middle > tail:
            humps.append(f"{100 * share:g}")
    found = (
        f" After {steps_text(steps)} the mean error at W = n is above that at {_narrow(settings)} and above that at "
        f"W = {max(settings['widths'])} with {listed(humps)} % label noise."
        if humps
        else ""
    )
    return (
        f"Means with 95 % intervals over {settings['seeds']} seeds, steps of size 1/L. F1 judges test MSE and h, its peak relative to "
        f"the tail, not this error.{found}"
    )


def caveat_noise_note(risk: pd.DataFrame, settings: Mapping) -> str:
    """What is drawn; loss and height by noise after the longer training, and whether one loss could separate the peaks."""
    steps, found, parts = max(settings["noise_horizons"]), {}, []
    for share in select.noise_levels(settings):
        rows = select.rows(risk, select.noise_solver(settings, share, steps))
        loss, height = (float(each.median()) for each in select.heights(rows, settings["n"]))
        found[share] = loss, height
        l_told = marked.of_table(text(loss, 2), rows, "train_mse", "median over seeds at W = n, of")
        h_told = marked.of_table(text(height), rows, "test_mse", "median over seeds of the peak over the tail, of")
        parts.append(f"l {l_told} and h {h_told} at {100 * share:g} %")
    ordered = sorted(found.values())
    rising = all(a[1] <= b[1] for a, b in itertools.pairwise(ordered))
    return (
        f"Medians with quartiles over {settings['seeds']} seeds; each line runs from the shorter training (right) to the longer "
        f"(left). After {steps_text(steps)}, medians by label noise: {'; '.join(parts)}."
    ) + (
        " Across noise levels the higher loss goes with the higher peak, the opposite of the order within one task: which loss is "
        "“sufficiently low” depends on the task, and the statement is tested within one task only."
        if rising
        else ""
    )


def caveat_noise_alt(settings: Mapping) -> str:
    """What the lines join."""
    return (
        "Peak height against training loss at W = n, for each noise level a line that joins "
        f"{listed(count(steps) for steps in sorted(settings['noise_horizons']))} steps."
    )
