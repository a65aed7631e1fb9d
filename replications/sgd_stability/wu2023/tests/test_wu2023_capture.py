"""Blocks of SGD as a GPU takes them: replayed, with nothing computed or read on the host; and resumed."""

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_stays_on_device

from replications.sgd_stability.wu2023.experiments import diagonal, dynamics, relu
from verifig.planning import rulesets
from verifig.training.members import members_of
from verifig.training.steps import Steps

CPU = torch.device("cpu")
SIZES = {"seeds": 2, "samples": 8, "dimension": 5, "test_size": 4, "block": 5, "steps": 40, "log_every": 10}
CASES = {
    # name: (experiment, module, condition, settings); the clips are such that some iterations are clipped
    "relu": ("relu", relu, "sgd", {"width": 4, "teacher_neurons": 2, "clip": 5.0}),
    "diagonal": ("diagonal", diagonal, "sgd", {"clip": 2.0}),
    "batches": ("diagonal", diagonal, "sgd", {"clip": 2.0, "batch_sizes": [3]}),
    "without replacement": ("diagonal", diagonal, "sgd", {"clip": 2.0, "batch_sizes": [3], "replacement": False}),
    "relu gd": ("relu", relu, "gd", {"width": 4, "teacher_neurons": 2, "tolerance": 1e-2}),
    "diagonal gd": ("diagonal", diagonal, "gd", {"tolerance": 1e-2}),
}
SGD = [name for name, case in CASES.items() if case[2] == "sgd"]


def program(name: str, device: torch.device = CPU) -> dynamics.Dynamics:
    experiment, module, condition, changes = CASES[name]
    values = rulesets.settings(rulesets.load("wu2023"), experiment, "smoke")
    members = [m | SIZES | changes for m in members_of(values) if m["condition"] == condition and m["seed"] < 2]
    return module.build(dynamics.expand(members), device)


def taken(made: dynamics.Dynamics, first: int, last: int) -> dynamics.Dynamics:
    blocks = Steps(made, CPU)
    for block in range(first, last):
        blocks.take(block)
    return made


@pytest.mark.parametrize("name", SGD)
def test_blocks_of_sgd_replay(name):
    assert_replays(lambda: program(name), steps=8)
    assert (taken(program(name), 0, 8).tensors["clipped"] > 0).any()


@pytest.mark.parametrize("name", SGD)
def test_blocks_of_sgd_stay_on_the_device(name):
    assert_stays_on_device(lambda device: program(name, device))


def test_gradient_descent_says_why_it_is_not_captured():
    assert not program("relu").eager
    assert "tolerance" in program("relu gd").eager


@pytest.mark.parametrize("name", CASES)
def test_a_run_resumes_bit_for_bit_and_knows_that_it_ended(name):
    whole, half, rest = taken(program(name), 0, 8), taken(program(name), 0, 5), program(name)
    rest.load(half.state())
    taken(rest, 5, 8)
    ended = program(name)
    ended.load(whole.state())
    for name, value in whole.state().items():
        np.testing.assert_array_equal(rest.state()[name], value, err_msg=name)
    for name, value in whole.record().items():
        np.testing.assert_array_equal(ended.record()[name], value, err_msg=name)
    assert ended.record()["lmax"].isfinite().any()
