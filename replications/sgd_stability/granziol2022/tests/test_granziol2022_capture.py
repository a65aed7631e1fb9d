"""Programs as a GPU takes them: replayed, with nothing computed on the host; resumed; the same for members alone."""

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.sgd_stability.granziol2022.experiments import linear, network, noisy, rates, spectra
from replications.sgd_stability.granziol2022.experiments.grid import expand
from verifig.planning import rulesets
from verifig.training.checkpoint import Checkpoint
from verifig.training.members import members_of
from verifig.training.run import Run

CPU = torch.device("cpu")
SMALL = {
    "spectra": {"samples": 40, "width": 3},
    "linear": {"dimension": 5, "round_steps": 2},
    "noisy": {"dimension": 5, "points": 3, "steps": 12},
    "rates": {"samples": 40, "width": 3, "points": 2},
}


def members(experiment: str, *conditions: str, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("granziol2022"), experiment, "laptop")
    chosen = [m | SMALL[experiment] for m in members_of(values) if m["seed"] < 2 and m["condition"] in conditions]
    return [m | changes for m in chosen]


@pytest.fixture(autouse=True)
def images(monkeypatch):
    """Made-up images, which load faster."""
    stream = np.random.default_rng(0)
    made = stream.random((60, 7)), stream.integers(0, 10, 60)
    monkeypatch.setattr(network, "embedded", lambda name: made)


CASES = {
    "spectra": (spectra.Descent, members("spectra", "base")),
    "linear": (linear.Bisection, members("linear", "b4")),
    "noisy, SGD": (noisy.Noisy, expand(members("noisy", "sgd_4"))),
    "noisy, Adam": (noisy.Noisy, expand(members("noisy", "adam_2"))),
    "rates, SGD": (rates.Rates, expand(members("rates", "sgd_8"))),
    "rates, Adam": (rates.Rates, expand(members("rates", "adam_8"))),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_replay_and_resume(name):
    make, chosen = CASES[name]
    assert_replays(lambda: make(chosen, CPU))
    assert_resumes(lambda: make(chosen, CPU), at=5, steps=11)


@pytest.mark.parametrize("name", ["linear"])
def test_steps_stay_on_the_device(name):
    """Not the noisy regression and the networks, whose data are drawn on the host."""
    make, chosen = CASES[name]
    assert_stays_on_device(lambda device: make(chosen, device))


@pytest.mark.parametrize("name", CASES)
def test_members_together_are_what_they_are_alone(name):
    make, chosen = CASES[name]
    together = make(chosen, CPU)
    take(together, 0, 8)
    for row, member in enumerate(chosen):
        alone = make([member], CPU)
        take(alone, 0, 8)
        for field, value in alone.record().items():
            torch.testing.assert_close(together.record()[field][row], value[0], rtol=1e-4, atol=1e-6, equal_nan=True)


def test_a_step_on_images_is_that_of_automatic_differentiation():
    program = spectra.Descent(members("spectra", "base"), CPU)
    views = {name: view[1].clone().requires_grad_() for name, view in program.networks.model.parameters.views.items()}
    hidden = (program.networks.images[1] @ views["w1"] + views["b1"]).relu()
    outputs = hidden @ views["w2"] + views["b2"]
    loss = torch.nn.functional.cross_entropy(outputs, program.networks.targets[1])
    loss.backward()
    torch.testing.assert_close(program.record()["loss"][1], loss.detach())
    program.step()
    for name, before in views.items():
        after = program.networks.model.parameters.views[name][1]
        torch.testing.assert_close(after, (before - 0.5 * before.grad).detach())


def test_bisection_finds_a_known_threshold():
    """Batches so large that the matrix is the identity: rates below 2 shrink the error, others do not."""
    member = members("linear", "b1", batch_size=400, dimension=2, round_steps=20)[0]
    program = linear.Bisection([member], CPU)
    take(program, 0, 20 * 9)
    found = program.record()["rate"].item()
    assert found == pytest.approx(2 * 400 / 403, rel=0.03)
    width = (program.tensors["high"] - program.tensors["low"]).item()
    assert width == pytest.approx((linear.HIGHEST - linear.LOWEST) / 2**9)


def test_noisy_steps_are_those_of_the_formula_and_late_ones_are_averaged():
    program = noisy.Noisy(members("noisy", "sgd_4", steps=4, learning_rate=0.1)[:1], CPU)
    error, seen = program.tensors["error"].clone()[0], []
    assert error.norm().item() == pytest.approx(1)
    for step in range(4):
        program.prepare(step)
        inputs, noise = program.drawn[0, :, :-1].clone(), program.drawn[0, :, -1].clone()
        program.step()
        program.taken = step + 1
        error = error - 0.1 * inputs.T @ (inputs @ error - noise) / 4
        torch.testing.assert_close(program.tensors["error"][0], error)
        seen.append(error.square().sum().item())
    assert program.record()["excess"].item() == pytest.approx((seen[2] + seen[3]) / 2)


def test_rates_of_a_seed_share_samples_and_the_grid_is_geometric():
    chosen = expand(members("noisy", "sgd_4", lowest=0.5, factor=2.0))
    assert [each["learning_rate"] for each in chosen] == [0.5, 1, 2] * 2
    program = noisy.Noisy(chosen, CPU)
    assert program.of_member.tolist() == [0, 0, 0, 1, 1, 1]
    program.prepare(0)
    assert not torch.equal(program.drawn[0], program.drawn[1])


def test_losses_of_rates_are_those_at_the_end_over_those_before_the_first_step():
    settings = rulesets.settings(rulesets.load("granziol2022"), "rates", "laptop") | SMALL["rates"]
    settings |= {"seeds": 2, "steps": 3, "conditions": {"sgd_8": {"optimizer": "sgd", "batch_size": 8}}}
    run = Run({"settings": settings, "device": "cpu"}, Checkpoint(None, "key"), {}, lambda text: None)
    found = rates.rates(run)
    for row, member in enumerate(run.members):
        program = rates.Rates(expand([member]), CPU)
        first = program.record()["loss"].clone()
        take(program, 0, 3)
        torch.testing.assert_close(torch.tensor(found["loss"][row]).float(), program.record()["loss"] / first)
