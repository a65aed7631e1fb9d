"""The tests of the rule sets compute as training jobs do."""

import pytest

from verifig.training.device import prepare_torch


@pytest.fixture(scope="session", autouse=True)
def as_in_a_job() -> None:
    """Convolutions would crash on some processors without what a job sets."""
    prepare_torch("cpu", 1)
