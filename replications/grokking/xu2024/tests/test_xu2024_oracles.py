"""The fast form against the plain one: points in R^p, weights in R^p, automatic differentiation."""

import math

import pytest
import torch

from replications.grokking.xu2024 import theory
from replications.grokking.xu2024.experiments import clusters, network
from replications.grokking.xu2024.experiments.times import positions, times
from verifig.training.steps import Steps

CPU = torch.device("cpu")
SIZES = {
    "dimension": 500, "samples": 12, "test_size": 8, "width": 30, "signal": 2.5, "flip": 0.2, "initial_std": 1e-3,
    "learning_rate": 3 / 64, "steps": 12, "growth": 0.0, "freeze": False,
}  # fmt: skip


def member(seed: int = 0, **changes) -> dict:
    return SIZES | changes | {"seed": seed, "condition": "base"}


def precise(program: network.Network) -> network.Network:
    """The program in float64."""
    for holder in (vars(program), program.tensors):
        for name, value in holder.items():
            if isinstance(value, torch.Tensor) and value.dtype == torch.float32:
                holder[name] = value.double()
    return program


def taken(program: network.Network, steps: int) -> network.Network:
    taker = Steps(program, CPU)
    for step in range(steps):
        taker.take(step)
    return program


def in_full(m: dict) -> tuple[torch.Tensor, ...]:
    """Points [N, p] and initial weights [p, m] in R^p, drawn there; clusters' classes [N]; two unit means [2, p]."""
    stream = torch.Generator().manual_seed(m["seed"] + 77)
    count, p = m["samples"] + m["test_size"], m["dimension"]
    ways = torch.linalg.qr(torch.randn(p, 2, generator=stream, dtype=torch.float64))[0].T
    cluster = torch.randint(4, (count,), generator=stream)
    signs = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]], dtype=torch.float64)[cluster]
    norm = theory.mean_norm(m["signal"], p, m["samples"])
    points = norm * signs @ ways + torch.randn(count, p, generator=stream, dtype=torch.float64)
    weights = m["initial_std"] * torch.randn(p, m["width"], generator=stream, dtype=torch.float64)
    return points, weights, cluster, ways


