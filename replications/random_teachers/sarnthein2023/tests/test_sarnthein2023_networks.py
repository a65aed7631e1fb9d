"""Networks and distillation at reduced size: gradients, optimiser, batching, closed forms, data sources."""

import numpy as np
import pytest
import torch

from replications.random_teachers.sarnthein2023.experiments import distil, identities, sources
from replications.random_teachers.sarnthein2023.experiments.network import (
    LAYERS,
    Network,
    delta,
    distillation_loss,
    divergence,
    mix,
    step_zero_divergence,
)
from verifig.ground.errors import InputError
from verifig.planning import rulesets
from verifig.training.ensemble import generator
from verifig.training.members import members_of
from verifig.training.steps import Steps

CPU = torch.device("cpu")
torch.set_num_threads(1)  # as in a training job; more threads only fight over small products
SMALL = {"width": 12, "head_width": 16, "bottleneck": 6, "output_size": 20, "batch_size": 20}


def members(condition: str = "full", seeds: int = 2, experiment: str = "plain", **overrides) -> list[dict]:
    """Settings of some members, as the experiment has them at laptop scale."""
    values = rulesets.settings(rulesets.load("sarnthein2023"), experiment, "laptop", overrides)
    return [m for m in members_of(values) if m["condition"] == condition][:seeds]


def identity_settings() -> dict:
    return rulesets.settings(rulesets.load("sarnthein2023"), "identities", "laptop")


@pytest.fixture
def data() -> sources.Labelled:
    """Random images with random labels."""
    stream = generator("test", "images")
    images = torch.randn(100, 196, generator=stream, dtype=torch.float64)
    labels = torch.randint(0, 10, (100,), generator=stream)
    return sources.Labelled(images[:80], labels[:80], images[80:], labels[80:])


def distiller(data, chosen, dtype="float64") -> distil.Distiller:
    chosen = [member | {"dtype": dtype, "probe_at": []} for member in chosen]
    kind = torch.float64 if dtype == "float64" else torch.float32
    return distil.Distiller(chosen, data.to(CPU, kind), lambda name: None, CPU)


def take(program: distil.Distiller, first: int, last: int) -> None:
    """Take the steps first, ..., last - 1."""
    steps = Steps(program, CPU)
    for step in range(first, last):
        steps.take(step)


def torch_logits(network: Network, parameters: dict, inputs: torch.Tensor) -> torch.Tensor:
    """The same network in plain torch, for one member."""
    hidden = inputs
    for layer in LAYERS[:-1]:
        hidden = hidden @ parameters[layer] + parameters[f"b_{layer}"]
        if layer.startswith("e"):
            hidden = torch.relu(hidden)
        elif layer != "h3":
            hidden = torch.nn.functional.gelu(hidden)
    weights = parameters["v"]
    if network.settings["weight_norm"]:
        weights = torch.nn.functional.normalize(weights, dim=0)
    return torch.nn.functional.normalize(hidden, dim=-1) @ weights


@pytest.mark.parametrize("weight_norm", [False, True])
def test_gradient_equals_autograd(weight_norm):
    settings = members(**SMALL)[0] | {"dtype": "float64", "weight_norm": weight_norm, "input_size": 9}
    network = Network(settings, 2).initialise("test", [0, 1])
    network.parameters.flat.add_(0.05)  # biases away from 0
    inputs = torch.randn(2, 7, 9, dtype=torch.float64, generator=generator("test", "x"))
    goals = torch.softmax(torch.randn(2, 7, 20, dtype=torch.float64, generator=generator("test", "t")), -1)
    keep, grads = {}, network.parameters.like()
    loss, slope = distillation_loss(network(inputs, keep), goals, 0.7)
    network.backward(slope, keep, grads)
    for row in range(2):
        leaves = {name: view[row].clone().requires_grad_() for name, view in network.views.items()}
        logits = torch_logits(network, leaves, inputs[row])
        expected = torch.nn.functional.cross_entropy(logits / 0.7, goals[row])
        torch.testing.assert_close(loss[row], expected.detach())
        found = {name: view[row] for name, view in network.parameters.split(grads).items()}
        for name, slopes in zip(leaves, torch.autograd.grad(expected, list(leaves.values())), strict=True):
            torch.testing.assert_close(found[name], slopes)


def test_training_equals_torch_adam_with_parameter_groups(data):
    program = distiller(data, members(seeds=1, **SMALL))
    member = program.members[0]
    leaves = {name: view[0].clone().requires_grad_() for name, view in program.student.views.items()}
    rates = {"e": member["encoder_learning_rate"], "h": member["head_learning_rate"]}
    groups = [
        {
            "params": [leaf],
            "lr": member["bias_learning_rate"] if name.startswith("b_") else rates.get(name[0], rates["h"]),
        }
        for name, leaf in leaves.items()
    ]
    reference = torch.optim.Adam(groups, eps=member["eps"])
    for step in range(20):
        program.prepare(step)
        rows = program.batches.rows[0]
        logits = torch_logits(program.student, leaves, program.images[0, rows])
        loss = torch.nn.functional.cross_entropy(logits, program.targets[0, rows])
        reference.zero_grad()
        loss.backward()
        reference.step()
        program.step()
    for name, leaf in leaves.items():
        torch.testing.assert_close(program.student.views[name][0], leaf.detach(), atol=1e-6, rtol=1e-6)


