"""Steps of two-layer networks as a GPU takes them: captured once and replayed, without the host."""

import pytest
import torch
from tape import assert_replays, assert_stays_on_device

from replications.double_descent.science.two_layer import TwoLayer
from verifig.training import data

OPTIMISERS = [
    {"optimizer": "adam", "learning_rate": 0.003, "momentum": 0.0},
    {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9},
]


def networks(device: torch.device, optimizer: dict) -> TwoLayer:
    """Two networks of width 8 on digits."""
    task = {"n": 20, "classes": [], "test_size": 10, "label_noise": 0.2, "init_scale": 1.0, "width": 8}
    members = [task | optimizer | {"seed": seed} for seed in range(2)]
    return TwoLayer(members, data.embedded("digits"), device)


@pytest.mark.parametrize("optimizer", OPTIMISERS)
def test_replayed_steps_of_two_layers_equal_called_ones(optimizer):
    assert_replays(lambda: networks(torch.device("cpu"), optimizer))


@pytest.mark.parametrize("optimizer", OPTIMISERS)
def test_a_step_of_two_layers_stays_on_its_device(optimizer):
    assert_stays_on_device(lambda device: networks(device, optimizer))
