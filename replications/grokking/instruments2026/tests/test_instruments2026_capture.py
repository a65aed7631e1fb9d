"""The program as a GPU takes it, resumed, and against a plain loop with autograd and torch's AdamW."""

import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.grokking.instruments2026.experiments import watched
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
SIZES = {"modulus": 7, "width": 8, "train_fraction": 0.6}


def members(*conditions: str, **changes: object) -> list[dict]:
    values = rulesets.settings(rulesets.load("instruments2026"), "together", "laptop", seeds=2)
    return [member | SIZES | changes for member in members_of(values) if member["condition"] in conditions]


@pytest.mark.parametrize("conditions", [("decay", "plain", "decay_shuffled"), ("squared",), ("plain_double",)])
def test_a_program_replays_resumes_and_stays_on_the_device(conditions):
    assert_replays(lambda: watched.build(members(*conditions), CPU))
    assert_resumes(lambda: watched.build(members(*conditions), CPU), at=5, steps=9)
    assert_stays_on_device(lambda device: watched.build(members(*conditions), device))


def loss_of(member: dict, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    if member["loss"] == "squared":
        return (outputs - torch.nn.functional.one_hot(labels, outputs.shape[1])).square().sum(1).mean()
    precision = getattr(torch, member["softmax_precision"])
    return torch.nn.functional.cross_entropy(outputs.to(precision), labels)


@pytest.mark.parametrize("condition", ["decay", "squared", "plain_double"])
def test_networks_are_those_of_a_plain_loop(condition):
    chosen = members(condition, eps=1e-8)
    made = watched.build(chosen, CPU)
    first = [weight.clone() for weight in made.net.weights]
    take(made, 0, 20)
    record, flat = made.record(), made.net.parameters
    for k, member in enumerate(chosen):
        (tokens, labels), (test_tokens, test_labels) = watched.split(member)
        inputs, test_inputs = (torch.nn.functional.one_hot(each, 14).sum(1).float() for each in (tokens, test_tokens))
        w1, w2 = (weight[k].clone().requires_grad_() for weight in first)
        optimizer = torch.optim.AdamW(
            [w1, w2], member["learning_rate"], (0.9, 0.98), 1e-8, weight_decay=member["weight_decay"]
        )
        for _ in range(20):
            optimizer.zero_grad()
            loss_of(member, (inputs @ w1).square() @ w2, labels).backward()
            optimizer.step()
        torch.testing.assert_close(flat.views["w1"][k], w1.detach(), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(flat.views["w2"][k], w2.detach(), rtol=1e-4, atol=1e-5)
        outputs = (inputs @ w1).square() @ w2
        hidden = torch.autograd.grad(loss_of(member, outputs, labels), [w2], retain_graph=True)[0]
        cosine = torch.nn.functional.cosine_similarity(w2.flatten(), -hidden.flatten(), 0)
        assert record["alignment"][k].item() == pytest.approx(cosine.item(), abs=1e-4)
        slope = torch.autograd.grad(loss_of(member, outputs, labels), outputs)[0]
        assert record["feature_gradient"][k].item() == pytest.approx((slope @ w2.T).norm().item() * len(labels), rel=1e-3)  # fmt: skip
        assert record["train_loss"][k].item() == pytest.approx(loss_of(member, outputs, labels).item(), rel=1e-4)
        assert record["train_accuracy"][k].item() == pytest.approx((outputs.argmax(1) == labels).double().mean().item())
        guess = ((test_inputs @ w1).square() @ w2).argmax(1)
        assert record["test_accuracy"][k].item() == pytest.approx((guess == test_labels).double().mean().item())


def test_conditions_share_pairs_and_weights_and_a_shuffled_table_has_other_sums():
    decay, plain, shuffled = (members(name)[0] for name in ("decay", "plain", "decay_shuffled"))
    sets = [watched.split(member) for member in (decay, plain, shuffled)]
    for part in range(2):
        assert (sets[0][part][0] == sets[1][part][0]).all()
        assert (sets[0][part][0] == sets[2][part][0]).all()
        assert (sets[0][part][1] == sets[1][part][1]).all()
        assert (sets[0][part][1] != sets[2][part][1]).any()
    (tokens, labels), (test_tokens, _) = sets[0]
    assert ((tokens[:, 0] + tokens[:, 1] - 7) % 7 == labels).all()
    assert len(tokens) == int(0.6 * 49)
    assert len(tokens) + len(test_tokens) == 49
    shuffled_sums = torch.cat([labels for _, labels in sets[2]])
    assert shuffled_sums.bincount().tolist() == [7] * 7, "permuted over all pairs: every sum occurs as often as before"
    both = watched.build([decay, plain], CPU)
    assert (both.net.parameters.flat[0] == both.net.parameters.flat[1]).all()
    assert (watched.build(members("decay"), CPU).net.parameters.flat[0] == both.net.parameters.flat[0]).all()


def test_log_points_lie_evenly_on_an_axis_of_octaves():
    assert watched.log_points(16, 1) == [0, 1, 2, 4, 8, 16]
    assert watched.log_points(20, 2) == [0, 1, 2, 3, 4, 6, 8, 11, 16, 20]
