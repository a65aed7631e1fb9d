"""Captions of training time and optimisers: panels B and C, also at full size."""

from collections.abc import Mapping

import pandas as pd

from replications.double_descent.liu2023.captions.common import at, seeds, told_at
from replications.double_descent.liu2023.measuring import widths
from replications.double_descent.liu2023.plotting import select
from replications.double_descent.liu2023.plotting.training import LOSS_FLOOR, OPTIMISER_FLOOR
from replications.double_descent.science.drawing import count
from replications.double_descent.science.wording import listed, peak_of, steps_text
from verifig.ground.numbers import text
from verifig.pages import marked


def horizons_alt(risk: pd.DataFrame, settings: Mapping) -> str:
    """Where the median test MSE peaks, and how high above the widest model, by number of steps."""
    parts = []
    for steps in select.shown_horizons(settings):
        chosen = select.rows(risk, f"steps {steps:g}")
        place, value = peak_of(chosen, "width", "test_mse")
        parts.append(f"{text(value)} at W = {place:g} after {steps_text(steps)}")
    return f"Test MSE, test error and train MSE against width by number of steps. The largest median test MSE is {listed(parts)}."


def horizons_note(settings: Mapping) -> str:
    """What is drawn, and what leaves the frame."""
    return (
        f"MSE: medians with quartiles over {settings['seeds']} seeds; error: means with 95 % intervals. Dotted: W = n. After infinitely "
        f"many steps the training loss is 0 from W = n on; losses below {LOSS_FLOOR:g} leave the frame."
    )


def ridge_from(risk: pd.DataFrame, settings: Mapping) -> float | None:
    """Number of steps from which on the worst width by mean test error lies in the window around n, or None."""
    worst = select.by_steps(risk, "test_error", "mean").idxmax(axis=1)
    inside = (worst >= widths.WINDOW[0] * settings["n"]) & (worst <= widths.WINDOW[1] * settings["n"])
    later = inside[::-1].cummin()[::-1]
    return float(later.index[later.to_numpy().argmax()]) if later.any() else None


def heatmap_alt(risk: pd.DataFrame, settings: Mapping) -> str:
    """From where on the threshold is the worst width."""
    first = ridge_from(risk, settings)
    low, high = (f"{ratio * settings['n']:g}" for ratio in widths.WINDOW)
    found = (
        f"From {steps_text(first)} on the worst width by test error lies between {low} and {high}."
        if first is not None
        else f"Even after the longest training the worst width by test error lies outside {low} to {high}."
    )
    return f"Two maps over width and steps, of test MSE and of test error. {found}"


def optimisers_alt(risk: pd.DataFrame, iterated: pd.DataFrame, settings: Mapping, runs: Mapping[str, Mapping]) -> str:
    """Median test MSE at W = n after both numbers of steps."""
    short, long = select.optimiser_steps(settings)
    parts = []
    for label, pattern in select.optimiser_arms(settings, runs):
        found = [select.run_named(risk, iterated, pattern.format(steps)) for steps in (short, long)]
        if all(len(frame) for frame in found):
            values = [text(at(frame, settings["n"], "test_mse")) for frame in found]
            parts.append(f"{label} {values[0]} and {values[1]}")
    return (
        f"Test MSE by width after {count(short)} and {count(long)} steps, and train MSE after the latter. Median test MSE at W = n "
        f"after either: {'; '.join(parts)}."
    )


def optimisers_note(risk: pd.DataFrame, iterated: pd.DataFrame, settings: Mapping, runs: Mapping[str, Mapping]) -> str:
    """Step sizes, seeds, widths, what leaves the frame, and which training loss rises again beyond the threshold."""
    adams = {name: run for name, run in runs.items() if run["optimizer"] == "adam"}
    sentences = [
        f"Medians with quartiles. Gradient descent and momentum: steps of size 1/L, {settings['seeds']} seeds. Losses below "
        f"{OPTIMISER_FLOOR:g} leave the frame."
    ]
    if adams:
        grid = sorted({width for run in adams.values() for width in run["widths"]})
        sentences.append(f"Adam, by learning rate: {seeds(adams.values())} of the same, at widths {listed(grid)} only.")
    for name, run in adams.items():
        frame = select.run_points(iterated, name)
        wide = frame[frame["width"] > settings["n"]]
        if len(wide):
            medians = wide.groupby("width")["train_mse"].median()
            if medians.iloc[-1] > 2 * medians.min():
                low, high = (
                    told_at(text(float(medians[width]), 2), wide, width, "train_mse")
                    for width in (medians.idxmin(), medians.index[-1])
                )
                place = marked.of_table(f"W = {medians.idxmin()}", wide, "train_mse", "smallest median of")
                sentences.append(
                    f"The training loss of Adam {run['learning_rate']:g} rises again, from {low} at {place} to {high} at "
                    f"W = {medians.index[-1]}."
                )
    return " ".join(sentences)


def batches_alt(iterated: pd.DataFrame, settings: Mapping, runs: Mapping[str, Mapping]) -> str:
    """Peak and training loss by batch size."""
    parts = []
    for name, label in select.batch_arms(runs).items():
        frame = select.run_points(iterated, name)
        loss, height = select.heights(frame, settings["n"])
        parts.append(f"{label} h {text(float(height.median()))}, l {text(float(loss.median()), 2)}")
    return f"Test and train MSE by width after {settings['epochs']:,} epochs. Medians: {'; '.join(parts)}."


def batches_note(settings: Mapping, runs: Mapping[str, Mapping]) -> str:
    """Seeds, learning rate, how many steps equal epochs are, and what leaves the frame."""
    steps = {run["batch_size"]: run["epochs"] * -(-run["n"] // run["batch_size"]) for run in map(runs.get, select.batch_arms(runs))}  # fmt: skip
    counts = listed(f"{count(number)} with batch {size}" for size, number in sorted(steps.items()))
    return (
        f"Medians with quartiles over {settings['seeds']} seeds, learning rate {settings['learning_rate']:g}. Equal epochs are unequal "
        f"numbers of steps: {counts}. The decaying rate (divided by the root of 1 + epoch) is that of the author's earlier "
        f"repository. Losses below {LOSS_FLOOR:g} leave the frame."
    )


def flattest(kappa: pd.Series) -> str:
    """How long the flattest direction takes at the median condition number; nothing where there is none."""
    if not len(kappa):
        return ""
    steps = marked.mark(
        text(float(f"{kappa.median() ** 2:.1e}"), 2),
        f"features · condition number, width=n: square of the median of {len(kappa)} seeds",
    )
    return (
        "Along the flattest direction at W = n what is left to fit falls by a factor e within about κ² steps of size 1/L: "
        f"{steps} steps at the median κ."
    )
