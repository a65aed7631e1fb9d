"""Captions of heads under cross-entropy."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from replications.neural_collapse.dang2023.plotting.select import Heads
from verifig.ground.numbers import text
from verifig.pages import marked

BELOW = 1e-3  # relative distance from which an objective counts as below the simplex


def simplex_boundary_alt(table: pd.DataFrame) -> str:
    """Range of objectives and ranks with one layer and with more."""
    parts = []
    for label, rows in (("one layer", table[table["depth"] == 1]), ("more layers", table[table["depth"] > 1])):
        if len(rows):
            lowest = rows.loc[rows["ratio"].idxmin()]
            parts.append(
                f"with {label} the ratio lies between {rows['ratio'].min():.3f} and {rows['ratio'].max():.3f}, and where it is "
                f"lowest the rank is {int(lowest['rank'])} of {int(lowest['classes']) - 1}"
            )
    return (
        "Final objective of each start as a ratio to that of the best simplex point, and rank of the logits: "
        f"{'; '.join(parts)}."
    )


def simplex_boundary_note(seeds: int) -> str:
    """What the dots are, and how converged they are."""
    return (
        f"{seeds} fixed starts a setting, one colour a depth; gradient descent with momentum and one "
        "feature vector a class, which has the same optimum as one a sample. A run that has not converged lies too high, not "
        "too low."
    )


def below_simplex(ratios: Mapping[str, Sequence[float]], heads: Heads) -> str:
    """By condition, how far each start ends below the best simplex point, and what follows."""
    deep = {name: values for name, values in ratios.items() if heads[name]["depth"] > 1}
    if not deep:
        return "Only one linear layer was run."
    below = sum(int(np.sum(np.asarray(values) > BELOW)) for values in deep.values())
    total = sum(len(values) for values in deep.values())
    count = marked.mark(f"{below}", f"cross_entropy · below simplex: those of {total} starts above {BELOW:g}")
    where = f"below the best simplex point by more than one part in {1 / BELOW:,.0f}"
    lead = (
        f"Of {total} runs with two or more layers {count} end {where}, so that point is not the optimum in their settings."
        if below
        else f"None of {total} runs with two or more layers ends {where}."
    )
    parts = [
        f"K = {len(heads[name]['sizes'])}, M = {heads[name]['depth']}: "
        + ", ".join(
            marked.mark(
                text(100 * value, 2) if abs(value) > 1e-6 else "0",
                f"cross_entropy · {name} · below simplex, of one start",
            )
            for value in values
        )
        for name, values in deep.items()
    ]
    return f"{lead} By start, in percent below: {'; '.join(parts)}."


def seli(numbers: Mapping[str, str]) -> str:
    """Ratios and cosines of SELI, by name."""
    return (
        "For comparison, the cross-entropy geometry (vanishing ridge) of ten classes, five of them ten times larger, computed "
        f"here from the centred labels: squared classifier lengths stand as {numbers['classifier_ratio']} to 1 and feature lengths as "
        f"{numbers['feature_ratio']} to 1 (large to small class), the cosine between two small classes is "
        f"{numbers['classifier_cosine']} for classifiers and {numbers['feature_cosine']} for features. "
        "Under squared error without bias the cosines between classes that are left are 0."
    )
