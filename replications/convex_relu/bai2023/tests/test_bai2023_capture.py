"""Steps as a GPU takes them: replayed, with nothing computed or read on the host; and resumed."""

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device

from replications.convex_relu.bai2023.experiments import images, robust
from replications.convex_relu.bai2023.experiments.problems import regression
from replications.convex_relu.bai2023.experiments.robust_splitting import RobustSplitting
from replications.convex_relu.bai2023.experiments.splitting import Splitting
from replications.convex_relu.bai2023.experiments.training import Networks
from replications.convex_relu.science.patterns import all_patterns, sampled_patterns
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")


def members(experiment: str, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("bai2023"), experiment, "laptop")
    return [member | changes for member in members_of(values) if member["seed"] < 2]


def splitting(device) -> Splitting:
    chosen = [member for member in members("ratios") if member["seed"] == 0]
    data = [regression(member, member["seed"]) for member in chosen]
    return Splitting(chosen, data, [all_patterns(x)[0] for x, _ in data], device)


def networks(device) -> Networks:
    chosen = [member for member in members("widths", inits=2, steps=20) if member["condition"] == "m05"]
    return Networks(chosen, [regression(member, member["seed"]) for member in chosen], device)


def pictures(member: dict) -> tuple:
    stream = np.random.default_rng(member["seed"])
    x, y = stream.random((20, 9)), stream.choice([-1.0, 1.0], 20)
    return x[:12], y[:12], x[12:], y[12:]


def pictured(kind: str):
    chosen = [m | {"neurons": 4, "steps": 20} for m in members("images", inits=2) if m["condition"] == "p04"]
    examples = [pictures(member) for member in chosen]
    data, tests = [each[:2] for each in examples], [each[2:] for each in examples]
    patterns = [sampled_patterns(x, 4, np.random.default_rng(row)) for row, (x, _) in enumerate(data)]
    if kind == "admm":
        return lambda device: images.TestedSplitting(chosen, data, patterns, tests, device)
    return lambda device: images.TestedNetworks(chosen, data, tests, device)


def robust_splitting(device) -> RobustSplitting:
    chosen = [member for member in members("robust", n=9, patterns=3) if member["condition"] == "plane"]
    data = [robust.clouds(member, "train", member["n"]) for member in chosen]
    return RobustSplitting(chosen, data, [np.ones((1, 9)), np.eye(9)[:2]], device)


MAKERS = {
    "splitting": splitting,
    "networks": networks,
    "images, admm": pictured("admm"),
    "images, adam": pictured("adam"),
    "robust": robust_splitting,
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
