"""What the programs on published tables compute for the statistics to copy, against plain references."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from replications.scaling_laws import bench, published
from replications.scaling_laws.experiments import across_families, chinchilla, extrapolation
from replications.scaling_laws.fitting import extrapolation as rules
from replications.scaling_laws.fitting import inference, law, solver

QUIET = SimpleNamespace(facts={}, progress=lambda *words: None)  # a job


# ---- refit -----------------------------------------------------------------------------------------------------------


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


# ---- extrapolation -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def curves() -> pd.DataFrame:
    """Five sizes with unequal trainings and irregular losses."""
    stream, rows = np.random.default_rng(4), []
    for k, N in enumerate((1e8, 3e8, 1e9, 3e9, 5e10)):
        for step in range(1, 13 - k):
            rows.append((f"m{k}", N, step * (1 + 0.1 * k) * 8e9, 5 - 0.4 * k - 0.1 * step + stream.uniform(0, 0.2)))
    frame = pd.DataFrame(rows, columns=["model", "N", "D", "L"])
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


def rows_of(curves: pd.DataFrame) -> list[tuple]:
    """(index of the model, tokens, loss) by checkpoint."""
    return [(int(row.model[1:]), row.D, row.L) for row in curves.itertuples()]


def chosen(rows, models, share=1.0, cut=1e10, strict=True) -> list[float]:
    """Losses of training rows, by a plain loop."""
    longest = max(tokens for model, tokens, _ in rows if model in models)
    found = []
    for model, tokens, loss in rows:
        early = tokens < share * longest or (not strict and tokens == share * longest)
        if model in models and tokens > cut and early:
            found.append(loss)
    return found


def error(rows, prediction: float, share: float, cut: float = 0) -> float:
    """Mean relative error on the last checkpoints of model 4."""
    longest = max(tokens for model, tokens, _ in rows if model == 4)
    test = [loss for model, tokens, loss in rows if model == 4 and tokens >= share * longest and tokens > cut]
    return sum(abs(loss - prediction) / loss for loss in test) / len(test)


def test_every_grid_of_a_family_has_its_rows_and_its_target(monkeypatch, curves):
    """The fit is replaced by the mean loss of the rows that it is given."""

    def mean(losses) -> float:
        return sum(losses) / len(losses) if losses else math.nan

    def fit(rows, one_model=False, evaluations=None):
        flat = [-np.inf, -np.inf, np.log(mean(rows["L"].tolist())), 0.0, 0.0]
        return np.array(flat) - [0, 0, 0.5 * one_model, 0, 0]

    monkeypatch.setattr(rules, "fit", fit)
    found, rows = extrapolation.family_errors(curves), rows_of(curves)
    counts, shares = range(2, 5), [k / 10 for k in range(1, 11)]

    def grid(last: float, **options) -> list[list[float]]:
        return [[error(rows, mean(chosen(rows, range(k), share, **options)), last) for share in shares] for k in counts]

    def same(name: str, expected) -> None:
        np.testing.assert_allclose(found[name], expected, rtol=1e-12, err_msg=name)

    same("sizes", [1e8, 3e8, 1e9, 3e9, 5e10])
    same("final", grid(1.0))
    same("final_not_strict", grid(1.0, strict=False))
    same("late", grid(0.7))
    same("late_no_cut", grid(0.7, cut=0))
    same("best_seen", [error(rows, min(chosen(rows, range(k))), 0.7) for k in counts])
    windows = np.full((3, 4), np.nan)
    for k in counts:
        for largest in range(k - 1, 4):
            windows[k - 2, largest] = error(rows, mean(chosen(rows, range(largest - k + 1, largest + 1))), 0.7)
    same("windows", windows)
    alone = [
        [error(rows, mean(chosen(rows, [k], share)) * math.exp(-0.5), 0.7, cut=1e10) for share in shares]
        for k in range(5)
    ]
    same("one_model", alone)
    ends = [max((tokens, loss) for model, tokens, loss in rows if model == k)[1] for k in range(4)]
    same("final_only", [error(rows, mean(ends), 0.7), error(rows, mean(chosen(rows, range(4))), 0.7)])


def test_a_fit_to_one_model_borrows_a_and_alpha():
    tokens = np.linspace(1e10, 3e11, 25)
    theta = [6.255414, 7.0, 0.55, 0.3526596, 0.34]
    losses = math.exp(0.55) + math.exp(6.255414) / 1e9**0.3526596 + math.exp(7.0) / tokens**0.34
    found = rules.fit(pd.DataFrame({"N": 1e9, "D": tokens, "L": losses}), one_model=True)
    np.testing.assert_allclose(found, theta, rtol=1e-3)


def test_each_model_of_a_family_predicts_the_largest_at_every_share(monkeypatch, curves):
    def one_model(family, model, target, share):
        return int(model[1:]) + share / 10 + 100 * int(target[1:])

    monkeypatch.setattr(rules, "one_model", one_model)
    expected = [[400 + k + share / 100 for share in range(1, 11)] for k in range(5)]
    np.testing.assert_allclose(across_families._one_model(curves), expected)


def test_parameters_of_a_family_are_centred_at_the_rows_of_the_routine(curves):
    found = across_families._parameters(curves)
    everything = list(zip(*(curves[name] for name in ("N", "D", "L", "model")), strict=True))
    longest = max(tokens for _, tokens, _, model in everything if model != "m4")
    rows = [row for row in everything if row[3] != "m4" and 1e10 < row[1] < longest]
    a, b, e, alpha, beta = found["theta"]
    n, d = (sum(math.log(row[k]) for row in rows) / len(rows) for k in (0, 1))
    np.testing.assert_allclose(found["centred"], [a - alpha * n, b - beta * d, e, alpha, beta])

    def deviation(theta, rows) -> float:
        a, b, e, alpha, beta = theta
        return sum((math.exp(e) + math.exp(a) / n**alpha + math.exp(b) / d**beta - loss) ** 2 for n, d, loss, _ in rows)

    assert deviation(found["theta"], rows) < deviation(found["everything"], rows)
    assert deviation(found["everything"], everything) < deviation(found["theta"], everything)
