"""Exact facts: each lands in its statistic, and each shows by how much it is broken where something breaks it."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import artifact, near, values

from replications.random_teachers.sarnthein2023.experiments import identities
from replications.random_teachers.sarnthein2023.experiments.landscape import orthonormal_coordinates, plane_point
from replications.random_teachers.sarnthein2023.experiments.network import Network
from replications.random_teachers.sarnthein2023.measure import measure
from verifig.measuring.tables import Tables
from verifig.training.ensemble import generator
from verifig.training.optim import Adam

torch.set_num_threads(1)  # as in a training job
SMALL = {
    "seeds": 2,
    "input_size": 9,
    "width": 24,
    "head_width": 8,
    "bottleneck": 4,
    "output_size": 6,
    "output_std": 2.0,
    "weight_norm": False,
    "dtype": "float64",
    "eps": 1e-12,
    "encoder_learning_rate": 1e-3,
    "head_learning_rate": 4e-3,
    "bias_learning_rate": 2e-3,
    "teacher_temperature": 1.0,
    "centring": False,
}
NAMES = (
    "locality_variance",
    "locality_ends",
    "copy_divergence",
    "copy_gradient",
    "copy_loss_minus_entropy",
    "bottleneck_scale",
    "output_scale",
    "adam_first_step",
    "adam_largest_step",
    "plane_corners",
    "plane_distances",
    "one_hot_ridge",
    "parameters_vgg11",
    "parameters_resnet18",
)


def measured(**arrays) -> Tables:
    out = Tables()
    measure({"identities": artifact(arrays)}, out)
    return out


@pytest.mark.parametrize("name", NAMES)
def test_facts_are_copied_under_their_names(name):
    out = measured(**{fact: number + 0.5 for number, fact in enumerate(NAMES)})
    assert values(out, name, "identities") == {"": [NAMES.index(name) + 0.5]}


def test_divergences_before_training_have_one_value_a_seed():
    out = measured(step_zero_plain=[0.97, np.nan, 1.05], step_zero_weight_norm=[1.01, 0.98, 0.95])
    assert values(out, "step_zero_plain", "identities") == near({"": [0.97, np.nan, 1.05]})
    assert values(out, "step_zero_weight_norm", "identities") == near({"": [1.01, 0.98, 0.95]})


def test_pruning_errors_are_sizes_after_every_third_round():
    out = measured(remaining=[0.001, -0.002, np.nan, -0.004])
    assert values(out, "remaining_error", "identities") == near(
        {"rounds=3": [0.001], "rounds=6": [0.002], "rounds=9": [np.nan], "rounds=12": [0.004]}
    )


@pytest.fixture(scope="module")
def facts() -> dict[str, np.ndarray]:
    """What the program computes for small networks."""
    return identities.identities(SimpleNamespace(members=[SMALL]))


def test_unbroken_facts_hold(facts):
    assert facts["locality_ends"] == 0
    assert facts["one_hot_ridge"] == 1
    for name in ("locality_variance", "copy_divergence", "copy_gradient", "copy_loss_minus_entropy", "plane_corners"):
        assert abs(facts[name]) < 1e-12, name
    for name in ("bottleneck_scale", "output_scale", "plane_distances"):
        assert abs(facts[name]) < 1e-9, name
    assert facts["adam_first_step"] < 1e-8
    assert facts["adam_largest_step"] == pytest.approx(1, abs=1e-6)


def test_parameters_are_counted_layer_by_layer(facts):
    """3x3 convolutions; VGG11 has biases, ResNet18 two norm parameters a channel and 1x1 shortcuts."""
    steps = [3, 64, 128, 256, 256, 512, 512, 512, 512]
    assert facts["parameters_vgg11"] == sum(9 * a * b + b for a, b in itertools.pairwise(steps))
    resnet, before = 9 * 3 * 64 + 2 * 64, 64
    for width in (64, 128, 256, 512):
        resnet += 9 * before * width + 3 * 9 * width**2 + 4 * 2 * width
        resnet += 0 if before == width else before * width + 2 * width
        before = width
    assert facts["parameters_resnet18"] == resnet


def flat_logits(settings: dict, purpose: str, inputs: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Logits of a freshly drawn network in plain torch (its biases are 0)."""
    weights = Network(settings, 1).initialise(purpose, [seed]).views
    hidden = inputs[0].double()
    for layer, bend in (("e1", 1), ("e2", 1), ("e3", 1), ("h1", 2), ("h2", 2), ("h3", 0)):
        hidden = hidden @ weights[layer][0].double()
        hidden = [lambda z: z, torch.relu, torch.nn.functional.gelu][bend](hidden)
    v = weights["v"][0].double()
    if settings["weight_norm"]:
        v = v / v.square().sum(0).sqrt()
    return hidden / hidden.square().sum(1, keepdim=True).sqrt() @ v


