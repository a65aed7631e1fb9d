"""Statistics of the exact thresholds, and the functions behind them, by hand or by enumeration of all batches."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import artifact, by_place, cells, near, values
from scipy import optimize

from replications.sgd_stability.wu2023.experiments import diagonal, relu
from replications.sgd_stability.wu2023.experiments import thresholds as exact
from replications.sgd_stability.wu2023.measure import measure
from verifig.curvature import stability
from verifig.measuring.tables import Tables
from verifig.training.ensemble import generator

NAN = math.nan
PER_INSTANCE = {
    "equal_norm": [1e-9, 3e-8, NAN],
    "equal_norm_wrong_loss": [0.5, 0.51, 0.52],
    "full_batch": [2e-9, 5e-9, 1e-9],
    "sandwich": [-0.1, -0.3, 0.2],
    "decrease_with_batch": [-0.4, 0.6, -0.2],
    "orthogonal": [1e-12, 3e-12, 2e-12],
    "one_dimensional": [4e-12, 6e-12, 5e-12],
    "radius_below": [0.97, 0.99, 0.98],
    "radius_above": [1.03, 1.01, 1.02],
}
ALONE = {"relu_trace_error": -0.004, "relu_initial_trace": 0.99, "diagonal_initial_trace": 1.01, "balance_law": 3e-14}
BATCHES = (1, 4, 16)
CLOSED = {"gaussian": (1 / 6, 8 / 15, 32 / 27), "sphere": (1 / 5, 8 / 13, 32 / 25)}  # 2B / (B + 11), 2B / (B + 9)
BOUNDS = {
    "largest_norm_bound": [7.0, 8.0, 9.0],
    "fourth_moment_bound": [5.0, 4.0, 6.0],
    "trace_bound": [2.0, 1.0, 3.0],
}
OFF = {"gaussian": (0.1, -0.2, 0.3), "sphere": (-0.4, 0.5, -0.6)}


@pytest.fixture(scope="module")
def thresholds() -> Tables:
    arrays = {name: [one * (1 + off) for one, off in zip(CLOSED[name], OFF[name], strict=True)] for name in CLOSED}
    arrays |= PER_INSTANCE | ALONE | {"batches": BATCHES}
    arrays |= BOUNDS
    out = Tables()
    measure({"thresholds": artifact(arrays, seeds=3)}, out)
    return out


@pytest.mark.parametrize(
    "statistic",
    [
        *("equal_norm", "equal_norm_wrong_loss", "full_batch", "sandwich", "decrease_with_batch"),
        *("orthogonal", "one_dimensional", "radius_below", "radius_above"),
    ],
)
def test_errors_of_an_instance_keep_their_names_and_signs(thresholds, statistic):
    assert values(thresholds, statistic) == {"": pytest.approx(PER_INSTANCE[statistic], nan_ok=True, rel=1e-12)}


@pytest.mark.parametrize(
    "statistic", ["relu_trace_error", "relu_initial_trace", "diagonal_initial_trace", "balance_law"]
)
def test_values_without_instances_keep_their_names_and_signs(thresholds, statistic):
    assert values(thresholds, statistic) == {"": [ALONE[statistic]]}


def test_population_thresholds_are_held_against_the_closed_form_of_their_law_and_batch(thresholds):
    expected = {
        f"batch={batch};law={law}": pytest.approx([abs(off)], rel=1e-12)
        for law in CLOSED
        for batch, off in zip(BATCHES, OFF[law], strict=True)
    }
    assert values(thresholds, "population_error") == expected
    assert values(thresholds, "population_threshold")["batch=4;law=sphere"] == pytest.approx([12 / 13])


def test_figures_get_population_thresholds_beside_their_closed_forms_and_the_bounds(thresholds):
    laws = ["gaussian", "sphere"]
    closed = [CLOSED[law] for law in laws]
    found = [[one * (1 + off) for one, off in zip(CLOSED[law], OFF[law], strict=True)] for law in laws]
    assert cells(thresholds, "population", "law", "batch", value="closed") == near(by_place(closed, laws, BATCHES))
    assert cells(thresholds, "population", "law", "batch") == near(by_place(found, laws, BATCHES))
    assert thresholds.curves["bounds"].to_dict("list") == BOUNDS


def test_what_the_program_leaves_is_what_is_measured():
    run = SimpleNamespace(settings={"seeds": 2, "draws": 4, "samples": 50, "dimension": 5, "width": 3})
    out = Tables()
    measure({"thresholds": artifact(exact.thresholds(run), seeds=2)}, out)
    errors = values(out, "population_error")
    assert len(errors) == 6
    assert max(error for (error,) in errors.values()) < 1e-6
    for name in ("equal_norm", "one_dimensional", "radius_below"):
        own = [exact.instance(seed)[name] for seed in (0, 1)]
        assert values(out, name) == {"": own}


# ---- thresholds by enumeration ---------------------------------------------------------------------------------------
def moments(g: np.ndarray, batch: int, replacement: bool) -> tuple[np.ndarray, np.ndarray]:
    """A and B of the mean of kron(I - eta H, I - eta H) = I - eta A + eta^2 B over all batches of mean matrix H."""
    n, p = g.shape
    every = itertools.product(range(n), repeat=batch) if replacement else itertools.combinations(range(n), batch)
    matrices = [sum(np.outer(g[i], g[i]) for i in chosen) / batch for chosen in every]
    first = np.mean([np.kron(h, np.eye(p)) + np.kron(np.eye(p), h) for h in matrices], axis=0)
    return first, np.mean([np.kron(h, h) for h in matrices], axis=0)


def radius(g: np.ndarray, rate: float, batch: int, replacement: bool) -> float:
    first, second = moments(g, batch, replacement)
    return np.abs(np.linalg.eigvalsh(np.eye(len(first)) - rate * first + rate**2 * second)).max()


def threshold(g: np.ndarray, batch: int, replacement: bool = True) -> float:
    """The learning rate at which the second moment of the deviation within the span of the gradients starts to grow."""
    u, s, _ = np.linalg.svd(g, full_matrices=False)
    first, second = moments((u * s)[:, s > 1e-9], batch, replacement)

    def excess(rate: float) -> float:
        return np.abs(np.linalg.eigvalsh(np.eye(len(first)) - rate * first + rate**2 * second)).max() - 1

    largest = (g**2).sum(1).max()
    return optimize.brentq(excess, 1 / largest, 3 * len(g) / largest, xtol=1e-13)


CASES = [(1, True), (2, True), (2, False), (3, False), (4, False)]


@pytest.mark.parametrize(("batch", "replacement"), CASES)
@pytest.mark.parametrize(("n", "p"), [(5, 2), (4, 6)])
def test_the_threshold_is_where_the_mean_over_all_batches_starts_to_grow(n, p, batch, replacement):
    g = np.random.default_rng(n + p).standard_normal((n, p)) * np.arange(1, n + 1)[:, None] / 3
    assert stability.exact_threshold(g, batch, replacement) == pytest.approx(threshold(g, batch, replacement), rel=1e-7)


@pytest.mark.parametrize(("batch", "replacement"), CASES)
def test_the_second_moment_map_is_the_mean_over_all_batches(batch, replacement):
    g = np.random.default_rng(3).standard_normal((5, 3))
    first, second = moments(g, batch, replacement)
    found = stability.second_moment_map(g, 0.3, batch, replacement)
    np.testing.assert_allclose(found, np.eye(9) - 0.3 * first + 0.09 * second, atol=1e-12)


def test_the_threshold_of_one_parameter_is_where_its_mean_square_starts_to_grow():
    g = np.array([0.5, -1.0, 2.0, 0.25])
    rate = stability.one_dimensional_threshold(g, 2)
    factors = [(1 - rate * (a * a + b * b) / 2) ** 2 for a in g for b in g]
    assert np.mean(factors) == pytest.approx(1, rel=1e-12)
    assert rate > 0.1


def test_radii_are_the_largest_below_and_the_smallest_above_over_four_samplings():
    stream, again = (generator("test", "radii") for _ in range(2))
    g = torch.randn(12, 4, generator=again, dtype=torch.float64).numpy()
    samplings = [(1, True), (3, True), (3, False), (1, False)]
    near = {sampling: threshold(g, *sampling) for sampling in samplings}
    below, above = ([radius(g, factor * near[s], *s) for s in samplings] for factor in (0.999, 1.001))
    assert exact.spectral_radii(stream) == pytest.approx((max(below), min(above)), rel=1e-9)
    assert max(below) < 1 < min(above)


# ---- errors of an instance, where the threshold is wrong by a known factor -------------------------------------------
@pytest.mark.parametrize("factor", [1.2, 0.7])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_wrong_threshold_shows_by_its_size_in_every_error(monkeypatch, factor, seed):
    right = stability.exact_threshold
    monkeypatch.setattr(stability, "exact_threshold", lambda *args, **options: factor * right(*args, **options))
    found = exact.instance(seed)
    for name in ("equal_norm", "full_batch", "orthogonal", "one_dimensional"):
        assert found[name] == pytest.approx(abs(factor - 1), abs=1e-6), name
    assert found["equal_norm_wrong_loss"] == pytest.approx(abs(factor / 2 - 1), abs=1e-6)
    assert (found["radius_below"] < 1, found["radius_above"] < 1) == (factor < 1, factor < 1)


def test_the_sandwich_is_the_largest_violation_in_units_of_the_threshold(monkeypatch):
    stream = generator("sgd_stability", "threshold instance", 2)
    n, p = (int(torch.randint(low, high, (1,), generator=stream)) for low, high in ((5, 41), (3, 31)))
    g = torch.randn(n, p, generator=stream, dtype=torch.float64).numpy()
    g = g * (torch.rand(n, 1, generator=stream, dtype=torch.float64).numpy() + 0.2)
    norms = (g**2).sum(1)
    low, high, trace = 2 / norms.max(), 2 * norms.mean() / (norms**2).mean(), 2 / norms.mean()
    for single in (low / 2, high * 2, (low + high) / 2, high):
        monkeypatch.setattr(stability, "exact_threshold", lambda *args, single=single, **options: single)
        expected = max(low - single, single - high, high - trace) / single
        assert exact.instance(2)["sandwich"] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("by_batch", "expected"),
    [
        ({1: 4.0, 2: 5.0, 4: 2.0, 8: 3.0}, 1.5),
        ({1: 1.0, 2: 2.0, 4: 5.0, 8: 8.0}, -0.375),
        ({1: 3, 2: 2, 4: 1, 8: 0.8}, 1),
    ],
)
def test_a_fall_of_the_threshold_with_the_batch_size_is_relative_to_the_larger_batch(monkeypatch, by_batch, expected):
    def made_up(g: torch.Tensor, batch: int, replacement: bool = True) -> float:
        return by_batch.get(batch, 7.0) if replacement else 7.0

    monkeypatch.setattr(stability, "exact_threshold", made_up)
    assert exact.instance(0)["decrease_with_batch"] == pytest.approx(expected)


# ---- traces and the balance law --------------------------------------------------------------------------------------
def test_initial_traces_are_held_against_their_expectations():
    d, m, draws, samples = 3, 2, 5, 12_000  # more samples than are multiplied at once
    found = exact.initial_traces({"dimension": d, "width": m, "draws": draws, "samples": samples})
    row = {"dimension": d, "width": m, "initialisation": "covariance"}
    starts = [relu.initial(row | {"seed": f"trace {k}"}) for k in range(draws)]
    weights = [(start["a"].numpy(), start["w"].numpy()) for start in starts]
    formula = [sum((w[:, j] ** 2).sum() + d * a[j] ** 2 for j in range(m)) / 2 for a, w in weights]
    x = relu.sphere(samples, d, generator("sgd_stability", "trace sample")).numpy()
    a, w = weights[0]
    sampled = (relu.per_sample_gradients(x, a, w) ** 2).sum() / samples
    assert found["relu_trace_error"] == pytest.approx(sampled / formula[0] - 1, rel=1e-9)
    assert found["relu_initial_trace"] == pytest.approx(sum(formula) / draws / (m * (math.sqrt(d) + d) / 2))
    line = {"dimension": 10 * d, "initial_ratio": NAN}
    lines = [diagonal.initial(line | {"seed": f"trace {k}"}).numpy() for k in range(8)]
    traces = [(a**2).sum() / 3 + (b**2).sum() / 3 for a, b in lines]  # E x^2 = 1/3
    assert found["diagonal_initial_trace"] == pytest.approx(sum(traces) / 8 / (2 * 10 * d / 3))


def test_a_broken_balance_law_shows_by_its_size(monkeypatch):
    stream = generator("sgd_stability", "balance law")
    x = (2 * torch.rand(20, 30, generator=stream, dtype=torch.float64) - 1).numpy()
    a, b = torch.randn(1, 2, 30, generator=stream, dtype=torch.float64)[0].numpy()
    order = torch.randint(20, (50,), generator=stream).tolist()
    violations = []
    for i in order:  # a step that moves nothing leaves a^2 - b^2 as it was
        error = (a * b * x[i]).sum() - x[i, :3].sum()
        norm = abs(error) * math.sqrt(((b * x[i]) ** 2 + (a * x[i]) ** 2).sum())
        kappa = 0.1 * error * min(1, 3 / norm)
        violations.append((np.abs(a**2 - b**2) * (kappa * x[i]) ** 2 / (a**2 + b**2)).max())
    monkeypatch.setattr(diagonal.Diagonal, "sgd_block", lambda self, index: None)
    assert exact.balance_law_error(50) == pytest.approx(max(violations), rel=1e-9)
    assert violations[-1] < max(violations)
