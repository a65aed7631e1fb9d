"""The loss in a plain training loop, its targets and gradients, and label noise, against definitions written out."""

import math

import pytest
import torch

from replications.noisy_labels.science.elr import (
    LOWEST,
    Targets,
    averaged,
    elr_gradient,
    elr_loss,
    kept_within,
    kl_gradient,
    kl_loss,
)
from replications.noisy_labels.science.noise import asymmetric, symmetric
from verifig.training.ensemble import generator


def drawn(*names: object, scale: float = 1.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    stream = generator("test", *names)
    logits = scale * torch.randn(6, 4, generator=stream, dtype=torch.float64)
    targets = 0.8 * torch.randn(6, 4, generator=stream, dtype=torch.float64).softmax(1)
    return logits, torch.tensor([0, 1, 2, 3, 0, 1]), targets


def test_the_loss_is_cross_entropy_plus_the_logarithm():
    logits, labels, targets = drawn("loss")
    total = 0.0
    for row, label, target in zip(logits.tolist(), labels.tolist(), targets.tolist(), strict=True):
        weights = [math.exp(value) for value in row]
        p = [weight / sum(weights) for weight in weights]
        total += -math.log(p[label]) + 2.5 * math.log(1 - sum(a * b for a, b in zip(p, target, strict=True)))
    assert elr_loss(logits, labels, targets, 2.5).item() == pytest.approx(total / 6)
    p = logits.softmax(1)
    plain = -p.log()[range(6), labels].mean()
    assert kl_loss(logits, labels, targets, 2.5).item() == pytest.approx(
        (plain - 2.5 * (targets * p.log()).sum(1).mean()).item()
    )
    for loss in (elr_loss, kl_loss):
        assert loss(logits, labels, targets, 0).item() == pytest.approx(plain.item())


@pytest.mark.parametrize("scale", [1.0, 8.0])
@pytest.mark.parametrize(("loss", "gradient"), [(elr_loss, elr_gradient), (kl_loss, kl_gradient)])
def test_gradients_are_those_of_autograd(loss, gradient, scale):
    """At scale 8 some probabilities lie beyond their limits."""
    logits, labels, targets = drawn("gradient", scale=scale)
    assert ((kept_within(logits.softmax(1)) != logits.softmax(1)).any()) == (scale > 1)
    free = logits.clone().requires_grad_()
    loss(free, labels, targets, 3.0).backward()
    p = logits.softmax(1)
    written = (p - torch.nn.functional.one_hot(labels, 4) + 3.0 * gradient(p, targets)) / 6
    torch.testing.assert_close(free.grad, written, rtol=1e-12, atol=1e-14)


def test_lemma_2_between_the_limits():
    """g_c = p_c (<p, t> - t_c) / (1 - <p, t>)."""
    p, t = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.5, 0.3, 0.1])
    inner = 0.35 + 0.06 + 0.01
    expected = torch.tensor([0.7 * (inner - 0.5), 0.2 * (inner - 0.3), 0.1 * (inner - 0.1)]) / (1 - inner)
    torch.testing.assert_close(elr_gradient(p, t), expected)
    torch.testing.assert_close(kl_gradient(p, t), p * 0.9 - t)


def test_no_gradient_flows_through_the_targets():
    logits, labels, targets = drawn("detached")
    for loss in (elr_loss, kl_loss):
        free = targets.clone().requires_grad_()
        assert not loss(logits, labels, free).requires_grad
    moving = logits.clone().requires_grad_()
    assert not averaged(targets, moving.softmax(1), 0.7).requires_grad


def test_targets_start_at_zero_and_average_normalised_outputs():
    p = torch.tensor([[1.0, 0.0, 0.0]])
    inside = torch.tensor([[1 - LOWEST, LOWEST, LOWEST]]) / (1 + LOWEST)
    once = averaged(torch.zeros(1, 3), p, 0.7)
    torch.testing.assert_close(once, 0.3 * inside)
    torch.testing.assert_close(averaged(once, p, 0.7), (0.7 * 0.3 + 0.3) * inside)
    torch.testing.assert_close(averaged(once, p, 0.0), inside)


