"""Programs as a GPU takes them: replayed, with nothing computed on the host; resumed; the same for members alone."""

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.data_pruning.paul2021.experiments import cifar, digits, dynamics, networks, pruning, resnet, scoring
from replications.data_pruning.science import models, scores
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run

CPU = torch.device("cpu")
COUNT = 40
MEMBER = {
    "dataset": "mnist_5k",
    "train_images": COUNT,
    "label_noise": 0.5,
    "width": 3,
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "momentum": 0.9,
    "batch_size": 10,
    "steps": 12,
    "condition": "base",
}
IMAGE = {
    "classes": 10,
    "learning_rate": 0.1,
    "momentum": 0.9,
    "weight_decay": 1e-2,
    "batch_size": 4,
    "padding": 1,
    "drops": [2],
    "drop_factor": 0.2,
    "mean": [0.4, 0.5, 0.6],
    "deviation": [0.2, 0.3, 0.4],
    "autocast": False,
    "gradients": 6,
    "names": ("test", 0),
}


@pytest.fixture(autouse=True)
def images(monkeypatch):
    """Made-up images, which load faster."""
    stream = np.random.default_rng(0)
    made = stream.random((60, 784)), stream.integers(0, 10, 60)
    monkeypatch.setattr(digits, "embedded", lambda name: made)


def members(count: int = 3, **changes) -> list[dict]:
    return [MEMBER | {"seed": s, "names": ("test", s)} | changes for s in range(count)]


def retrained(device=CPU, chosen=None):
    chosen = members() if chosen is None else chosen
    data = digits.load(MEMBER)
    rows = [torch.arange(each["seed"], 20 + each["seed"]) for each in chosen]
    return pruning.Retrained(chosen, data, rows, np.tile(data.labels.numpy(), (3, 1)), device)


def scored(device=CPU, chosen=None):
    return scoring.Scored(members() if chosen is None else chosen, digits.load(MEMBER), 12, device)


def family(device=CPU, chosen=None):
    rows = [dynamics.family(m, 1, c) for m in members(2, parent_learning_rate=0.2) for c in (0, 1)]
    data = digits.load(MEMBER)
    return dynamics.Family(rows if chosen is None else chosen, data, data.labels.expand(3, -1), 12, device)


def convnet():
    stream = torch.Generator().manual_seed(0)
    images = torch.randint(256, (20, 3, 6, 6), generator=stream).to(torch.uint8)
    labels = torch.randint(10, (20,), generator=stream)
    return cifar.Pruned(IMAGE, images, labels, torch.arange(3, 19), small, (images[:5], labels[:5]))


def small(classes: int) -> torch.nn.Module:
    """Convolution, batch normalisation and a linear layer."""
    layers = torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Flatten()
    return torch.nn.Sequential(*layers, torch.nn.Linear(64, classes))


@pytest.mark.parametrize("make", [retrained, scored, family, convnet])
def test_steps_replay_and_resume(make):
    assert_replays(make)
    assert_resumes(make, at=5, steps=11)


@pytest.mark.parametrize("make", [retrained, scored, family])
def test_steps_stay_on_the_device(make):
    assert_stays_on_device(make)


@pytest.mark.parametrize("make", [retrained, scored, family])
def test_members_together_are_what_they_are_alone(make):
    together = make()
    take(together, 0, 8)
    for row, member in enumerate(together.members):
        alone = make(chosen=[member])
        take(alone, 0, 8)
        for field, value in alone.record().items():
            torch.testing.assert_close(together.record()[field][row], value[0], rtol=1e-4, atol=1e-6)


def test_a_step_is_that_of_torch():
    program = retrained()
    views = {name: view[1].clone().requires_grad_() for name, view in program.model.parameters.views.items()}
    optimiser = torch.optim.SGD(views.values(), lr=0.1, momentum=0.9)
    for step in range(10):  # past both drops of the learning rate at steps 7.2 and 10.2
        program.prepare(step)
        rows = program.chosen[1][program.batches.rows[1]]
        optimiser.param_groups[0]["lr"] = 0.1 if step < 8 else 0.02
        hidden = (program.images[rows] @ views["w1"] + views["b1"]).relu()
        loss = torch.nn.functional.cross_entropy(hidden @ views["w2"] + views["b2"], digits.load(MEMBER).labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        program.step()
    for name, expected in views.items():
        torch.testing.assert_close(program.model.parameters.views[name][1], expected.detach(), rtol=1e-4, atol=1e-6)


def test_orders_are_new_every_epoch_and_shared_by_equal_names():
    rows = [MEMBER | {"seed": seed, "names": names} for seed, names in ((0, ("a", 0)), (1, ("a", 0)), (2, ("a", 1)))]
    program = retrained(chosen=rows)
    first, second = program._orders(0), program._orders(1)
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])
    assert not torch.equal(first[0], second[0])
    assert sorted(second[2].tolist()) == [*range(20)]


def test_learning_rate_drops_twice():
    assert [networks.rate_factor(step, 100) for step in (0, 59, 60, 84, 85, 99)] == [1, 1, 0.2, 0.2, 0.04, 0.04]


def test_forgetting_is_counted_at_every_visit():
    program = scored()
    seen = torch.zeros(12, 3, COUNT, dtype=torch.bool)
    visits = torch.zeros(3, COUNT, dtype=torch.int64)
    for step in range(12):
        program.prepare(step)
        rows = program.batches.rows.clone()
        outputs = program.model(program.images[rows])
        right = outputs.argmax(-1) == program.labels.gather(1, rows)
        for k in range(3):
            for row, hit in zip(rows[k].tolist(), right[k].tolist(), strict=True):
                seen[visits[k, row], k, row] = hit
                visits[k, row] += 1
        program.step()
    assert (visits == 3).all()
    torch.testing.assert_close(program.record()["forgetting"].double(), scores.forgetting(seen[:3]))
    assert program.record()["forgetting"].isinf().any()