def divergences(teacher: np.ndarray, student: np.ndarray) -> float:
    """KL(teacher || student) of logits, one sample after the other."""
    total = 0.0
    for t, s in zip(np.asarray(teacher), np.asarray(student), strict=True):
        p, q = np.exp(t) / np.exp(t).sum(), np.exp(s) / np.exp(s).sum()
        total += sum(a * np.log(a / b) for a, b in zip(p, q, strict=True))
    return total / len(teacher)


def test_start_of_two_networks_is_over_the_closed_form(facts):
    """output_std^2 = 4 and 1 / bottleneck = 1 / 4; small networks are far from either."""
    for name, weight_norm, predicted in (("step_zero_plain", False, 4.0), ("step_zero_weight_norm", True, 0.25)):
        settings = SMALL | {"weight_norm": weight_norm}
        for seed in (0, 1):
            inputs = torch.randn(1, 64, 9, generator=generator("random_teachers", "identities", seed))
            logits = [flat_logits(settings, f"identity {who}", inputs, seed) for who in ("teacher", "student")]
            assert facts[name][seed] == pytest.approx(divergences(*logits) / predicted, rel=1e-6)


def test_locality_without_its_normaliser_is_off_by_a_half(monkeypatch):
    """(1 - a)^2 + a^2 - 1 is lowest, -1 / 2, at a = 1 / 2."""
    monkeypatch.setattr(identities, "delta", lambda alpha: 1.0)
    assert identities._locality()["locality_variance"] == pytest.approx(0.5)


def test_ends_of_the_mixture_are_compared_with_teacher_and_fresh_draw(monkeypatch):
    off = torch.zeros(1000)
    off[3], off[7] = 0.125, 0.25
    monkeypatch.setattr(identities, "mix", lambda teacher, fresh, alpha: fresh - 2 * off if alpha else teacher + off)
    assert identities._locality()["locality_ends"] == pytest.approx(0.75, abs=1e-6)


def test_a_softer_teacher_leaves_a_copy_with_a_gradient_and_more_loss_than_entropy():
    settings = SMALL | {"teacher_temperature": 2.0}
    inputs = torch.randn(1, 256, 9, generator=generator("random_teachers", "identities"), dtype=torch.float64)
    logits = flat_logits(settings, "teacher", inputs)
    goals, found = torch.softmax(logits / 2, -1), identities._copies(settings)
    assert found["copy_loss_minus_entropy"] == pytest.approx(divergences(logits / 2, logits))
    slopes = []
    for purpose in ("teacher", "fresh"):
        network = Network(settings, 1).initialise(purpose, [0])
        leaf, keep = network.views["v"][0].clone().requires_grad_(), {}
        network(inputs, keep)
        loss = torch.nn.functional.cross_entropy(keep["v"][0] @ leaf, goals)
        (slope,) = torch.autograd.grad(loss, leaf)
        _, every = identities._gradient(network, inputs, goals[None])
        torch.testing.assert_close(network.parameters.split(every)["v"][0], slope)
        slopes.append(every[0].square().sum().sqrt())
    assert found["copy_gradient"] == pytest.approx(float(slopes[0] / slopes[1]))
    assert found["copy_gradient"] != pytest.approx(1, abs=0.1)


def test_divergence_of_a_copy_is_a_size(monkeypatch):
    monkeypatch.setattr(identities, "divergence", lambda teacher, student: torch.tensor([-0.3], dtype=torch.float64))
    assert identities._copies(SMALL)["copy_divergence"] == pytest.approx(0.3)


class Unscaled(Network):
    """A bottleneck that is not scaled to length 1."""

    def project(self, embedding, keep=None):
        return super().project(embedding, keep) * self.views["h3"].norm()


class Unnormalised(Network):
    """Outputs whose weights are not normalised."""

    def output_weights(self):
        return self.views["v"]


def test_logits_that_follow_the_bottleneck_grow_with_it(monkeypatch):
    monkeypatch.setattr(identities, "Network", Unscaled)
    inputs = torch.randn(1, 256, 9, generator=generator("random_teachers", "identities"), dtype=torch.float64)
    plain = flat_logits(SMALL | {"weight_norm": True}, "teacher", inputs)
    length = Network(SMALL, 1).initialise("teacher", [0]).views["h3"].norm()
    assert identities._invariances(SMALL)["bottleneck_scale"] == pytest.approx(6 * float((plain * length).abs().max()))


