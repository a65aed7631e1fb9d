"""What the program computes for the statistics to copy, against plain references."""

from types import SimpleNamespace

import numpy as np
import pytest

from replications.scaling_laws.besiroglu2024 import bench, published
from replications.scaling_laws.besiroglu2024.experiments import chinchilla
from replications.scaling_laws.besiroglu2024.fitting import inference, law, solver

QUIET = SimpleNamespace(facts={}, progress=lambda *words: None)  # a job


def test_each_point_fit_has_its_rows_and_its_delta(monkeypatch):
    rows = [
        np.arange(1.0, 31),
        np.arange(2.0, 32),
        np.arange(30) * 7 % 30 + 1.0,
    ]  # losses 1 ... 30 in disorder
    calls = []

    def minimise(N, D, L, starts, delta=law.DELTA, **_):
        calls.append((set(L), delta))
        found = np.full((len(starts), 5), float(len(calls)))
        found[1] += 0.5
        return solver.Minima(found, np.array([2.0, 1.0])[: len(starts)], np.ones(2), np.ones(2, bool))

    def deviations(N, D, L, start):
        return np.array([len(L), *start[:4]])

    monkeypatch.setattr(solver, "minimise", minimise)
    monkeypatch.setattr(inference, "least_absolute_deviations", deviations)
    kept = rows[2] < 26
    found = chinchilla._point_fits([column[kept] for column in rows], rows, np.zeros(5), 0.1)
    dropped = [set(np.arange(1.0, 31 - count)) for count in (0, 5, 10, 20)]
    assert calls == [*((each, 1e-3) for each in dropped), (dropped[1], 0.1)]
    assert found["theta_ablated"][:, 0].tolist() == [1.5, 2.5, 3.5, 4.5]  # the start with the lower objective
    assert found["theta_wrong_delta"][0] == 5.5
    assert found["theta_lad"].tolist() == [25, 0, 0, 0, 0]
    assert found["theta_lad_all"].tolist() == [30, 1.5, 1.5, 1.5, 1.5]


def test_bootstrap_fits_and_their_checks_are_those_of_the_notebook_resamples(monkeypatch):
    data = bench.synthetic_runs(40)
    found = chinchilla._bootstrap(QUIET, {"bootstraps": 3, "solver_checks": 2}, data)
    state = np.random.RandomState(42)
    for theta in found["bootstrap_theta"]:
        chosen = state.choice(np.arange(40), 40, replace=True)
        columns = [column[chosen] for column in data]

        def deviation(point, columns=columns) -> float:
            N, D, L = columns
            A, B, E = np.exp(point[:3])
            gap = np.abs(np.log(L) - np.log(E + A / N ** point[3] + B / D ** point[4]))
            return np.where(gap <= 1e-3, gap**2 / 2, 1e-3 * (gap - 5e-4)).sum()

        moved = [deviation(theta + step) for step in 1e-2 * np.eye(5)] + [
            deviation(theta - step) for step in 1e-2 * np.eye(5)
        ]
        assert deviation(theta) < min(moved)
        assert deviation(theta) <= deviation(np.array(published.REFIT))
    assert found["bootstrap_converged"].tolist() == [True, True, True]
    np.testing.assert_allclose(found["scipy_over_ours"], [1, 1], atol=1e-6)
    monkeypatch.setattr(inference, "scipy_minimum", lambda *data: (None, 3.0))
    objectives = solver.minimise(*data, np.repeat(published.HOFFMANN[None], 2, 0), inference.resamples(40, 2, 42))
    found = chinchilla._bootstrap(QUIET, {"bootstraps": 3, "solver_checks": 2}, data)
    np.testing.assert_allclose(found["scipy_over_ours"], 3 / objectives.objective)


def test_ways_of_stopping_differ_by_factor_and_share_their_subsamples(monkeypatch):
    data, seen = bench.synthetic_runs(20), {}

    def lbfgs(columns, start, factor):
        seen.setdefault(factor, []).append((len(columns[0]), columns[0].sum()))
        value = {None: 1.0, 1.0: 2.0, 1e3: 3.0}[factor]
        return np.array([*start[:4], value]), np.arange(4)

    def minimise(N, D, L, starts, weights):
        seen["weights"] = weights
        return solver.Minima(starts + 7, *[np.ones(len(starts))] * 3)

    monkeypatch.setattr(chinchilla, "default_lbfgs", lbfgs)
    monkeypatch.setattr(solver, "minimise", minimise)
    found = chinchilla._early_stopping({"subsamples": 3, "random_starts": 2}, data, np.full(5, 0.5))
    assert [found[f"subsample_{name}"][:, 4].tolist() for name in ("mean", "sum", "scaled")] == [
        [1] * 3,
        [2] * 3,
        [3] * 3,
    ]
    assert found["subsample_converged"].tolist() == [[7.5] * 5] * 3
    assert seen["weights"].sum(1).tolist() == [16] * 3  # 80 % of 20 rows, each once
    assert seen["weights"].max() == 1
    drawn = [(16, pytest.approx(float(weights @ data[0]))) for weights in seen["weights"]]
    assert drawn[0] != drawn[1]
    assert [seen[factor][:3] for factor in (None, 1.0, 1e3)] == [drawn] * 3


def test_default_lbfgs_stops_early_unless_the_objective_is_scaled():
    data = bench.synthetic_runs(60)
    ends = {factor: chinchilla.default_lbfgs(data, published.HOFFMANN, factor) for factor in (None, 1.0, 1e3)}
    best = solver.minimise(*data, published.HOFFMANN[None]).objective[0]
    reached = [law.objective(ends[factor][0], *data) / best for factor in (None, 1.0, 1e3)]
    assert reached[0] > reached[1] > 1.1
    assert 1 - 1e-9 <= reached[2] < 1.02
    for end, trace in ends.values():
        assert trace[0] == pytest.approx(law.objective(published.HOFFMANN, *data))
        assert trace[-1] == pytest.approx(law.objective(end, *data))
