"""Sentences of the page follow the statistics and curves; what the runs do not hold is not told."""

from replications.scaling_laws.choshen2025.sentences import Guide
from replications.scaling_laws.science.tests.stub_page import StubPage
from verifig.measuring.tables import Tables
from verifig.pages import prose


def test_a_counter_example_is_named_only_if_there_is_one():
    def told(opt, gpt3):
        tables = Tables()
        for name, (every, last) in {"opt": opt, "gpt3": gpt3}.items():
            tables.exact("extrapolation", "error_all_checkpoints", every, {"family": name})
            tables.exact("extrapolation", "error_last_checkpoints", last, {"family": name})
        return Guide(StubPage("choshen2025", tables)).checkpoints()

    assert "GPT-3 is a counter-example" in told((7, 28), (2.7, 1.1))
    assert "counter-example" not in told((7, 28), (2.7, 5.1))


def test_without_statistics_nothing_is_told():
    guide = Guide(StubPage("choshen2025", Tables()))
    for told in (guide.agreement(), guide.checkpoints(), guide.components(), guide.lines(), guide.largest_model()):
        assert prose.collapse(told) == "Not computed here."
