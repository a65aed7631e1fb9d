"""Steps as a GPU takes them: replayed, with nothing computed or read on the host; and resumed."""

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device
from torch import nn

from replications.noisy_labels.liu2020.experiments import images, linear, resnet
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
SMALL = {
    "linear": {"seeds": 2, "n": 20, "p": 12},
    "images": {"seeds": 2, "n": 60, "test_size": 20, "batch_size": 20, "hidden": [5]},
    "cifar": {"seeds": 1, "n": 20, "batch_size": 8, "decay_epochs": [1, 2]},
}


def members(experiment: str, *conditions: str) -> list[dict]:
    values = rulesets.settings(rulesets.load("liu2020"), experiment, "paper")
    chosen = [m for m in members_of(values) if m["condition"] in conditions and m["seed"] < SMALL[experiment]["seeds"]]
    return [member | SMALL[experiment] for member in chosen]


class Tiny(nn.Module):
    """A convolution with batch normalisation in place of the ResNet."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 2, 3, stride=4), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten())
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.body(x))


def pictures() -> tuple:
    stream = np.random.default_rng(1)
    parts = [
        (stream.integers(0, 256, (count, 3, 32, 32), np.uint8), stream.integers(0, 10, count)) for count in (30, 10)
    ]
    return tuple(parts)


MAKERS = {
    "linear": lambda device: linear.Descent(members("linear", "ce", "elr", "kl", "ce_far", "ce_true"), device),
    "images": lambda device: images.Classifiers(
        members("images", "sym40_ce", "sym40_elr", "sym40_kl", "asym40_elr_paper", "sym40_elr_shifted"), device
    ),
    "cifar elr": lambda device: resnet.Network(members("cifar", "sym40_elr")[0], pictures(), device, Tiny),
    "cifar kl": lambda device: resnet.Network(members("cifar", "sym40_kl")[0], pictures(), device, Tiny),
}


@pytest.mark.parametrize("name", MAKERS)
def test_steps_replay(name):
    assert_replays(lambda: MAKERS[name](CPU), steps=14)


@pytest.mark.parametrize("name", MAKERS)
def test_runs_resume_bit_for_bit(name):
    assert_resumes(lambda: MAKERS[name](CPU), at=5, steps=9)


@pytest.mark.parametrize("name", MAKERS)
def test_steps_stay_on_the_device(name):
    assert_stays_on_device(MAKERS[name])
