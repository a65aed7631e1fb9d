"""Step sizes, the worst case and the laws: closed forms against plain sums, loops and solvers."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from replications.last_iterate.science import hard, laws, schedules


# ---- step sizes ------------------------------------------------------------------------------------------------------
def test_step_sizes_are_those_of_their_formulas():
    assert schedules.inverse_root(4) == pytest.approx([1, 2**-0.5, 3**-0.5, 0.5])
    assert schedules.constant(4) == pytest.approx([0.5] * 4)
    assert schedules.linear_decay(4) == pytest.approx([4 / 8, 3 / 8, 2 / 8, 1 / 8])
    assert schedules.linear_decay(2, 4) == pytest.approx([4 / 8, 3 / 8])
    assert schedules.tight_decay(3) == pytest.approx([3 / 8, 2 / 8, 1 / 8])


def test_guarantees():
    assert schedules.guarantee(3, gradient=2, distance=5) == 5
    assert schedules.constant_step_guarantee(3, 2, 5) == pytest.approx(5 * (1 + np.log(3) / 4) ** 0.5)
    assert schedules.constant_step_guarantee(1) == schedules.guarantee(1)


# ---- the worst case --------------------------------------------------------------------------------------------------
def written(size: int) -> np.ndarray:
    """The rows of the definition, entry by entry."""
    rows = np.zeros((size + 1, size))
    for i in range(1, size + 2):
        for j in range(1, size + 1):
            if j < i:
                rows[i - 1, j - 1] = 1 / (8 * (size - j + 1))
            elif i == j:
                rows[i - 1, j - 1] = -(i**0.5) / (2 * size**0.5)
    return rows


@pytest.mark.parametrize("size", [2, 5, 16])
def test_rows_products_and_norms_are_those_of_the_definition(size):
    a, b = hard.coefficients(size)
    rows, x = written(size), np.random.default_rng(size).normal(size=(3, size))
    np.testing.assert_allclose(hard.rows(a, b), rows)
    np.testing.assert_allclose(hard.values(x, a, b), x @ rows.T, atol=1e-14)
    assert hard.largest_norm(a, b) == pytest.approx(np.linalg.norm(rows, axis=1).max())


@pytest.mark.parametrize("size", [2, 16, 64])
def test_the_minimum_is_zero_at_the_start(size):
    """Positive weights add the rows up to 0; a solver finds the same distance of 0 from their hull."""
    a, b = hard.coefficients(size)
    rows, weights = hard.rows(a, b), hard.hull_weights(a, b)
    assert weights.min() > 0
    assert weights.sum() == pytest.approx(1)
    assert np.abs(weights @ rows).max() < 1e-15
    system, target = np.vstack([rows.T, np.ones(size + 1)]), np.r_[np.zeros(size), 1]
    found = lsq_linear(system, target, (0, np.inf), method="bvls", tol=1e-14).x
    assert np.linalg.norm(found @ rows) < 1e-4 / size**0.5
    points = np.random.default_rng(0).normal(size=(200, size))
    assert hard.values(points, a, b).max(1).min() > 0
    assert hard.values(np.zeros(size), a, b).max() == 0


@pytest.mark.parametrize("schedule", [schedules.inverse_root, schedules.constant, schedules.linear_decay])
def test_the_closed_form_is_where_a_plain_loop_over_the_rows_ends(schedule):
    size, rows = 40, written(40)
    x, steps = np.zeros(size), schedule(40)
    for t in range(size):
        products = rows @ x
        assert np.argmax(products >= products.max() - 1e-12) == t
        x = x - steps[t] * rows[t]
    np.testing.assert_allclose(hard.last_in_order(steps, *hard.coefficients(size)), x, atol=1e-15)
    assert hard.last_value(steps) == pytest.approx((rows @ x).max(), abs=1e-15)
    assert hard.last_value(np.stack([steps, 2 * steps])) == pytest.approx(np.array([1, 2]) * (rows @ x).max())


def test_coordinates_in_another_order_change_nothing():
    """The same rows with permuted columns: the same values along the way."""
    size, rows = 24, written(24)
    other, steps = np.random.default_rng(0).permutation(size), schedules.inverse_root(24)

    def end(rows):
        x = np.zeros(size)
        for step in steps:
            products = rows @ x
            x = x - step * rows[np.argmax(products >= products.max() - 1e-12)]
        return (rows @ x).max()

    assert end(rows[:, other]) == pytest.approx(end(rows), abs=1e-14)


def test_limits_of_growth_and_level():
    sizes = [10**4, 10**5]
    for schedule in (schedules.inverse_root, schedules.constant):
        low, high = (size**0.5 * hard.last_value(schedule(size)) for size in sizes)
        assert (high - low) / np.log(10) == pytest.approx(hard.LOG_SLOPE, rel=3e-4)
    assert sizes[1] ** 0.5 * hard.last_value(schedules.linear_decay(sizes[1])) == pytest.approx(
        hard.DECAY_LIMIT, rel=1e-4
    )


# ---- laws ------------------------------------------------------------------------------------------------------------
def test_the_quadratic_s_moments_step_by_step():
    found = laws.quadratic_errors(1.5, 2, start=4, curvature=3, noise=2)
    first = (1 - 0.75) ** 2 * 4 + (0.75 * 2 / 3) ** 2
    second = (1 - 0.5) ** 2 * first + (0.5 * 2 / 3) ** 2
    assert found == pytest.approx([6, 1.5 * first, 1.5 * second])


@pytest.mark.parametrize("multiple", [0.8, 1, 2])
def test_the_quadratic_comes_to_its_limit(multiple):
    found = 20000 * laws.quadratic_errors(multiple, 20000, curvature=2, noise=3)[-1]
    assert found == pytest.approx(laws.quadratic_limit(multiple, curvature=2, noise=3), rel=0.01)


def test_the_quadratic_has_no_limit_at_one_half_and_its_best_is_at_one():
    assert laws.quadratic_limit(0.5) == np.inf
    assert laws.quadratic_limit(0.51) < np.inf
    assert laws.quadratic_limit(1) == 0.5
    assert min(laws.quadratic_limit(c) for c in np.linspace(0.6, 3, 241)) == pytest.approx(0.5)


def test_the_sharp_error_balances_what_a_step_takes_and_adds():
    step, slope, noise = 0.1, 2.0, 3.0
    error = laws.sharp_error(step, slope, noise)
    assert 2 * step * error == pytest.approx(step**2 * (slope**2 + noise**2))
