"""What programs choose and measure: data, label noise, choices by score, velocities and barriers, whole programs."""

import numpy as np
import pytest
import torch
from tape import take

from replications.data_pruning.paul2021.experiments import cifar, digits, dynamics, identities, pruning, scoring
from replications.data_pruning.science import dynamics as science
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run

SETTINGS = {
    "seeds": 2,
    "dataset": "mnist_5k",
    "train_images": 40,
    "label_noise": 0.0,
    "width": 5,
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "momentum": 0.9,
    "batch_size": 10,
    "runs": 2,
    "epochs": 3,
    "score_epochs": [0, 1, 3],
    "chunk": 4,
}
CHOICE = {"score": "el2n", "score_epoch": 1, "start": 0.5, "keep": 0.5, "draw": 0, "steps": 9}


@pytest.fixture(autouse=True)
def images(monkeypatch):
    """Made-up images, brighter for higher labels, which load faster."""
    stream = np.random.default_rng(0)
    labels = stream.integers(0, 10, 60)
    made = stream.random((60, 784)) * (1 + labels[:, None]) / 10, labels
    monkeypatch.setattr(digits, "embedded", lambda name: made)


def run(settings: dict) -> Run:
    return Run({"settings": settings, "device": "cpu"}, Checkpoint(None, "key"), {}, lambda text: None)


def test_images_are_means_of_four_pixels_and_parted_once():
    pixels, labels = digits.embedded("mnist_5k")
    data = digits.load(SETTINGS)
    order = np.random.RandomState(0).permutation(60)
    assert len(data.images) == 40
    assert len(data.test_images) == 20
    assert data.labels.tolist() == labels[order[:40]].tolist()
    image = pixels[order[40]].reshape(28, 28)
    assert data.test_images[0, 15].item() == pytest.approx(image[2:4, 2:4].mean(), rel=1e-6)


def test_a_tenth_of_random_labels_stays_right():
    labels = torch.arange(10).repeat(4000)
    found = digits.noisy(labels, {"label_noise": 0.5, "seed": 0})
    assert (found != labels).double().mean().item() == pytest.approx(0.45, abs=0.01)
    assert not torch.equal(found, digits.noisy(labels, {"label_noise": 0.5, "seed": 1}))
    assert torch.equal(labels, digits.noisy(labels, {"label_noise": 0.0, "seed": 0}))


def test_choices_are_by_the_score_of_their_seed_and_epoch():
    stream = np.random.default_rng(0)
    scored = {"epochs": np.array([0, 1, 3]), "el2n": stream.random((2, 3, 40)), "grand": stream.random((2, 3, 40))}
    norms = stream.random(40)
    for changes, values in (
        ({}, scored["el2n"][1, 1]),
        ({"score": "grand", "score_epoch": 3}, scored["grand"][1, 2]),
        ({"score": "input_norm"}, norms),
    ):
        kept = pruning.selection(CHOICE | changes | {"seed": 1}, scored, norms)
        assert set(kept.tolist()) == set(np.argsort(values)[20:].tolist())
    draws = [pruning.selection(CHOICE | {"score": "random", "draw": d, "seed": s}, scored, norms) for d, s in ((0, 0), (1, 0), (0, 1))]  # fmt: skip
    assert len({tuple(each.tolist()) for each in draws}) == 3


def test_all_examples_kept_by_any_score_are_the_same_run():
    conditions = {
        "all": {"score": "random", "start": 0.0, "keep": 1.0},
        "by_el2n": {"start": 0.0, "keep": 1.0},
        "half": {},
    }
    found = pruning.pruning(run(SETTINGS | CHOICE | {"conditions": conditions}))
    assert found["accuracy"][:2].tolist() == found["accuracy"][2:4].tolist()
    assert found["el2n"].shape == found["forgetting"].shape == (2, 3, 40)
    assert found["labels"].tolist() == [found["right_labels"].tolist()] * 2
    assert not np.array_equal(found["el2n"][0], found["el2n"][1])


def test_choices_of_a_seed_share_first_weights_and_orders_and_seeds_do_not(monkeypatch):
    trained, original = [], pruning.train
    monkeypatch.setattr(pruning, "train", lambda run, members, *args, **options: trained.extend(members) or original(run, members, *args, **options))  # fmt: skip
    pruning.pruning(run(SETTINGS | CHOICE | {"conditions": {"a": {}, "b": {"score": "random"}}}))
    names = {(m["condition"], m["seed"]): m["names"] for m in trained}
    assert names["a", 0] == names["b", 0] != names["a", 1] == names["b", 1]


def test_single_scores_are_those_of_the_first_run():
    found = pruning.pruning(run(SETTINGS | CHOICE | {"runs": 1}))
    two = pruning.pruning(run(SETTINGS | CHOICE))
    np.testing.assert_allclose(two["el2n_single"], found["el2n"], rtol=1e-5)
    data, rows = digits.load(SETTINGS), [SETTINGS | {"seed": 1, "names": ("score", 1, r)} for r in (0, 1)]
    runs = scoring.Scored(rows, data, 12, torch.device("cpu"))
    take(runs, 0, 4)
    for name in ("el2n", "grand", "forgetting"):
        np.testing.assert_allclose(two[name][1, 1], runs.record()[name].numpy().mean(0), rtol=1e-4)


