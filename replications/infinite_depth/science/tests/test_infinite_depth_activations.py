"""Dual activations, their constants and regimes."""

import numpy as np
import pytest
from numpy.polynomial import hermite_e

from replications.infinite_depth.science import activations, laws

SMOOTH = [
    activations.cubic(2),
    activations.cubic(4),
    activations.hermite([0.2, 0.2, 0, 0.6]),
    activations.hermite([0.5, 0.4, 0.1]),
    activations.sine(1.3),
]
ALL = [*SMOOTH, activations.relu()]


def expectation(function, xi, nodes=100):
    """E function(g, g') over standard normal g, g' of correlation xi."""
    x, weights = hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()
    return (weights[:, None] * weights * function(x[:, None], xi * x[:, None] + np.sqrt(1 - xi**2) * x)).sum()


@pytest.mark.parametrize("activation", SMOOTH, ids=lambda each: each.name)
def test_duals_are_expectations_over_pairs(activation):
    for xi in (0.0, 0.3, 0.8, 1.0):
        dual = expectation(lambda a, b: activation.function(a) * activation.function(b), xi)
        slope = expectation(lambda a, b: activation.slope(a) * activation.slope(b), xi)
        assert activation.dual(xi) == pytest.approx(dual, abs=1e-9)
        assert activation.dual_slope(xi) == pytest.approx(slope, abs=1e-9)


@pytest.mark.parametrize("activation", ALL, ids=lambda each: each.name)
def test_constants_are_those_of_the_function(activation):
    x = np.linspace(-12, 12, 4000)  # with ReLU's kink halfway between two points
    weights = np.exp(-(x**2) / 2)
    weights /= weights.sum()
    phi, slope = activation.function(x), activation.slope(x)
    assert weights @ phi**2 == pytest.approx(1, abs=1e-5)
    assert weights @ phi == pytest.approx(activation.mean, abs=1e-5)
    assert (weights @ slope) ** 2 == pytest.approx(activation.mean_slope_squared, abs=1e-5)
    assert weights @ slope**2 == pytest.approx(activation.square_slope, abs=1e-5)


@pytest.mark.parametrize("activation", [*ALL, activations.moebius(0.3)], ids=lambda each: each.name)
def test_duals_are_normalised_and_their_slope_is_a_derivative(activation):
    assert activation.dual(1.0) == pytest.approx(1)
    assert activation.dual_slope(1.0) == pytest.approx(activation.square_slope)
    assert activation.dual(0.0) == pytest.approx(activation.mean**2)
    assert activation.dual_slope(0.0) == pytest.approx(activation.mean_slope_squared)
    step = 1e-6
    numeric = (activation.dual(0.4 + step) - activation.dual(0.4 - step)) / (2 * step)
    assert activation.dual_slope(0.4) == pytest.approx(numeric, rel=1e-7)


def test_relu_is_rectified_and_normalised():
    relu = activations.relu()
    assert relu.function(np.array([-2.0, 3.0])) == pytest.approx([0, 3 * 2**0.5])
    assert relu.slope(np.array([-2.0, 3.0])) == pytest.approx([0, 2**0.5])
    assert relu.dual(0.0) == pytest.approx(1 / np.pi)


def test_the_cubic_is_as_written_out():
    z, d = np.linspace(-2, 2, 5), 3
    edge = 2 ** (-d / 4)
    written = edge * (z**3 - 3 * z) / 6**0.5 + (1 - 2 ** (1 - d / 2)) ** 0.5 * (z**2 - 1) / 2**0.5 + edge * z
    assert activations.cubic(d).function(z) == pytest.approx(written)


@pytest.mark.parametrize(
    ("activation", "regime"),
    [
        (activations.hermite([0, 0, 1]), "nearest"),
        (activations.cubic(4), "singular"),
        (activations.sine(1.0), "singular"),
        (activations.moebius(0.5), "singular"),
        (activations.relu(), "majority"),
        (activations.hermite([0.2, 0.2, 0, 0.6]), "majority"),
        (activations.hermite([0.5, 0.4, 0.1]), "ordered"),
    ],
)
def test_the_three_constants_decide_the_regime(activation, regime):
    assert activation.regime == regime


def test_orders_of_singularities():
    for d in (2, 3, 4.5, 8):
        assert activations.cubic(d).order == pytest.approx(d)
        assert activations.sine(activations.sine_frequency(d)).order == pytest.approx(d)
    assert activations.moebius(0.3).order == pytest.approx(2)
    assert activations.sine(1.0).order == pytest.approx(1.185566, abs=1e-6)
    frequencies = [activations.sine_frequency(order) for order in (2, 3, 4)]
    assert frequencies == pytest.approx([1.635871, 2.096384, 2.476973], abs=1e-6)


def test_laws_of_votes():
    """At 20 % noise; between Bayes and the nearest neighbour, and a Monte Carlo vote of many weights."""
    found = [laws.vote_error(alpha, 1, 0.2) for alpha in (1.0001, 1.5, 2, 1e6)]
    assert found == pytest.approx([0.2, 0.2695, 0.2936, 0.32], abs=1e-4)
    assert laws.neighbour_error(0.2) == pytest.approx(0.32)
    assert laws.vote_error(6, 3, 0.0) == pytest.approx(0)
    assert laws.vote_error(3, 2, 0.5) == pytest.approx(0.5)
    with pytest.raises(ValueError, match=r"order = 2 .* above dimension = 2"):
        laws.vote_error(2, 2, 0.1)
    rng = np.random.default_rng(0)
    arrivals = rng.exponential(size=(8000, 300)).cumsum(1)
    labels = np.where(rng.random((8000, 300)) < 0.2, -1, 1)
    wrong = ((arrivals**-2.0 * labels).sum(1) < 0).mean()
    assert 0.2 + 0.6 * wrong == pytest.approx(laws.vote_error(4, 2, 0.2), abs=0.01)


def test_a_constant_activation_has_no_slope():
    constant = activations.hermite([1.0])
    assert (constant.mean, constant.mean_slope_squared, constant.square_slope) == (1, 0, 0)
