"""The convex programme against what can be known without it."""

import numpy as np
import pytest

from replications.convex_relu.science import laws, networks
from replications.convex_relu.science.least_squares import nonnegative, solves
from replications.convex_relu.science.patterns import all_patterns, sampled_patterns
from replications.convex_relu.science.programme import (
    convex_two_layer,
    dual_bound,
    nearest_in_cone,
    nonnegative_lasso,
    projections,
)

PENALTY = 0.02


def problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ten sorted numbers with noisy targets, and a bias."""
    draw = np.random.default_rng(seed)
    x = np.sort(draw.uniform(-1, 1, 10))
    return np.stack([x, np.ones(10)], 1), np.sin(4 * x) + 0.3 * draw.standard_normal(10)


@pytest.mark.parametrize(("seed", "value"), [(0, 0.30907562), (1, 0.34209851), (2, 0.35595571)])
def test_optima_that_an_interior_point_solver_gave(seed, value):
    best = convex_two_layer(*problem(seed), PENALTY)
    assert best.value == pytest.approx(value, abs=6e-9)
    assert 0 <= best.gap <= 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_the_network_costs_what_the_programme_does(seed):
    x, y = problem(seed)
    best = convex_two_layer(x, y, PENALTY)
    hidden, output = best.network()
    assert networks.cost(x, y, hidden, output, PENALTY) == pytest.approx(best.value, abs=1e-9)
    assert y - networks.outputs(x, hidden, output) == pytest.approx(best.residual, abs=1e-7)
    assert np.linalg.norm(hidden, axis=0) == pytest.approx(np.abs(output))
    assert output.shape == best.signs.shape == best.used.shape
    inside = (2 * all_patterns(x)[0][best.used] - 1) * (best.vectors @ x.T)
    assert inside.min() >= -1e-9


def test_gated_networks_cost_less():
    gated = [convex_two_layer(*problem(seed), PENALTY, cones=False).value for seed in range(3)]
    assert gated == pytest.approx([0.0888, 0.0755, 0.0854], abs=6e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_network_is_zero_beyond_the_largest_dual_norm(seed):
    x, y = problem(seed)
    largest = np.linalg.norm(projections(x, all_patterns(x)[0], y), axis=1).max()
    assert largest == pytest.approx([2.0463, 2.3460, 2.1662][seed], abs=6e-5)
    zero = convex_two_layer(x, y, 1.001 * largest)
    assert zero.value == y @ y / 2 == zero.bound
    assert zero.network()[0].shape == (2, 0)
    assert convex_two_layer(x, y, 0.99 * largest).value < zero.value - 1e-6


def test_one_input_by_hand():
    """|y| - penalty / |x| = 1.8 is penalty / |x| away; 1/2 (1/5)^2 + 1 (9/5) / 5 = .38."""
    best = convex_two_layer(np.array([[3.0, 4.0]]), np.array([2.0]), 1.0, np.array([[1.0]]))
    assert best.value == pytest.approx(0.38)
    assert best.vectors[0] * 5 == pytest.approx([0.36 * 3, 0.36 * 4])
    assert best.signs.tolist() == [1]


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("penalty", [0.1, 0.5, 2.0])
def test_orthonormal_inputs(size, penalty):
    draw = np.random.default_rng(size)
    x, y = np.linalg.qr(draw.standard_normal((size, size)))[0], 2 * draw.standard_normal(size)
    patterns = (np.arange(2**size)[:, None] >> np.arange(size)) % 2.0
    assert convex_two_layer(x, y, penalty, patterns).value == pytest.approx(
        laws.orthonormal_optimum(y, penalty), abs=1e-9
    )


def test_the_orthonormal_law_by_hand():
    y = np.array([3.0, 4.0, -0.5])
    assert laws.orthonormal_optimum(y, 1.0) == pytest.approx(5 - 0.5 + 0.125)


def test_a_gap_that_is_not_reached_is_an_error():
    with pytest.raises(ArithmeticError, match="after 2 rounds"):
        convex_two_layer(*problem(0), PENALTY, rounds=2)


def test_all_patterns_of_the_plane():
    x, _ = problem(0)
    patterns, shares = all_patterns(x)
    assert len(patterns) == 20 == laws.most_patterns(10, 2)
    assert shares.sum() == pytest.approx(1)
    drawn = np.random.default_rng(0).standard_normal((40_000, 2)) @ x.T >= 0
    found = (drawn[:, None] == patterns).all(2).mean(0)
    assert found == pytest.approx(shares, abs=0.01)


def test_equal_draws_count_once():
    x, _ = problem(0)
    drawn = sampled_patterns(x, 300, np.random.default_rng(0))
    assert len(np.unique(drawn, axis=0)) == len(drawn) <= 20
    assert (drawn[:, None] == all_patterns(x)[0]).all(2).any(1).all()


def test_laws_of_counts():
    assert laws.most_patterns(5, 3) == 2 * (1 + 4 + 6)
    assert laws.unseen_mass(10, 21) == 0.5
    assert laws.patterns_for(10, 0.5, 0.1) == pytest.approx(219)
    assert laws.unseen_mass(10, int(laws.patterns_for(10, 0.5, 0.1))) == pytest.approx(0.5 * 0.1)


def test_the_nearest_vector_of_a_cone():
    """Right-hand half plane x_1 >= 0, from both sides."""
    x = np.array([[1.0, 0.0]])
    assert nearest_in_cone(x, np.ones(1), np.array([-2.0, 3.0])) == pytest.approx([0, 3])
    assert nearest_in_cone(x, np.zeros(1), np.array([-2.0, 3.0])) == pytest.approx([-2, 3])
    both = projections(x, np.ones((1, 1)), np.array([2.0]))
    assert both == pytest.approx(np.array([[2, 0], [0, 0]]))


def test_the_dual_bound_shrinks_what_is_not_feasible():
    y, z = np.array([2.0, 0.0]), np.array([1.0, 1.0])
    assert dual_bound(y, z, 1.0, 0.5) == pytest.approx(2 - 1)
    assert dual_bound(y, z, 1.0, 2.0) == pytest.approx(1 - 0.25)


def test_the_lasso_with_weights_above_zero():
    """Against soft thresholds, where the atoms are orthonormal."""
    atoms = np.linalg.qr(np.random.default_rng(3).standard_normal((6, 4)))[0]
    y = np.random.default_rng(4).standard_normal(6)
    assert nonnegative_lasso(atoms, y, 0.3) == pytest.approx(np.maximum(atoms.T @ y - 0.3, 0))
    assert nonnegative_lasso(atoms, y, 10.0).tolist() == [0] * 4


def test_least_squares_where_scipy_ends_early():
    """On orthonormal columns the solution is max(a^T b, 0)."""
    for seed in range(300):
        draw = np.random.default_rng(seed)
        a = np.linalg.qr(draw.standard_normal((4, 4)))[0]
        b = a @ (draw.standard_normal(4) * draw.choice([0, 1, 1e-17], 4))
        x = nonnegative(a, b)
        assert x == pytest.approx(np.maximum(a.T @ b, 0), abs=1e-12)
    assert not solves(np.eye(2), np.array([1.0, 1.0]), np.array([1.0, 0.0]))
    assert not solves(np.eye(2), np.array([1.0, 1.0]), np.array([1.0, 2.0]))


def test_costs_of_networks():
    """Scaling a neuron by t and its output by 1/t changes the decay alone, least where both have one length."""
    draw = np.random.default_rng(0)
    x, y, hidden = draw.standard_normal((5, 3)), draw.standard_normal(5), draw.standard_normal((3, 1))
    length = np.linalg.norm(hidden)
    costs = [networks.cost(x, y, hidden * t, np.array([1.0]) / t, 0.1) for t in (0.9, 1.0, 1.1)]
    balanced = [
        networks.cost(x, y, hidden * t, np.array([1.0]) / t, 0.1) for t in length**-0.5 * np.array([0.99, 1, 1.01])
    ]
    fit = ((np.maximum(x @ hidden[:, 0], 0) - y) ** 2).sum() / 2
    assert costs[1] == pytest.approx(fit + 0.05 * (length**2 + 1))
    assert balanced[1] < min(balanced[0], balanced[2])
    assert balanced[1] == pytest.approx(fit + 0.1 * length)
    assert networks.decay(hidden, np.array([2.0])) == pytest.approx((length**2 + 4) / 2)
