"""The programs as a GPU takes them, resumed, and against plain forms of the paper's own."""

import itertools

import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.grokking.tian2025 import energy
from replications.grokking.tian2025.experiments import ascent, modular
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
SIZES = {"modulus": 7, "width": 8, "train_fraction": 0.6}
CASES = {
    "networks": ("grok", ("decay", "plain", "shuffled"), SIZES),
    "top layer": ("grok", ("top_layer",), SIZES),
    "ascent": ("ascent", ("m11", "shuffled"), {"modulus": 7, "starts": 4}),
}


def members(experiment: str, conditions: tuple[str, ...], changes: dict) -> list[dict]:
    values = rulesets.settings(rulesets.load("tian2025"), experiment, "laptop", seeds=2)
    return [member | changes for member in members_of(values) if member["condition"] in conditions]


def program(name: str, device: torch.device = CPU):
    experiment, conditions, changes = CASES[name]
    chosen = members(experiment, conditions, changes)
    return ascent.Ascent(chosen, device) if experiment == "ascent" else modular.build(chosen, device)


@pytest.mark.parametrize("name", CASES)
def test_a_program_replays_resumes_and_stays_on_the_device(name):
    assert_replays(lambda: program(name))
    assert_resumes(lambda: program(name), at=5, steps=9)
    assert_stays_on_device(lambda device: program(name, device))


def plain(member: dict, steps: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One network with autograd and torch.optim.Adam as the paper describes it; |G_F| by autograd at the end."""
    (tokens, labels), _ = modular.split(member)
    made = modular.build([member], CPU).net
    w1, w2 = (made.parameters.views[name][0].clone().requires_grad_() for name in ("w1", "w2"))
    inputs = torch.nn.functional.one_hot(tokens, 2 * member["modulus"]).sum(1).float()
    optimizer = torch.optim.Adam([w1, w2], member["learning_rate"], weight_decay=member["weight_decay"])

    def loss_of() -> tuple[torch.Tensor, torch.Tensor]:
        hidden = (inputs @ w1).square()
        outputs = hidden @ w2
        z = outputs - outputs.mean(1, keepdim=True)
        chosen = z.gather(1, labels[:, None])[:, 0]
        return (z.square().sum(1) - 2 * chosen + 1 - 1 / member["modulus"]).mean(), hidden

    for _ in range(steps):
        optimizer.zero_grad()
        loss_of()[0].backward()
        optimizer.step()
    loss, hidden = loss_of()
    slope = torch.autograd.grad(loss, hidden)[0] * len(labels) / 2
    return torch.cat([w1.detach().flatten(), w2.detach().flatten()]), loss.detach(), slope.norm()


@pytest.mark.parametrize("condition", ["decay", "plain", "shuffled"])
def test_networks_are_those_of_a_plain_loop(condition):
    chosen = members("grok", (condition,), SIZES | {"weight_decay": 0.05 if condition == "decay" else 0.0})
    made = modular.build(chosen, CPU)
    take(made, 0, 20)
    record, flat = made.record(), made.net.parameters
    for k, member in enumerate(chosen):
        weights, loss, slope = plain(member, 20)
        found = torch.cat([flat.views["w1"][k].flatten(), flat.views["w2"][k].flatten()])
        torch.testing.assert_close(found, weights, rtol=1e-4, atol=1e-5)
        assert record["train_loss"][k].item() == pytest.approx(loss.item(), rel=1e-4)
        assert record["feature_gradient"][k].item() == pytest.approx(slope.item(), rel=1e-4)


def test_the_top_layer_comes_to_rest_at_the_ridge_solution_on_features_that_stay():
    chosen = members("grok", ("top_layer",), SIZES | {"weight_decay": 0.05, "dtype": "float64", "learning_rate": 0.003})
    made = modular.build(chosen, CPU)
    first = made.record()
    take(made, 0, 3000)
    last = made.record()
    torch.testing.assert_close(made.net.weights[1], made.fixed_point, rtol=1e-3, atol=1e-4)
    assert last["purity"].tolist() == first["purity"].tolist()
    assert last["moved_hidden"].abs().max() < 1e-12
    assert last["moved_output"].min() > 0.1
    torch.testing.assert_close(last["train_accuracy"], last["fixed_train_accuracy"])
    torch.testing.assert_close(last["test_accuracy"], first["fixed_test_accuracy"])


def test_conditions_share_pairs_and_weights_and_permuted_results_are_others():
    decay, plain_one, shuffled = (members("grok", (name,), SIZES)[0] for name in ("decay", "plain", "shuffled"))
    sets = [modular.split(member) for member in (decay, plain_one, shuffled)]
    assert (sets[0][0][0] == sets[1][0][0]).all()
    assert (sets[0][0][0] == sets[2][0][0]).all()
    assert (sets[0][0][1] != sets[2][0][1]).any()
    tokens, labels = sets[0][0]
    assert ((tokens[:, 0] + tokens[:, 1] - 7) % 7 == labels).all()
    assert len(labels) == int(0.6 * 49)
    both = modular.build([decay, plain_one], CPU)
    assert (both.net.parameters.flat[0] == both.net.parameters.flat[1]).all()


def test_features_of_known_weights():
    """Two neurons at frequencies 1 and 3, one of them of half the size; a third with two equal frequencies."""
    made = modular.build(members("grok", ("decay",), SIZES | {"width": 3})[:1], CPU)
    mixed = (energy.maximiser(7, 1) + energy.maximiser(7, 2)) / 2**0.5
    rows = torch.stack([energy.maximiser(7, 1), 0.5 * energy.maximiser(7, 3, 0.2), mixed])
    made.net.weights[0][0].copy_(rows.T)
    record = made.record()
    assert record["frequencies"].tolist() == [2]
    assert record["purity"].item() == pytest.approx((1 + 0.25 + 0.5) / 2.25, rel=1e-5)


def test_ascents_climb_and_are_described_by_neuron():
    made = program("ascent")
    energies = [made.record()["energy"]]
    for step in range(0, 200, 20):
        take(made, step, step + 20)
        energies.append(made.record()["energy"])
    assert all((b >= a - 1e-12).all() for a, b in itertools.pairwise(energies))
    made.tensors["weights"][0, 0] = energy.maximiser(7, 2, 0.3, 0.9)
    made.tensors["weights"][0, 1] = energy.maximiser(7, 3, 0.3)
    record = {name: values[0, :2].tolist() for name, values in made.record().items()}
    assert record["frequency"] == [2, 3]
    assert record["purity"] == pytest.approx([1, 1])
    assert record["energy"] == pytest.approx([7 / 4, 7 / 4])
    assert record["tangent"] == pytest.approx([0, 0], abs=1e-12)
    assert record["reflection"] == pytest.approx([abs(torch.cos(torch.tensor(1.2)).item()), 1])


def test_exact_features_of_a_condition():
    plain_one, shuffled = (members("ascent", (name,), {"modulus": 8})[0] for name in ("m11", "shuffled"))
    found = ascent.features(plain_one)
    assert found["feature_energy"].tolist() == pytest.approx([2, 2, 2, 4])
    assert found["between"][[0, 15, 30]].tolist() == pytest.approx([2, 1, 2])
    assert abs(ascent.features(shuffled)["feature_energy"] / [2, 2, 2, 4] - 1).max() > 0.1