def test_a_run_does_not_depend_on_its_neighbours(data):
    chosen = members(seeds=3, **SMALL)
    together, alone = distiller(data, chosen, "float32"), distiller(data, chosen[1:2], "float32")
    take(together, 0, 20)
    take(alone, 0, 20)
    assert torch.equal(together.teacher.parameters.flat[1], alone.teacher.parameters.flat[0])
    torch.testing.assert_close(together.student.parameters.flat[1:2], alone.student.parameters.flat, atol=1e-5, rtol=0)


def test_interrupted_training_continues_bit_for_bit(data):
    chosen = members(**SMALL)
    straight, first = distiller(data, chosen), distiller(data, chosen)
    take(straight, 0, 9)
    take(first, 0, 5)  # of four batches an epoch: the order of the next is drawn
    second = distiller(data, chosen)
    second.load(first.state())
    take(second, 5, 9)
    assert torch.equal(straight.student.parameters.flat, second.student.parameters.flat)


def test_copy_and_independent_students(data):
    copy, far = (distiller(data, members(condition, 1, **SMALL)) for condition in ("alpha_0", "full"))
    assert torch.equal(copy.student.parameters.flat, copy.teacher.parameters.flat)
    assert float(copy.record()["kl"]) == 0
    assert torch.equal(copy.teacher.parameters.flat, far.teacher.parameters.flat)  # conditions are paired
    copy.prepare(0)
    far.prepare(0)
    assert torch.equal(copy.batches.rows, far.batches.rows)
    assert float(far.record()["kl"]) > 1e-5


@pytest.mark.parametrize("alpha", [0.0, 1e-3, 0.4, 1.0])
def test_locality_keeps_the_variance(alpha):
    draws = torch.randn(2, 100_000, generator=generator("test", "mix"))
    assert mix(*draws, alpha).var() == pytest.approx(1, abs=0.02)
    assert delta(alpha) ** 2 == pytest.approx(alpha**2 + (1 - alpha) ** 2)


def test_identities_hold():
    settings = identity_settings()
    found = (
        identities._locality()
        | identities._copies(settings)
        | identities._invariances(settings)
        | identities._plane(settings)
    )
    assert found["locality_ends"] == 0
    assert found.pop("copy_gradient") < 1e-3
    assert max(found.values()) < 1e-5, found
    step = identities._first_step(settings)
    assert step["adam_first_step"] < 1e-8
    assert step["adam_largest_step"] <= 1 + 1e-6
    assert max(map(abs, identities._remaining())) < 1e-4


@pytest.mark.parametrize("weight_norm", [False, True])
def test_divergence_before_training_has_a_closed_form(weight_norm):
    assert step_zero_divergence(0.02, 256, False) == pytest.approx(4e-4)
    assert step_zero_divergence(0.02, 256, True) == 1 / 256
    assert identities._step_zero(identity_settings() | {"weight_norm": weight_norm}, 7) == pytest.approx(1, abs=0.1)


def test_divergence_is_zero_for_equal_and_positive_for_other_logits():
    logits = torch.randn(3, 5, 8, generator=generator("test", "kl"))
    assert float(divergence(logits, logits + 3.0).abs().max()) < 1e-7  # softmax ignores a shift
    assert float(divergence(logits, logits.flip(-1)).min()) > 0


def test_sources(data, tmp_path):
    member = members(seeds=1)[0]
    few = sources.training_images(member | {"distinct_images": 7}, data, None)
    assert few.shape == data.train.shape
    assert len(few.unique(dim=0)) == 7
    assert sorted(map(tuple, sources.training_images(member, data, None).tolist())) == sorted(
        map(tuple, data.train.tolist())
    )
    noise = sources.training_images(member | {"source": "noise", "noise_std": 2.0}, data, None)
    assert noise.std() == pytest.approx(2, rel=0.05)
    np.save(tmp_path / "own.npy", np.arange(3 * 196.0).reshape(3, 14, 14))
    own = sources.training_images(member | {"source": "file", "source_file": str(tmp_path / "own.npy")}, data, None)
    assert own.shape == data.train.shape
    assert abs(float(own[:78].mean())) < 1e-6
    with pytest.raises(InputError, match="source_file"):
        sources.training_images(member | {"source": "file", "source_file": None}, data, None)


def test_unusable_source_file_is_one_sentence(data, tmp_path):
    np.save(tmp_path / "bad.npy", np.zeros((3, 5)))
    member = members(seeds=1)[0] | {"source": "file", "source_file": str(tmp_path / "bad.npy")}
    with pytest.raises(InputError, match=r"must hold a numeric array of shape \[n, 14, 14\]"):
        sources.training_images(member, data, None)
