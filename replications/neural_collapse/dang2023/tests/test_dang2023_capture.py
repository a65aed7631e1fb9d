"""Steps of the training programs as a GPU takes them: replayed, with nothing computed or read on the host; and resumed."""

import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device

from replications.neural_collapse.dang2023.experiments import backbones
from replications.neural_collapse.dang2023.experiments.linear import FreeFeatures
from replications.neural_collapse.dang2023.experiments.networks import Networks
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")


def members(experiment: str, conditions: tuple[str, ...], scale: str = "laptop", **change) -> list[dict]:
    """Settings of some conditions, first seed."""
    found = members_of(rulesets.settings(rulesets.load("dang2023"), experiment, scale))
    return [m | change for m in found if m["condition"] in conditions and m["seed"] == 0]


def free_features(device: torch.device = CPU, loss: str = "mse", columns: bool = False) -> FreeFeatures:
    change = {"sizes": [4, 3, 2], "width": 5, "loss": loss, "class_columns": columns}
    return FreeFeatures(members("direct", ("of3", "etf3"), **change), device)


def networks(device: torch.device = CPU) -> Networks:
    """Two networks of three classes; the learning rate drops after the fifth and the eighth of ten steps."""
    pixels = torch.randn(30, 8, generator=torch.Generator().manual_seed(1))
    change = {"sizes": [6, 4, 2], "width": 5, "iterations": 10, "drops": [0.5, 0.8]}
    labels = torch.arange(3).repeat_interleave(10)
    return Networks(members("networks", ("of3", "etf3"), **change), pixels, labels, device)


def network(device: torch.device = CPU, kind: str = "mlp", **change) -> backbones.Network:
    """Batches of 5, 5 and 2 of 12 images; the learning rate drops after every epoch."""
    pixels = torch.randn(12, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    labels = torch.arange(3).repeat_interleave(4)
    change |= {"backbone": kind, "sizes": [4] * 3, "batch_size": 5, "epochs": 5, "drops": [0.2, 0.4, 0.6, 0.8]}
    (member,) = members("mlp_balanced", ("of3",), scale="smoke", **change)
    return backbones.Network(member, pixels.to(device), labels.to(device))


PROGRAMS = {"free features": free_features, "networks": networks, "network with mini-batches": network}
BY_SGD = {"optimizer": "sgd", "loss_scale": "theory", "bias": True, "learning_rate": 0.01}


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize("columns", [True, False])
def test_free_features_replay(loss, columns):
    assert_replays(lambda: free_features(loss=loss, columns=columns))
    assert_stays_on_device(lambda device: free_features(device, loss, columns))


def test_networks_replay_through_drops_of_the_learning_rate():
    assert_replays(networks)
    assert_stays_on_device(networks)


@pytest.mark.parametrize("change", [{}, BY_SGD])
def test_mini_batch_networks_replay_full_and_short_batches(change):
    assert_replays(lambda: network(**change), steps=15)
    assert_stays_on_device(lambda device: network(device, **change))


def test_convolutional_networks_stay_on_the_device():
    assert_stays_on_device(lambda device: network(device, "resnet18", **BY_SGD))


@pytest.mark.parametrize("make", PROGRAMS.values(), ids=PROGRAMS)
def test_a_run_resumes_bit_for_bit(make):
    assert_resumes(make, at=7, steps=14)