def test_leading_axes_are_members_and_examples():
    stream = generator("test", "axes")
    p, t = (torch.rand(2, 3, 4, 5, generator=stream, dtype=torch.float64).softmax(-1) * part for part in (1, 0.7))
    for function in (elr_gradient, kl_gradient, lambda p, t: averaged(t, p, 0.7)):
        flat = function(p.flatten(0, 2), t.flatten(0, 2))
        torch.testing.assert_close(function(p, t), flat.view(2, 3, 4, 5))


def test_targets_belong_to_the_rows_of_a_batch():
    assert Targets(5, 3).beta == 0.7  # as in the paper
    targets = Targets(5, 3, beta=0.5)
    logits = torch.tensor([[2.0, 0, 0], [0, 2.0, 0]])
    given = targets.update(torch.tensor([4, 1]), logits)
    torch.testing.assert_close(targets.values[[4, 1]], given)
    torch.testing.assert_close(given, 0.5 * logits.softmax(1))
    assert not targets.values[[0, 2, 3]].any()


def test_the_loss_is_bounded_where_model_and_target_agree():
    logits = torch.tensor([[60.0, 0.0]])
    agreed = averaged(torch.zeros(1, 2), logits.softmax(1), 0.0)
    assert elr_loss(logits, torch.tensor([1]), agreed).isfinite()
    assert elr_gradient(logits.softmax(1), agreed).isfinite().all()


def test_symmetric_noise_draws_among_all_classes():
    labels = torch.arange(10).repeat(2000)
    noisy = symmetric(labels, 10, 0.4, generator("test", "symmetric"))
    assert (noisy != labels).float().mean().item() == pytest.approx(0.36, abs=0.01)
    assert torch.equal(symmetric(labels, 10, 0.0, generator("test", "symmetric")), labels)
    everywhere = symmetric(labels, 10, 1.0, generator("test", "symmetric"))
    counts = torch.bincount(everywhere[labels == 3], minlength=10)
    assert (counts > 130).all()
    assert (counts < 270).all()


def test_asymmetric_noise_turns_the_named_classes_only():
    labels = torch.arange(5).repeat(2000)
    noisy = asymmetric(labels, [[1, 2], [3, 4], [4, 3]], 0.4, generator("test", "asymmetric"))
    for old, new in ((1, 2), (3, 4), (4, 3)):
        found = noisy[labels == old]
        assert set(found.tolist()) == {old, new}
        assert (found == new).float().mean().item() == pytest.approx(0.4, abs=0.04)
    for kept in (0, 2):
        assert (noisy[labels == kept] == kept).all()


def test_a_loop_of_ones_own_trains_with_it():
    """Two clouds with a third of the labels wrong: the regularised model ends right on the wrong ones, the plain one does not."""
    stream = generator("test", "loop")
    true = torch.arange(60) % 2
    x = torch.randn(60, 100, generator=stream) * 0.3
    x[:, 0] += 2.0 * true - 1
    labels = torch.where(torch.arange(60) < 14, 1 - true, true)
    right = {}
    for name, loss in (("ce", lambda logits, y, t: torch.nn.functional.cross_entropy(logits, y)), ("elr", elr_loss)):
        model = torch.nn.Linear(100, 2, bias=False)
        torch.nn.init.zeros_(model.weight)
        targets, optimizer = Targets(60, 2, 0.7), torch.optim.SGD(model.parameters(), lr=1.0)
        for _ in range(300):
            logits = model(x)
            optimizer.zero_grad()
            loss(logits, labels, targets.update(torch.arange(60), logits)).backward()
            optimizer.step()
        right[name] = (model(x).argmax(1) == true)[:14].float().mean().item()
    assert right["ce"] < 0.2
    assert right["elr"] > 0.7
