"""Settings drawn at random within the schemas, many for every program: success, or one sentence before training."""

import drawn
import hypothesis
import pytest

pytestmark = pytest.mark.slow
MANY = hypothesis.settings(
    max_examples=100,
    deadline=None,
    derandomize=False,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.generate],
)


@pytest.mark.parametrize(("slug", "program"), drawn.programs())
def test_runs_or_one_sentence(slug, program, show):
    counts = {"ran": 0, "refused": 0}

    @MANY
    @hypothesis.given(drawn.changes(slug, program))
    def check(changes):
        job = drawn.planned(slug, program, changes)
        counts["ran" if job else "refused"] += 1
        if job:
            drawn.run(job)

    check()
    show(**{f"{slug} {program} {name}": count for name, count in counts.items()})
