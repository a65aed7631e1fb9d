"""What the theme's papers share: tasks, networks with squared hidden units, measures of periodicity."""

import pytest
import torch

from replications.grokking.science import fourier, tasks
from replications.grokking.science.quadratic import Quadratic
from verifig.training.ensemble import generator


@pytest.mark.parametrize(("operation", "result"), [("add", 2), ("subtract", 3), ("product", 4)])
def test_table_holds_every_pair_once(operation, result):
    pairs, answers = tasks.table(7, operation)
    assert len({tuple(pair) for pair in pairs.tolist()}) == 49
    assert answers[pairs.tolist().index([3, 6])] == {"add": 2, "subtract": 4, "product": 4}[operation]
    assert answers.min() == 0
    assert answers.max() == 6
    assert result in answers


def test_divide_takes_each_row_once_in_order():
    chosen, rest = tasks.divide(10, 4, generator("test", 0))
    assert len(chosen) == 4
    assert sorted(chosen.tolist() + rest.tolist()) == list(range(10))
    assert chosen.tolist() == sorted(chosen.tolist())
    assert rest.tolist() == sorted(rest.tolist())
    assert chosen.tolist() != tasks.divide(10, 4, generator("test", 1))[0].tolist()


@pytest.mark.parametrize("tokens", [True, False])
def test_gradient_is_that_of_autograd(tokens):
    p, width = 5, 4
    net = Quadratic(2 * p, width, 3, members=2, dtype=torch.float64)
    net.initialise([generator("test", k) for k in range(2)])
    pairs = torch.stack([tasks.table(p, "add")[0][k : k + 8] for k in range(2)]) + torch.tensor([0, p])
    dense = torch.nn.functional.one_hot(pairs, 2 * p).sum(2).double()
    w1, w2 = (net.parameters.views[name].clone().requires_grad_() for name in ("w1", "w2"))
    outputs = (dense @ w1).square() @ w2
    torch.testing.assert_close(net(pairs if tokens else dense, keep=True), outputs)
    slope = torch.randn(outputs.shape, generator=generator("slope"), dtype=torch.float64)
    (outputs * slope).sum().backward()
    out = net.parameters.like()
    net.backward(slope, out)
    torch.testing.assert_close(net(pairs if tokens else dense, keep=True), outputs)  # into the arrays of the first pass
    net.backward(slope, out)
    grads = net.parameters.split(out)
    torch.testing.assert_close(grads["w1"], w1.grad)
    torch.testing.assert_close(grads["w2"], w2.grad)
    torch.testing.assert_close(net.features(pairs if tokens else dense), (dense @ w1).square())
    torch.testing.assert_close(net(pairs[:, :3] if tokens else dense[:, :3], keep=True), outputs[:, :3])


def cosine(p: int, frequency: int, phase: float = 0.3) -> torch.Tensor:
    return torch.cos(2 * torch.pi * frequency * torch.arange(p, dtype=torch.float64) / p + phase)


def test_participation_of_known_vectors():
    p = 97
    one_hot = torch.eye(p, dtype=torch.float64)[3]
    found = fourier.participation(torch.stack([cosine(p, 5), one_hot, torch.ones(p, dtype=torch.float64)]))
    torch.testing.assert_close(found, torch.tensor([1, 1 / 49, 1], dtype=torch.float64))
    noise = torch.randn(4000, p, generator=generator("noise"))
    assert fourier.participation(noise).mean() == pytest.approx(2 / 49, rel=0.03)  # E|x|^4 = 2 (E|x|^2)^2


@pytest.mark.parametrize("p", [7, 8])
def test_energy_adds_up_and_purity_is_its_largest_share(p):
    vectors = torch.randn(6, p, generator=generator("energy"), dtype=torch.float64)
    centred = vectors - vectors.mean(-1, keepdim=True)
    torch.testing.assert_close(fourier.energy(vectors).sum(-1), centred.square().sum(-1))
    mixed = 3 + cosine(p, 1) + 2 * cosine(p, 2)
    assert fourier.energy(mixed).argmax() == 1
    assert fourier.purity(mixed) == pytest.approx(0.8)
    alternating = torch.tensor([1.0, -1.0] * (p // 2) + [0.0] * (p % 2), dtype=torch.float64)
    if p % 2 == 0:
        assert fourier.purity(alternating) == pytest.approx(1)
