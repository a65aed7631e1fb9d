"""Exact results: the toy, counts of parameters, identities, what figures take from the authors."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from replications.intrinsic_dimension.li2018 import reference, theory
from replications.intrinsic_dimension.li2018.experiments import data, identities, networks, toy
from replications.intrinsic_dimension.science import laws
from verifig.planning import rulesets

CPU = torch.device("cpu")


def setting(experiment: str, **changes) -> dict:
    values = rulesets.settings(rulesets.load("li2018"), experiment, "laptop")
    return {"seed": 0} | {name: value for name, value in values.items() if name != "conditions"} | changes


@pytest.mark.parametrize(("constraints", "size"), [(5, 100), (10, 100), (10, 1000)])
def test_the_toy_is_solved_from_its_number_of_constraints_on(constraints, size):
    left = toy.least(setting("toy", constraints=constraints, size=size, largest=constraints + 3))
    assert left[0] == 1
    assert (left[1:constraints] > 1e-6).all()
    assert (left[constraints:] < 1e-24).all()
    assert (np.diff(left[: constraints + 1]) < 0).all()


def test_one_more_constraint_counts_where_it_is_independent():
    dependent = toy.least(setting("toy", extra="dependent"))
    independent = toy.least(setting("toy", extra="independent"))
    assert dependent[9] > 1e-6 > 1e-20 > dependent[10]
    assert independent[10] > 1e-6 > 1e-20 > independent[11]
    matrix, targets = toy.problem(setting("toy", extra="dependent"))
    assert matrix.shape == (11, 1000)
    assert targets.tolist() == [*range(1, 11), 55]
    assert (matrix[:10].sum(0) == 1).all()
    assert (matrix[:10].sum(1) == 100).all()


def test_least_loss_is_what_the_solution_leaves():
    """Of the loss itself, at theta_0 + P phi with phi from the normal equations; draws of every seed differ."""
    member = setting("toy", size=40, constraints=4, largest=6)
    left = toy.least(member)
    matrix, targets = toy.problem(member)
    streams = [toy.generator(data.SLUG, name, 40, 0) for name in ("toy start", "toy projection")]
    start = torch.randn(40, generator=streams[0], dtype=torch.float64).numpy()
    rows = torch.randn(6, 40, generator=streams[1], dtype=torch.float64)
    rows = (rows / rows.norm(dim=1, keepdim=True)).numpy()
    loss = lambda at: np.sum((matrix @ at - targets) ** 2)  # noqa: E731
    for dimension in (1, 3):
        reach = matrix @ rows[:dimension].T
        found = np.linalg.solve(reach.T @ reach, reach.T @ (targets - matrix @ start))
        assert loss(start + found @ rows[:dimension]) / loss(start) == pytest.approx(left[dimension])
    assert not np.allclose(toy.least(member | {"seed": 1}), left)


def test_draws_follow_the_law():
    draws = toy.many(setting("toy", draws=600, size=100))
    assert draws.shape == (600, 4)
    assert (np.diff(draws, axis=1) < 0).all()
    for column, dimension in zip(draws.T, (2, 4, 6, 8), strict=True):
        assert column.mean() == pytest.approx(1 - dimension / 10, abs=0.03)
        assert kstest(column, laws.law_left(dimension, 10).cdf).pvalue > 0.001


def test_counts_of_parameters():
    assert reference.perceptron([784, 200, 200, 10]) == 199210
    assert reference.perceptron([784, 10]) == 7850
    assert reference.lenet(28, 1) == 44426
    assert reference.lenet(32, 3) == 62006
    sizes = reference.parameters()
    assert sizes.min() == 39760
    assert sizes.max() == 959610
    assert sizes[2, 1] == 199210
    assert reference.FIRST.shape == sizes.shape == (4, 5)
    assert reference.WIDTHS == (50, 100, 200, 400)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"width": 16}, 3322),
        ({"width": 64}, 13258),
        ({"network": "patches", "width": 16}, 4426),
        ({"network": "lenet", "pool": 1}, 44426),
        ({"width": 200, "depth": 2, "pool": 1}, 199210),
    ],
)
def test_sizes_of_the_networks_trained(changes, expected):
    member = setting("images") | changes
    side = reference.SIDES[member["pool"]]
    assert reference.size_of(member) == expected
    assert networks.build(member, side, 1, torch.float32, CPU).parameters.count == expected


def test_first_weights_are_he_normal_and_biases_zero():
    for changes in ({"width": 64}, {"network": "patches"}, {"network": "lenet", "pool": 1}):
        member = setting("images") | changes
        model = networks.build(member, reference.SIDES[member["pool"]], 1, torch.float64, CPU)
        flat = networks.first(member, model.parameters)[None]
        fans = {
            "fc": {"w1": 196, "w2": 64},
            "patches": {"w1": 25, "w2": 800},
            "lenet": {"w2": 150, "w3": 256, "w4": 120},
        }
        views = model.parameters.split(flat)
        for name, fan_in in fans[member["network"]].items():
            assert views[name].square().mean().item() * fan_in / 2 == pytest.approx(1, rel=0.15)
        assert not any(view.any() for name, view in views.items() if name.startswith("b"))


def test_patches_are_windows_of_the_image():
    member = setting("images", network="patches")
    windows = networks.patches(member, 14).view(25, 25)
    assert windows[0, :6].tolist() == [0, 1, 2, 3, 4, 14]
    assert windows[1, 0] == 2
    assert windows[5, 0] == 28
    assert windows[24, -1] == 12 * 14 + 12
    assert networks.patches(setting("images"), 14).tolist() == list(range(196))


def test_identities_hold():
    found = identities.columns()
    assert max(found[f"norm_{kind}"] for kind in ("dense", "sparse", "fastfood")) < 1e-12
    assert found["inner_dense"] == pytest.approx(1, abs=0.1)
    assert found["inner_sparse"] == pytest.approx(1, abs=0.1)
    assert found["inner_fastfood"] == pytest.approx(2, abs=0.2)
    assert identities.hadamard_error() == 0
    assert identities.gradient_error() < 1e-7


def test_a_wrong_gradient_is_found(monkeypatch):
    dense = identities.KINDS["dense"]

    class Wrong(type(dense([2], 1, torch.Generator()))):
        def transpose(self, gradient):
            return 1.001 * super().transpose(gradient)

        def to(self, device):
            return self

    monkeypatch.setattr(identities, "KINDS", {"dense": lambda *arguments: Wrong(dense(*arguments).rows)})
    assert identities.gradient_error() > 1e-4


def test_a_perceptron_does_not_see_an_order_of_pixels(monkeypatch):
    stream = np.random.default_rng(0)
    made = stream.random((60, 784)), stream.integers(0, 10, 60)
    monkeypatch.setattr(data, "embedded", lambda name: made)
    monkeypatch.setattr(data, "TRAIN", 40)
    member = setting("identities", samples=40, steps=5, dimensions=[4, 9], batch_size=10, width=5)
    found = identities.permuted(member)
    assert found["permuted_coordinates"] < 1e-10
    assert found["permuted_accuracy"] == 0
    assert found["permuted_apart"] > 0.1


def test_the_split_is_fixed_and_images_are_averages(monkeypatch):
    stream = np.random.default_rng(0)
    images, labels = stream.random((60, 784)), stream.integers(0, 10, 60)
    monkeypatch.setattr(data, "embedded", lambda name: (images, labels))
    monkeypatch.setattr(data, "TRAIN", 40)
    train, test = data.split(setting("images"), None)
    assert [len(part[0]) for part in (train, test)] == [40, 20]
    assert train[0].shape[1:] == (14, 14)
    order = np.random.RandomState(0).permutation(60)
    whole = images[order[40]].reshape(28, 28)
    np.testing.assert_allclose(test[0][0, 3, 5], whole[6:8, 10:12].mean(), rtol=1e-5)
    assert test[1].tolist() == labels[order[40:]].tolist()


def test_full_mnist_is_read_from_its_file(tmp_path):
    stream = np.random.default_rng(0)
    parts = {"train": 12, "test": 5}
    stored = {f"x_{name}": stream.integers(0, 256, (count, 28, 28), np.uint8) for name, count in parts.items()}
    stored |= {f"y_{name}": stream.integers(0, 10, count, np.uint8) for name, count in parts.items()}
    np.savez(tmp_path / "mnist.npz", **stored)
    train, test = data.split(setting("images", dataset="mnist", pool=1), tmp_path / "mnist.npz")
    torch.testing.assert_close(test[0], torch.from_numpy(stored["x_test"] / 255).float())
    assert train[1].tolist() == stored["y_train"].tolist()


def test_what_figures_take_from_the_authors():
    np.testing.assert_allclose(theory.left([[0, np.exp(-50)], [8, np.exp(-5)]]), [(0, 1), (8, 0.1)])
    low, high = theory.quantiles(10, (0.05, 0.95))
    assert low.shape == (9,)
    assert laws.law_left(9, 10).cdf(high[8]) == pytest.approx(0.95)
    assert low[0] == pytest.approx(laws.law_left(1, 10).ppf(0.05))
    assert theory.exponent([[1, 2], [4, 1]]) == pytest.approx(-0.5)
