"""Statistics of cross-entropy and of sound runs on made-up records."""

import functools
import math

import numpy as np
import pytest
from made_up import artifact, values
from scipy.optimize import minimize_scalar

from replications.neural_collapse.dang2023.measure import measure
from replications.neural_collapse.dang2023.measuring import soundness
from verifig.measuring.tables import Tables


def near(expected: object, **tolerance) -> object:
    return pytest.approx(expected, **({"rel": 1e-9} | tolerance))


CE = {  # condition: (classes, samples of a class, layers, decay, feature decay)
    "k3m1": (3, 5, 1, 0.02, 0.005),
    "k2m2": (2, 4, 2, 0.004, 0.03),
    "k4m3": (4, 2, 3, 0.01, 0.002),
}
ENDS = {"k3m1": [0.9, 0.15, 0.8], "k2m2": [0.3, 0.5, 0.02], "k4m3": [0.7, 0.4, 1.5]}


def simplex(name: str) -> tuple[float, float]:
    """Least objective over the gap a of logits, and that gap, by a search."""
    classes, size, depth, decay, feature_decay = CE[name]
    price = (decay**depth * feature_decay * size) ** (1 / (depth + 1)) * (depth + 1) / 2 * (classes - 1)
    result = minimize_scalar(
        lambda a: math.log(1 + (classes - 1) * math.exp(-a)) + price * a ** (2 / (depth + 1)),
        bounds=(0.5, 30),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(result.fun), float(result.x)


@functools.cache
def cross_entropy() -> tuple[Tables, dict[str, np.ndarray]]:
    """Logits of every rank, and what was measured; one seed of `k4m3` is not finite."""
    rng, names = np.random.default_rng(3), sorted(CE)
    logits = {name: rng.standard_normal((3, CE[name][0], CE[name][0])) + 3 * np.eye(CE[name][0]) for name in names}
    logits["k4m3"][0] = np.diag([1.0, 0.011, 0.009, 0.0])  # singular values of at most a hundredth do not count
    logits["k4m3"][1] = np.eye(4) - 0.25
    logits["k2m2"][1] = 1.0
    logits["k4m3"][2, 1, 1] = np.inf
    output = np.full((9, 5, 5), np.nan)
    for k, name in enumerate(names):
        output[3 * k : 3 * k + 3, : CE[name][0], : CE[name][0]] = logits[name]
    objective = np.array([[2.0, 0.01, end] for name in names for end in ENDS[name]])
    accuracy = np.array([[1.0, 0.25, k / 10] for k in range(9)])
    keys = ("depth", "weight_decay", "feature_decay")
    conditions = {
        name: {"sizes": [own[1]] * own[0]} | dict(zip(keys, own[2:], strict=True)) for name, own in CE.items()
    }
    arrays = {"objective": objective, "accuracy": accuracy, "output": output, "iterations": [0, 10, 20]}
    out = Tables()
    measure({"cross_entropy": artifact(arrays, conditions, seeds=3, loss="cross_entropy")}, out)
    return out, logits


def logs(statistic: str, name: str) -> list[float]:
    return values(cross_entropy()[0], statistic)[f"condition={name}"]


@pytest.mark.parametrize("name", CE)
def test_objectives_under_cross_entropy_are_compared_with_the_best_simplex(name):
    best, gap = simplex(name)
    assert logs("simplex_objective", name) == near([best])
    assert logs("simplex_gap", name) == near([gap], rel=1e-6)
    assert logs("best_below_simplex", name) == near([1 - min(ENDS[name]) / best])
    assert logs("below_simplex", name) == near([1 - end / best for end in ENDS[name]])
    assert logs("objective_error", name) == near([abs(end - best) for end in ENDS[name]])
    assert logs("accuracy", name) == [(3 * sorted(CE).index(name) + k) / 10 for k in range(3)]


@pytest.mark.parametrize("name", CE)
def test_logits_are_compared_with_the_simplex(name):
    """The simplex of K classes has the length sqrt(K - 1)."""
    expected, classes = [], CE[name][0]
    for matrix in cross_entropy()[1][name]:
        if not np.isfinite(matrix).all():
            expected.append(math.nan)
            continue
        inner = np.trace(matrix) - matrix.sum() / classes
        cosine = inner / math.sqrt((matrix**2).sum() * (classes - 1))
        expected.append(math.sqrt(max(2 - 2 * cosine, 0)))
    assert logs("simplex_misfit", name) == near(expected, abs=1e-7, nan_ok=True)


def test_ranks_of_logits():
    assert logs("rank", "k3m1") == [3, 3, 3]
    assert logs("rank", "k2m2") == [2, 1, 2]
    assert logs("rank", "k4m3") == near([2, 3, math.nan], nan_ok=True)


@pytest.mark.parametrize("name", CE)
def test_figures_get_rank_misfit_and_objective_of_every_start(name):
    table = cross_entropy()[0].curves["cross_entropy"].query("condition == @name")
    assert table["seed"].tolist() == [0, 1, 2]
    assert table["rank"].tolist() == near(logs("rank", name), nan_ok=True)
    assert table["misfit"].tolist() == near(logs("simplex_misfit", name), nan_ok=True)
    assert table["ratio"].tolist() == near([end / simplex(name)[0] for end in ENDS[name]])
    assert set(table["classes"]) == {CE[name][0]}
    assert set(table["depth"]) == {CE[name][2]}


def test_sound_runs_have_their_last_accuracy_and_their_objective_over_that_of_zero():
    """Zero features have an objective of 1/2 under squared error; those meant to stay untrained have no accuracy."""
    arrays = {"accuracy": [[0.2, k / 10] for k in range(6)], "objective": [[9.0, k / 8] for k in range(6)]}
    conditions = {"of1": {}, "narrow9": {}, "etf1": {"loss": "cross_entropy", "sizes": [5] * 3}}
    out = Tables()
    soundness.measure("direct", artifact(arrays, conditions, seeds=2, sizes=[5] * 2, loss="mse"), out)
    assert values(out, "run_accuracy") == {"": [0.0, 0.1, 0.4, 0.5]}
    assert out.statistics().query("statistic == 'run_accuracy'")["seed"].tolist() == [0, 1, 4, 5]
    zeros = [math.log(3)] * 2 + [0.5] * 4
    assert values(out, "run_objective") == {"": near([k / 8 / zero for k, zero in enumerate(zeros)])}


def test_networks_without_an_objective_have_an_accuracy_alone():
    out = Tables()
    soundness.measure("mlp_balanced", artifact({"accuracy": [[0.2, 0.9], [0.8, 0.3]]}, seeds=2, sizes=[5] * 2), out)
    assert values(out, "run_accuracy") == {"": [0.9, 0.3]}
    assert values(out, "run_objective") == {}


def test_every_problem_of_a_sweep_has_an_objective_over_that_of_zero():
    arrays = {"accuracy": [0.1] * 4, "objective": [0.2, 0.4, 0.6, math.nan], "owner": [1, 0, 1, 0]}
    conditions = {"a": {"loss": "cross_entropy", "sizes": [2] * 3}, "b": {"loss": "mse", "sizes": [2] * 3}}
    out = Tables()
    soundness.measure("sweep", artifact(arrays, conditions), out)
    expected = [0.2 / 0.5, 0.4 / math.log(3), 0.6 / 0.5, math.nan]
    assert values(out, "run_objective") == {"": near(expected, nan_ok=True)}
    assert values(out, "run_accuracy") == {}
