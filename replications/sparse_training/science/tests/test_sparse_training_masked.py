"""Masked networks: against autograd, under masks of ones, as narrow networks, and as a GPU takes their steps."""

import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take
from torch.nn.functional import cross_entropy

from replications.sparse_training.science import masks
from replications.sparse_training.science.masked import Masked, Start, he_weights, sparse_start

CPU = torch.device("cpu")
SETTINGS = {"learning_rate": 0.1, "momentum": 0.9, "batch_size": 5, "steps": 20, "drops": [0.5], "drop_factor": 0.2}
SIZES = (6, 8, 7, 10)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sets():
    draws = stream(3)
    images = torch.rand(32, 6, generator=draws)
    labels = torch.randint(10, (32,), generator=draws)
    return (images[:20], labels[:20]), (images[20:], labels[20:])


def masked_start(seed: int = 0, density: float = 0.5) -> Start:
    weights = he_weights(SIZES, stream(seed))
    shapes = {str(k): tuple(w.shape) for k, w in enumerate(weights)}
    drawn = masks.draw(shapes, dict.fromkeys(shapes, density), stream(seed + 9))
    return sparse_start(weights, list(drawn.values()), rescale=True)


def program(starts=None, device=CPU, **changes) -> Masked:
    starts = starts or [masked_start(0), masked_start(1)]
    members = [SETTINGS | changes | {"seed": seed} for seed in range(len(starts))]
    return Masked(members, starts, sets(), device)


def test_steps_replay_resume_and_stay_on_the_device():
    assert_replays(program, steps=14)
    assert_resumes(program, at=6, steps=13)
    assert_stays_on_device(lambda device: program(device=device))


def test_members_together_are_what_they_are_alone():
    both = program()
    take(both, 0, 12)
    for seed in range(2):
        alone = Masked([SETTINGS | {"seed": seed}], [masked_start(seed)], sets(), CPU)
        take(alone, 0, 12)
        torch.testing.assert_close(alone.mlp.parameters.flat[0], both.mlp.parameters.flat[seed], rtol=1e-5, atol=1e-6)


def test_training_is_that_of_autograd_and_torch_s_sgd_with_masked_gradients():
    start = masked_start()
    ours = program([start])
    tensors = [weight.clone().requires_grad_() for weight in start.weights]
    biases = [torch.zeros(size, requires_grad=True) for size in SIZES[1:]]
    optimizer = torch.optim.SGD([*tensors, *biases], 0.1, momentum=0.9)
    (images, labels), _ = sets()
    for step in range(14):
        ours.prepare(step)
        rows = ours.batches.rows[0].clone()
        ours.step()
        hidden = images[rows]
        for layer, (weight, bias) in enumerate(zip(tensors, biases, strict=True)):
            hidden = hidden @ weight + bias
            hidden = hidden.relu() if layer < 2 else hidden
        optimizer.param_groups[0]["lr"] = 0.1 if step < 10 else 0.02
        optimizer.zero_grad()
        cross_entropy(hidden, labels[rows]).backward()
        for weight, mask in zip(tensors, start.masks, strict=True):
            weight.grad *= mask
        optimizer.step()
    for mine, weight, mask in zip(ours.mlp.weights, tensors, start.masks, strict=True):
        torch.testing.assert_close(mine[0], weight.detach(), rtol=1e-5, atol=1e-6)
        assert (mine[0][~mask] == 0).all()
    velocity = ours.mlp.parameters.split(ours.tensors["velocity"])
    assert all((velocity[f"w{k}"][0][~mask] == 0).all() for k, mask in enumerate(start.masks, start=1))
    assert float(velocity["w1"].abs().max()) > 0


def test_masks_of_ones_are_the_dense_network_bit_for_bit():
    weights = he_weights(SIZES, stream())
    ones = sparse_start(weights, [torch.ones_like(w, dtype=torch.bool) for w in weights], rescale=True)
    dense, whole = program([Start(weights)]), program([ones])
    for each in (dense, whole):
        take(each, 0, 12)
    assert torch.equal(dense.mlp.parameters.flat, whole.mlp.parameters.flat)


