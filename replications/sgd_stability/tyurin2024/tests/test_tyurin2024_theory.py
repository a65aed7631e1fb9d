"""Closed forms, margins and bounds, against plain loops and an independent solver."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.svm import SVC
from tyurin2024_plain import plain

from replications.sgd_stability.tyurin2024 import theory


@pytest.mark.parametrize("n", [3, 4, 5, 7, 9, 10, 11, 25, 40, 97, 100, 128])
def test_the_worst_case_takes_as_many_iterations_as_its_closed_form_says(n):
    assert plain(theory.worst_case(n), "perceptron")[0] == theory.worst_case_iterations(n)


@given(st.integers(3, 10**6))
def test_the_closed_form_is_the_first_step_that_separates(n):
    """In integers: 8 n times the first row's product after k further steps is 8 - 3 n + 10 k."""
    k = theory.worst_case_iterations(n) - 1
    assert 8 - 3 * n + 10 * k > 0
    assert 8 - 3 * n + 10 * (k - 1) <= 0
    assert 5 * n - 8 - 6 * k > 0, "the other rows, 8 n times their product, stay right"


@given(st.integers(1, 10**5))
def test_multiples_of_ten_take_a_three_tenths_and_one(tens):
    assert theory.worst_case_iterations(10 * tens) == 3 * tens + 1


def test_the_worst_case_of_the_paper():
    rows = theory.worst_case(1000)
    assert rows.shape == (1000, 2)
    assert rows[0].tolist() == [0.5, -1.0]
    assert (rows[1:] == [0.5, 1.0]).all()
    assert theory.radius(rows) == pytest.approx(1.25**0.5)
    assert theory.margin(rows).value == pytest.approx(0.5)
    assert theory.worst_case_iterations(1000) == 301
    assert [theory.worst_case_iterations(n) for n in (1, 2)] == [1, 1]


def separable(seed: int, n: int, d: int, gap: float) -> np.ndarray:
    """Rows with a positive product with some direction, which need not be the best one."""
    stream = np.random.default_rng(seed)
    rows, direction = stream.normal(size=(n, d)), stream.normal(size=d)
    direction /= np.linalg.norm(direction)
    products = rows @ direction
    return rows + np.outer(np.abs(products) + gap - products, direction)


SETS = st.builds(separable, st.integers(0, 2**32), st.integers(1, 20), st.integers(1, 6), st.floats(0.05, 2))


@settings(max_examples=60, deadline=None)
@given(SETS)
def test_the_margin_is_that_of_a_support_vector_machine(rows):
    found = theory.margin(rows)
    machine = SVC(kernel="linear", C=1e9, tol=1e-9).fit(
        np.r_[rows, -rows], np.r_[np.ones(len(rows)), -np.ones(len(rows))]
    )
    assert found.value == pytest.approx(1 / np.linalg.norm(machine.coef_), rel=2e-3)
    assert found.attained == pytest.approx(found.value, rel=1e-8)
    assert (rows @ found.direction >= found.attained - 1e-12).all()
    assert np.linalg.norm(found.direction) == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(SETS, st.integers(0, 2**32))
def test_no_direction_has_a_larger_margin(rows, seed):
    direction = np.random.default_rng(seed).normal(size=rows.shape[1])
    assert (rows @ direction).min() / np.linalg.norm(direction) <= theory.margin(rows).value * (1 + 1e-9)


@settings(max_examples=40, deadline=None)
@given(SETS)
def test_data_with_an_input_of_both_labels_have_no_margin(rows):
    found = theory.margin(np.r_[rows, -rows[:1]])
    assert found.value == 0
    assert found.attained <= 0


@settings(max_examples=60, deadline=None)
@given(SETS)
def test_both_perceptrons_stay_below_their_bounds(rows):
    """Theorems 3.3 and 5.3."""
    n, radius, margin = len(rows), theory.radius(rows), theory.margin(rows).value
    assume(n * radius**2 / margin**2 < 20_000)
    perceptron, _ = plain(rows, "perceptron", cap=20_000)
    normalised, _ = plain(rows, "normalised_perceptron", cap=20_000)
    assert 0 < perceptron <= theory.batch_perceptron_bound(n, radius, margin) * (1 + 1e-9)
    assert 0 < normalised <= theory.normalised_perceptron_bound(radius, margin) * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(SETS, st.floats(0.05, 1000))
def test_normalised_descent_stays_below_its_bound(rows, step_size):
    """Theorem 6.1."""
    n, radius, margin = len(rows), theory.radius(rows), theory.margin(rows).value
    limit = theory.normalised_descent_bound(n, radius, margin, step_size) * (1 + 1e-9)
    assume(limit < 20_000)
    assert 0 < plain(rows, "normalised_descent", step_size, cap=20_000)[0] <= limit


def test_bounds_by_hand():
    """R = 2, mu = 1/2, n = 5: 16 and 5 times that; log 9 of the third over gamma = 4 is halved and divided by 1/4."""
    assert theory.normalised_perceptron_bound(2.0, 0.5) == 16
    assert theory.batch_perceptron_bound(5, 2.0, 0.5) == 80
    assert theory.normalised_descent_bound(5, 2.0, 0.5, 4.0) == pytest.approx(16 + 2 * np.log(9) / (4 * 0.25))


def test_a_single_row_attains_the_bound():
    rows = np.array([[3.0, 4.0]])
    margin = theory.margin(rows).value
    assert margin == pytest.approx(5)
    assert theory.normalised_perceptron_bound(theory.radius(rows), margin) == pytest.approx(1)
    assert plain(rows, "normalised_perceptron")[0] == 1
