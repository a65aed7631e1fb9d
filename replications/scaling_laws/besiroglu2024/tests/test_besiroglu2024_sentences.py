"""Sentences of the page follow the statistics and curves; what the runs do not hold is not told."""

from replications.scaling_laws.besiroglu2024.sentences import Refit
from replications.scaling_laws.science.tests.stub_page import StubPage
from verifig.measuring.tables import Tables
from verifig.pages import prose


def test_the_spike_of_early_stops_is_placed_beside_the_published_interval():
    def told(low, high):
        tables = Tables()
        for side, value in (("low", low), ("high", high)):
            tables.exact("chinchilla", f"subsample_{side}", value, {"fit": "mean"})
        tables.exact("chinchilla", "subsample_width", 0.027, {"fit": "converged"})
        return Refit(StubPage("besiroglu2024", tables)).spike()

    assert "not at the same place: ours is [0.4564, 0.4573]" in told(0.4564, 0.4573)
    assert "overlap" in told(0.4545, 0.4555)


def test_without_statistics_nothing_is_told():
    refit = Refit(StubPage("besiroglu2024", Tables()))
    for told in (
        refit.minimum(),
        refit.distances(),
        refit.policy(),
        refit.stopping(),
        refit.spike(),
        refit.random_starts(),
    ):
        assert prose.collapse(told) == "Not computed here."
