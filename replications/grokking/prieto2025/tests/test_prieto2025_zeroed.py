"""Figure 8: steps of one length however small the gradient, and runs that cannot decide its claim."""

import numpy as np
import pytest
import torch
from prieto2025_records import measured

from replications.grokking.prieto2025.experiments import modular, schedule
from verifig.judging import claims, judge
from verifig.planning import rulesets
from verifig.training.ensemble import generator
from verifig.training.members import members_of

CPU = torch.device("cpu")
POINTS = [0, 3000, 6000, 10000]


def directions(*scales: float) -> torch.Tensor:
    """Gradients [members, 1000] in float32 of about the given root mean squares."""
    drawn = torch.randn(len(scales), 1000, generator=generator("test", "schedule"))
    return drawn * torch.tensor(scales)[:, None]


def test_later_gradients_get_the_norm_of_each_member_s_first():
    first, start = torch.zeros(2, 1, dtype=torch.float64), directions(1.0, 10.0)
    grads = start.clone()
    schedule.to_first_norm(grads, first)
    torch.testing.assert_close(grads, start)
    torch.testing.assert_close(first, start.double().norm(dim=1, keepdim=True))
    later = directions(1e-3, 1e3)
    grads = later.clone()
    schedule.to_first_norm(grads, first)
    expected = later / later.norm(dim=1, keepdim=True) * start.norm(dim=1, keepdim=True)
    torch.testing.assert_close(grads, expected)


def test_gradients_whose_squares_vanish_in_float32_keep_their_norm():
    """Norms in float32 gave steps of length 1e16 here, and a diverged untouched arm in the first run on a GPU."""
    first, grads = torch.ones(3, 1, dtype=torch.float64), directions(1e-20, 1e-25, 1e-30)
    assert (grads.norm(dim=1)[1:] == 0).all()
    schedule.to_first_norm(grads, first)
    torch.testing.assert_close(grads.double().norm(dim=1, keepdim=True), first, rtol=1e-6, atol=0)


@pytest.mark.parametrize("start", [0.0, 2.0])
def test_a_gradient_of_zero_moves_nothing(start):
    first, grads = torch.full((2, 1), start, dtype=torch.float64), torch.zeros(2, 5)
    schedule.to_first_norm(grads, first)
    assert torch.equal(grads, torch.zeros(2, 5))
    assert torch.equal(first, torch.full((2, 1), start, dtype=torch.float64))


def program(**overrides):
    values = rulesets.settings(
        rulesets.load("prieto2025"), "zeroed113", "paper", {"modulus": 13, "width": 16} | overrides
    )
    return modular.build([member for member in members_of(values) if member["condition"] == "not_zeroed"][:2], CPU)


def test_every_step_is_as_long_as_the_first():
    trained = program(momentum=0.0)
    parameters, lengths, gradients = trained.model.parameters, [], []
    for _ in range(30):
        before = parameters.flat.double().clone()
        trained._gradient()
        gradients.append(trained.grads.norm(dim=1))
        trained.step()
        lengths.append((parameters.flat.double() - before).norm(dim=1))
    assert (gradients[-1] / gradients[0] - 1).abs().min() > 0.1, "the gradient itself has another norm"
    for length in lengths:
        torch.testing.assert_close(length, 3 * gradients[0].double(), rtol=1e-3, atol=0)


def test_a_resumed_run_keeps_its_first_norm():
    whole, resumed = program(), program()
    for _ in range(4):
        whole.step()
    resumed.load(whole.state())
    for trained in (whole, resumed):
        for _ in range(4):
            trained.step()
    assert torch.equal(whole.model.parameters.flat, resumed.model.parameters.flat)


def verdict(test: dict[str, list[float]], train=(0.01, 0.5, 0.9, 1.0), norm=(13.0, 40.0, 60.0, 90.0)) -> dict:
    """EN-21 on five seeds of each arm; `train` and `norm` are the untouched arm's, which ends well unless said."""
    rows = np.random.default_rng(0).uniform(-0.002, 0.002, (5, len(POINTS)))
    good = {"train_accuracy": [0.01, 0.5, 0.9, 0.85], "norm": [13, 40, 60, 65]}
    fields = {
        "test_accuracy": {arm: np.clip(rows + np.array(values), 0, 1) for arm, values in test.items()},
        "train_accuracy": {"zeroed": [good["train_accuracy"]] * 5, "not_zeroed": [train] * 5},
        "norm": {"zeroed": [good["norm"]] * 5, "not_zeroed": [norm] * 5},
    }
    settings = {"zeroed": {"zero_correct_logits_at": 6000}, "not_zeroed": {"zero_correct_logits_at": None}}
    statistics = measured("zeroed113", POINTS, fields, settings).statistics()
    (claim,) = (claim for claim in claims.load("prieto2025") if claim["id"] == "EN-21")
    return judge.judge([claim], statistics, "paper", {})[0]


STANDS, GAINS = [0.01, 0.0, 0.05, 0.045], [0.01, 0.0, 0.05, 0.7]


def test_a_standstill_beside_a_gain_is_what_figure_8_shows():
    assert verdict({"zeroed": STANDS, "not_zeroed": GAINS})["verdict"] == "reproduced"
    assert verdict({"zeroed": STANDS, "not_zeroed": STANDS})["verdict"] == "contradicted"
    assert verdict({"zeroed": GAINS, "not_zeroed": GAINS})["verdict"] == "contradicted"


@pytest.mark.parametrize(
    "sick",
    [
        {"train": (0.01, 1.0, 1.0, 0.0088), "norm": (13.0, 200.0, 290.0, 1e16)},
        {"train": (0.01, 1.0, 1.0, 0.0088)},
        {"norm": (13.0, 200.0, 290.0, 1e16)},
        {"norm": (13.0, 200.0, 290.0, float("nan"))},
    ],
)
@pytest.mark.parametrize("arm", [STANDS, [0.01, 0.5, 0.996, 0.0084]])
def test_a_diverged_untouched_arm_decides_nothing(sick, arm):
    """The arms fell from 0.996 to chance in the first run on a GPU: a contradiction without the filter."""
    found = verdict({"zeroed": arm, "not_zeroed": [0.01, 0.5, arm[2], 0.0089]}, **sick)
    assert "contradicted" in [part["verdict"] for part in found["parts"]]
    assert (found["verdict"], found["reason"]) == ("inconclusive", "the runs behind it are not healthy")


def test_a_run_that_had_generalised_before_the_intervention_decides_nothing():
    found = verdict({"zeroed": [0.01, 0.5, 0.9, 0.89], "not_zeroed": [0.01, 0.5, 0.9, 0.95]})
    assert found["parts"][1]["verdict"] == "contradicted"
    assert found["verdict"] == "inconclusive"
