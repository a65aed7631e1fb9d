"""Machines over tokens against closed forms, duality, a general solver, and what cannot be separated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from replications.attention_svm.science.multi_token import generalised_svm
from replications.attention_svm.science.nuclear import nuclear_svm
from replications.attention_svm.science.svm import (
    attention_svm,
    correlation,
    least_norm,
    rank,
    separations,
    unsolvable,
)


def drawn(n: int, size: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tokens, queries and scores of random data."""
    stream = np.random.default_rng(seed)
    return stream.normal(size=(n, size, d)), stream.normal(size=(n, d)), stream.normal(size=(n, size))


def test_two_tokens_of_one_input():
    """W = D / |D|^2 with D = (x_a - x_b) z^T, for both norms."""
    tokens, queries, _ = drawn(1, 2, 3)
    apart = np.outer(tokens[0, 1] - tokens[0, 0], queries[0])
    for norm in ("frobenius", "nuclear"):
        found = attention_svm(tokens, np.array([[0.0, 1.0]]), queries, norm)
        assert found.matrix == pytest.approx(apart / (apart**2).sum(), rel=1e-6)
        assert abs(found.gap) < 1e-7


@pytest.mark.parametrize(("n", "size"), [(3, 4), (2, 2), (4, 3)])
def test_orthonormal_tokens_and_queries(n, size):
    """||W||_F^2 = n (T - 1)/T: the selected token's row has (T - 1)/T, every other -1/T."""
    d = n * size
    basis = np.linalg.qr(np.random.default_rng(1).normal(size=(d, d)))[0]
    tokens, queries = basis.reshape(n, size, d), np.eye(d)[:n]
    scores = np.eye(size)[np.arange(n) % size]
    found = attention_svm(tokens, scores, queries)
    assert (found.matrix**2).sum() == pytest.approx(n * (size - 1) / size)
    for i in range(n):
        weights = np.full(size, -1 / size)
        weights[i % size] = 1 - 1 / size
        assert found.matrix @ queries[i] == pytest.approx(weights @ tokens[i])


@pytest.mark.parametrize("seed", range(4))
def test_the_frobenius_machine_is_optimal(seed):
    """Constraints hold, W is a non-negative combination of tight ones, and ||W||^2 is the sum of multipliers."""
    tokens, queries, scores = drawn(4, 5, 6, seed)
    rows = separations(tokens, queries, scores.argmax(1))
    found = least_norm(rows)
    products = (rows * found.matrix).sum((1, 2))
    assert products.min() >= 1 - 1e-9
    assert found.multipliers.min() >= 0
    assert found.multipliers[products > 1 + 1e-6] == pytest.approx(0)
    assert (found.multipliers[:, None, None] * rows).sum(0) == pytest.approx(found.matrix, abs=1e-10)
    assert (found.matrix**2).sum() == pytest.approx(found.multipliers.sum(), rel=1e-10)
    assert abs(found.gap) < 1e-10
    assert rank(found.matrix) <= 4


def test_a_general_solver_finds_no_smaller_norm():
    tokens, queries, scores = drawn(2, 3, 3, 5)
    rows = separations(tokens, queries, scores.argmax(1))
    flat = rows.reshape(len(rows), -1)
    limits = {"type": "ineq", "fun": lambda w: flat @ w - 1, "jac": lambda w: flat}

    def least(value) -> float:
        best = minimize(
            value, least_norm(rows).matrix.ravel() * 1.2, method="SLSQP", constraints=limits, options={"maxiter": 400}
        )
        return best.fun

    assert np.linalg.norm(least_norm(rows).matrix) ** 2 == pytest.approx(least(lambda w: w @ w), rel=1e-5)
    nuclear = attention_svm(tokens, scores, queries, "nuclear")
    smallest = np.linalg.svd(nuclear.matrix, compute_uv=False).sum()
    assert smallest <= least(lambda w: np.linalg.svd(w.reshape(3, 3), compute_uv=False).sum()) * (1 + 1e-6)
    assert smallest < np.linalg.svd(least_norm(rows).matrix, compute_uv=False).sum() * (1 - 1e-3)


