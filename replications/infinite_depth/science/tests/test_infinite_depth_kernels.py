"""Kernels by depth against plain recursions and closed forms; limits; votes."""

import numpy as np
import pytest
import torch

from replications.infinite_depth.science import activations, kernels, votes

XI = np.linspace(0, 1, 12)


def plain(xi, activation, depth):
    """s_L and K_L, not scaled."""
    s = kernel = xi
    for _ in range(depth):
        s, kernel = activation.dual(s), activation.dual(s) + kernel * activation.dual_slope(s)
    return s, kernel


@pytest.mark.parametrize("activation", [activations.relu(), activations.cubic(4), activations.hermite([0.5, 0.4, 0.1])])
def test_kernels_by_depth_are_the_recursion_over_its_diagonal(activation):
    found, scaled = kernels.by_depth(XI, activation, [0, 1, 3, 6])
    for row, depth in enumerate((0, 1, 3, 6)):
        s, kernel = plain(XI, activation, depth)
        assert found[row] == pytest.approx(s)
        assert scaled[row] == pytest.approx(kernel / kernel[-1])
        assert kernels.diagonal(activation, depth) == pytest.approx(kernel[-1])


def test_many_layers_do_not_overflow():
    _, scaled = kernels.by_depth(XI, activations.cubic(4), [3000])
    assert np.isfinite(scaled).all()
    assert scaled[0, -1] == pytest.approx(1)


@pytest.mark.parametrize("k", [2, 3])
def test_monomials_in_closed_form(k):
    activation = activations.hermite([0] * k + [1])
    for depth in (0, 1, 4):
        assert kernels.monomial_ntk(XI, k, depth) == pytest.approx(plain(XI, activation, depth)[1])


@pytest.mark.parametrize("p", [0.25, 0.6])
def test_the_moebius_family_in_closed_form(p):
    activation = activations.moebius(p)
    for depth in (0, 1, 5):
        s, kernel = plain(XI, activation, depth)
        assert p**depth * kernels.moebius_nngp(XI, p, depth) == pytest.approx(s)
        assert p**depth * kernels.moebius_ntk(XI, p, depth) == pytest.approx(kernel)
    tensor = kernels.moebius_ntk(torch.from_numpy(XI), p, 5)
    assert tensor.numpy() == pytest.approx(kernels.moebius_ntk(XI, p, 5))


def test_the_correction_of_the_limit_has_a_higher_order():
    """K_L/p^L = (L + 1) c + e, e = xi^2/((1 - p)(1 - xi)^2)."""
    xi, p, depth = XI[:-1], 0.5, 60
    c, e = xi / (1 - xi), xi**2 / ((1 - p) * (1 - xi) ** 2)
    assert kernels.moebius_ntk(xi, p, depth) == pytest.approx((depth + 1) * c + e)


def test_limit_kernels():
    xi = XI[:-1]
    assert kernels.limit_kernel(xi, activations.moebius(0.3)) == pytest.approx(xi / (1 - xi))
    for activation in (activations.cubic(2), activations.cubic(5), activations.sine(1.6)):
        limit = kernels.limit_kernel(xi, activation)
        following = kernels.limit_kernel(activation.dual(xi), activation)
        assert following == pytest.approx(activation.mean_slope_squared * limit)
        s, _ = kernels.by_depth(xi, activation, [60])
        assert s[0] / activation.mean_slope_squared**60 == pytest.approx(limit)
    assert np.isinf(kernels.limit_kernel(np.array([1.0]), activations.cubic(2)))
    with pytest.raises(ValueError, match="its regime is majority"):
        kernels.limit_kernel(xi, activations.relu())


