"""Sentences of the page that depend on the run: formed from tables of curves, published values and settings."""

from collections.abc import Mapping

import pandas as pd

from replications.double_descent.nakkiran2020 import plots, reference
from replications.double_descent.science.wording import images, listed, peak_of, steps_text
from verifig.ground.numbers import text


def task(settings: Mapping) -> str:
    """The task of the random-feature fits."""
    return (
        f"The task: {images(settings)}; {settings['activation']} features, tested on {settings['sample_test']:,} other images. With label noise, that share "
        "of training labels is replaced by a random class, possibly the same. A seed draws images, noise and features."
    )


def resnet_alt(published: pd.DataFrame) -> str:
    """Minimum, peak and end of the published curve."""
    peak = published.iloc[reference.published_peak()]
    before = published[published["x"] < peak["x"]]
    low, last = before.loc[before["test"].idxmin()], published.iloc[-1]
    return (
        f"Published test error (on noisy labels) and train error of ResNet18 against width: test error falls to {text(100 * low['test'])} % at width "
        f"{low['x']:g}, rises to {text(100 * peak['test'])} % at width {peak['x']:g}, where the train error is "
        f"{text(100 * peak['train'])} %, and falls to {text(100 * last['test'])} % at width {last['x']:g}."
    )


def samples_alt(sizes: pd.DataFrame, threshold: pd.DataFrame) -> str:
    """Where the error peaks by sample size and by width."""
    left = [
        f"n = {peak_of(part, 'x', 'value', 'mean')[0]:g} with {100 * share:g} % label noise"
        for share, part in sizes.groupby("noise")
    ]
    noisy = threshold[threshold["noise"] == threshold["noise"].max()]
    right = [f"{peak_of(part, 'x', 'value', 'mean')[0]:g} for n = {n}" for n, part in noisy.groupby("n")]
    return (
        f"Left: mean test error against the number of samples is largest at {listed(left)}. Right: against features over samples "
        f"it is largest at {listed(right)}."
    )


def two_layer_alt(table: pd.DataFrame) -> str:
    """By number of steps, the largest mean test MSE over that of the widest network, and where it is."""
    parts = []
    for steps, part in plots.late(table).groupby("steps"):
        curve = part.groupby("width")["test_mse"].mean()
        parts.append(f"{text(float(curve.max() / curve.iloc[-1]))} at H = {curve.idxmax()} after {steps_text(steps)}")
    return (
        f"Test and train MSE by hidden width H after several numbers of steps. Largest mean test MSE over that of the widest "
        f"network: {listed(parts)}."
    )


def two_layer_note(settings: Mapping) -> str:
    """What is drawn, and under which optimiser."""
    optimiser = {"adam": "Adam", "sgd": f"SGD with momentum {settings['momentum']:g}"}[settings["optimizer"]]
    return (
        f"{optimiser}, learning rate {settings['learning_rate']:g}. Test MSE: means with 95 % intervals; train MSE: medians with "
        f"quartiles; {settings['seeds']} seeds. Dotted: as many parameters as equations. Losses below {plots.LOSS_FLOOR:g} leave "
        "the frame."
    )
