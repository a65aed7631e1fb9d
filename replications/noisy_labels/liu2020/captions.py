"""What the figures show, for those who cannot see them: formed from tables and the settings of the run."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.noisy_labels.liu2020 import closed_form
from replications.noisy_labels.liu2020.plots import LINES, NOISES, ends
from verifig.ground.numbers import text
from verifig.pages.figures import pick
from verifig.pages.page import MISSING, Page


def share(value: float) -> str:
    """A fraction as text in percent."""
    return f"{text(100 * value)} %"


def points(page: Page, experiment: str, statistic: str, condition: str) -> str:
    """The mean of a difference of accuracies in percentage points."""
    values = page.value(experiment, statistic, {"condition": condition}).dropna()
    if values.empty:
        return MISSING
    return page.told(f"{text(100 * values.mean())} points", experiment, statistic, {"condition": condition})


def _middle(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby("x")["value"].median()


def memorisation(runs: pd.DataFrame) -> str:
    """Peak and end of accuracy on wrong labels, and the memorised share, of both methods."""
    parts = []
    for condition, name in (("sym40_ce", "cross-entropy"), ("sym40_elr", "the regularisation")):
        wrong, kept = (_middle(pick(runs, condition=condition, curve=c)) for c in ("wrong_accuracy", "memorised"))
        parts.append(
            f"With {name} accuracy on wrong labels is highest at epoch {wrong.idxmax():g} ({share(wrong.max())}) and ends at "
            f"{share(wrong.iloc[-1])}, with {share(kept.iloc[-1])} of them memorised."
        )
    return "Accuracies by true class over epochs, medians over seeds. " + " ".join(parts)


def gains(runs: pd.DataFrame) -> str:
    """Median test accuracy at the end by noise and method."""
    last = ends(runs)
    parts = [
        f"{title}: {share(last[f'{noise}_ce'].median())} with cross-entropy, {share(last[f'{noise}_elr'].median())} regularised"
        for noise, title in NOISES.items()
    ]
    return f"Test accuracy at the end, single runs. Medians: {'; '.join(parts)}."


def targets(runs: pd.DataFrame) -> str:
    """Where the targets' accuracy ends by method."""
    parts = []
    for method, name in (("ce", "cross-entropy"), ("elr", "the regularisation"), ("kl", "KL")):
        middle = _middle(pick(runs, condition=f"sym40_{method}", curve="target_accuracy"))
        parts.append(f"{name} {share(middle.max())} at most and {share(middle.iloc[-1])} at the end")
    return f"Accuracy of the targets, and test accuracy, over epochs. Targets with {'; '.join(parts)}."


def ablation(runs: pd.DataFrame, shown: Mapping[str, str]) -> str:
    """Median test accuracy at the end of each variant."""
    middle = ends(runs).groupby("condition").median()
    parts = "; ".join(f"{title} {share(middle[name])}" for name, title in shown.items() if name in middle)
    return f"Test accuracy of single runs at the end by variant, bars at medians: {parts}."


def linear(runs: pd.DataFrame) -> str:
    """First and last accuracy on wrong labels, by method."""
    parts = []
    for condition, (label, *_) in LINES.items():
        middle = _middle(pick(runs, condition=condition, curve="wrong_accuracy"))
        parts.append(f"{label}: from {share(middle[1])} after one step to {share(middle.iloc[-1])}")
    return f"Accuracy by true class over steps, on wrong labels and on fresh examples. On wrong labels: {'; '.join(parts)}."


def pulls(runs: pd.DataFrame) -> str:
    """Mean pulls at step 10."""
    parts = []
    for curve, name in (("clean_pull", "right"), ("wrong_pull", "wrong")):
        found = {c: _middle(pick(runs, condition=c, curve=curve)) for c in ("ce", "elr")}
        parts.append(
            f"of {name} labels {text(found['ce'][10])} with cross-entropy and {text(found['elr'][10])} regularised"
        )
    return f"Mean pull towards the label over steps, and its law by confidence. At step 10 that {' and that '.join(parts)}."


def theorem(runs: pd.DataFrame, small: pd.DataFrame) -> str:
    """Smallest cosine, and coefficients and accuracies at the last step drawn."""
    cosine = pick(runs, curve="cosine")["value"].min()
    last = {c: _middle(pick(runs, curve=c)).iloc[-1] for c in ("right", "wrong")}
    known = [_middle(pick(table, curve="wrong_accuracy")).iloc[-1] for table in (runs, small)]
    return (
        f"Over learning rate times steps: the cosine stays above {text(cosine)}; the mean squared coefficient of right labels goes "
        f"to {text(last['right'])} and that of wrong labels to {text(last['wrong'])}; accuracy on wrong labels goes to {share(known[0])} at the "
        f"larger sigma and to {share(known[1])} at the smaller one."
    )


def one_step(table: pd.DataFrame, wrong: float, aspect: float) -> str:
    """Largest distance between the mean accuracies and the law."""
    worst = {}
    for examples, rows in table.groupby("examples"):
        middle = rows.groupby("x")["value"].mean()
        law = closed_form.one_step(wrong, middle.index.to_numpy(), aspect)[examples]
        worst[examples] = np.abs(middle - law).max()
    return (
        "Accuracy by true class after one step over sigma, for wrong labels, right labels and fresh examples; means lie on the law within "
        f"{text(100 * worst['wrong'])}, {text(100 * worst['clean'])} and {text(100 * worst['fresh'])} points."
    )


def crossing(table: pd.DataFrame) -> str:
    """Range of measured over predicted."""
    ratio = (table["value"] / table["x"]).groupby([table["aspect"], table["wrong"]]).mean()
    return f"Measured against predicted sigma*: means lie between {text(ratio.min())} and {text(ratio.max())} times the law."


def separability(table: pd.DataFrame) -> str:
    """Separable shares at the ends of the grid."""
    by = table.groupby("x")["value"]
    low, high = table["x"].min(), table["x"].max()
    return (
        "Left: both thresholds of p/n over Delta, the sharp one rising, the paper's falling. Right: share of separable instances over p/n, at most "
        f"{share(by.max()[low])} at {low:g} times the sharp threshold and at least {share(by.min()[high])} at {high:g} times."
    )
