"""Steps that a GPU captures once and replays: every kind of step, alone and with others in one program."""

import pytest
import torch
from tape import assert_replays, assert_stays_on_device

from replications.grokking.prieto2025.experiments import mnist, modular, parity, transformer
from replications.grokking.prieto2025.experiments.classifier import Classifier
from verifig.planning import rulesets
from verifig.training import data
from verifig.training.members import members_of

CPU = torch.device("cpu")
CONDITIONS = {
    "adamw": {},
    "coupled": {"weight_decay": 0.1, "softmax_precision": "float64"},
    "float16": {"softmax_precision": "float16"},
    "perp": {"projection": "tensor"},
    "random": {"projection": "random"},
    "stablemax": {"loss": "stablemax", "projection": "vector"},
    "zeroed": {"zero_correct_logits_at": 6},
}


def members(experiment: str, **settings) -> list[dict]:
    """Two seeds of the first condition of an experiment."""
    values = rulesets.settings(rulesets.load("prieto2025"), experiment, "paper", settings, seeds=2)
    return members_of(values)[:2]


def arms(*names: str) -> list[dict]:
    """Two seeds of each of some conditions, addition modulo 11."""
    common = {"modulus": 11, "width": 8, "train_fraction": 0.6, "epochs": 20}
    seeds = members("decay113", **common)
    plain = {"projection": "none", "loss": "cross_entropy", "weight_decay": 0.0, "softmax_precision": "float32"}
    return [seed | plain | CONDITIONS[name] | {"condition": name} for name in names for seed in seeds]


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_replays_and_stays_on_the_device(name):
    assert_replays(lambda: modular.build(arms(name), CPU), steps=14)
    assert_stays_on_device(lambda device: modular.build(arms(name), device))


def test_conditions_of_all_kinds_in_one_program_are_what_they_are_alone():
    together = modular.build(arms(*CONDITIONS), CPU)
    alone = {name: modular.build(arms(name), CPU) for name in CONDITIONS}
    for step in range(10):
        for program in (together, *alone.values()):
            program.prepare(step)
            program.step()
            program.taken = step + 1
    found = together.record()
    for row, name in enumerate(CONDITIONS):
        for field, values in alone[name].record().items():
            torch.testing.assert_close(
                found[field][2 * row : 2 * row + 2], values, rtol=1e-5, atol=1e-7, msg=f"{name} {field}"
            )
    assert_replays(lambda: modular.build(arms(*CONDITIONS), CPU), steps=14)


def test_sgd_with_normalised_gradients_and_dense_codes():
    sgd = {"optimizer": "sgd", "momentum": 0.5, "learning_rate": 0.3, "normalise_gradient": True, "code_bits": 5}
    assert_replays(lambda: modular.build([member | sgd for member in arms("adamw")], CPU))
    assert_stays_on_device(lambda device: modular.build([member | sgd for member in arms("adamw")], device))


@pytest.mark.parametrize("program", ["mnist", "parity", "transformer"])
def test_other_programs(program):
    def make(device: torch.device) -> Classifier:
        if program == "mnist":
            images, labels = (torch.from_numpy(array) for array in data.embedded("mnist_5k"))
            return mnist.build(members("mnist200", width=8, train_size=20, test_size=20), images, labels, device)
        if program == "parity":
            return parity.build(members("parity", width=8, strings=64), device)
        return transformer.build(members("transformer", modulus=7, width=8, feed_forward=8), device)

    assert_replays(lambda: make(CPU), steps=8)
    if program != "transformer":  # the meta device has no generator to draw dropout from
        assert_stays_on_device(make)
