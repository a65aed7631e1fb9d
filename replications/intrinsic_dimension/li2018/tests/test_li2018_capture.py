"""Programs as a GPU takes them: replayed, resumed, on the device; members together and alone; steps against plain ones."""

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.intrinsic_dimension.li2018.experiments import data
from replications.intrinsic_dimension.li2018.experiments.subspaces import Subspaces
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
SMALL = {"samples": 30, "batch_size": 8, "steps": 12, "dimensions": [2, 5], "dtype": "float64"}


@pytest.fixture(autouse=True)
def images(monkeypatch):
    """Made-up images."""
    stream = np.random.default_rng(0)
    made = stream.random((60, 784)), stream.integers(0, 10, 60)
    monkeypatch.setattr(data, "embedded", lambda name: made)
    monkeypatch.setattr(data, "TRAIN", 40)


def members(*conditions: str, seeds: int = 2, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("li2018"), "images", "laptop")
    chosen = [m | SMALL | {"width": 3} | changes for m in members_of(values) if m["seed"] < seeds]
    return [m for name in conditions for m in chosen if m["condition"] == name]


CASES = {
    "perceptrons": lambda device: Subspaces(members("middle", "sparse"), device),
    "patches": lambda device: Subspaces(members("conv", "conv_shuffled"), device),
    "lenet": lambda device: Subspaces(members("middle", network="lenet", pool=1, l2=0.001), device),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_replay_resume_and_stay_on_the_device(name):
    assert_replays(lambda: CASES[name](CPU), steps=8)
    assert_resumes(lambda: CASES[name](CPU), at=5, steps=9)
    assert_stays_on_device(CASES[name])


def test_members_together_are_what_they_are_alone():
    chosen = members("middle", "fastfood", "fc_shuffled")
    together = Subspaces(chosen, CPU)
    take(together, 0, 9)
    for row, member in enumerate(chosen):
        alone = Subspaces([member], CPU)
        take(alone, 0, 9)
        torch.testing.assert_close(together.points[row], alone.points[0], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("network", ["fc", "patches", "lenet"])
def test_steps_are_those_of_plain_networks_in_their_own_subspaces(network):
    """Adam of torch on the coordinates and on the weights, of a module written out, with the gradient of autograd."""
    (member,) = members(
        "middle", seeds=1, network=network, pool=1 if network == "lenet" else 4, l2=0.01, drops=[[0.5, 0.1]]
    )
    program = Subspaces([member], CPU)
    start, projection = program.start[0, 0].clone(), program.projection[0].clone()
    plain = [
        start.clone().requires_grad_(),
        *(torch.zeros(d, dtype=start.dtype, requires_grad=True) for d in member["dimensions"]),
    ]
    adams = [
        torch.optim.Adam([each], lr=rate, betas=(0.9, 0.99))
        for each, rate in zip(plain, (0.003, 0.1, 0.1), strict=True)
    ]
    for step in range(9):
        program.prepare(step)
        rows = program.batches.rows[0]
        for each, adam in zip(plain, adams, strict=True):
            adam.param_groups[0]["lr"] = adam.defaults["lr"] * (0.1 if step >= 6 else 1)
            point = each if each is plain[0] else start + each @ projection[: len(each)]
            loss = torch.nn.functional.cross_entropy(
                outputs(network, program, point, program.images[0, rows]), program.labels[0, rows]
            )
            adam.zero_grad()
            (loss + member["l2"] * point.square().sum()).backward()
            adam.step()
        program.step()
    assert torch.equal(program.start[0, 0], start)
    torch.testing.assert_close(program.direct[0], plain[0].detach(), rtol=1e-7, atol=1e-9)
    coordinates = program.coordinates.view(2, -1)
    for row, each in zip(coordinates, plain[1:], strict=True):
        torch.testing.assert_close(row[: len(each)], each.detach(), rtol=1e-7, atol=1e-9)
        assert not row[len(each) :].any()


def outputs(network: str, program: Subspaces, point: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Outputs of one network with parameters `point` [P], written with torch's own functions."""
    parts = {
        name: point[columns].view(program.model.parameters.shapes[name])
        for name, columns in program.model.parameters.columns.items()
    }
    functional = torch.nn.functional
    if network == "fc":
        return torch.relu(images @ parts["w1"] + parts["b1"]) @ parts["w2"] + parts["b2"]
    if network == "patches":
        windows = images.view(len(images), -1, 25)
        hidden = torch.relu(windows @ parts["w1"] + parts["b1"]).flatten(1)
        return hidden @ parts["w2"] + parts["b2"]
    hidden = images.view(-1, 1, 28, 28)
    for layer in (1, 2):
        hidden = functional.max_pool2d(torch.relu(functional.conv2d(hidden, parts[f"w{layer}"], parts[f"b{layer}"])), 2)
    hidden = hidden.flatten(1)
    for layer in (3, 4, 5):
        hidden = hidden @ parts[f"w{layer}"] + parts[f"b{layer}"]
        hidden = torch.relu(hidden) if layer < 5 else hidden
    return hidden


def test_before_training_all_networks_are_the_untrained_one():
    program = Subspaces(members("middle", "conv", seeds=1)[:1], CPU)
    torch.testing.assert_close(program.points[0], program.start[0].expand_as(program.points[0]))
    found = program.record()
    assert (found["test"] == found["direct"][:, None]).all()
    assert (found["train"] == found["direct_train"][:, None]).all()


def test_records_are_shares_of_labels_found():
    program = Subspaces(members("conv", "conv_shuffled", seeds=1), CPU)
    take(program, 0, 6)
    found = program.record()
    for row in range(2):
        for kind, images, labels in (
            ("train", program.images, program.labels),
            ("test", program.tests[0], program.test_labels),
            ("exchanged", program.tests[1], program.test_labels),
        ):
            guesses = outputs("patches", program, program.points[row, 1], images[row]).argmax(-1)
            assert found[kind][row, 1] == (guesses == labels[row]).float().mean()
        guesses = outputs("patches", program, program.points[row, 2], program.tests[0][row]).argmax(-1)
        assert found["direct"][row] == (guesses == program.test_labels[row]).float().mean()
    torch.testing.assert_close(program.tests[0][0], program.tests[1][1])
    torch.testing.assert_close(program.tests[1][0], program.tests[0][1])
    assert not torch.equal(program.tests[0][0], program.tests[1][0])


def test_conditions_share_start_batches_and_first_draw():
    middle, other, shuffled, sparse = (
        Subspaces(members(name, seeds=1), CPU) for name in ("middle", "other", "fc_shuffled", "sparse")
    )
    for program in (middle, other, shuffled, sparse):
        program.prepare(0)
        assert torch.equal(program.start, middle.start)
        assert torch.equal(program.batches.rows, middle.batches.rows)
    assert torch.equal(shuffled.projection, middle.projection)
    for program in (other, sparse):
        assert not torch.equal(program.projection, middle.projection)


def test_random_labels_are_of_the_same_images_and_all_classes_alike():
    plain, random = (
        Subspaces(members("middle", seeds=1, labels=labels, samples=20), CPU) for labels in ("true", "random")
    )
    assert torch.equal(plain.images, random.images)
    assert not torch.equal(plain.labels, random.labels)
    part = torch.zeros(20000, 2, 2), torch.zeros(20000, dtype=torch.int64)
    drawn = data.chosen(part, {"samples": 20000, "labels": "random", "seed": 0})[1]
    assert (drawn.bincount(minlength=10) / 2000 - 1).abs().max() < 0.1


def test_columns_have_norm_one_and_gaps_are_empty():
    program = Subspaces(members("middle", seeds=1), CPU)
    torch.testing.assert_close(program.projection.norm(dim=2), torch.ones(1, 5, dtype=torch.float64))
    columns = program.model.parameters.columns.values()
    held = torch.cat([torch.arange(each.start, each.stop) for each in columns])
    gaps = torch.ones(program.projection.shape[2], dtype=torch.bool)
    gaps[held] = False
    assert not program.projection[..., gaps].any()
    assert (program.projection[..., held] != 0).all()
