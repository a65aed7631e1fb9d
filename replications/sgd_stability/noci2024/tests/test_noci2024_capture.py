"""Programs as a GPU takes them: replayed, with nothing computed on the host; resumed; the same for members alone."""

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.sgd_stability.noci2024.experiments import digits, linear
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
SMALL = {"linear": {"dimension": 5, "samples": 7}, "digits": {"samples": 40, "batch_size": 8, "width": 6}}


def members(experiment: str, *conditions: str, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("noci2024"), experiment, "laptop")
    chosen = [m | SMALL[experiment] for m in members_of(values) if m["seed"] < 2 and m["condition"] in conditions]
    return [m | changes for m in chosen]


CASES = {
    "linear": lambda device: linear.Linear(members("linear", "mup_64", "ntp_256"), device),
    "not rescaled": lambda device: linear.Linear(members("linear", "unscaled_64", "edge_64"), device),
    "digits": lambda device: digits.Digits(
        digits.expand(members("digits", "mup_16", "ntp_64", learning_rates=[0.5, 1.0])), device
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_replay_resume_and_stay_on_the_device(name):
    assert_replays(lambda: CASES[name](CPU))
    assert_resumes(lambda: CASES[name](CPU), at=4, steps=9)
    if name != "digits":  # its targets are one-hot vectors of images on the host
        assert_stays_on_device(CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_members_together_are_what_they_are_alone(name):
    chosen = members("linear", "mup_64", "ntp_256")
    make = linear.Linear
    if name == "digits":
        chosen, make = digits.expand(members("digits", "mup_16", "ntp_64", learning_rates=[0.5, 1.0])), digits.Digits
    together = make(chosen, CPU)
    take(together, 0, 9)
    found = together.record()
    for row, member in enumerate(chosen):
        alone = make([member], CPU)
        take(alone, 0, 9)
        for field, value in alone.record().items():
            torch.testing.assert_close(found[field][row], value[0], rtol=1e-4, atol=1e-6)


def test_data_are_those_of_the_seed_at_every_width_and_weights_those_of_the_width():
    narrow, wide = (linear.problem(members("linear", name)[0]) for name in ("mup_64", "mup_256"))
    other = linear.problem(members("linear", "ntp_64")[0])
    assert torch.equal(narrow["x"], wide["x"])
    assert torch.equal(narrow["y"], wide["y"])
    assert len(wide["first"]) == 4 * len(narrow["first"])
    assert torch.equal(narrow["first"], other["first"])
    assert not torch.equal(narrow["x"], linear.problem(members("linear", "mup_64")[1])["x"])


def test_a_diverged_run_has_an_infinite_loss_and_sharpness():
    program = linear.Linear(members("linear", "mup_64", "ntp_64", learning_rate=1e6), CPU)
    take(program, 0, 60)
    for name in ("loss", "sharpness", "hessian"):
        assert program.record()[name].isposinf().all()
    program = digits.Digits(digits.expand(members("digits", "mup_16", learning_rates=[1e9])), CPU)
    take(program, 0, 9)
    assert not program.record()["loss"].isnan().any()


@pytest.mark.parametrize("name", ["mup_16", "ntp_64"])
def test_a_step_on_digits_is_that_of_the_factors_and_standard_weights(name):
    """W <- W - gamma^2 eta dL/dW with the factors in the function, by automatic differentiation."""
    member = members("digits", name, learning_rate=0.5)[0]
    program = digits.Digits([member], CPU)
    sizes = [64, 6, 6, 10]
    scales = [1 / 8, (2 / 6) ** 0.5, (2 / 6) ** 0.5 / (6**0.5 if name.startswith("mup") else 1)]
    assert digits.factors(member, sizes) == pytest.approx(scales)
    weights = [(w[0] / s).clone().requires_grad_() for w, s in zip(program.model.weights, scales, strict=True)]
    program.prepare(0)
    rows = program.batches.rows[0]
    hidden = program.images[0][rows]
    for w, s in zip(weights[:-1], scales, strict=False):
        hidden = (s * hidden @ w).relu()
    outputs = scales[-1] * hidden @ weights[-1]
    torch.nn.functional.cross_entropy(outputs, program.targets[0][rows]).backward()
    program.step()
    rate = 0.5 * (6 if name.startswith("mup") else 1)
    for after, w, s in zip(program.model.weights, weights, scales, strict=True):
        torch.testing.assert_close(after[0] / s, (w - rate * w.grad).detach(), rtol=1e-4, atol=1e-5)


def test_grids_of_unequal_length_end_in_nan():
    found = digits.by_member(np.arange(5.0), [2, 3])
    np.testing.assert_array_equal(found, [[0, 1, np.nan], [2, 3, 4]])


def test_first_weights_are_standard_normal_numbers_times_their_factors():
    member = members("digits", "mup_16")[0] | {"width": 40, "learning_rate": 0.5}
    program = digits.Digits([member], CPU)
    for weight, factor in zip(program.model.weights, digits.factors(member, [64, 40, 40, 10]), strict=True):
        drawn = weight[0] / factor
        assert drawn.std().item() == pytest.approx(1, abs=0.1)
        assert abs(drawn.mean().item()) < 0.1
        assert drawn.abs().min() < 0.05
