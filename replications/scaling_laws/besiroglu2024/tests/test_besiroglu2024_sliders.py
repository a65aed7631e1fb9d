"""The law that the page lets its readers move is the one that it judges, and its optimum is one."""

import pytest
from test_exploring import empty_page

from replications.scaling_laws.besiroglu2024 import published, sliders
from replications.scaling_laws.besiroglu2024.fitting import law
from verifig.measuring import tables


def test_loss_and_policy_are_those_of_the_law(tmp_path):
    page = empty_page("besiroglu2024", tmp_path)
    explorer = sliders.policy(page)
    assert explorer.start["compute"] == pytest.approx(published.CHINCHILLA_FLOP)
    assert "since nothing was fitted here" in explorer.about
    size, compute = explorer.start["size"], explorer.start["compute"]
    loss = law.loss(published.REFIT, [size], [compute / 6 / size])[0]
    assert explorer.at(size, explorer.start)[0] == loss
    _, best, tokens, ratio = explorer.of(explorer.start)
    assert (best, tokens) == tuple(law.policy(published.REFIT, compute))
    assert ratio == law.tokens_per_parameter(published.REFIT, compute)
    assert explorer.at(best, explorer.start)[0] < min(explorer.at(best * f, explorer.start)[0] for f in (0.9, 1.1))


def test_the_law_is_that_of_this_run_where_there_is_one(tmp_path):
    page = empty_page("besiroglu2024", tmp_path)
    out = tables.Tables()
    for name, value in (("A", 400.0), ("B", 2000.0), ("E", 1.8), ("alpha", 0.35), ("beta", 0.36)):
        out.exact("chinchilla", "coefficient", value, {"fit": "lad", "name": name})
    page.statistics = out.statistics()
    explorer = sliders.policy(page)
    assert explorer.constants["refit"] == list(law.theta_from(400, 2000, 1.8, 0.35, 0.36))
    assert "as fitted here" in explorer.about
