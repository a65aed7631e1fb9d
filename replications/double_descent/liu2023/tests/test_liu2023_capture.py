"""Steps of the programs as a GPU takes them: captured once and replayed, without the host."""

import pytest
import torch
from tape import assert_replays, assert_stays_on_device

from replications.double_descent.liu2023.experiments.iterated import BothLayers, OutputLayer
from replications.double_descent.science.features import sample
from verifig.planning import rulesets
from verifig.training import data

FULL = 20  # samples
OUTPUT_LAYERS = [
    {"optimizer": "adam", "width": 12},
    {"optimizer": "adam", "width": 30},  # wider than n: another form of the gradient
    {"optimizer": "sgd", "width": 12, "batch_size": 4, "momentum": 0.9},
    {"optimizer": "adam", "width": 12, "batch_size": 4, "loss": "cross_entropy"},
    {"optimizer": "sgd", "width": 12, "loss": "cross_entropy"},
]


def members(**changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("liu2023"), "iterated", "laptop")
    return [values | {"n": FULL, "batch_size": FULL, "seed": seed} | changes for seed in range(2)]


def built(kind: type, chosen: list[dict], device: torch.device) -> OutputLayer | BothLayers:
    pictures = data.embedded("mnist_5k")
    return kind(chosen, [sample(pictures, member, member["seed"], device) for member in chosen], device)


@pytest.mark.parametrize("changes", OUTPUT_LAYERS)
def test_replayed_steps_of_output_layers_equal_called_ones(changes):
    assert_replays(lambda: built(OutputLayer, members(**changes), torch.device("cpu")))


@pytest.mark.parametrize("changes", OUTPUT_LAYERS)
def test_a_step_of_output_layers_stays_on_its_device(changes):
    assert_stays_on_device(lambda device: built(OutputLayer, members(**changes), device))


@pytest.mark.parametrize("changes", [{"optimizer": "sgd", "momentum": 0.9}, {"optimizer": "adam"}])
def test_replayed_steps_of_both_layers_equal_called_ones(changes):
    assert_replays(lambda: built(BothLayers, members(width=8, **changes), torch.device("cpu")))


@pytest.mark.parametrize("changes", [{"optimizer": "sgd", "momentum": 0.9}, {"optimizer": "adam"}])
def test_a_step_of_both_layers_stays_on_its_device(changes):
    assert_stays_on_device(lambda device: built(BothLayers, members(width=8, **changes), device))
