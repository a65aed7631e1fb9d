"""Sentences of the page that depend on the run: formed from tables of curves and published values."""

import numpy as np
import pandas as pd

from replications.double_descent.science.wording import listed, peak_of
from replications.double_descent.simon2024 import eigenframework as theory
from replications.double_descent.simon2024 import reference
from verifig.ground.numbers import text


def published_alt(table: pd.DataFrame) -> str:
    """How far the published experiments lie from our curves, and where the lowest ridge peaks."""
    worst = float((table["experiment"] / table["theory"] - 1).abs().max())
    ks = np.unique(np.geomspace(10, 10000, 200).round())
    task, ridge = reference.figure1_task(), table["ridge"].min()
    top = ks[int(np.argmax([theory.risk(task, reference.FIGURE1["n"], k, ridge)[0] for k in ks]))]
    return (
        f"Test MSE against the number of features for {table['ridge'].nunique()} ridges: our curves, and published experiments on "
        f"them, at most {text(100 * worst, 2)} % away. The smallest ridge peaks at about k = {top:g}, where n = {reference.FIGURE1['n']}."
    )


def risks_alt(table: pd.DataFrame, n: int, what: str) -> str:
    """Largest mean deviation of simulation from theory, at and away from the threshold."""
    ratio = (table["value"] / table["theory"] - 1).groupby([table["ridge"], table["x"]]).mean()
    off = ratio[ratio.index.get_level_values("x") != n]
    on = ratio[ratio.index.get_level_values("x") == n]
    peaks = []
    for ridge, part in table.groupby("ridge"):
        place, _ = peak_of(part, "x", "value", "mean")
        if place not in (part["x"].min(), part["x"].max()):
            peaks.append(f"{place:g} for ridge {ridge:.3g}")
    where = f"Mean simulated test MSE is largest within the range of k at {listed(peaks)}; for the other ridges at its ends. " if peaks else ""  # fmt: skip
    threshold = f", at k = n between {text(100 * on.min(), 2)} and {text(100 * on.max(), 2)} %" if len(on) else ""
    return (
        f"Test MSE against the number of {what} for {table['ridge'].nunique()} ridges, simulation and theory. {where}Mean deviation "
        f"from theory for k other than n between {text(100 * off.min(), 2)} and {text(100 * off.max(), 2)} %{threshold}."
    )


def theorem_alt(table: pd.DataFrame) -> str:
    """Whether risk falls with size at the tuned ridge, and where it peaks without tuning."""
    parts = []
    for order, name in (("by_k", "more features"), ("by_n", "more samples")):
        values = table[table["order"] == order].sort_values("x")["value"].to_numpy()
        parts.append(
            f"{'falls at every step' if (np.diff(values) < 0).all() else 'does not fall at every step'} with {name}"
        )
    place, value = peak_of(table[table["order"] == "ridgeless_by_k"], "x", "value", "mean")
    return (
        f"Exact test MSE against size. At the tuned ridge it {listed(parts)}; at the small fixed ridge it is largest, "
        f"{text(value)}, at k = {place:g}."
    )


def fitting_prose() -> str:
    """Up to which noise interpolation is optimal, by task."""
    parts = []
    for name, ((a, b), _) in reference.KERNEL_OPTIMA.items():
        limit = theory.interpolation_noise(a, b)
        parts.append(
            f"for the exponents of {name} "
            + (
                f"fitting the training set perfectly is best up to noise {text(limit)}"
                if limit > 0
                else f"it is never best to fit perfectly (R = {text(theory.optimal_fitting_ratio(a, b, 0))} without noise)"
            )
        )
    return f"By the formula, {listed(parts)}. Noise is measured in units of the noise-free test error without ridge."


def fitting_alt(mnist: pd.DataFrame, cifar: pd.DataFrame) -> str:
    """Optima by the formula and as stored."""
    parts = []
    for name, table in zip(reference.KERNEL_OPTIMA, (mnist, cifar), strict=True):
        pairs = listed(f"{text(f)} and {text(s)}" for f, s in zip(table["formula"], table["stored"], strict=True))
        parts.append(f"{name} {pairs} for noise {listed(f'{noise:g}' for noise in table['noise'])}")
    return f"Test error against the fitting ratio. Best ratio by the formula and as published: {'; '.join(parts)}."
