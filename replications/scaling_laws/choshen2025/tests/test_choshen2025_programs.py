"""What the programs compute for the statistics to copy, against plain references."""

import math

import numpy as np
import pandas as pd
import pytest

from replications.scaling_laws.choshen2025 import rules
from replications.scaling_laws.choshen2025.experiments import across_families, extrapolation


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


def chosen(rows, models, share=1.0, cut=1e10, strict=True, start=0.0) -> list[float]:
    """Losses of training rows, by a plain loop."""
    longest = max(tokens for model, tokens, _ in rows if model in models)
    found = []
    for model, tokens, loss in rows:
        early = tokens < share * longest or (not strict and tokens == share * longest)
        if model in models and tokens > cut and early and tokens >= start * longest:
            found.append(loss)
    return found


def error(rows, prediction: float, share: float, cut: float = 0, target: int = 4) -> float:
    """Mean relative error on the last checkpoints of a model."""
    longest = max(tokens for model, tokens, _ in rows if model == target)
    test = [loss for model, tokens, loss in rows if model == target and tokens >= share * longest and tokens > cut]
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
    most = []
    for k in counts:
        longest = max(tokens for model, tokens, _ in rows if model < k)
        kept = [row for row in rows if row[0] < k and 1e10 < row[1] < longest]
        model = max(kept, key=lambda row: row[1])[0]
        own = sorted((tokens, loss) for each, tokens, loss in kept if each == model)
        most.append(error(rows, mean([loss for _, loss in own[-5:]]), 0.7))
    same("most_trained", most)
    below = [[error(rows, mean(chosen(rows, range(5 - k, 5), q)), 0.7, target=0) for q in shares] for k in counts]
    same("scale_down", below)
    same("scale_up", [[error(rows, mean(chosen(rows, range(4), q)), 0.7) for q in shares]])
    dropped = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99)
    late = [[error(rows, mean(chosen(rows, range(k), 0.7, start=m * 0.7)), 0.7) for m in dropped] for k in counts]
    same("drop_start", late)
    same("theta", [-np.inf, -np.inf, math.log(mean(chosen(rows, range(4)))), 0, 0])
    assert [tuple(row) for row in found["curves"]] == sorted(rows)
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
