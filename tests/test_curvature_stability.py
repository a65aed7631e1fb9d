"""Oracles of the stability threshold and of the sharpness metrics of per-sample gradients."""

import numpy as np
import pytest
import torch

from verifig.curvature import stability
from verifig.curvature.fisher import fisher_metrics
from verifig.ground.errors import InputError
from verifig.training.ensemble import generator


def gradients(n: int, p: int, name: str = "g") -> torch.Tensor:
    return torch.randn(n, p, generator=generator("test", name), dtype=torch.float64)


@pytest.mark.parametrize(("n", "p"), [(5, 3), (12, 40), (30, 30)])
def test_equal_norms_make_the_trace_bound_tight(n, p):
    g = gradients(n, p)
    for equal in (g / g.norm(dim=1, keepdim=True), g.sign()):
        trace = fisher_metrics(equal)["tr"]
        assert stability.exact_threshold(equal, 1) == pytest.approx(2 / trace, rel=1e-6)


@pytest.mark.parametrize(("n", "p"), [(20, 6), (8, 30)])
def test_the_full_batch_has_the_threshold_of_gradient_descent(n, p):
    g = gradients(n, p)
    expected = 2 / fisher_metrics(g)["lmax"]
    assert stability.exact_threshold(g, n, replacement=False) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("law", "published"),
    [("gaussian", {1: 0.166667, 4: 0.533333, 16: 1.185185}), ("sphere", {1: 0.200000, 4: 0.615385, 16: 1.280000})],
)
def test_population_regression_in_ten_dimensions(law, published):
    for batch, value in published.items():
        assert stability.population_threshold(10, batch, law) == pytest.approx(value, abs=1e-6)


def test_many_samples_approach_the_population():
    g = gradients(20_000, 4)
    assert stability.exact_threshold(g, 2) == pytest.approx(stability.population_threshold(4, 2), rel=0.03)


def test_orthogonal_and_one_dimensional_gradients():
    spectrum = torch.tensor([0.3, 1.1, 0.7], dtype=torch.float64)
    g = (3 * spectrum).sqrt().diag()
    assert stability.exact_threshold(g, 1) == pytest.approx(2 / (3 * 1.1), rel=1e-9)
    line = gradients(9, 1)[:, 0].numpy()
    assert stability.exact_threshold(line[:, None], 3) == pytest.approx(
        stability.one_dimensional_threshold(line, 3), rel=1e-9
    )


@pytest.mark.parametrize(("batch", "replacement"), [(1, True), (3, True), (3, False), (6, False)])
def test_the_second_moment_grows_just_above_the_threshold_only(batch, replacement):
    g = gradients(7, 4)
    threshold = stability.exact_threshold(g, batch, replacement)
    for factor, stable in ((0.999, True), (1.001, False)):
        moved = stability.second_moment_map(g, factor * threshold, batch, replacement)
        assert (np.abs(np.linalg.eigvals(moved)).max() < 1) is np.bool_(stable)


def test_the_second_moment_map_is_the_average_over_samples():
    g = gradients(6, 3)
    rate = 0.2
    steps = [np.eye(3) - rate * np.outer(row, row) for row in g.numpy()]
    expected = np.mean([np.kron(step, step) for step in steps], axis=0)
    np.testing.assert_allclose(stability.second_moment_map(g, rate, 1), expected, atol=1e-12)


def test_without_replacement_the_threshold_is_larger():
    g = gradients(40, 5)
    assert stability.exact_threshold(g, 8, replacement=False) > 1.02 * stability.exact_threshold(g, 8)


def test_metrics_equal_those_of_the_explicit_matrix():
    g = gradients(9, 5)
    matrix = (g.T @ g / 9).numpy()
    metrics = fisher_metrics(g)
    assert metrics["tr"] == pytest.approx(np.trace(matrix))
    assert metrics["fro"] == pytest.approx(np.linalg.norm(matrix))
    assert metrics["lmax"] == pytest.approx(np.linalg.eigvalsh(matrix)[-1])
    assert metrics["g4"] == pytest.approx((g.square().sum(1) ** 2).mean().item())
    assert metrics["mean_gradient"] == pytest.approx(g.mean(0).square().sum().item())
    assert metrics["g4"] >= metrics["tr"] ** 2


def test_noise_alignment_equals_its_definition():
    g = gradients(8, 5)
    residuals = gradients(8, 1, "e")[:, 0]
    fisher_matrix = g.T @ g / 8
    rows = residuals[:, None] * g
    noise = rows.T @ rows / 8 - torch.outer(rows.mean(0), rows.mean(0))
    expected = (fisher_matrix @ noise).trace() / (residuals.square().mean() * fisher_matrix.square().sum())
    assert stability.noise_alignment(g @ g.T / 8, residuals) == pytest.approx(expected.item())


@pytest.mark.parametrize(
    ("g", "batch", "replacement", "message"),
    [
        (np.zeros((3, 2)), 1, True, "all gradients are zero"),
        (np.ones((3, 2)), 0, True, "batch size 0"),
        (np.ones((3, 2)), 4, False, "batch size 4"),
        (np.ones(3), 1, True, "finite matrix"),
        (np.full((3, 2), np.nan), 1, True, "finite matrix"),
    ],
)
def test_bad_arguments_are_named(g, batch, replacement, message):
    with pytest.raises(InputError, match=message):
        stability.exact_threshold(g, batch, replacement)
