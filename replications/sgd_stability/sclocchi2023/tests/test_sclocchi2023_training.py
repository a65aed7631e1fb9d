"""Programs against plain loops; steps as a GPU takes them; settings that do not go together."""

import math

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device

from replications.sgd_stability.sclocchi2023 import checks
from replications.sgd_stability.sclocchi2023.experiments import network, perceptron
from replications.sgd_stability.sclocchi2023.experiments.rows import expand
from verifig.ground.errors import InputError
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")


def rows(experiment: str, condition: str, **changes) -> list[dict]:
    """Entries of a condition at smoke scale that are trained together: those of the first size and temperature."""
    values = rulesets.settings(rulesets.load("sclocchi2023"), experiment, "smoke", {})
    several = expand([member | changes for member in members_of(values) if member["condition"] == condition])
    first = several[0]
    return [row for row in several if (row["size"], row["temperature"]) == (first["size"], first["temperature"])]


PROGRAMS = {
    "perceptron": lambda device=CPU: perceptron.Perceptron(rows("perceptron", "chi0"), device),
    "batches": lambda device=CPU: perceptron.Perceptron(rows("perceptron", "batch8"), device),
    "network": lambda device=CPU: network.Network(rows("network", "phase"), device),
}


def train(program, rounds: int) -> dict[str, np.ndarray]:
    for step in range(rounds):
        program.prepare(step)
        program.step()
    return {name: value.numpy() for name, value in program.record().items()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_rounds_replay_resume_and_stay_on_the_device(name):
    assert_replays(PROGRAMS[name], steps=9)
    assert_resumes(PROGRAMS[name], at=2, steps=4)
    assert_stays_on_device(PROGRAMS[name])


@pytest.mark.parametrize("name", PROGRAMS)
def test_members_together_are_what_they_are_alone(name):
    whole = PROGRAMS[name]()
    found = train(whole, 2)
    kind = type(whole)
    members = {
        "perceptron": rows("perceptron", "chi0"),
        "batches": rows("perceptron", "batch8"),
        "network": rows("network", "phase"),
    }[name]
    for k, member in enumerate(members[:3]):
        alone = train(kind([member], CPU), 2)
        for field, value in alone.items():
            assert found[field][k] == pytest.approx(value[0], rel=1e-4, abs=1e-6), field


# ---- perceptron ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("condition", ["chi0", "batch8"])
def test_batches_without_an_update_are_counted_and_those_after_it_drawn_anew(condition):
    """The same looks, batch by batch in a plain loop: SGD on the mean hinge loss over alpha."""
    member = rows("perceptron", condition, alphas=[2.0])[0]
    program, batch = perceptron.Perceptron([member], CPU), member["batch"]
    z = program.data[0].double()
    w, clock, last, updates = torch.zeros(z.shape[1], dtype=torch.float64), 0, 0, 0
    rate = member["temperature"] * batch
    for step in range(3):
        program.prepare(step)
        looks = program.draws[:, 0].clone()
        program.step()
        for look in looks:
            for chosen in look.split(batch):
                inside = z[chosen] @ w < 1 / member["alpha"]
                clock += batch
                if inside.any():
                    w += rate * (inside[:, None] * z[chosen]).mean(0)
                    last, updates = clock, updates + 1
                    break
    found = program.record()
    assert (found["draws"].item(), found["updates"].item()) == (last, updates)
    assert found["signal"].item() == pytest.approx(w[0].item(), rel=1e-5)
    assert found["norm"].item() == pytest.approx(w.norm().item(), rel=1e-5)
    assert found["left"].item() == (z @ w < 1 / member["alpha"]).sum().item()
    assert last < clock


def test_a_fitted_perceptron_stays_and_its_clock_too():
    program = PROGRAMS["perceptron"]()
    train(program, 30)
    before = program.state()
    assert not before["tensor left"].any()
    assert program.prepare(30) == "rest"
    program.step()
    for name, value in program.state().items():
        np.testing.assert_array_equal(value, before[name])


def test_inputs_have_their_density_and_are_shared_by_all_chi():
    for chi in (0.0, 1.0, 3.0):
        z = perceptron.data(chi, 20000, 4, 0) * 2
        assert (z[:, 0] >= 0).all()
        assert z[:, 0].square().mean().item() == pytest.approx(chi + 1, rel=0.03)  # chi-square with chi + 1 degrees
        near = [(z[:, 0] < edge).float().mean().item() for edge in (0.15, 0.3)]
        assert np.log2(near[1] / near[0]) == pytest.approx(chi + 1, abs=0.35) or chi == 3
        assert torch.equal(z[:, 1:], perceptron.data(7.0, 20000, 4, 0)[:, 1:] * 2)
    assert not torch.equal(perceptron.data(0.0, 64, 4, 0), perceptron.data(0.0, 64, 4, 1))


def test_looks_hold_whole_batches():
    assert [perceptron.window(size, 2) for size in (64, 512, 2048, 2**16)] == [16, 32, 128, 256]
    assert perceptron.window(64, 64) == 64


# ---- network ---------------------------------------------------------------------------------------------------------
def test_networks_train_as_a_plain_loop_does():
    """Autograd on the authors' form: factors in the forward pass, rate T B h, prediction alpha (f - f_0)."""
    member = rows("network", "phase")[0]
    program = network.Network([member], CPU)
    fan = [weight.shape[1] for weight in program.network.weights]
    factors = [math.sqrt(2 / n) for n in fan[:-1]] + [1 / fan[-1]]
    weights = [(w[0] / f).clone().requires_grad_() for w, f in zip(program.network.weights, factors, strict=True)]

    def outputs(x):
        for weight, factor in zip(weights[:-1], factors[:-1], strict=True):
            x = torch.relu(factor * x @ weight)
        return factors[-1] * (x @ weights[-1])[:, 0]

    inputs, parity = program.inputs[0], program.parity[0]
    start, alpha = outputs(inputs).detach(), member["alpha"]
    initial = torch.cat([weight.detach().flatten() for weight in weights])
    rate = member["temperature"] * member["batch"] * member["width"]
    last = 0
    program.prepare(0)
    looks = program.draws[:, 0].clone()
    program.step()
    for step, chosen in enumerate(looks, start=1):
        hinge = torch.relu(1 - alpha * parity[chosen] * (outputs(inputs[chosen]) - start[chosen])) / alpha
        last = step if hinge.any() else last
        gradients = torch.autograd.grad(hinge.mean(), weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight -= rate * gradient
    found = program.record()
    moved = torch.cat([weight.detach().flatten() for weight in weights]) - initial
    assert found["change"].item() == pytest.approx((moved.norm() / initial.norm()).item(), rel=1e-3)
    assert (found["steps"].item(), found["time"].item()) == (last, pytest.approx(rate * last))
    predicted = (outputs(inputs).detach() - start) * parity
    assert found["test_error"].item() == pytest.approx(
        (predicted[member["size"] :] <= 0).float().mean().item(), abs=0.011
    )
    assert found["left"].item() == (alpha * predicted[: member["size"]] < 1).sum().item()


def test_networks_that_cannot_move_are_not_waited_for():
    program = PROGRAMS["network"]()
    program.tensors["flat"][0] = 0  # every output is 0: so is every gradient
    program.tensors["flat"][1] = math.nan
    left = program.unfitted()
    assert left[:2].tolist() == [0, 0]
    assert (left[2:] > 0).all()
    assert program.record()["left"][1] == program.size


def test_images_are_standardised_and_split_without_overlap():
    pixels, parity = network.images("digits", 2)
    assert pixels.shape == (1797, 16)
    assert (pixels.mean(), pixels.std()) == (pytest.approx(0, abs=1e-9), pytest.approx(1))
    assert set(parity.tolist()) == {-1, 1}
    small, large = network.split("digits", 32, 200, 1, 0)[0], network.split("digits", 64, 200, 1, 0)[0]
    assert torch.equal(small[:32], large[:32])
    assert torch.equal(small[32:], large[64:])


# ---- settings --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("experiment", "changes", "word"),
    [
        ("perceptron", {"batch": 3}, "batch"),
        ("perceptron", {"sizes": [96]}, "sizes"),
        ("perceptron", {"temperatures": [4.0, 1.0]}, "temperatures"),
        ("network", {"sizes": [1700]}, "test_size"),
        ("network", {"pool": 7}, "pool"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(experiment, changes, word):
    members = [row | changes for row in rows(experiment, "chi1" if experiment == "perceptron" else "phase")]
    with pytest.raises(InputError, match=word):
        getattr(checks, experiment)(members)
