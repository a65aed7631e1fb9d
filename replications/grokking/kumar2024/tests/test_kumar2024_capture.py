"""Programs as a GPU takes them: replayed, with nothing computed on the host; resumed; the same for members alone."""

import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.grokking.kumar2024.experiments import committee, modular
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
SMALL = {"dimension": 5, "width": 7, "samples": 6, "steps": 20, "base_rate": 0.2}


def members(experiment: str, *conditions: str, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("kumar2024"), experiment, "laptop")
    chosen = [m for m in members_of(values) if m["seed"] < 2 and (not conditions or m["condition"] in conditions)]
    return [m | changes for m in chosen]


CASES = {
    "alphas": lambda device: committee.build(
        members("committee", "alpha_0.3", "alpha_10", "lazy", "same_rate_3", **SMALL), device
    ),
    "shuffled": lambda device: committee.build(members("committee", "shuffled", **SMALL, centred=False), device),
    "eigenvectors": lambda device: committee.build(
        [m | SMALL | {"width": 2, "eigenvector": 3} for m in members("eigenvectors")], device
    ),
    "modular": lambda device: modular.build(members("modular", modulus=5, width=6), device),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_replay_resume_and_stay_on_the_device(name):
    assert_replays(lambda: CASES[name](CPU))
    assert_resumes(lambda: CASES[name](CPU), at=5, steps=9)
    if name != "modular":  # its targets are one-hot vectors, which the meta device cannot make
        assert_stays_on_device(CASES[name])


def test_members_together_are_what_they_are_alone():
    chosen = members("committee", "alpha_0.3", "alpha_10", "same_rate_3", **SMALL)
    together = committee.build(chosen, CPU)
    take(together, 0, 20)
    found = together.record()
    for row, member in enumerate(chosen):
        alone = committee.build([member], CPU)
        take(alone, 0, 20)
        for field, value in alone.record().items():
            assert value.isfinite().all()
            torch.testing.assert_close(found[field][row], value[0], rtol=1e-4, atol=1e-6)


def test_the_rate_of_another_alpha_is_in_its_own_units():
    plain = {"alpha": 3.0, "base_rate": 2.0, "rate_alpha": None}
    assert committee.base_rate(plain) == 2
    assert committee.base_rate(plain | {"rate_alpha": 10.0}) == pytest.approx(2 * 0.09)


def test_shuffled_labels_are_the_same_labels_on_other_inputs():
    target, shuffled = (committee.problem(members("committee", name, **SMALL)[0]) for name in ("alpha_1", "shuffled"))
    assert torch.equal(target["x"], shuffled["x"])
    assert not torch.equal(target["y"], shuffled["y"])
    assert torch.equal(target["y"].sort().values, shuffled["y"].sort().values)


def test_eigenvectors_are_orthonormal_and_in_order_of_eigenvalue():
    base = members("eigenvectors", **SMALL)[0]
    labels = []
    for number in (1, 2, 12):
        each = committee.problem(base | {"eigenvector": number})
        labels.append(torch.cat([each["y"], each["test_y"]]))
    x = torch.cat([each["x"], each["test_x"]])
    product = torch.stack(labels) @ torch.stack(labels).T
    torch.testing.assert_close(product, torch.eye(3, dtype=torch.float64), atol=1e-9, rtol=0)
    kernel = committee.formulas.tangent_kernel(x, x, each["moments"], base["epsilon"])
    power = [(y @ (kernel - kernel.mean()) @ y).item() for y in labels]
    assert power[0] > power[1] > power[2]


def test_modular_gradient_is_that_of_autograd():
    member = members("modular", "alpha_2", modulus=5, width=6, dtype="float64")[0]
    program = modular.build([member], CPU)
    w1, w2 = (program.model.weights[k][0].clone().requires_grad_() for k in range(2))
    tokens, labels = modular.split(member)[0]
    x = torch.nn.functional.one_hot(tokens, 10).sum(1).double()
    target = torch.nn.functional.one_hot(labels, 5).double()
    loss = torch.nn.functional.mse_loss(2 / (2 * 5 * 6) * (x @ w1).square() @ w2, target)
    loss.backward()
    assert program.record()["train_loss"].item() == pytest.approx(loss.item())
    program.step()
    rate = member["learning_rate"] / 4
    torch.testing.assert_close(program.model.weights[0][0], (w1 - rate * w1.grad).detach())
    torch.testing.assert_close(program.model.weights[1][0], (w2 - rate * w2.grad).detach())


def test_a_shuffled_table_has_the_same_pairs():
    plain, shuffled = (modular.split(members("modular", name, modulus=5)[0]) for name in ("alpha_1", "shuffled"))
    assert torch.equal(plain[0][0], shuffled[0][0])
    assert not torch.equal(plain[0][1], shuffled[0][1])
    assert len(plain[0][1]) + len(plain[1][1]) == 25
