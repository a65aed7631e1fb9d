"""Programs as a GPU takes them: replayed, with nothing computed on the host; resumed; the same for members alone."""

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.sgd_stability.rosenfeld2023.experiments import network, toy
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
SMALL = {"dimension": 4, "samples": 200}
TINY = {"samples": 30, "width": 4, "group": 3, "follow_from": 6, "steps": 11}


def members(experiment: str, *conditions: str, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("rosenfeld2023"), experiment, "laptop")
    chosen = [m for m in members_of(values) if m["seed"] < 2 and m["condition"] in conditions]
    return [m | changes for m in chosen]


@pytest.fixture(autouse=True)
def images(monkeypatch):
    """Made-up images, which load faster."""
    stream = np.random.default_rng(0)
    made = stream.random((50, 7)), stream.integers(0, 10, 50)
    monkeypatch.setattr(network, "embedded", lambda name: made)


CASES = {
    "toy": lambda device: toy.Toy(members("edge", "opposing_0.1", "aligned_0.1", "none_0.1", **SMALL), device),
    "network": lambda device: network.Network(members("network", "large", "small", **TINY), device),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_replay_resume_and_stay_on_the_device(name):
    assert_replays(lambda: CASES[name](CPU))
    assert_resumes(lambda: CASES[name](CPU), at=5, steps=11)
    if name == "toy":  # the network's targets are one-hot vectors of images on the host
        assert_stays_on_device(CASES[name])


def test_members_together_are_what_they_are_alone():
    for make, chosen in (
        (toy.Toy, members("edge", "opposing_0.1", "aligned_0.12", **SMALL)),
        (network.Network, members("network", "large", **TINY)),
    ):
        together = make(chosen, CPU)
        take(together, 0, 9)
        found = together.record()
        for row, member in enumerate(chosen):
            alone = make([member], CPU)
            take(alone, 0, 9)
            for field, value in alone.record().items():
                torch.testing.assert_close(found[field][row], value[0], rtol=1e-4, atol=1e-6, equal_nan=True)


def test_conditions_share_inputs_and_differ_in_the_outlier_feature_alone():
    opposing, aligned, none = (
        toy.problem(members("edge", f"{arm}_0.1", **SMALL)[0]) for arm in ("opposing", "aligned", "none")
    )
    outlier = opposing["z"][:, -1]
    assert outlier[:2].tolist() == [20, 20]
    assert outlier[2:4].tolist() == [-20, -20]
    assert outlier[4:].abs().max() == 0
    assert aligned["z"][:4, -1].tolist() == [20] * 4
    assert none["z"][:, -1].abs().max() == 0
    for other in (aligned, none):
        assert torch.equal(opposing["z"][:, :-1], other["z"][:, :-1])
        assert torch.equal(opposing["first"], other["first"])
    assert torch.equal(opposing["y"], aligned["y"])
    torch.testing.assert_close(opposing["y"][:4] - none["y"][:4], torch.full((4,), 2.0, dtype=torch.float64))
    assert torch.equal(opposing["y"][4:], none["y"][4:])
    target = torch.linalg.lstsq(none["z"][:, :-1], none["y"]).solution
    assert target.norm().item() == pytest.approx(3)
    assert opposing["first"][-1] == 0.1


def test_a_step_on_images_is_that_of_automatic_differentiation():
    member = members("network", "large", **TINY)[0]
    program = network.Network([member], CPU)
    weights = [w[0].clone().requires_grad_() for w in program.model.weights]
    outputs = (program.images[0] @ weights[0]).relu() @ weights[1]
    each = (outputs - program.labels[0]).square().sum(-1) / 2
    each.mean().backward()
    program.prepare(0)
    program.step()
    torch.testing.assert_close(program.tensors["losses"][-1, 0], each.detach())
    for after, w in zip(program.model.weights, weights, strict=True):
        torch.testing.assert_close(after[0], (w - 0.4 * w.grad).detach())


def test_records_of_extreme_samples():
    """Losses of six samples before three steps; groups of two; labels 0, 0, 1, 1, 2, 2."""
    member = members("network", "large", **TINY)[0] | {"samples": 6, "group": 2}
    program = network.Network([member], CPU)
    before = torch.tensor([1.0, 1, 1, 1, 1, 1])
    change = torch.tensor([0.5, -0.1, 0.4, -0.5, 0.1, -0.4])  # rising: 0, 2; falling: 3, 5
    following = torch.tensor([-0.1, 9, 0.1, 0.2, 9, 0.3])
    program.tensors["losses"][:, 0] = torch.stack([before, before + change, before + change + following])
    program.labels[0] = torch.nn.functional.one_hot(torch.tensor([0, 0, 1, 1, 2, 2]), 10).float()
    program.tensors["followed"][:, 0] = torch.tensor([[0, 1], [4, 5]])
    found = program.record()
    assert found["turn_up"].tolist() == [0.5]
    assert found["turn_down"].tolist() == [1]
    assert found["rising"].item() == pytest.approx(0.5)
    assert found["overlap"].tolist() == [0.5]  # digits 0 and 1 against 1 and 2
    assert found["up"].item() == pytest.approx((1.4 + 9.9) / 2)
    assert found["down"].item() == pytest.approx((10.1 + 0.9) / 2)
    assert found["sharpness"].isnan().all()


def test_groups_are_chosen_at_one_step_and_the_sharpness_is_measured_at_the_end():
    program = network.Network(members("network", "large", **TINY), CPU)
    take(program, 0, 6)
    assert program.tensors["followed"].abs().max() == 0
    take(program, 6, 7)
    losses = program.tensors["losses"]
    assert torch.equal(program.tensors["followed"][0], (losses[1] - losses[0]).topk(3, 1).indices)
    assert torch.equal(program.tensors["followed"][1], (losses[0] - losses[1]).topk(3, 1).indices)
    chosen = program.tensors["followed"].clone()
    take(program, 7, 11)
    assert torch.equal(program.tensors["followed"], chosen)
    weights = [w[0].double() for w in program.model.weights]

    def on_samples(flat: torch.Tensor) -> torch.Tensor:
        first, second = flat[: weights[0].numel()].view_as(weights[0]), flat[weights[0].numel() :].view_as(weights[1])
        errors = (program.images[0].double() @ first).relu() @ second - program.labels[0].double()
        return errors.square().sum() / (2 * len(errors))

    matrix = torch.func.hessian(on_samples)(torch.cat([w.flatten() for w in weights]))
    largest = torch.linalg.eigvalsh(matrix)[-1].item()
    assert program.record()["sharpness"][0].item() == pytest.approx(largest, rel=1e-3)
