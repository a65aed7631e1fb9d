"""Steps as a GPU takes them, runs that go on, and settings that do not go together."""

import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device
from test_xu2024_oracles import CPU, member

from replications.grokking.xu2024 import checks
from replications.grokking.xu2024.experiments import network
from verifig.ground.errors import InputError

KINDS = {"plain": {}, "grouped": {"growth": 0.5, "steps": 60}, "frozen": {"freeze": True}}


def program(name: str, device=CPU) -> network.Network:
    return network.Network([member(seed, **KINDS[name]) for seed in range(2)], device)


@pytest.mark.parametrize("name", KINDS)
def test_steps_replay_resume_and_stay_on_the_device(name):
    assert_replays(lambda: program(name), steps=10)
    assert_resumes(lambda: program(name), at=4, steps=9)
    assert_stays_on_device(lambda device: program(name, device))


def test_members_together_are_what_they_are_alone():
    both = program("plain")
    alone = [network.Network([member(seed)]) for seed in range(2)]
    for step in range(6):
        for each in (both, *alone):
            each.prepare(step)
            each.step()
            each.taken = step + 1
    found = both.record()
    for seed, single in enumerate(alone):
        for name, value in single.record().items():
            pair = value[0].double(), found[name][seed].double()
            torch.testing.assert_close(*pair, rtol=1e-4, atol=1e-7, equal_nan=True, msg=name)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dimension": 21}, "dimension = 21 must be at least samples . test_size . 2 = 22"),
        ({"record_at": [5, 3]}, "record_at"),
        ({"record_at": [13, 15]}, "record_at begins at 13, after the last of steps = 12"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        checks.network([member(**({"record_at": [0, 1], "chunk": 1} | changes))])
    checks.network([member(record_at=[0, 12], chunk=1, dimension=22)])