def test_logits_without_weight_normalisation_grow_with_the_weights_of_their_output(monkeypatch):
    monkeypatch.setattr(identities, "Network", Unnormalised)
    inputs = torch.randn(1, 256, 9, generator=generator("random_teachers", "identities"), dtype=torch.float64)
    plain, found = flat_logits(SMALL, "teacher", inputs), identities._invariances(SMALL)
    assert found["output_scale"] == pytest.approx(99 * float(plain[:, 0].abs().max()))
    assert found["bottleneck_scale"] < 1e-9


def test_first_steps_that_are_too_long_show_in_the_worst_group(monkeypatch):
    """Updates longer by 1/4, 1/2 and 1/8 of the learning rate in encoder, head and biases."""
    longer = {"encoder": 0.25, "head": 0.5, "bias": 0.125}

    class Longer(Adam):
        def __init__(self, flat, rates, eps, group):
            super().__init__(flat, rates, eps=eps)
            self.more = longer[group] * rates[0]

        def step(self, flat, grads):
            super().step(flat, grads)
            flat -= self.more

    def optimizers(network, members):
        flat, groups = network.parameters.flat, network.groups
        return {
            group: Longer(flat[:, columns], [members[0][f"{group}_learning_rate"]], [members[0]["eps"]], group)
            for group, columns in groups.items()
        }

    monkeypatch.setattr(identities, "optimizers", optimizers)
    found = identities._first_step(SMALL)
    assert found["adam_first_step"] == pytest.approx(0.5, abs=1e-6)
    assert found["adam_largest_step"] == pytest.approx(1.5, abs=1e-6)


def test_corners_off_their_models_show_by_the_largest_difference(monkeypatch):
    def off(origin, first, second, at):
        points = plane_point(origin, first, second, at)
        points[-1, 3] -= 0.125 * (len(points) == 3)
        points[0, 1] += 0.0625 * (len(points) == 3)
        return points

    monkeypatch.setattr(identities, "plane_point", off)
    assert identities._plane(SMALL)["plane_corners"] == pytest.approx(0.125)


def test_coordinates_that_double_distances_are_off_by_the_distance(monkeypatch):
    def doubled(*axes):
        shift, map_ = orthonormal_coordinates(*axes)
        return shift, 2 * map_

    monkeypatch.setattr(identities, "orthonormal_coordinates", doubled)
    flat = [Network(SMALL, 1).initialise(who, [0]).parameters.flat[0].numpy() for who in ("teacher", "fresh", "third")]
    between = 0.9 * (flat[1] - flat[0]) + 1.1 * (flat[2] - flat[0])
    assert identities._plane(SMALL)["plane_distances"] == pytest.approx((between**2).sum() ** 0.5)


def test_coordinates_of_a_plane_keep_distances_and_start_at_its_point_of_smallest_norm():
    """The plane z = 5 in space, through (1, 2, 5), along (3, 4, 0) and (0, -2, 0)."""
    axes = [torch.tensor(point, dtype=torch.float64) for point in ([1, 2, 5], [3, 4, 0], [0, -2, 0])]
    at = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, 2.0]], dtype=torch.float64)
    points = plane_point(*axes, at)
    assert points.tolist() == [[1, 2, 5], [4, 6, 5], [2.5, 0, 5]]
    shift, map_ = orthonormal_coordinates(*axes)
    places = shift + at @ map_.T
    for place, point in zip(places.tolist(), points.tolist(), strict=True):
        assert place[0] ** 2 + place[1] ** 2 == pytest.approx(point[0] ** 2 + point[1] ** 2)
    assert float(torch.dist(places[0], places[1])) == pytest.approx(5)
    assert float(torch.dist(places[1], places[2])) == pytest.approx((1.5**2 + 6**2) ** 0.5)


def test_one_hot_ridge_is_asked_of_independent_features_without_penalty(monkeypatch):
    def ridge(train, labels, test, test_labels, penalty):
        assert int(torch.linalg.matrix_rank(train[0])) == len(labels) == 40
        assert torch.equal(train, test)
        assert torch.equal(labels, test_labels)
        assert penalty < 1e-6
        return torch.tensor([0.75])

    monkeypatch.setattr(identities.probes, "ridge", ridge)
    assert identities._one_hot_ridge() == 0.75


def test_pruning_leaves_whole_weights_round_by_round():
    left, errors = 100_000, []
    for number in range(1, 13):
        left -= round(0.2 * left)
        errors += [left / 100_000 - 0.8**number] if number in (3, 6, 9, 12) else []
    assert identities._remaining() == pytest.approx(errors, abs=1e-7)  # shares are in single precision


def test_pruning_too_much_shows(monkeypatch):
    prune = identities.tickets.prune
    monkeypatch.setattr(identities.tickets, "prune", lambda weights, mask, share: prune(weights, mask, share + 0.05))
    expected = [0.75**number - 0.8**number for number in (3, 6, 9, 12)]
    assert identities._remaining() == pytest.approx(expected, abs=1e-4)
