"""Steps of the programs as a GPU takes them: captured once a phase and replayed, without the host."""

import pytest
import torch
from tape import assert_replays, assert_stays_on_device

from replications.double_descent.nakkiran2020.experiments.deep import Network
from verifig.planning import rulesets
from verifig.training import data


def network(device: torch.device, augment: bool) -> Network:
    """A ResNet18 of one channel on ten digits, in batches of 4, 4 and 2."""
    changes = {"augment": augment, "n": 10, "batch_size": 4, "test_size": 6}
    values = rulesets.settings(rulesets.load("nakkiran2020"), "deep_digits", "smoke", changes)
    return Network(values | {"width": 1, "seed": 0}, data.embedded("digits"), device)


@pytest.mark.parametrize("augment", [False, True])
def test_replayed_steps_of_a_resnet_equal_called_ones(augment):
    assert_replays(lambda: network(torch.device("cpu"), augment), steps=18)


@pytest.mark.parametrize("augment", [False, True])
def test_a_step_of_a_resnet_stays_on_its_device(augment):
    assert_stays_on_device(lambda device: network(device, augment))
