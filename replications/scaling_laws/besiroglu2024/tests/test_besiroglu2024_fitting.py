"""The law, the batched solver, the bootstrap and the policy."""

import numpy as np
import pytest
from scipy import integrate, optimize

from replications.scaling_laws.besiroglu2024 import bench, published
from replications.scaling_laws.besiroglu2024.fitting import inference, law, solver

N, D, L = bench.synthetic_runs()


def test_solver_recovers_any_law_from_exact_data():
    stream = np.random.default_rng(5)
    for _ in range(5):
        theta = published.REFIT + stream.normal(0, [0.3, 0.3, 0.05, 0.03, 0.03])
        found = solver.minimise(N, D, law.loss(theta, N, D), np.stack([published.HOFFMANN, published.REFIT]))
        np.testing.assert_allclose(found.theta[np.argmin(found.objective)], theta, atol=1e-6)


def test_batch_equals_single_fits_and_scipy():
    counts = inference.resamples(len(N), 6, 1)
    together = solver.minimise(N, D, L, np.repeat(published.HOFFMANN[None], 6, 0), counts)
    assert together.converged.all()
    for k, count in enumerate(counts):
        alone = solver.minimise(N, D, L, published.HOFFMANN[None], count[None])
        np.testing.assert_allclose(alone.theta[0], together.theta[k], rtol=1e-7)
        repeated = solver.minimise(*(np.repeat(column, count) for column in (N, D, L)), published.HOFFMANN[None])
        np.testing.assert_allclose(repeated.objective[0], together.objective[k], rtol=1e-9)
        assert inference.scipy_minimum(N, D, L, published.HOFFMANN, count)[1] == pytest.approx(
            together.objective[k], rel=1e-6
        )


def test_wide_delta_is_least_squares():
    found = solver.minimise(N, D, L, published.REFIT[None], delta=10.0).theta[0]
    reference = optimize.least_squares(
        lambda theta: np.log(L) - law.log_loss(theta, N, D), published.REFIT, xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    np.testing.assert_allclose(found, reference.x, rtol=1e-5)


def test_least_absolute_deviations_cannot_be_improved_by_linear_programming():
    theta = inference.least_absolute_deviations(N, D, L, published.REFIT)
    residual = np.log(L) - law.log_loss(theta, N, D)
    jacobian = optimize.approx_fprime(theta, lambda point: law.log_loss(point, N, D), 1e-7)
    rows = len(N)
    result = optimize.linprog(
        np.r_[np.zeros(5), np.ones(rows)],
        np.block([[jacobian, -np.eye(rows)], [-jacobian, -np.eye(rows)]]),
        np.r_[residual, -residual],
        bounds=[(-0.01, 0.01)] * 5 + [(0, None)] * rows,
    )
    assert result.fun >= np.abs(residual).sum() * (1 - 1e-5)


def test_gradient_and_normaliser():
    numeric = optimize.approx_fprime(published.HOFFMANN, lambda theta: law.objective(theta, N, D, L), 1e-7)
    np.testing.assert_allclose(law.gradient(published.HOFFMANN, N, D, L), numeric, rtol=1e-3, atol=1e-6)
    area = 2 * integrate.quad(lambda x: np.exp(-law.huber(x, 0.5)), 0, np.inf)[0]
    assert law.huber_normaliser(0.5) == pytest.approx(area, rel=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_solver_steps_by_the_gradient_and_hessian_of_its_objective(weighted):
    """Against central differences; the quadratic part holds about half of the rows."""
    rows, delta = solver.Rows.of(N, D, L), 0.006
    weight = np.random.default_rng(1).integers(0, 3, (1, len(N))).astype(float) if weighted else None

    def at(point: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(part[0] for part in solver._derivatives(rows, point[None], weight, delta, np.zeros(1, bool)))

    residuals = np.log(L) - law.log_loss(published.REFIT, N, D)
    assert 0.3 < (np.abs(residuals) < delta).mean() < 0.7
    point = rows.centre(published.REFIT[None])[0]
    value, slope, hessian = at(point)
    assert value == pytest.approx((law.huber(residuals, delta) * (weight[0] if weighted else 1)).sum())
    for k, step in enumerate(1e-7 * np.eye(5)):
        (high, high_slope, _), (low, low_slope, _) = at(point + step), at(point - step)
        assert slope[k] == pytest.approx((high - low) / 2e-7, rel=1e-4, abs=1e-6)
        np.testing.assert_allclose(hessian[k], (high_slope - low_slope) / 2e-7, rtol=1e-4, atol=1e-4)


def test_early_steps_use_the_normal_matrix_of_reweighted_least_squares():
    rows, delta = solver.Rows.of(N, D, L), 0.006
    point = rows.centre(published.REFIT[None])
    _, _, (matrix,) = solver._derivatives(rows, point, None, delta, np.ones(1, bool))
    residuals = np.log(L) - law.log_loss(published.REFIT, N, D)
    steps = 1e-6 * np.eye(5)
    ends = [law.log_loss(rows.restore(point + sign * steps), N, D) for sign in (1, -1)]
    jacobian = (ends[0] - ends[1]).T / 2e-6
    expected = jacobian.T @ (jacobian * np.minimum(1, delta / np.abs(residuals))[:, None])
    np.testing.assert_allclose(matrix, expected, rtol=1e-6, atol=1e-6)


def test_policy_minimises_loss_on_the_budget():
    compute = np.logspace(18, 26, 9)
    best_N, best_D = law.policy(published.REFIT, compute)
    np.testing.assert_allclose(6 * best_N * best_D, compute, rtol=1e-12)
    best = law.loss(published.REFIT, best_N, best_D)
    for factor in (0.9, 1.1):
        assert (law.loss(published.REFIT, best_N * factor, best_D / factor) > best).all()
    equal = np.array([6.0, 7.0, 0.5, 0.35, 0.35])
    assert np.ptp(law.tokens_per_parameter(equal, compute)) < 1e-9


def test_units_of_parameters_move_a_alone():
    moved = published.REFIT.copy()
    moved[0] += moved[3] * np.log(1e9)
    assert law.objective(moved, 1e9 * N, D, L) == pytest.approx(law.objective(published.REFIT, N, D, L), rel=1e-10)


def test_resamples_are_the_notebook_generator():
    state = np.random.get_state()
    np.random.seed(42)
    expected = [np.bincount(np.random.choice(np.arange(10), 10, replace=True), minlength=10) for _ in range(3)]
    np.random.set_state(state)
    np.testing.assert_array_equal(inference.resamples(10, 3, 42), expected)


def test_highest_losses_are_dropped_strictly():
    losses = np.array([3.0, 5.0, 4.0, 4.0, 2.0])
    assert inference.keep_all_but_highest(losses, 2).tolist() == [True, False, False, False, True]
    assert inference.keep_all_but_highest(losses, 0).all()
