"""Oracles of the refit: nil where the code is right, and of known size where it is not."""

import math

import numpy as np
import pytest
from besiroglu2024_refit import HUBER, KEPT, D, L, N, exact, measured, predicted, theta

from replications.scaling_laws.besiroglu2024.fitting import law, solver
from verifig.measuring.tables import Tables
from verifig.training.seeds import derive


@pytest.fixture(scope="module")
def out() -> Tables:
    return measured()


def test_exact_facts_hold_to_rounding(out):
    assert exact(out, "unit_change")[""] <= 1e-10
    assert exact(out, "order_change")[""] <= 1e-12
    assert exact(out, "budget_error")[""] <= 1e-12
    assert exact(out, "policy_slope")[""] <= 1e-6
    assert exact(out, "recovery_error")[""] <= 1e-6


def test_scipy_disagreement_is_the_largest_on_either_side(out):
    assert exact(out, "scipy_disagreement") == pytest.approx({"": 3e-4})


def test_an_objective_that_depends_on_units_and_order_is_seen(monkeypatch):
    def lopsided(theta, N, D, L) -> float:
        return theta[0] + np.arange(1, len(N) + 1) @ (np.log(N) + 2 * np.log(D) + 3 * np.log(L))

    monkeypatch.setattr(law, "objective", lopsided)
    out = measured()
    columns = [np.array([column[row] for row in KEPT]) for column in (N, D, L)]
    base = lopsided(theta(HUBER), *columns)
    million = math.log(1e6)
    unit = (0.345 * million + 36 * million) / base  # 1 + ... + 8 = 36
    assert exact(out, "unit_change") == pytest.approx({"": unit})
    order = np.random.default_rng(derive("scaling_laws", "order")).permutation(8)
    mixed = lopsided(theta(HUBER), *(column[order] for column in columns))
    assert exact(out, "order_change") == pytest.approx({"": abs(mixed / base - 1)})


def test_a_policy_that_misses_budget_and_minimum_is_seen(monkeypatch):
    def careless(theta, compute, exponent=None):
        compute = np.asarray(compute, float)
        return 1e7 + 0 * compute, compute / 6e7 * np.where(compute < 1e20, 0.97, 1.01)

    monkeypatch.setattr(law, "policy", careless)
    out = measured()
    assert exact(out, "budget_error") == pytest.approx({"": 0.03})
    A, B, _, alpha, beta = HUBER
    budgets = [10 ** (18 + k / 8) for k in range(81)]
    tokens = [budget / 6e7 * (0.97 if budget < 1e20 else 1.01) for budget in budgets]
    slopes = [beta * B / d**beta - alpha * A / 1e7**alpha for d in tokens]
    assert max(slopes) < 0
    assert exact(out, "policy_slope") == pytest.approx({"": -min(slopes)}, rel=1e-6)


def test_a_solver_that_misses_the_law_is_seen(monkeypatch):
    given = {}

    def off(N, D, L, starts):
        given.update(N=N, D=D, L=L, starts=starts)
        found = np.array(theta(HUBER)) + [[0.5, 0, 0, 0, 0], [0, 0.01, -0.02, 0, 0.005]]
        return solver.Minima(found, np.array([2.0, 1.0]), np.array([3, 3]), np.array([True, True]))

    monkeypatch.setattr(solver, "minimise", off)
    assert exact(measured(), "recovery_error") == pytest.approx({"": 0.02})
    np.testing.assert_allclose(given["L"], [predicted(HUBER, N[row], D[row]) for row in KEPT], rtol=1e-12)
    assert (np.abs(given["starts"] - theta(HUBER)).max(1) > 0.05).all()  # the answer is not among the starts