def in_coordinates(points: torch.Tensor, weights: torch.Tensor, ways: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The same points [N, 2 + N] and weights [2 + N, m] in the coordinates of `clusters`."""
    rest = points - points @ ways.T @ ways
    basis, upper = torch.linalg.qr(rest.T)
    frame = torch.cat([ways, basis.T])
    return torch.cat([points @ ways.T, upper.T], 1), frame @ weights


def place(program: network.Network, points: torch.Tensor, weights: torch.Tensor) -> None:
    """Give a program of one member these points and initial weights."""
    n = program.labels.shape[1]
    gram, start = points @ points[:n].T, points @ weights
    program.train_gram, program.test_gram = gram[None, :n], gram[None, n:]
    program.train_start, program.test_start = start[None, :n], start[None, n:]
    program.plane_gram, program.plane_start = points[None, :n, :2].mT, weights[None, :2]


def autograd(points, weights, labels, outer, rate, steps):
    """Plain gradient descent on the mean logistic loss."""
    weights = weights.clone().requires_grad_()
    for _ in range(steps):
        loss = torch.nn.functional.softplus(-labels * ((points @ weights).relu() @ outer)).mean()
        weights = (weights - rate * torch.autograd.grad(loss, weights)[0]).detach().requires_grad_()
    return weights.detach()


def test_training_by_inner_products_is_gradient_descent_in_full():
    m = member()
    points, weights, cluster, ways = in_full(m)
    program = precise(network.Network([m]))
    program.cluster, n = cluster[None, m["samples"] :], m["samples"]
    place(program, *in_coordinates(points, weights, ways))
    final = autograd(points[:n], weights, program.labels[0], program.outer[0, 0], m["learning_rate"], steps=m["steps"])
    taken(program, m["steps"])
    span = weights + points[:n].T @ program.tensors["coefficients"][0]
    assert torch.allclose(span, final, rtol=0, atol=1e-10)
    outputs = (points @ final).relu() @ program.outer[0, 0]
    assert outputs.abs().max() > 0.5  # slopes of the loss differ from point to point
    assert torch.allclose(program.outputs(program.test_start, program.test_gram)[0], outputs[n:], atol=1e-10)
    norm = theory.mean_norm(m["signal"], m["dimension"], n)
    assert torch.allclose(program.projections()[0], norm * ways @ final, atol=1e-9)
    angle = torch.arange(network.ANGLES, dtype=torch.float64) * 2 * math.pi / network.ANGLES
    plane = angle.cos()[:, None] * ways[0] + angle.sin()[:, None] * ways[1]
    assert torch.equal(program._plane_signs()[0], ((plane @ final).relu() @ program.outer[0, 0]).sign())


def test_float32_is_enough_at_the_paper_s_tiny_weights():
    m = member(initial_std=1e-15, learning_rate=1e-12)
    single, double = taken(network.Network([m]), 12), taken(precise(network.Network([m])), 12)
    for name in ("train_accuracy", "test_accuracy", "linear_agreement"):
        assert torch.equal(single.record()[name], double.record()[name])
    assert torch.allclose(single.tensors["coefficients"].double(), double.tensors["coefficients"], rtol=1e-4, atol=0)


def test_noise_has_the_gram_matrix_of_gaussian_points():
    """Wishart moments in p = 7: mean p I, variances 2p and p, and E G12 G23 G31 = p; as of points drawn directly."""
    p, count, draws = 7, 3, 20000
    stream = torch.Generator().manual_seed(5)
    factors = torch.stack([clusters.noise(p, count, stream) for _ in range(draws)])
    points = torch.randn(draws, count, p, generator=stream, dtype=torch.float64)
    for rows in (factors, points):
        gram = rows @ rows.mT
        assert torch.allclose(gram.mean(0), p * torch.eye(count, dtype=torch.float64), atol=0.1)
        expected = p + p * torch.eye(count, dtype=torch.float64)
        assert torch.allclose(gram.var(0), expected, rtol=0.05)
        assert (gram[:, 0, 1] * gram[:, 1, 2] * gram[:, 2, 0]).mean().item() == pytest.approx(p, rel=0.15)


def test_two_dimensions_lie_in_the_plane_of_the_means(monkeypatch):
    asked = []
    monkeypatch.setattr(clusters, "noise", lambda p, count, stream: asked.append((p, count)) or torch.eye(count))
    assert clusters.draw(member(), 0).points.shape == (20, 22)
    assert asked == [(498, 20)]


def test_points_lie_around_their_means():
    stream = torch.Generator().manual_seed(1)
    cluster = torch.arange(4).repeat(4000)
    found = clusters.plane(cluster, 3.0, stream)
    means = torch.stack([found[cluster == k].mean(0) for k in range(4)])
    assert torch.allclose(means, torch.tensor([[3.0, 0], [-3, 0], [0, 3], [0, -3]], dtype=torch.float64), atol=0.06)
    assert found[cluster == 0].std(0).tolist() == pytest.approx([1, 1], abs=0.04)


def test_classes_follow_the_clusters_and_flips_grow_with_their_probability():
    clean, few, many = (clusters.draw(member(samples=100, flip=flip), 3) for flip in (0.0, 0.1, 0.3))
    assert torch.equal(clean.clean > 0, clean.cluster < 2)
    assert torch.equal(clean.labels, clean.clean[:100])
    wrong, more = few.labels != few.clean[:100], many.labels != many.clean[:100]
    assert 4 < wrong.sum() < more.sum() < 45
    assert (more | ~wrong).all()
    assert torch.equal(few.points, many.points)
    assert not torch.equal(few.points, clusters.draw(member(samples=100, flip=0.1), 4).points)


def test_opposite_labels_and_output_weights_give_opposite_outputs():
    program, mirror = network.Network([member()]), network.Network([member()])
    mirror.labels, mirror.outer = -mirror.labels, -mirror.outer
    taken(program, 8), taken(mirror, 8)
    outputs = [each.outputs(each.test_start, each.test_gram) for each in (program, mirror)]
    assert torch.equal(outputs[0], -outputs[1])


def test_the_first_step_is_linear_with_the_printed_factor():
    """Equation 4.3: f is about learning rate / 8n times <sum_i y_i x_i, x>."""
    m = member(dimension=20000, samples=60, test_size=60, width=4000, initial_std=1e-12, learning_rate=1e-6)
    program = taken(network.Network([m]), 1)
    outputs = program.outputs(program.test_start, program.test_gram)[0].double()
    linear = (program.test_gram[0] @ program.labels[0]).double()
    slope = (outputs @ linear / (linear @ linear)).item()
    assert slope == pytest.approx(m["learning_rate"] / (8 * m["samples"]), rel=0.05)
    assert torch.corrcoef(torch.stack([outputs, linear]))[0, 1] > 0.99


def test_frozen_activations_are_those_of_the_start():
    """Then f - f(start) is linear in the number of steps while the loss has slope 1/2."""
    m = member(freeze=True, initial_std=1e-7, learning_rate=1e-6)
    program = precise(network.Network([m]))
    start = program.outputs(program.test_start, program.test_gram)
    one = taken(program, 1).outputs(program.test_start, program.test_gram)
    four = taken(precise(network.Network([m])), 4)
    four = four.outputs(four.test_start, four.test_gram)
    assert torch.allclose(four - start, 4 * (one - start), rtol=1e-3, atol=0)
    free = taken(precise(network.Network([member(initial_std=1e-7, learning_rate=1e-6)])), 4)
    assert not torch.allclose(four, free.outputs(free.test_start, free.test_gram), rtol=1e-2)


def test_steps_taken_together_use_one_gradient():
    m = member(initial_std=1e-6, learning_rate=1e-9, steps=3)
    one = precise(network.Network([m]))
    one.prepare(0), one.step()
    together = precise(network.Network([m]))
    together.schedule = [0, 3]
    together.prepare(0), together.step()
    assert torch.allclose(together.tensors["coefficients"], 3 * one.tensors["coefficients"], rtol=1e-12, atol=0)


def test_times_grow_in_proportion_and_end_at_the_last_step():
    assert times(5, 0.0) == [0, 1, 2, 3, 4, 5]
    assert times(11, 0.5) == [0, 1, 2, 3, 4, 6, 9, 11]
    assert times(40, 0.05) == list(range(41))
    assert positions([0, 1, 2, 4, 7], [0, 2, 3, 4, 7, 9]) == [0, 2, 3, 4]


def test_formulas():
    assert theory.mean_norm(2.5, 40000, 200) == pytest.approx(math.sqrt(1250))
    assert theory.cluster_cosine(2.5, 200) == pytest.approx(1250 / 41250)
    assert theory.near_orthogonal(200) == pytest.approx(5e-5)
    assert theory.near_orthogonal(10, 4.0) == pytest.approx(0.005)
    sizes = {"signal": 2.0, "dimension": 900, "samples": 100, "width": 16, "initial_std": 0.5, "learning_rate": 0.1}
    assert theory.projection_unit(**sizes, step=0) == pytest.approx(3)
    assert theory.projection_unit(**sizes, step=10) == pytest.approx(3 + 10 * 0.1 * 36 / 32)


def test_records_against_plain_loops():
    program = taken(network.Network([member(0), member(1, flip=0.4)]), 5)
    program.taken = 5
    found = program.record()
    for k, m in enumerate((member(0), member(1, flip=0.4))):
        drawn, n = clusters.draw(m, m["seed"]), m["samples"]
        f = program.outputs(program.test_start, program.test_gram)[k]
        right = f * drawn.clean[n:] > 0
        assert found["test_accuracy"][k] == right.double().mean()
        own = [right[drawn.cluster[n:] == c].double().mean() for c in range(4)]
        assert torch.allclose(found["cluster_accuracy"][k], torch.stack(own), equal_nan=True)
        linear = drawn.points[n:] @ (drawn.labels @ drawn.points[:n])
        assert found["linear_accuracy"][k] == (linear * drawn.clean[n:] > 0).double().mean()
        assert found["linear_agreement"][k] == (linear * f > 0).double().mean()
        assert sorted(program.permuted[k].tolist()) == sorted(drawn.clean[n:].tolist())
        assert sorted(program.shuffled[k].tolist()) == sorted(drawn.labels.tolist())
        unit = drawn.points[:n] / drawn.points[:n].norm(dim=1, keepdim=True)
        cosines = (unit @ unit.T).abs() - 2 * torch.eye(n)
        assert found["largest_cosine"][k].item() == pytest.approx(cosines.max().item(), rel=1e-5)
        along, positive = program.projections()[k].double(), program.outer[k, 0] > 0
        for sign, chosen in enumerate((positive, ~positive)):
            assert found["spread"][k, sign].tolist() == pytest.approx(
                along[:, chosen].std(1, correction=0).tolist(), rel=1e-5
            )
        scale = theory.projection_unit(**network._sizes(m), step=5)
        edges = torch.linspace(-network.REACH, network.REACH, network.BINS + 1)
        for mean in range(2):
            values = (along[mean, positive] / scale).clamp(-network.REACH, network.REACH - 1e-6)
            assert found["histogram"][k, mean].tolist() == torch.histogram(values.float(), edges).hist.tolist()
        outputs = program.outputs(program.train_start, program.train_gram)[k]
        assert found["largest_output"][k] == outputs.abs().max()
        assert found["train_accuracy"][k] == (outputs * drawn.labels > 0).double().mean()
