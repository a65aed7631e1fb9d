"""Captions of closed examples: a few points in the plane, the smallest positive curvature."""

from collections.abc import Mapping

import pandas as pd

from replications.double_descent.science.wording import listed, peak_of, steps_text
from verifig.ground.numbers import text
from verifig.pages import marked


def minimal_alt(table: pd.DataFrame, n: int) -> str:
    """Where the mean curves peak."""
    names = {"test_error": "test error", "test_mse": "test MSE", "condition_number": "condition number", "norm": "norm of the weights"}  # fmt: skip
    parts = []
    for field, name in names.items():
        rows_ = table[(table["field"] == field) & (table["P"] > n / 2)]  # the narrowest models err, too
        if len(rows_):
            parts.append(f"{name} at {text(float(rows_.loc[rows_['mean'].idxmax(), 'P']) / n)}")
    peaks = f" Beyond P/N = 1/2 the means are largest for {listed(parts)}." if parts else ""
    return f"Four panels against features over points, P/N.{peaks} Diamonds mark published means."


def minimal_note(table: pd.DataFrame, n: int, draws: int, paper: Mapping) -> str:
    """What is drawn, and how far the unstable means differ at the threshold."""
    at_n = table[(table["field"] == "condition_number") & (table["P"] == n)]
    sentences = [
        f"Diamonds: published means over {paper['draws']:,} draws at N = {paper['N']}, average of two independent versions. Ours: "
        f"{draws:,} draws; orange: medians with quartiles over draws."
    ]
    if len(at_n) and n == paper["N"]:
        theirs = paper["condition_number"][paper["P"].index(n)]
        mean, median = (marked.of_table(text(float(at_n[name].iloc[0])), at_n, name) for name in ("mean", "median"))
        sentences.append(
            f"At P = N means are unstable (heavy tails): the mean condition number is {mean} here "
            f"and {text(theirs)} there ({' and '.join(text(float(each)) for each in paper['versions_at_N']['condition_number'])} in its "
            f"two versions), our median {median}."
        )
    return " ".join(sentences)


def descent_alt(table: pd.DataFrame, n: int) -> str:
    """Where the error peaks after each training time."""
    parts = []
    for steps, part in table.groupby("steps"):
        place, value = peak_of(part, "x", "value", "mean")
        parts.append(f"{text(100 * value)} % at P = {place:g} after {steps_text(steps)}")
    return f"Test error against the number of features, N = {n} points. The largest mean error is {listed(parts)}."


def curvature_alt(table: pd.DataFrame) -> str:
    """Where the factor peaks and how high, by horizon."""
    parts = []
    for steps, part in table.groupby("steps"):
        place, value = peak_of(part, "x", "value", "mean")
        parts.append(f"{text(value)} at d = {place:g} after {steps_text(steps)}")
    return f"The factor against the input dimension; its mean is largest, {listed(parts)}."