def test_rows_are_differences_from_the_selected_token():
    tokens, queries, _ = drawn(2, 3, 2)
    rows = separations(tokens, queries, np.array([1, 0]))
    pairs = [(0, 1, 0), (0, 1, 2), (1, 0, 1), (1, 0, 2)]
    assert rows.shape == (4, 2, 2)
    for row, (i, a, t) in zip(rows, pairs, strict=True):
        assert row == pytest.approx(np.outer(tokens[i, a] - tokens[i, t], queries[i]))
    both = separations(np.stack([tokens, -tokens]), np.stack([queries, queries]), np.array([[1, 0], [2, 1]]))
    assert both[0] == pytest.approx(rows)
    assert both[1, 0] == pytest.approx(-np.outer(tokens[0, 2] - tokens[0, 0], queries[0]))


def test_queries_are_the_first_tokens_if_none_are_given():
    tokens, _, scores = drawn(3, 4, 5)
    found, named = attention_svm(tokens, scores), attention_svm(tokens, scores, tokens[:, 0])
    assert found.matrix == pytest.approx(named.matrix)


def test_what_cannot_be_separated_is_told():
    """Opposite differences, and a selected token amid the others."""
    rows = np.array([[[1.0, 0], [0, 0]], [[-1, 0], [0, 0]]])
    assert least_norm(rows) is None
    tokens = np.array([[[0.0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]])
    assert attention_svm(tokens, np.array([[1.0, 0, 0, 0, 0]]), np.ones((1, 2))) is None
    assert attention_svm(tokens, np.array([[0.0, 1, 0, 0, 0]]), np.ones((1, 2))) is not None


def test_barely_separable_data_are_solved_to_full_precision():
    """Draws whose least norm is some thousand times larger than usual: multipliers of rounding must not spoil it."""
    rows = np.array([[[1.0, 0]], [[-1 + 1e-4, 1e-4]]])
    found = least_norm(rows)
    assert found.matrix[0] == pytest.approx([1, 1e4 * (2 - 1e-4)], rel=1e-8)
    assert (rows * found.matrix).sum((1, 2)).min() >= 1 - 1e-9


def test_nuclear_machines_are_certified_and_of_lower_rank():
    problems = [drawn(6, 5, 8, seed) for seed in range(6)]
    rows = np.stack([separations(tokens, queries, scores.argmax(1)) for tokens, queries, scores in problems])
    found = nuclear_svm(rows)
    assert found.gaps.max() <= 1e-8
    assert (found.matrices[:, None] * rows).sum((2, 3)).min() >= 1 - 1e-9
    combined = (found.multipliers[..., None, None] * rows).sum(1)
    assert np.linalg.norm(combined, 2, axis=(1, 2)) == pytest.approx(1)
    assert found.multipliers.min() >= 0
    norms = np.linalg.svd(found.matrices, compute_uv=False).sum(1)
    assert 1 - found.multipliers.sum(1) / norms == pytest.approx(found.gaps, abs=1e-12)
    frobenius = np.stack([least_norm(each).matrix for each in rows])
    assert (norms <= np.linalg.svd(frobenius, compute_uv=False).sum(1)).all()
    assert (rank(found.matrices) < rank(frobenius)).all()


def test_a_solver_that_stops_early_has_full_rank():
    tokens, queries, scores = drawn(6, 5, 8)
    rows = separations(tokens, queries, scores.argmax(1))[None]
    loose, exact = nuclear_svm(rows, gap=1e-3), nuclear_svm(rows)
    assert loose.gaps[0] > exact.gaps[0]
    assert (np.linalg.svd(loose.unfinished[0], compute_uv=False) > 1e-7).sum() > rank(exact.matrices[0])
    assert nuclear_svm(rows, iterations=1).gaps[0] > 1e-3
    assert len(nuclear_svm(rows[:0]).gaps) == 0


def test_one_kept_token_gives_the_ordinary_machine():
    tokens, queries, scores = drawn(3, 4, 5)
    probabilities = np.eye(4)[scores.argmax(1)]
    found = generalised_svm(tokens, queries, probabilities)
    assert found.direction == pytest.approx(attention_svm(tokens, scores, queries).matrix)
    assert not found.finite.any()
    assert generalised_svm(tokens, queries, np.full((3, 4), 0.25)) is None


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_generalised_machine_satisfies_its_constraints(seed):
    tokens, queries, _ = drawn(3, 4, 5, seed)
    probabilities = np.array([[0.6, 0.4, 0, 0], [0, 0.1, 0, 0.9], [0, 0, 1, 0]])
    found = generalised_svm(tokens, queries, probabilities)
    logits = np.einsum("ntd,de,ne->nt", tokens, found.direction, queries)
    assert logits[0, 0] == pytest.approx(logits[0, 1], abs=1e-9)
    assert logits[1, 1] == pytest.approx(logits[1, 3], abs=1e-9)
    kept = np.array([logits[0, 0], logits[1, 1], logits[2, 2]])
    gaps = (kept[:, None] - logits)[probabilities == 0]
    assert gaps.min() >= 1 - 1e-8
    finite = np.einsum("ntd,de,ne->nt", tokens, found.finite, queries)
    assert finite[0, 0] - finite[0, 1] == pytest.approx(np.log(1.5), abs=1e-8)
    assert finite[1, 1] - finite[1, 3] == pytest.approx(np.log(1 / 9), abs=1e-8)
    assert (found.finite * found.direction).sum() == pytest.approx(0, abs=1e-8)
    matrix = found.finite + 3 * found.direction
    assert found.nearest(matrix) == pytest.approx(matrix)
    off = np.random.default_rng(seed).normal(size=(5, 5))
    nearest = found.nearest(off)
    assert ((off - nearest) * found.direction).sum() == pytest.approx(0, abs=1e-8)


def test_correlations_have_no_scale_and_ranks_a_relative_tolerance():
    first, second = np.random.default_rng(0).normal(size=(2, 4, 3, 3))
    assert correlation(first, second) == pytest.approx(correlation(7 * first, 0.1 * second))
    assert correlation(first, first) == pytest.approx(1)
    assert correlation(first, -first) == pytest.approx(-1)
    assert np.isnan(correlation(first, 0 * first)).all()
    assert rank(1e-12 * np.diag([1.0, 1e-6, 1e-8])) == 2
    assert rank(unsolvable((3, 3), 2).matrix) == 0


@pytest.mark.parametrize("seed", range(3))
def test_with_equal_scores_no_finite_weights_are_stationary(seed):
    """-grad L has a positive product with the machine of the best tokens, wherever W is (derived here)."""
    stream = np.random.default_rng(seed)
    tokens, queries, _ = drawn(3, 4, 5, seed)
    best, gains = np.array([0, 2, 1]), np.full((3, 4), -0.3)
    gains[np.arange(3), best] = 0.7  # y v . x_t
    machine = least_norm(separations(tokens, queries, best)).matrix
    for scale in (0.1, 1, 10):
        matrix = scale * stream.normal(size=(5, 5))
        logits = np.einsum("ntd,de,ne->nt", tokens, matrix, queries)
        s = np.exp(logits - logits.max(1, keepdims=True))
        s /= s.sum(1, keepdims=True)
        mean = (s * gains).sum(1, keepdims=True)
        pull = np.einsum("nt,ntd,ne->de", s * (gains - mean) / (1 + np.exp(mean)), tokens, queries) / 3
        assert (pull * machine).sum() > 0
