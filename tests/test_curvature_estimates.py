"""Eigenvalues, traces and densities without the matrix, against matrices whose spectrum is known."""

import math

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import ArpackNoConvergence

from verifig.curvature import estimates, lanczos
from verifig.curvature.operators import Operator
from verifig.ground.errors import InputError, RunError
from verifig.training.ensemble import generator

DOUBLE = torch.float64
torch.set_num_threads(1)
SPECTRUM = torch.cat([torch.linspace(-0.5, 1, 117, dtype=DOUBLE), torch.tensor([4.0, 9.0, 25.0], dtype=DOUBLE)])


def rotated(values: torch.Tensor) -> torch.Tensor:
    """A symmetric matrix with these eigenvalues."""
    square = torch.randn(len(values), len(values), generator=generator("rotation"), dtype=DOUBLE)
    basis = torch.linalg.qr(square).Q
    return basis @ torch.diag(values) @ basis.T


def operator_of(matrix: torch.Tensor, dtype: torch.dtype = DOUBLE) -> Operator:
    matrix = matrix.to(dtype)
    return Operator(lambda vectors: vectors @ matrix, len(matrix), dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [(DOUBLE, 1e-8), (torch.float32, 1e-5)])
def test_the_largest_eigenvalues_are_those_of_the_matrix(dtype, tolerance):
    matrix = rotated(SPECTRUM)
    values, vectors = estimates.top_eigenpairs(operator_of(matrix, dtype), 3)
    np.testing.assert_allclose(values, [25, 9, 4], rtol=tolerance)
    assert vectors.shape == (3, 120)
    np.testing.assert_allclose(vectors @ matrix.numpy(), values[:, None] * vectors, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    again, _ = estimates.top_eigenpairs(operator_of(matrix, dtype), 3)
    assert (values == again).all()


@pytest.mark.parametrize("size", [5, 120])
def test_the_largest_eigenvalue_may_be_negative(size):
    values, _ = estimates.top_eigenpairs(operator_of(rotated(-torch.arange(1.0, size + 1, dtype=DOUBLE))), 1)
    np.testing.assert_allclose(values, [-1], rtol=1e-8)


def test_all_eigenvalues_may_be_asked_for():
    values, vectors = estimates.top_eigenpairs(operator_of(rotated(SPECTRUM)), 120)
    np.testing.assert_allclose(values, SPECTRUM.flip(0), atol=1e-12)
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(120), atol=1e-12)


def test_operators_and_scipy_s_agree():
    matrix = rotated(SPECTRUM)
    scipy = operator_of(matrix).scipy()
    columns = np.random.default_rng(0).normal(size=(120, 4))
    np.testing.assert_allclose(scipy @ columns, matrix.numpy() @ columns)
    np.testing.assert_allclose(scipy @ columns[:, 0], matrix.numpy() @ columns[:, 0])
    torch.testing.assert_close(operator_of(matrix).dense(), matrix)
    assert operator_of(matrix, torch.float32).scipy().dtype == np.float32


@pytest.mark.parametrize("deflated", [0, 8])
def test_the_trace_lies_within_its_standard_errors(deflated):
    matrix, true = rotated(SPECTRUM), SPECTRUM.sum().item()
    found = [estimates.trace(operator_of(matrix), 20, deflated=deflated, seed=seed) for seed in range(60)]
    z = np.array([(each.value - true) / each.error for each in found])
    assert abs(z.mean()) < 0.5
    assert 0.7 < z.std() < 1.5
    scatter = np.std([each.value for each in found])
    assert 0.7 < np.mean([each.error for each in found]) / scatter < 1.3
    assert found[0] == estimates.trace(operator_of(matrix), 20, deflated=deflated, seed=0)


def test_deflation_takes_the_outliers_out_of_the_error():
    matrix = operator_of(rotated(SPECTRUM))
    plain, deflated = estimates.trace(matrix, 26), estimates.trace(matrix, 10, deflated=8)  # 26 products each
    assert deflated.error < plain.error / 2


def test_the_trace_is_exact_where_the_matrix_costs_no_more():
    found = estimates.trace(operator_of(rotated(SPECTRUM)), 120)
    assert found.value == pytest.approx(SPECTRUM.sum().item())
    assert found.error == 0
    assert estimates.trace(operator_of(rotated(SPECTRUM)), 60, deflated=30).error == 0
    assert estimates.trace(operator_of(rotated(SPECTRUM)), 60, deflated=29).error > 0
    low_rank = operator_of(rotated(torch.where(SPECTRUM > 1, SPECTRUM, 0.0)))
    assert estimates.trace(low_rank, 8, deflated=6).value == pytest.approx(38)  # rank 3: nothing is left to estimate


def test_the_density_has_the_moments_of_the_matrix_and_integrates_to_one():
    found = estimates.density(operator_of(rotated(SPECTRUM)), 24, 20)
    assert found.nodes.shape == found.weights.shape == (24, 20)
    np.testing.assert_allclose(found.weights.sum(1), 1)
    for order in (1, 2, 3):
        moment = found.moment(order)
        assert abs(moment.value - (SPECTRUM**order).mean().item()) < 3 * moment.error
    grid = np.linspace(-5, 30, 20_001)
    density = found.smoothed(grid, 0.2)
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-6)
    assert np.trapezoid(grid * density, grid) == pytest.approx(found.moment(1).value, rel=1e-4)
    np.testing.assert_allclose(found.nodes.max(1), 25, rtol=1e-10)
    np.testing.assert_allclose(found.nodes.min(1), -0.5, atol=0.05)
    outliers = found.share(2, 30)
    assert abs(outliers.value - 3 / 120) < 3 * outliers.error
    assert found.share(-1, 30).value == pytest.approx(1)


