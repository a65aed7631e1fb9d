"""The optimiser that settings name, and learning-rate schedules, against those of torch."""

import math

import pytest
import torch

from verifig.training import optim
from verifig.training.ensemble import generator

STEPS = 30
START = torch.randn(3, 9, dtype=torch.float64, generator=generator("test", "start"))
GRADS = torch.randn(STEPS, 3, 9, dtype=torch.float64, generator=generator("test", "gradients"))
ADAM = {"beta1": [0.5, 0.9, 0.0], "beta2": [0.9, 0.99, 0.999], "eps": [1e-8, 1e-3, 1e-30]}
OWN = {
    "sgd": {"momentum": [0.0, 0.5, 0.9], "weight_decay": [0.1, 0.0, 1.0]},
    "adam": ADAM | {"weight_decay": [0.1, 0.0, 1.0]},
    "adamw": ADAM | {"weight_decay": [1.0, 0.0, 4.0]},
}
THEIRS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def theirs(kind: str, settings: dict, row: torch.Tensor) -> torch.optim.Optimizer:
    """torch's optimiser with the settings of one member."""
    named = {name: settings[name] for name in ("momentum", "weight_decay", "eps") if name in settings}
    betas = {"betas": (settings["beta1"], settings["beta2"])} if "beta1" in settings else {}
    return THEIRS[kind]([row], lr=settings["learning_rate"], **named, **betas)


def members(kind: str, **values: list) -> list[dict]:
    rows = zip(*values.values(), strict=True)
    return [{"optimizer": kind, "width": 7} | dict(zip(values, row, strict=True)) for row in rows]


def assert_as_torch(kind: str, settings: list[dict], rate=None, schedule=None) -> None:
    """Assert that steps with given gradients end where torch's do.

    Args:
        rate: the learning rate at step 0, 1, ... from the first, for ours.
        schedule: makes torch's scheduler of an optimiser.
    """
    params = START.clone()
    optimizer = optim.of(params, settings)
    first = optimizer.learning_rate.clone()
    for step, grads in enumerate(GRADS):
        if rate is not None:
            optimizer.learning_rate.copy_(rate(first, step))
        optimizer.step(params, grads)
    for member, own in enumerate(settings):
        row = START[member].clone().requires_grad_()
        reference = theirs(kind, own, row)
        scheduler = schedule and schedule(reference)
        for grads in GRADS:
            row.grad = grads[member]
            reference.step()
            if scheduler:
                scheduler.step()
        torch.testing.assert_close(params[member], row.detach(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("kind", OWN)
def test_settings_are_those_of_each_member(kind):
    assert_as_torch(kind, members(kind, learning_rate=[0.1, 0.01, 0.02], **OWN[kind]))


@pytest.mark.parametrize("kind", OWN)
def test_each_setting_reaches_the_optimiser_by_itself(kind):
    for name, values in OWN[kind].items():
        if not name.startswith("beta"):
            # torch decays by 0.01 where AdamW's settings say nothing: here they say
            said = {"weight_decay": [0.0] * 3} if kind == "adamw" else {}
            assert_as_torch(kind, members(kind, **{"learning_rate": [0.1] * 3, **said, name: values}))


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_what_settings_do_not_say_is_as_in_torch(kind):
    assert_as_torch(kind, members(kind, learning_rate=[0.1, 0.01, 0.02]))


@pytest.mark.parametrize("kind", OWN)
def test_there_may_be_one_member(kind):
    settings = members(kind, learning_rate=[0.1, 0.01, 0.02], **OWN[kind])
    together, alone = START.clone(), START[1:2].clone()
    optim.of(together, settings).step(together, GRADS[0])
    optim.of(alone, settings[1:2]).step(alone, GRADS[0, 1:2])
    torch.testing.assert_close(alone[0], together[1], rtol=1e-14, atol=0)


def test_the_kinds_are_what_they_are_called():
    adam, adamw = (optim.of(START, members(kind, learning_rate=[0.1] * 3)) for kind in ("adam", "adamw"))
    assert (adam.decoupled, adamw.decoupled) == (False, True)
    assert isinstance(optim.of(START, members("sgd", learning_rate=[0.1] * 3)), optim.SGD)


SCHEDULES = {
    "cosine": (
        lambda first, step: first * (1 + math.cos(math.pi * step / STEPS)) / 2,
        lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS),
    ),
    "steps": (
        lambda first, step: first * 0.1 ** ((step >= 10) + (step >= 20)),
        lambda optimizer: torch.optim.lr_scheduler.MultiStepLR(optimizer, [10, 20]),
    ),
    "inverse root": (
        lambda first, step: first / math.sqrt(1 + step // 4),
        lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (1 + step // 4) ** -0.5),
    ),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("kind", OWN)
def test_a_schedule_writes_the_learning_rate(kind, schedule):
    assert_as_torch(kind, members(kind, learning_rate=[0.1, 0.01, 0.02], **OWN[kind]), *SCHEDULES[schedule])


def test_learning_rates_are_exact_and_one_a_member():
    for kind in ("sgd", "adamw"):
        optimizer = optim.of(START.float(), members(kind, learning_rate=[0.1, 0.3, 1e-3]))
        assert optimizer.learning_rate.dtype == torch.float64
        assert optimizer.learning_rate.tolist() == [[0.1], [0.3], [1e-3]]
