"""The table of Chinchilla runs, and sentences that a missing value silences."""

import math

import pytest

from replications.scaling_laws.science import hoffmann, sentences
from replications.scaling_laws.science.tests.stub_page import StubPage
from verifig.measuring.tables import Tables
from verifig.pages.page import MISSING


def test_tokens_of_a_chinchilla_run_follow_from_its_compute(tmp_path):
    file = tmp_path / "runs.csv"
    file.write_text("Model Size,Training FLOP,loss\n1e9,1.2e20,2.5\n")
    (row,) = hoffmann.runs(file).to_dict("records")
    assert row == {"model": "1000000000.0", "N": 1e9, "D": pytest.approx(2e10), "L": 2.5, "C": 1.2e20}


def test_lists_are_read_aloud():
    assert [sentences.listed(list(items)) for items in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


def test_a_sentence_without_its_numbers_is_missing():
    assert sentences.choose(True, "yes", "no", 1.0) == "yes"
    assert sentences.choose(True, "yes", "no", math.nan) == f"{MISSING}."
    assert sentences.shown(math.nan) == MISSING
    tables = Tables()
    tables.per_seed("kernels", "rank_correlation", [0.9, math.nan, 0.7])
    values = sentences.Values(StubPage("none", tables), "kernels")
    assert values.mean("rank_correlation").observed == pytest.approx(0.8)
    assert math.isnan(values.mean("duality_error").observed)
    assert math.isnan(values.exact("duality_error"))
