"""Oracles of the metrics: exact geometries, invariances, expectation of NC1 under noise."""

import numpy as np
import pytest

from replications.neural_collapse.dang2023 import closed_form, metrics

LABELS = np.repeat(np.arange(4), 5)


def rng() -> np.random.Generator:
    return np.random.default_rng([20230101, 9])


def test_distance_of_frame_and_simplex():
    for classes in (4, 10, 26):
        found = metrics.misfit(np.eye(classes), closed_form.simplex(classes))
        assert found == pytest.approx(np.sqrt(2 - 2 * np.sqrt((classes - 1) / classes)))


def test_nc1_is_zero_for_class_means_and_exact_for_small_noise():
    stream, classes, size, width = rng(), 4, 50, 12
    means = stream.standard_normal((width, classes))
    labels = np.repeat(np.arange(classes), size)
    assert metrics.nc1(means[:, labels], labels, classes) < 1e-28
    centred = means - means.mean(1, keepdims=True)
    eigenvalues = np.linalg.svd(centred, compute_uv=False)[:-1] ** 2 / classes
    variance = 1e-4
    expected = variance * (1 - 1 / size) * (1 / eigenvalues).mean() * (classes - 1) / classes
    draws = [
        metrics.nc1(
            means[:, labels] + np.sqrt(variance) * stream.standard_normal((width, len(labels))), labels, classes
        )
        for _ in range(200)
    ]
    assert np.mean(draws) == pytest.approx(expected, rel=0.02)


def test_nc1_equals_the_pseudo_inverse_where_that_is_sound():
    stream = rng()
    features = stream.standard_normal((3, 20))
    means = metrics.class_means(features, LABELS, 4)
    within = features - means[:, LABELS]
    between = means - features.mean(1, keepdims=True)
    expected = np.trace(within @ within.T / 20 @ np.linalg.pinv(between @ between.T / 4)) / 4
    assert metrics.nc1(features, LABELS, 4) == pytest.approx(expected)


def test_nc1_without_any_class_difference_is_undefined():
    assert np.isnan(metrics.nc1(np.zeros((3, 20)), LABELS, 4))


def test_grams_do_not_see_a_rotation_of_the_features():
    stream = rng()
    weights = [stream.standard_normal((6, 6)), stream.standard_normal((4, 6))]
    features = stream.standard_normal((6, 20))
    turn = np.linalg.qr(stream.standard_normal((6, 6)))[0]
    one = metrics.grams(weights, features, LABELS, 4)
    two = metrics.grams([weights[0] @ turn.T, weights[1]], turn @ features, LABELS, 4)
    for name in one:
        assert one[name] == pytest.approx(two[name])


def test_exact_minimiser_has_zero_metrics():
    for sizes, bias in (((5, 5, 5, 5), False), ((5, 5, 5, 5), True), ((8, 6, 4, 2), False)):
        weights, features, _ = closed_form.minimiser(sizes, 3, 1e-3, 2e-3, 8, rng(), bias)
        labels = np.repeat(np.arange(4), sizes)
        solution = closed_form.solve(sizes, 3, 1e-3, 2e-3, bias)
        found = metrics.grams(weights, features, labels, 4)
        for name, target in closed_form.targets(solution).items():
            matrix = found[name] if name == "output" else found[name][0]
            assert matrix == pytest.approx(target, abs=1e-12)
        scale = closed_form.duality_map(solution)
        dual = metrics.duality(found["classifier"][0], found["feature"][0], found["output"], scale)
        assert dual == pytest.approx(0, abs=1e-7)


def test_duality_equals_its_definition():
    stream = rng()
    p, a, scale = stream.standard_normal((4, 7)), stream.standard_normal((7, 4)), stream.uniform(1, 2, 4)
    other = np.diag(scale) @ a.T
    expected = np.linalg.norm(p / np.linalg.norm(p) - other / np.linalg.norm(other))
    assert metrics.duality(p @ p.T, a.T @ a, p @ a, scale) == pytest.approx(expected)


def test_centring_uses_the_sample_mean():
    stream, sizes = rng(), np.array([7, 2, 1])
    means = stream.standard_normal((5, 3))
    centred = means - (means @ sizes / sizes.sum())[:, None]
    assert metrics.centre(means.T @ means, sizes) == pytest.approx(centred.T @ centred)
    product = stream.standard_normal((3, 5))
    assert metrics.centre(product @ means, sizes, sides=1) == pytest.approx(product @ centred)


def test_misfit_of_nothing_is_undefined_and_rank_counts():
    assert np.isnan(metrics.misfit(np.zeros((3, 3)), np.eye(3)))
    assert metrics.numerical_rank(closed_form.simplex(5)) == 4
