"""Statistics of the rule set on made-up runs."""

import pandas as pd
import pytest

from replications.sgd_stability.wu2023 import measure
from verifig.measuring.tables import Tables


def values(out: Tables, statistic: str) -> dict[str, list[float]]:
    """By condition, the values of a statistic."""
    rows = out.statistics().query("statistic == @statistic")
    return {condition: group["value"].tolist() for condition, group in rows.groupby("condition")}


def test_both_algorithms_are_measured_by_the_statistics_of_the_other():
    rows = [(c, seed, 2.0, c_end) for c, c_end in (("sgd", 1.0), ("gd", 3.0)) for seed in (0, 1)]
    frame = pd.DataFrame(rows, columns=["condition", "seed", "initial_ratio", "balance"])
    out = Tables()
    measure._balance(frame, out)
    assert values(out, "worst_balance") == {"condition=gd": [3, 3], "condition=sgd": [1, 1]}
    assert values(out, "worst_balance_gain") == {"condition=gd": [1.5, 1.5], "condition=sgd": [0.5, 0.5]}


def test_the_worst_trace_ratio_is_that_of_a_seed_over_its_learning_rates():
    rows = [
        (c, seed, rate, ratio + seed, 1.0, 1.0, 1.0)
        for c in ("sgd", "gd")
        for seed in (0, 1)
        for rate, ratio in ((0.01, 0.5), (0.1, 0.9))
    ]
    frame = pd.DataFrame(rows, columns=["condition", "seed", "axis", "trace_ratio", "tr", "lmax", "fro"])
    out = Tables()
    measure._diagonal(frame, out)
    assert values(out, "worst_trace_ratio")["condition=gd"] == pytest.approx([0.9, 1.9])
