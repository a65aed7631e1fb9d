"""Steps as a GPU takes them: replayed, with nothing computed or read on the host; and resumed."""

import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device

from replications.grokking.doshi2024.experiments import corrupted, grid
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
SIZES = {"modulus": 5, "width": 4, "seeds": 2, "steps": 8}


def members(experiment: str, **changes) -> list[dict]:
    """All members of an experiment, small, that are trained together."""
    values = rulesets.settings(rulesets.load("doshi2024"), experiment, "smoke", SIZES | changes)
    if experiment == "decay":
        return members_of(values)
    return [row for row in grid.expand(members_of(values)) if row["train_fraction"] == values["train_fractions"][0]]


def program(experiment: str, device: torch.device = CPU, **changes) -> corrupted.Corrupted:
    return corrupted.build(members(experiment, **changes), device)


@pytest.mark.parametrize("experiment", ["decay", "phases"])
def test_steps_replay(experiment):
    assert_replays(lambda: program(experiment))


@pytest.mark.parametrize("experiment", ["decay", "phases"])
def test_steps_resume(experiment):
    assert_resumes(lambda: program(experiment), at=3, steps=7)


@pytest.mark.parametrize("experiment", ["decay", "phases"])
def test_steps_stay_on_the_device(experiment):
    assert_stays_on_device(lambda device: program(experiment, device))
