"""Closed forms: the spiked model against random matrices, the thresholds against the library's."""

import numpy as np
import pytest

from replications.sgd_stability.granziol2022 import formulas
from verifig.curvature import stability


def test_sampling_factor_is_the_librarys():
    found = formulas.sampling_factor(30, [1, 4, 30])
    assert found.tolist() == pytest.approx(
        [stability.sampling_factor(30, size, replacement=False) for size in (1, 4, 30)]
    )


def test_spiked_model_on_random_matrices():
    """One spike of 1 in symmetric noise of variance s/P per entry, 500 x 500: above and below the transition."""
    stream, size = np.random.default_rng(0), 500
    noise = stream.normal(size=(size, size)) / np.sqrt(2 * size)
    noise = noise + noise.T
    spike = np.zeros((size, size))
    spike[0, 0] = 1
    for variance in (0.25, 4.0):
        found = np.linalg.eigvalsh(spike + np.sqrt(variance) * noise)[-1]
        assert found == pytest.approx(float(formulas.spiked(variance, 1)), rel=0.03)


def test_spiked_model_is_continuous_at_its_transition():
    assert formulas.spiked(4, [0.25, 1, 0.0625]).tolist() == [2, 4, 1.25]
    assert formulas.spiked(4, 0.2499999999) == pytest.approx(2)


@pytest.mark.parametrize("noise", [0.3, 10, 300])
def test_the_fit_finds_the_noise(noise):
    factors = formulas.sampling_factor(1024, [4, 8, 16, 32, 64, 128])
    assert formulas.fitted(formulas.spiked(noise, factors), factors) == pytest.approx(noise, rel=1e-4)


@pytest.mark.parametrize("batch", [1, 7])
def test_threshold_without_noise_is_the_librarys(batch):
    assert formulas.without_noise(batch, 20) == pytest.approx(stability.population_threshold(20, batch), rel=1e-9)


def test_rate_with_noise_is_where_the_stationary_error_is_one():
    batch, dimension = 6, 15
    rate = float(formulas.with_noise(batch, dimension, "sgd"))
    assert rate * dimension / batch / (2 - rate * (batch + dimension + 1) / batch) == pytest.approx(1)
    assert formulas.with_noise(batch, dimension, "adam") == pytest.approx(rate * (2 / batch) ** 0.5)