def test_scores_of_a_program_are_those_of_its_network_and_labels():
    program = scored()
    own = digits.noisy(digits.load(MEMBER).labels, members()[1])
    assert torch.equal(program.labels[1], own)
    outputs = program.model(program.images)[1]
    torch.testing.assert_close(program.record()["el2n"][1], scores.el2n(outputs, own))
    assert sorted(program.shuffled[1].tolist()) == sorted(own.tolist())
    torch.testing.assert_close(program.record()["el2n_shuffled"][1], scores.el2n(outputs, program.shuffled[1]))


def test_children_share_their_parents_batches_until_they_part():
    rows = [
        dynamics.family(members(1, parent_learning_rate=0.2)[0], at, child) for at, child in ((9, 0), (1, 0), (1, 1))
    ]
    program = family(chosen=rows)
    take(program, 0, 4)
    weights = program.tensors["weights"]
    assert torch.equal(weights[0], weights[1])
    assert torch.equal(weights[1], weights[2])
    take(program, 4, 8)
    assert not torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])


def test_convnet_steps_are_those_of_torch():
    program, network = convnet(), small(10)
    program.crops = lambda images: images
    program.crops.draw = lambda count, stream: None
    network.load_state_dict(program.network.state_dict())
    optimiser = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, weight_decay=1e-2, nesterov=True)
    for step in range(4):
        program.prepare(step)
        rows = program.chosen[program.batches.rows]
        optimiser.param_groups[0]["lr"] = 0.1 if step < 2 else 0.02
        pixels = (program.images[rows] / 255 - torch.tensor([0.4, 0.5, 0.6]).view(3, 1, 1)) / torch.tensor([0.2, 0.3, 0.4]).view(3, 1, 1)  # fmt: skip
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(pixels), program.labels[rows]).backward()
        optimiser.step()
        program.step()
    for ours, theirs in zip(program.network.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def run(settings: dict) -> Run:
    return Run({"settings": settings, "device": "cpu"}, Checkpoint(None, "key"), {}, lambda text: None)


def test_images_are_scored_and_pruned(monkeypatch):
    trained, original = [], cifar.train
    monkeypatch.setattr(cifar, "train", lambda run, members, *args, **options: trained.extend(members) or original(run, members, *args, **options))  # fmt: skip
    stream = torch.Generator().manual_seed(1)
    pixels = torch.randint(256, (30, 3, 6, 6), generator=stream).to(torch.uint8)
    labels = torch.randint(10, (30,), generator=stream)
    common = IMAGE | {"seeds": 2, "label_noise": 0.5, "runs": 2, "score_sets": 2, "score_epochs": [0, 1], "steps": 3}
    common |= {"score": "el2n", "score_epoch": 1, "start": 0.5, "keep": 0.5, "draw": 0, "conditions": {"el2n": {}, "random": {"score": "random"}}}  # fmt: skip
    found = cifar.pruned(run(common), (pixels, labels), (pixels, labels), small)
    assert found["el2n"].shape == found["grand"].shape == (2, 2, 30)
    assert found["accuracy"].shape == (4,)
    assert [(m["names"], m["set"]) for m in trained] == [
        *((("score", each, r), each) for each in (0, 1) for r in (0, 1)),
        *((("retrain", seed), seed) for _ in ("el2n", "random") for seed in (0, 1)),
    ]
    assert found["wrong"].shape == (2, 30)
    assert 5 < found["wrong"][0].sum() < 22
    member = common | {"seed": 1, "set": 1}
    kept = cifar.chosen(member, found)
    assert found["el2n"][1, 1][kept].min() >= np.delete(found["el2n"][1, 1], kept).max()
    network = small(10).eval()
    program = cifar.Scored(IMAGE, pixels, labels, torch.arange(30), lambda classes: network)
    loader = [(program.scaled(pixels), labels)]
    torch.testing.assert_close(program.record()["grand"][0], models.grand(network, loader))


def test_the_archive_gives_training_and_test_images(monkeypatch):
    """Accuracy is of the test images: of labels that no network can know of, here 11."""
    stream = np.random.default_rng(0)
    part = stream.integers(0, 256, (12, 3, 6, 6)).astype(np.uint8), stream.integers(0, 10, 12)
    monkeypatch.setattr(cifar.archives, "archive", lambda path, name: (part, (part[0][:5], np.full(5, 11))))
    monkeypatch.setattr(cifar.pruned, "__defaults__", (small,))
    settings = IMAGE | {"seeds": 1, "label_noise": 0.0, "runs": 1, "score_sets": 1, "score_epochs": [0], "steps": 2}
    settings |= {"score": "grand", "score_epoch": 0, "start": 0.5, "keep": 0.5, "draw": 0}
    job = {"settings": settings, "device": "cpu", "slug": "paul2021", "experiment": "cifar"}
    found = cifar.cifar(Run(job, Checkpoint(None, "key"), {"cifar10": None}, lambda text: None))
    assert found["accuracy"].tolist() == [0]
    assert found["grand"].shape == (1, 1, 12)
    assert not found["wrong"].any()


def test_resnet18_is_that_of_small_images_and_is_scored():
    network = resnet.resnet18(10)
    assert sum(weight.numel() for weight in network.parameters()) == 11_173_962
    images, labels = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([1, 2])
    found = models.grand(network, [(images, labels)])
    torch.nn.functional.cross_entropy(network.eval()(images[1:]), labels[1:]).backward()
    norm = sum(weight.grad.square().sum() for weight in network.parameters()).sqrt()
    torch.testing.assert_close(found[1], norm, rtol=1e-3, atol=0)
