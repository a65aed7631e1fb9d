"""Settings drawn at random for every program: a run succeeds, or is refused in one sentence before it trains.

A few of each here; tests/prove/test_drawn_settings.py draws many.
"""

import drawn
import hypothesis
import pytest
from hypothesis import strategies as st

FEW = hypothesis.settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.generate],
)
PLANS = hypothesis.settings(FEW, max_examples=20)


@pytest.mark.parametrize(("slug", "program"), drawn.programs())
def test_a_plan_or_one_sentence(slug, program):
    @PLANS
    @hypothesis.given(drawn.changes(slug, program))
    def check(changes):
        drawn.checked(slug, program, changes)

    check()


@hypothesis.settings(FEW, max_examples=10)
@hypothesis.given(st.sampled_from(drawn.programs()), st.data())
def test_a_run_or_one_sentence(pair, data):
    job = drawn.planned(*pair, data.draw(drawn.changes(*pair)))
    if job is not None:
        drawn.run(job)
