"""What the minimal example and the identities store for statistics, against independent references on small cases."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import truncnorm

from replications.double_descent.liu2023.experiments import conditioning, function_space, minimal
from replications.double_descent.science import THEME, features, spectral
from verifig.training.ensemble import generator

CPU = torch.device("cpu")
TASK = {
    "n": 12, "classes": [2, 5, 7], "test_size": 0, "pixel_mean": 0.2, "pixel_std": 0.5, "activation": "tanh",
    "normalisation": "standardised", "feature_scale": 1.5, "label_noise": 0.3, "ridge": 0.05,
}  # fmt: skip


def pictures(count: int = 60, pixels: int = 9) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.default_rng(8)
    return stream.random((count, pixels)), np.arange(count) % 8


def one_hot(labels: list[int], classes: int = 2) -> np.ndarray:
    return np.array([[float(label == each) for each in range(classes)] for label in labels])


def wrong(outputs: np.ndarray, labels: list[int]) -> float:
    return sum(int(np.argmax(row)) != int(label) for row, label in zip(outputs, labels, strict=True)) / len(labels)


@pytest.mark.parametrize("penalty", [0.1, 1e-3])
def test_minimal_fits_solve_the_normal_equations(penalty):
    found = minimal.closed_form({"n": 6, "draws": 4, "widths": [2, 5, 30]}, penalty)
    (x, labels), (x_test, test_labels) = minimal.points(6)
    weights = minimal.first_weights(4, 30).numpy()
    for draw in range(4):
        for column, width in enumerate((2, 5, 30)):
            z, z_test = (np.tanh(np.array(part) @ weights[draw, :, :width]) for part in (x, x_test))
            solved = np.linalg.solve(z.T @ z + penalty * np.eye(width), z.T @ one_hot(labels))
            sizes = np.sqrt(np.sort(np.linalg.eigvalsh(z.T @ z))[::-1][: min(width, 6)])
            expected = {
                "train_error": wrong(z @ solved, labels),
                "test_error": wrong(z_test @ solved, test_labels),
                "test_mse": ((z_test @ solved - one_hot(test_labels)) ** 2).mean(),
                "condition_number": sizes[0] / sizes[-1],
                "norm": math.sqrt(np.linalg.eigvalsh(solved.T @ solved).max()),
            }
            assert {field: found[field][draw, column] for field in expected} == pytest.approx(expected, rel=1e-5)


def test_descent_in_the_minimal_example_is_heavy_ball():
    settings = {
        "descent_n": 10, "descent_draws": 3, "descent_widths": [4, 10, 50], "horizons": [20, 1000],
        "learning_rate": 0.1, "momentum": 0.95,
    }  # fmt: skip
    found = minimal.descent(settings)
    (x, labels), (x_test, test_labels) = minimal.points(10)
    x, x_test = ((np.array(part) - np.mean(part)) / np.std(part) for part in (x, x_test))
    first = minimal.first_weights(3, 50).numpy()
    stream = generator(THEME, "minimal outputs", 0)
    starts = torch.randn(3, 50, 2, generator=stream, dtype=torch.float64).numpy()
    targets, wanted = one_hot(labels), one_hot(test_labels)
    assert found["descent.horizons"].tolist() == [20, 1000, math.inf]
    for draw in range(3):
        for column, width in enumerate((4, 10, 50)):
            z, z_test = (np.tanh(part @ first[draw, :, :width]) for part in (x, x_test))
            start = starts[draw, :width] / math.sqrt(width)
            weights, velocity, kept = start.copy(), np.zeros_like(start), []
            for step in range(1, 1001):
                velocity = 0.95 * velocity + z.T @ (z @ weights - targets) * 2 / 20
                weights -= 0.1 * velocity
                kept += [weights.copy()] if step in (20, 1000) else []
            kept.append(start + np.linalg.pinv(z) @ (targets - z @ start))
            for row, solved in enumerate(kept):
                assert found["descent.test_error"][draw, row, column] == wrong(z_test @ solved, test_labels)
                mse = float(((z_test @ solved - wanted) ** 2).mean())
                assert found["descent.test_mse"][draw, row, column] == pytest.approx(mse, rel=1e-4)
            shortest = z_test @ np.linalg.pinv(z) @ targets
            assert found["descent.min_norm_error"][draw, column] == wrong(shortest, test_labels)


@pytest.mark.parametrize("kind", ["raw", "standardised"])
def test_condition_numbers_are_those_of_square_features(kind):
    data, settings = pictures(), TASK | {"kappa_draws": 3, "normalisation": kind}
    expected = []
    for seed in range(3):
        x = features.sample(data, settings, f"kappa {seed}", CPU).x.numpy()
        weights = features.first_layer(9, 12, 1.5, f"kappa {seed}", CPU).numpy()
        expected.append(np.linalg.cond(np.tanh((x if kind == "raw" else (x - 0.2) / 0.5) @ weights)))
    assert conditioning.threshold_kappa(data, settings, CPU).tolist() == pytest.approx(expected, rel=1e-6)


def test_gaussian_matrices_have_columns_for_their_ratios_and_widths():
    settings = {
        "n": 40, "gaussian_rows": 20, "gaussian_draws": 3, "aspect_ratios": [0.25, 9.0], "ols_widths": [10, 20],
        "ols_draws": 3,
    }  # fmt: skip
    found = conditioning.gaussian_identities(settings)
    for draw in range(3):
        stream = generator(THEME, "bai-yin", draw)
        matrices = [torch.randn(20, columns, generator=stream, dtype=torch.float64).numpy() for columns in (5, 180)]
        assert found["bai_yin.kappa"][draw].tolist() == pytest.approx([np.linalg.cond(z) for z in matrices])
        stream = generator(THEME, "least squares", draw)
        z, noise = (torch.randn(40, columns, generator=stream, dtype=torch.float64).numpy() for columns in (20, 1))
        fits = [np.linalg.lstsq(z[:, :width], noise, rcond=None)[0] for width in (10, 20)]
        train = [((z[:, : len(fit)] @ fit - noise) ** 2).mean() for fit in fits]
        assert found["ols.train"][draw].tolist() == pytest.approx(train)
        assert found["ols.excess"][draw].tolist() == pytest.approx([(fit**2).sum() for fit in fits])


def test_the_smallest_positive_curvature_shrinks_slowest():
    settings = {
        "curvature_rows": 6, "curvature_dimensions": [3, 6, 15], "curvature_horizons": [10, 1000], "curvature_draws": 3,
        "curvature_rate": 0.05,
    }  # fmt: skip
    found = conditioning.smallest_curvature(settings)["curvature.factor"]
    assert found.shape == (3, 3, 2)
    for draw in range(3):
        stream = generator(THEME, "smallest curvature", draw)
        x = truncnorm.ppf(torch.rand(6, 15, generator=stream, dtype=torch.float64).numpy(), -1, 1)
        for row, d in enumerate((3, 6, 15)):
            smallest = np.sort(np.linalg.eigvalsh(x[:, :d].T @ x[:, :d] / 6))[::-1][min(d, 6) - 1]
            expected = [(1 - 0.05 * smallest) ** (2 * steps) for steps in (10, 1000)]
            assert found[draw, row].tolist() == pytest.approx(expected, rel=1e-8)


CHECKS = TASK | {"check_seeds": 2, "check_widths": [5, 30], "check_steps": 40}


def test_residues_of_right_formulas_are_rounding():
    found = conditioning.against_iteration(pictures(), CHECKS, CPU)
    assert sorted(found) == [f"oracle.{name}" for name in ("descent", "minimum_norm", "momentum", "null_space", "sgd")]
    for name, value in found.items():
        assert value.shape == (2,)
        assert value.max() < (1e-20 if name == "oracle.minimum_norm" else 1e-8)


def test_residues_are_the_worst_over_widths_by_seed(monkeypatch):
    found = iter([3.0, 1.0, 2.0, 7.0])
    monkeypatch.setattr(conditioning, "_differences", lambda *a: {"descent": next(found)})
    assert conditioning.against_iteration(pictures(), CHECKS, CPU)["oracle.descent"].tolist() == [3, 7]


def test_an_iteration_of_the_wrong_length_shows_in_its_residues(monkeypatch):
    plain = spectral.gradient_descent
    monkeypatch.setattr(
        spectral, "gradient_descent", lambda *a: plain(*a[:3], a[3] + (10 if len(a) > 5 and a[5] else 0), *a[4:])
    )
    found = conditioning.against_iteration(pictures(), CHECKS, CPU)
    assert found["oracle.momentum"].min() > 1e-3
    assert max(found["oracle.descent"].max(), found["oracle.sgd"].max()) < 1e-8


def test_a_wrong_sgd_shows_in_its_residue(monkeypatch):
    plain = function_space.sgd
    monkeypatch.setattr(function_space, "sgd", lambda *a: plain(*a[:2], a[2] / 2, *a[3:]))
    found = conditioning.against_iteration(pictures(), CHECKS, CPU)
    assert found["oracle.sgd"].min() > 1e-3
    assert max(found["oracle.descent"].max(), found["oracle.momentum"].max()) < 1e-8


def test_a_step_outside_the_row_space_shows_in_its_share(monkeypatch):
    """Two features of three samples span two of three weights; the change (3, 0, 4) lies outside by 4 of 5."""
    z = torch.tensor([[1.0, 0, 0], [0, 2, 0], [1, 1, 0]], dtype=torch.float64)
    start, targets = torch.ones(3, 1, dtype=torch.float64), torch.zeros(3, 1, dtype=torch.float64)
    shift = torch.tensor([[3.0], [0], [4]], dtype=torch.float64)
    monkeypatch.setattr(spectral, "gradient_descent", lambda z, targets, start, *a: start + shift)
    assert conditioning._differences(z, z, start, targets, targets, 5)["null_space"] == pytest.approx(0.8)


def test_relative_differences_are_over_the_expected_and_rounding_has_a_floor():
    found, expected = torch.tensor([3.0, 1.0]), torch.tensor([4.0, 2.5])
    assert conditioning._relative(found, expected) == pytest.approx(0.6)
    assert conditioning._relative(torch.tensor([3e-16]), torch.tensor([1e-18])) == pytest.approx(2.99)


def test_minimum_norm_losses_are_those_of_wide_models_only(monkeypatch):
    stream = generator("test", "minimum norm")
    z, targets = (torch.randn(4, columns, generator=stream, dtype=torch.float64) for columns in (6, 2))
    monkeypatch.setattr(
        spectral, "ridge_weights", lambda parts, targets: torch.zeros(parts.right.shape[0], 2, dtype=torch.float64)
    )
    for width, expected in ((6, float((targets**2).mean())), (4, 0.0), (3, 0.0)):
        start = torch.ones(width, 2, dtype=torch.float64)
        found = conditioning._differences(z[:, :width], z[:, :width], start, targets, targets, 3)
        assert found["minimum_norm"] == pytest.approx(expected)


def test_normal_equations_are_over_the_decomposition_in_either_precision(monkeypatch):
    """Weights of zero, put in place of those in single precision, have the test MSE of the targets."""
    data, settings = pictures(), TASK | {"check_seeds": 2}
    plain = spectral.normal_equations

    def solve(z: torch.Tensor, targets: torch.Tensor, penalty: float) -> torch.Tensor:
        return plain(z, targets, penalty) * (z.dtype == torch.float64)

    monkeypatch.setattr(spectral, "normal_equations", solve)
    found = conditioning.float32_solution(data, settings, CPU)
    assert found["normal.float64"].tolist() == pytest.approx([1, 1], rel=1e-8)
    expected = []
    for seed in range(2):
        drawn = features.sample(data, settings, f"check {seed}", CPU)
        targets = features.centred_one_hot(features.noisy_labels(drawn.labels, 3, 0.3, f"check {seed}"), 3).numpy()
        wanted = features.centred_one_hot(drawn.test_labels, 3).numpy()
        weights = features.first_layer(9, 48, 1.5, f"check {seed}", CPU).numpy()
        z, z_test = (np.tanh((part.numpy() - 0.2) / 0.5 @ weights) for part in (drawn.x, drawn.x_test))
        solved = z.T @ np.linalg.solve(z @ z.T + 0.05 * np.eye(12), targets)
        expected.append((wanted**2).mean() / ((z_test @ solved - wanted) ** 2).mean())
    assert found["normal.float32"].tolist() == pytest.approx(expected, rel=1e-8)


def test_singular_normal_equations_are_not_a_number(monkeypatch):
    plain = spectral.normal_equations

    def solve(z: torch.Tensor, targets: torch.Tensor, penalty: float) -> torch.Tensor:
        if z.dtype == torch.float32:
            raise torch.linalg.LinAlgError("singular")
        return plain(z, targets, penalty)

    monkeypatch.setattr(spectral, "normal_equations", solve)
    found = conditioning.float32_solution(pictures(), TASK | {"check_seeds": 2}, CPU)
    assert np.isnan(found["normal.float32"]).all()
    assert np.isfinite(found["normal.float64"]).all()