DYNAMICS = SETTINGS | {
    "score_epochs": [1],
    "parent_epochs": 4,
    "parent_learning_rate": 0.2,
    "spawns": [0, 4],
    "groups": [0, 20],
    "group_size": 6,
    "barrier_size": 8,
}


def test_children_that_never_part_have_no_barrier():
    found = dynamics.dynamics(run(DYNAMICS))
    assert found["velocity"].shape == (2, 2, 4)
    assert (found["velocity"] > 0).all()
    assert found["barrier"].shape == (2, 2, 3)
    assert (found["barrier"][:, 1] == 0).all()
    assert (found["barrier"][:, 0] != 0).any()  # two children, not one twice
    assert found["accuracy"].shape == (2,)
    without = dynamics.dynamics(run(DYNAMICS | {"spawns": []}))
    assert without["barrier"].shape == (2, 0, 3)
    np.testing.assert_allclose(without["velocity"], found["velocity"])


def test_velocities_are_of_groups_in_order():
    data = digits.load(SETTINGS)
    path = torch.randn(3, dynamics.MLP([196, 5, 10], 1, bias=True).parameters.flat.shape[1], generator=torch.Generator().manual_seed(0))  # fmt: skip
    found = dynamics.velocities(DYNAMICS, path, data.images)
    part = dynamics.views(DYNAMICS, path.double(), 196)
    kernels = science.relu_kernel(data.images[20:26].double(), part["w1"], part["b1"], part["w2"])
    assert found.shape == (2, 2)
    assert found[1, 1] == pytest.approx(science.kernel_velocity(kernels[1], kernels[2]).item(), rel=1e-9)


def test_groups_follow_the_scores_of_their_seed(monkeypatch):
    seen, data = [], digits.load(SETTINGS)
    made = {"el2n": np.random.default_rng(0).random((2, 1, 40)), "labels": np.stack([data.labels.numpy()] * 2)}
    monkeypatch.setattr(dynamics, "score", lambda run, settings, seeds, data: made)
    monkeypatch.setattr(dynamics, "velocities", lambda member, path, ordered: seen.append(ordered) or np.zeros((2, 4)))
    dynamics.dynamics(run(DYNAMICS | {"spawns": []}))
    for seed in (0, 1):
        assert torch.equal(seen[seed], data.images[np.argsort(made["el2n"][seed, 0])])


@pytest.mark.parametrize(("part", "expected"), [(slice(0, 8), (1, 0)), (slice(-8, None), (0, 1))])
def test_barriers_are_of_the_lowest_random_and_highest(monkeypatch, part, expected):
    """Both ends are right everywhere; halfway 8 digits at one end of the order are wrong."""
    data = digits.load(SETTINGS)
    order = torch.arange(40).flip(0)
    wrong = torch.zeros(3, 40, dtype=torch.bool)
    wrong[1, order[part]] = True
    outputs = torch.nn.functional.one_hot((data.labels + wrong.long()) % 10, 10).float()
    monkeypatch.setattr(dynamics, "outputs", lambda member, line, images: outputs)
    low, random, high = dynamics.barriers_of(DYNAMICS | {"seed": 0}, torch.zeros(2, 3), data, order, data.labels)
    assert (low, high) == expected
    assert 0 <= random < 0.7


def test_identities_hold():
    found = identities.identities(run({"seeds": 3, "draws": 200}))
    assert max(found["closed_form_error"].max(), found["softmax_regression_error"].max()) < 1e-12
    assert found["uniform_error"].max() < 1e-15
    assert found["permutation_error"].max() < 1e-15
    assert ((found["over_lower"] >= 1) & (found["over_lower"] < 1.1)).all()  # the least of many, below 1.34
    assert ((found["over_upper"] > 0.9) & (found["over_upper"] <= 1)).all()  # the largest of many, above 0.74


def test_a_choice_of_images_is_among_all_of_them_at_random_or_by_its_scores():
    sets = {"el2n": np.arange(24.0).reshape(2, 2, 6) % 5}
    member = {
        "score": "random",
        "score_epochs": [0, 20],
        "score_epoch": 20,
        "set": 1,
        "draw": 0,
        "seed": 0,
        "start": 0.5,
        "keep": 0.5,
    }
    drawn = cifar.chosen(member, sets)
    assert len(drawn) == 3
    assert set(drawn.tolist()) <= set(range(6))
    highest = np.sort(np.argsort(sets["el2n"][1, 1], kind="stable")[3:])
    assert sorted(sets["el2n"][1, 1][cifar.chosen(member | {"score": "el2n"}, sets)]) == sorted(
        sets["el2n"][1, 1][highest]
    )