def test_standard_errors_are_those_of_a_mean():
    nodes = np.array([[1.0, 5.0], [3.0, 7.0]])
    found = estimates.Density(nodes, np.array([[1.0, 0.0], [0.5, 0.5]]), 9)
    assert found.moment(1) == estimates.Estimate(3.0, 2.0)  # the mean of 1 and 5
    assert found.share(1, 3) == estimates.Estimate(0.75, 0.25)


def test_one_probe_has_no_standard_error():
    assert math.isnan(estimates.density(operator_of(rotated(SPECTRUM)), 1, 5).moment(1).error)


def test_a_quadrature_is_exact_for_polynomials_of_degree_below_twice_its_nodes():
    matrix = rotated(SPECTRUM / 25)
    start = torch.randn(2, 120, generator=generator("start"), dtype=DOUBLE)
    found = lanczos.quadrature(lambda vectors: vectors @ matrix, start, 4)
    unit = start / start.norm(dim=1, keepdim=True)
    for order in range(8):
        exact = ((unit @ torch.linalg.matrix_power(matrix, order)) * unit).sum(1)
        torch.testing.assert_close((found.weights * found.nodes**order).sum(1), exact)


@pytest.mark.parametrize(("dtype", "digits"), [(DOUBLE, 9), (torch.float32, 4)])
def test_an_exhausted_space_repeats_nothing(dtype, digits):
    """Rank 3 of 120: three eigenvalues and zero, whatever the number of steps."""
    matrix = rotated(torch.where(SPECTRUM > 1, SPECTRUM, 0.0))
    found = estimates.density(operator_of(matrix, dtype), 3, 40)
    for nodes, weights in zip(found.nodes, found.weights, strict=True):
        np.testing.assert_array_equal(np.unique(nodes[weights > 1e-9].round(digits) + 0.0), [0, 4, 9, 25])
        assert (nodes > 3).sum() == 3
    zero = estimates.density(operator_of(torch.zeros(120, 120, dtype=DOUBLE)), 2, 5)
    assert not zero.nodes.any()


def test_every_row_of_a_batch_has_a_matrix_of_its_own():
    matrices = torch.stack([rotated(SPECTRUM), rotated(-1 - SPECTRUM), rotated(0 * SPECTRUM - 2), rotated(SPECTRUM)])
    matrices[3] *= math.nan
    start = torch.randn(4, 120, generator=generator("start"), dtype=DOUBLE)
    found = lanczos.largest(lambda vectors: torch.bmm(vectors[:, None], matrices)[:, 0], start, 60)
    true = torch.tensor([25, -0.5, -2, math.nan], dtype=DOUBLE)
    torch.testing.assert_close(found.values, true, atol=1e-3, rtol=0, equal_nan=True)
    assert (found.values[:3] <= true[:3] + 1e-12).all()
    assert (found.errors[:3] < 0.1).all()
    torch.testing.assert_close(found.vectors[:3].norm(dim=1), torch.ones(3, dtype=DOUBLE))
    moved = torch.bmm(found.vectors[:2, None], matrices[:2])[:, 0]
    residual = (moved - found.values[:2, None] * found.vectors[:2]).norm(dim=1)
    torch.testing.assert_close(residual, found.errors[:2])


@pytest.mark.parametrize("steps", [3, 6, 12])
def test_an_eigenvalue_lies_within_the_error_of_a_node(steps):
    start = torch.randn(5, 120, generator=generator("start"), dtype=DOUBLE)
    matrix = rotated(SPECTRUM)
    found = lanczos.quadrature(lambda vectors: vectors @ matrix, start, steps)
    distance = (found.nodes[..., None] - SPECTRUM).abs().amin(-1)
    assert (distance <= found.errors + 1e-10).all()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda a: estimates.top_eigenpairs(a, 0), "count = 0 must be between 1 and"),
        (lambda a: estimates.top_eigenpairs(a, 121), "the number of parameters, 120"),
        (lambda a: estimates.trace(a, 1), "probes = 1 must be at least 2"),
        (lambda a: estimates.density(a, 0), "probes = 0 and steps = 64 must be at least 1"),
        (lambda a: estimates.density(a, 1, 0), "steps = 0"),
    ],
)
def test_bad_numbers_are_refused(call, said):
    with pytest.raises(InputError, match=said):
        call(operator_of(rotated(SPECTRUM)))


@pytest.mark.parametrize("size", [5, 120])
@pytest.mark.parametrize("call", [estimates.top_eigenpairs, estimates.density])
def test_a_matrix_that_is_not_finite_is_refused(call, size):
    with pytest.raises(InputError, match="the curvature is not finite"):
        call(operator_of(torch.full((size, size), math.nan, dtype=DOUBLE)))


def test_what_does_not_converge_says_so(monkeypatch):
    def fails(*_, **__):
        raise ArpackNoConvergence("no", [], [])

    monkeypatch.setattr(estimates, "eigsh", fails)
    with pytest.raises(RunError, match="did not converge to a tolerance of 1e-06"):
        estimates.top_eigenpairs(operator_of(rotated(SPECTRUM)))