def test_a_network_of_some_units_is_the_whole_one_with_the_others_masked():
    """Same outputs and, through training, the same weights as the masked network that leaves out their weights."""
    weights, kept = he_weights(SIZES, stream()), [torch.tensor([0, 3, 5]), torch.tensor([1, 2, 6])]
    narrow = program([Start(masks.subnetwork(weights, kept))])
    cuts = [torch.zeros_like(w, dtype=torch.bool) for w in weights]
    cuts[0][:, kept[0]] = True
    cuts[1][kept[0][:, None], kept[1]] = True
    cuts[2][kept[1]] = True
    whole = program([sparse_start(weights, cuts, rescale=False)])
    for each in (narrow, whole):
        take(each, 0, 8)
    for mine, small in zip(masks.subnetwork([w[0] for w in whole.mlp.weights], kept), narrow.mlp.weights, strict=True):
        torch.testing.assert_close(mine, small[0], rtol=1e-5, atol=1e-6)


def test_permuting_hidden_units_with_their_masks_changes_nothing():
    start, order = masked_start(), torch.randperm(8, generator=stream(4))
    (w1, w2, w3), (m1, m2, m3) = start.weights, start.masks
    permuted = Start([w1[:, order], w2[order], w3], [m1[:, order], m2[order], m3])
    found = [program([each]) for each in (start, permuted)]
    for each in found:
        take(each, 0, 10)
    left, right = (each.record() for each in found)
    assert left["test_accuracy"] == right["test_accuracy"]
    assert float(left["train_loss"]) == pytest.approx(float(right["train_loss"]), rel=1e-4)


def test_records_are_accuracy_loss_and_counts():
    network = program()
    found = network.record()
    (images, labels), (test_images, test_labels) = sets()
    for row in range(2):
        outputs, tested = network.mlp(images)[row], network.mlp(test_images)[row]
        assert float(found["train_loss"][row]) == pytest.approx(float(cross_entropy(outputs, labels)), rel=1e-5)
        assert float(found["test_accuracy"][row]) == float((tested.argmax(1) == test_labels).double().mean())
        assert found["weights"][row] == 24 + 28 + 35
    assert found["largest_pruned"].tolist() == [0, 0]
    network.mlp.weights[0][1][~masked_start(1).masks[0]] = -0.5
    assert network.record()["largest_pruned"].tolist() == [0, 0.5]


def test_the_learning_rate_drops_after_its_share_of_the_steps():
    network = program(drops=[0.5, 0.8])
    rates = {step: (network.prepare(step), float(network.optimizer.learning_rate[0]))[1] for step in (0, 9, 10, 15, 16)}
    assert rates == pytest.approx({0: 0.1, 9: 0.1, 10: 0.02, 15: 0.02, 16: 0.004})


def test_equal_seeds_see_equal_minibatches_and_others_do_not():
    members = [SETTINGS | {"seed": seed} for seed in (4, 4, 5)]
    network = Masked(members, [masked_start()] * 3, sets(), CPU)
    network.prepare(0)
    rows = network.batches.rows
    assert rows[0].tolist() == rows[1].tolist() != rows[2].tolist()
    assert sorted(network.tensors["order"][2].tolist()) == list(range(20))


def test_rescaling_divides_by_the_root_of_the_density_of_a_layer():
    weights, mask = [torch.ones(4, 4)], [torch.eye(4, dtype=torch.bool)]
    assert torch.equal(sparse_start(weights, mask, rescale=True).weights[0], 2 * torch.eye(4))
    assert torch.equal(sparse_start(weights, mask, rescale=False).weights[0], torch.eye(4))


def test_he_weights_have_variance_two_over_fan_in():
    first, second = he_weights((400, 300, 200), stream())
    assert float(first.std()) == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert float(second.std()) == pytest.approx((2 / 300) ** 0.5, rel=0.02)


def test_a_layer_without_weights_left_stays_finite():
    start = sparse_start([torch.ones(3, 2)], [torch.zeros(3, 2, dtype=torch.bool)], rescale=True)
    assert torch.equal(start.weights[0], torch.zeros(3, 2))
