"""Oracles: the gradient of the energy, its maximisers and their value, the lazy fixed point, the boundary."""

import math

import pytest
import torch

from replications.grokking.science.tasks import table
from replications.grokking.tian2025 import boundary, energy
from verifig.training.ensemble import generator


def task(modulus: int) -> tuple[torch.Tensor, torch.Tensor]:
    return energy.pairs_as_inputs(modulus), energy.centred_targets(table(modulus, "add")[1], modulus)


def random(*shape: int, name: str = "oracle") -> torch.Tensor:
    return torch.randn(shape, generator=generator(name, *shape), dtype=torch.float64)


def test_inputs_are_the_pairs_in_the_order_of_the_table():
    pairs, _ = table(5, "add")
    one_hot = torch.nn.functional.one_hot(pairs + torch.tensor([0, 5]), 10).sum(1)
    torch.testing.assert_close(energy.pairs_as_inputs(5), one_hot.double())


def test_energy_is_equation_7_summed_by_hand():
    """M = 2: sums 0, 1, 1, 0; (Xw)^2 = 16, 25, 25, 36 for u = (1, 2), v = (3, 4); class sums 52 and 50, less half of 102."""
    inputs, targets = task(2)
    assert energy.energy(torch.tensor([[1.0, 2, 3, 4]]).double(), inputs, targets).item() == pytest.approx(1.0)


@pytest.mark.parametrize("modulus", [7, 8])
def test_gradient_is_that_of_finite_differences(modulus):
    inputs, targets = task(modulus)
    weights, step = random(3, 2 * modulus), 1e-5
    found = energy.gradient(weights, inputs, targets)
    for place in range(2 * modulus):
        shift = torch.zeros(2 * modulus, dtype=torch.float64)
        shift[place] = step
        rise = energy.energy(weights + shift, inputs, targets) - energy.energy(weights - shift, inputs, targets)
        torch.testing.assert_close(found[:, place], rise / (2 * step), rtol=1e-6, atol=1e-5)


def test_gradient_is_the_product_of_theorem_1_with_targets_by_member():
    inputs, targets = task(5)
    weights = random(2, 3, 10)
    found = energy.gradient(weights, inputs, torch.stack([targets, 2 * targets]))
    for member, scale in ((0, 1), (1, 4)):
        for neuron in range(3):
            hidden = inputs @ weights[member, neuron]
            expected = inputs.T @ torch.diag(2 * hidden) @ targets @ targets.T @ hidden.square()
            torch.testing.assert_close(found[member, neuron], scale * expected)


@pytest.mark.parametrize("modulus", [7, 8, 11])
def test_fourier_form_of_the_energy(modulus):
    weights = random(4, 2 * modulus)
    torch.testing.assert_close(energy.modular_energy(weights), energy.energy(weights, *task(modulus)))


@pytest.mark.parametrize("modulus", [7, 8, 11, 23])
def test_single_frequencies_are_critical_points_of_known_energy(modulus):
    inputs, targets = task(modulus)
    for frequency in range(1, modulus // 2 + 1):
        for sign in (0.0, math.pi):  # [u; Pu] and [u; -Pu]
            phase = 0.0 if 2 * frequency == modulus else 0.7
            w = energy.maximiser(modulus, frequency, phase, sign - phase)
            u, v = w.split(modulus)
            torch.testing.assert_close(v, math.cos(sign) * u.flip(0).roll(1), atol=1e-12, rtol=0)
            assert w.norm().item() == pytest.approx(1)
            slope = energy.gradient(w[None], inputs, targets)[0]
            assert energy.tangent(w, slope).norm() < 1e-13 * modulus
            value = energy.energy(w[None], inputs, targets).item()
            assert value == pytest.approx(boundary.energy_of_feature(modulus, frequency), rel=1e-12)
            assert slope @ w == pytest.approx(4 * value)


def test_highest_frequency_of_an_even_modulus_has_twice_the_energy():
    assert boundary.energy_of_feature(8, 4) == 2 * boundary.energy_of_feature(8, 3) == 4
    assert boundary.energy_of_feature(11, 5) == 11 / 4


def test_printed_energy_is_that_of_half_the_squared_norm():
    w = energy.maximiser(11, 2, 0.3)
    assert energy.energy(w[None] / math.sqrt(2), *task(11)).item() == pytest.approx(11 / 16)
    assert boundary.energy_of_feature(11, 2, norm=math.sqrt(0.5)) == pytest.approx(11 / 16)


def test_phases_do_not_matter_but_leave_the_reflected_form():
    w = energy.maximiser(11, 3, 0.4, 1.1)
    u, v = w.split(11)
    reflected = u.flip(0).roll(1)
    assert energy.energy(w[None], *task(11)).item() == pytest.approx(11 / 4)
    assert torch.cosine_similarity(reflected, v, dim=0).item() == pytest.approx(math.cos(1.5))
    torch.testing.assert_close(energy.maximiser(11, 3, 0.4), energy.maximiser(11, 3, 0.4, -0.4))


def test_maximisers_are_maxima_of_the_sphere():
    inputs, targets = task(11)
    w = energy.maximiser(11, 2, 0.5)
    nearby = w + 0.05 * random(200, 22)
    nearby /= nearby.norm(dim=1, keepdim=True)
    assert (energy.energy(nearby, inputs, targets) <= 11 / 4 + 1e-12).all()


def test_ridge_is_where_the_gradient_of_its_loss_vanishes():
    features, targets, decay = random(2, 9, 4), random(2, 9, 3, name="targets"), 0.3
    found = energy.ridge(features, targets, decay)
    slope = features.mT @ (features @ found - targets) + decay * found
    assert slope.abs().max() < 1e-12
    assert found.shape == (2, 4, 3)


def test_boundary_is_that_of_the_authors_code():
    assert boundary.boundary_fraction(23) == pytest.approx(2.7482 * math.log(23) / 23)
    assert boundary.boundary_fraction(23) == pytest.approx(0.375, abs=5e-4)
    assert boundary.boundary_constant(boundary.boundary_fraction(71, 3.0), 71) == pytest.approx(3)