def test_infinite_depth_by_activation():
    xi = np.array([[0.1, 0.9, 0.3], [0.7, 0.2, 0.5]])
    nearest = kernels.deep_limit(xi, activations.hermite([0, 0, 1]))
    assert (nearest.regime, nearest.weights.tolist()) == ("nearest", [[0, 1, 0], [1, 0, 0]])
    majority = kernels.deep_limit(xi, activations.relu())
    assert (majority.regime, majority.weights.tolist()) == ("majority", [[1, 1, 1], [1, 1, 1]])
    singular = kernels.deep_limit(xi, activations.moebius(0.4))
    assert singular.regime == "singular"
    assert singular.weights == pytest.approx(xi / (1 - xi))
    with pytest.raises(ValueError, match="no vote"):
        kernels.deep_limit(xi, activations.hermite([0.5, 0.4, 0.1]))


def points(count, seed=0):
    found = torch.randn(count, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).abs()
    return found / found.norm(dim=1, keepdim=True)


def test_tables_interpolate_a_kernel_of_many_layers():
    xi = (points(20) @ points(30, 1).T).clamp(max=1)
    for table, depth in zip(votes.ntk_tables(activations.relu(), [1, 40], 20000, "cpu"), (1, 40), strict=True):
        expected = kernels.by_depth(xi.numpy(), activations.relu(), [depth])[1][0]
        assert table(xi).numpy() == pytest.approx(expected, abs=1e-7)
        ends = table(torch.tensor([1.0, 1 + 1e-15, 0.0], dtype=torch.float64))
        at_right_angle = kernels.by_depth(np.zeros(1), activations.relu(), [depth])[1].item()
        assert ends.numpy() == pytest.approx([1, 1, at_right_angle])


def test_interpolants_fit_their_labels_whatever_the_chunk_is():
    inputs, tests = points(25), points(7, 2)
    labels = torch.where(inputs[:, 0] > 0.5, 1.0, -1.0).double()
    (table,) = votes.ntk_tables(activations.relu(), [3], 20000, "cpu")
    found = votes.interpolate(table, inputs, labels, chunk=4)
    gram = table(inputs @ inputs.T).fill_diagonal_(1)
    assert (gram @ found).numpy() == pytest.approx(labels.numpy(), abs=1e-6)
    whole = table(tests @ inputs.T) @ found
    assert votes.outputs(table, tests, inputs, found, chunk=3).numpy() == pytest.approx(whole.numpy(), abs=1e-9)


def test_a_singular_system_is_solved_by_least_squares():
    gram = torch.ones(3, 3, dtype=torch.float64)
    gram[2, 2] = -1  # not positive: the factorisation fails
    labels = torch.tensor([1.0, 1, -1], dtype=torch.float64)
    assert (gram @ votes.solved(gram, labels)).numpy() == pytest.approx(labels.numpy())
    assert votes.solved(gram, labels)[:2].numpy() == pytest.approx([0, 0])


def test_votes_from_the_majority_to_the_nearest_neighbour():
    """Order 0 counts labels; a very high order asks the nearest alone."""
    inputs, tests = points(41), points(60, 3)
    labels = torch.where(torch.rand(41, generator=torch.Generator().manual_seed(1)) < 0.4, 1.0, -1.0).double()
    squared = votes.squared_distances(tests, inputs)
    assert squared.sqrt().numpy() == pytest.approx(torch.cdist(tests, inputs).numpy(), abs=1e-7)
    assert (votes.singular_votes(squared, labels, 0) == labels.sum()).all()
    steep = votes.predicted(votes.singular_votes(squared / squared.min(1, keepdim=True).values, labels, 1e4))
    assert torch.equal(steep, labels[squared.argmin(1)])
    near = votes.singular_votes(squared, torch.stack([labels, -labels], 1), 2)
    assert near[:, 0].numpy() == pytest.approx((labels / squared).sum(1).numpy())
    assert near[:, 1].numpy() == pytest.approx(-near[:, 0].numpy())


def test_a_tie_is_the_class_plus_one_and_equal_points_have_a_distance():
    assert votes.predicted(torch.tensor([0.0, -1e-300, 2.0], dtype=torch.float64)).tolist() == [1, -1, 1]
    point = points(1)
    assert votes.squared_distances(point, point).item() >= votes.NEAREST
