"""Projections: shapes, norms, transposes, explicit matrices, densities; modules in subspaces."""

import math

import pytest
import torch
from torch import nn

from replications.intrinsic_dimension.science.projections import KINDS, Fastfood, fastfood, hadamard, sparse
from replications.intrinsic_dimension.science.subspace import Subspace

SIZES = (30, 5, 15)


def draw(kind: str, dimension: int = 7):
    return KINDS[kind](SIZES, dimension, torch.Generator().manual_seed(3), torch.float64)


@pytest.mark.parametrize("kind", KINDS)
def test_maps_are_their_matrices_and_transposes(kind):
    projection = draw(kind)
    assert projection.shape == (50, 7)
    matrix = projection.matrix()
    assert matrix.shape == (7, 50)
    stream = torch.Generator().manual_seed(4)
    for lead in ((), (3,), (2, 3)):
        inside = torch.randn(*lead, 7, generator=stream, dtype=torch.float64, requires_grad=True)
        outside = torch.randn(*lead, 50, generator=stream, dtype=torch.float64)
        torch.testing.assert_close(projection(inside), inside @ matrix)
        torch.testing.assert_close(projection.transpose(outside), outside @ matrix.T)
        (gradient,) = torch.autograd.grad(projection(inside), inside, outside)
        torch.testing.assert_close(gradient, projection.transpose(outside))
    moved = projection.to(torch.device("cpu"))
    assert torch.equal(moved.matrix(), matrix)
    assert torch.equal(draw(kind).matrix(), matrix)


def test_columns_have_norm_one_of_fastfood_in_the_mean():
    for kind in ("dense", "sparse"):
        torch.testing.assert_close(draw(kind).matrix().norm(dim=1), torch.ones(7, dtype=torch.float64))
    whole = fastfood((64,), 64, torch.Generator().manual_seed(0), torch.float64).matrix()
    torch.testing.assert_close(whole.norm(dim=1), torch.ones(64, dtype=torch.float64))
    cut = [fastfood((40,), 64, torch.Generator().manual_seed(k), torch.float64).matrix() for k in range(40)]
    assert torch.stack(cut).square().sum(2).mean().item() == pytest.approx(1, abs=1e-9)


def test_fastfood_is_its_formula():
    projection = draw("fastfood")
    length = 64
    matrix = hadamard(torch.eye(length, dtype=torch.float64))
    permutation = torch.eye(length, dtype=torch.float64)[projection.order]
    product = matrix @ torch.diag(projection.scales) @ permutation @ matrix @ torch.diag(projection.signs)
    norm = math.sqrt(length * projection.scales.square().sum()) * math.sqrt(50 / length)
    torch.testing.assert_close(projection.matrix().T, product[:50, :7] / norm)
    assert isinstance(projection, Fastfood)


def test_sparse_entries_by_tensor():
    """Densities 1/sqrt(n), and one variance whatever the size of the tensor: before columns are normed, entries are n^(1/4)."""
    sizes, dimension = (10000, 100), 400
    matrix = sparse(sizes, dimension, torch.Generator().manual_seed(0), torch.float64).matrix()
    large, small = matrix.split(sizes, dim=1)
    assert (large != 0).double().mean().item() == pytest.approx(0.01, rel=0.02)
    assert (small != 0).double().mean().item() == pytest.approx(0.1, rel=0.05)
    assert large.square().mean().item() == pytest.approx(small.square().mean().item(), rel=0.05)
    assert large[large != 0].abs().mean().item() / small[small != 0].abs().mean().item() == pytest.approx(
        10**0.5, rel=0.02
    )
    assert (large > 0).sum() / (large != 0).sum() == pytest.approx(0.5, abs=0.02)


def test_hadamard_is_its_own_inverse_times_its_length():
    values = torch.randn(3, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(hadamard(hadamard(values)), 16 * values)
    assert hadamard(torch.eye(4)).tolist() == [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]


@pytest.mark.parametrize("kind", KINDS)
def test_any_module_is_trained_in_its_subspace(kind):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 4, 3))
    before = {name: each.detach().clone() for name, each in module.named_parameters()}
    inside = Subspace(module, 5, KINDS[kind])
    assert [name for name, _ in inside.named_parameters()] == ["coordinates"]
    images, labels = torch.randn(12, 1, 4, 4), torch.arange(12) % 3
    torch.testing.assert_close(inside(images), module(images))
    optimizer = torch.optim.Adam(inside.parameters(), lr=0.3)
    losses = []
    for _ in range(60):
        loss = nn.functional.cross_entropy(inside(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    for name, each in module.named_parameters():
        assert torch.equal(each, before[name])
    start = torch.cat([each.flatten() for each in before.values()])
    torch.testing.assert_close(inside.flat, start + inside.projection(inside.coordinates))


def test_dropout_and_batch_normalisation_are_in_the_mode_of_the_subspace():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    subspace, x = Subspace(module, 2), torch.randn(6, 3)
    assert torch.equal(subspace.eval()(x), subspace(x))
    assert not torch.equal(subspace.train()(x), subspace.eval()(x))
    assert not module.training


def test_fastfood_draws_both_signs_an_order_and_normal_scales():
    drawn = fastfood([1000], 7, torch.Generator().manual_seed(3), torch.float64)
    assert drawn.signs.unique().tolist() == [-1, 1]
    assert abs(float(drawn.signs.mean())) < 0.15
    assert drawn.order.sort().values.equal(torch.arange(1024))
    assert abs(float(drawn.scales.std()) - 1) < 0.1
