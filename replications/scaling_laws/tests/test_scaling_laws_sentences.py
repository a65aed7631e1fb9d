"""Sentences of the page follow the statistics and curves; what the runs do not hold is not told."""

import numpy as np
import pandas as pd
import pytest

from replications.scaling_laws.sentences.chinchilla import Refit
from replications.scaling_laws.sentences.extrapolation import Guide
from replications.scaling_laws.sentences.networks import Theory
from verifig.ground.conditions import condition_text
from verifig.measuring.tables import Tables
from verifig.pages import prose
from verifig.planning import rulesets


class Stub:
    """A page over given statistics, with the configured settings."""

    def __init__(self, tables: Tables):
        self.rows, self.ruleset = tables.statistics(), rulesets.load("scaling_laws")

    def value(self, experiment, statistic, condition=None):
        rows = self.rows
        mask = (rows["experiment"] == experiment) & (rows["statistic"] == statistic)
        return rows[mask & (rows["condition"] == condition_text(condition))].set_index("seed")["value"]

    def settings(self, experiment):
        return self.ruleset.entry(experiment, "laptop")["settings"]

    def paper(self, name):
        return {"hoffmann_intervals": {"rows": [{"low": 0.454, "high": 0.455}]}}[name]


@pytest.mark.parametrize(
    ("exponents", "told"),
    [
        ([0.80, 0.81, 0.82], "is not the paper's exponent 1**: the excess falls slower"),
        ([1.20, 1.21, 1.22], "is not the paper's exponent 1**: the excess falls faster"),
        ([0.9, 1.0, 1.1], "agrees with the paper's exponent 1"),
    ],
)
def test_an_exponent_is_compared_with_the_papers(exponents, told):
    tables = Tables()
    tables.per_seed("finite_networks", "width_exponent", exponents)
    assert told in Theory(Stub(tables)).against_one("width")


def test_units_without_an_exponent_are_counted():
    tables = Tables()
    tables.per_seed("finite_networks", "data_exponent", [1.0, np.nan, 1.1])
    theory = Theory(Stub(tables))
    assert "1 of 3 units have no exponent" in theory.undefined("data")
    assert "1.05" in theory.exponent("data")


def test_local_exponents_say_whether_they_come_nearer_to_one():
    widths, nearing = np.array([64, 128, 256]), np.array([1.0, 0.7, 0.36])
    table = pd.DataFrame({"x": np.tile(widths, 2), "value": np.tile(nearing, 2)})
    told = Theory(Stub(Tables())).local_exponents(table)
    assert "0.51 and 0.96; it comes nearer to 1" in told
    assert "nearer" not in Theory(Stub(Tables())).local_exponents(table.assign(value=1 / table["x"]))


def test_dimensions_that_the_papers_line_misses_are_named():
    values = {4: [0.99, 1.0, 1.01], 8: [0.70, 0.71, 0.72]}
    table = pd.DataFrame([{"x": d, "value": v} for d, each in values.items() for v in each])
    told = Theory(Stub(Tables())).dimensions(table)
    assert "misses our interval at d = 8.**" in told
    assert "misses" not in Theory(Stub(Tables())).dimensions(table[table["x"] == 4])


def test_a_counter_example_is_named_only_if_there_is_one():
    def told(opt, gpt3):
        tables = Tables()
        for name, (every, last) in {"opt": opt, "gpt3": gpt3}.items():
            tables.exact("extrapolation", "error_all_checkpoints", every, {"family": name})
            tables.exact("extrapolation", "error_last_checkpoints", last, {"family": name})
        return Guide(Stub(tables)).checkpoints()

    assert "GPT-3 is a counter-example" in told((7, 28), (2.7, 1.1))
    assert "counter-example" not in told((7, 28), (2.7, 5.1))


def test_the_spike_of_early_stops_is_placed_beside_the_published_interval():
    def told(low, high):
        tables = Tables()
        for side, value in (("low", low), ("high", high)):
            tables.exact("chinchilla", f"subsample_{side}", value, {"fit": "mean"})
        tables.exact("chinchilla", "subsample_width", 0.027, {"fit": "converged"})
        return Refit(Stub(tables)).spike()

    assert "not at the same place: ours is [0.4564, 0.4573]" in told(0.4564, 0.4573)
    assert "overlap" in told(0.4545, 0.4555)


def test_without_statistics_nothing_is_told():
    page = Stub(Tables())
    refit, guide, theory = Refit(page), Guide(page), Theory(page)
    for told in (
        *(refit.minimum(), refit.distances(), refit.policy(), refit.stopping(), refit.spike(), refit.random_starts()),
        *(guide.agreement(), guide.checkpoints(), guide.components(), guide.lines(), guide.largest_model()),
        *(theory.against_one("data"), theory.ranks(), theory.mnist()),
    ):
        assert prose.collapse(told) == "Not computed here."
