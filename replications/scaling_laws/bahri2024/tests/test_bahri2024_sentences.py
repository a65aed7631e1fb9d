"""Sentences of the page follow the statistics and curves; what the runs do not hold is not told."""

import numpy as np
import pandas as pd
import pytest

from replications.scaling_laws.bahri2024.sentences import Theory
from replications.scaling_laws.science.tests.stub_page import StubPage
from verifig.measuring.tables import Tables
from verifig.pages import marked, prose


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
    assert told in Theory(StubPage("bahri2024", tables)).against_one("width")


def test_units_without_an_exponent_are_counted():
    tables = Tables()
    tables.per_seed("finite_networks", "data_exponent", [1.0, np.nan, 1.1])
    theory = Theory(StubPage("bahri2024", tables))
    assert "1 of 3 units have no exponent" in theory.undefined("data")
    assert "1.05" in theory.exponent("data")


def test_local_exponents_say_whether_they_come_nearer_to_one():
    widths, nearing = np.array([64, 128, 256]), np.array([1.0, 0.7, 0.36])
    table = pd.DataFrame({"x": np.tile(widths, 2), "value": np.tile(nearing, 2)})
    told = Theory(StubPage("bahri2024", Tables())).local_exponents(table)
    assert "0.51 and 0.96; it comes nearer to 1" in marked.plain(told)
    assert "nearer" not in Theory(StubPage("bahri2024", Tables())).local_exponents(table.assign(value=1 / table["x"]))


def test_dimensions_that_the_papers_line_misses_are_named():
    values = {4: [0.99, 1.0, 1.01], 8: [0.70, 0.71, 0.72]}
    table = pd.DataFrame([{"x": d, "value": v} for d, each in values.items() for v in each])
    told = Theory(StubPage("bahri2024", Tables())).dimensions(table)
    assert "misses our interval at d = 8.**" in told
    assert "misses" not in Theory(StubPage("bahri2024", Tables())).dimensions(table[table["x"] == 4])


def test_without_statistics_nothing_is_told():
    theory = Theory(StubPage("bahri2024", Tables()))
    for told in (theory.against_one("data"), theory.ranks(), theory.mnist()):
        assert prose.collapse(told) == "Not computed here."
