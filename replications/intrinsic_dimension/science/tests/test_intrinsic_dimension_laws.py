"""The law of the toy."""

import numpy as np
import pytest

from replications.intrinsic_dimension.science import laws


def test_the_law_has_the_stated_mean():
    for constraints in (3, 10):
        for dimension in range(1, constraints):
            assert laws.law_left(dimension, constraints).mean() == pytest.approx(laws.mean_left(dimension, constraints))
    assert laws.mean_left(np.array([0, 5, 10, 12]), 10).tolist() == [1, 0.5, 0, 0]


def test_the_law_is_that_of_a_random_direction_and_a_random_subspace():
    stream = np.random.default_rng(0)
    draws = []
    for _ in range(4000):
        basis = np.linalg.qr(stream.standard_normal((6, 2)))[0]
        residual = np.arange(1.0, 7)
        draws.append(1 - np.sum((basis.T @ residual) ** 2) / np.sum(residual**2))
    law = laws.law_left(2, 6)
    for share in (0.1, 0.5, 0.9):
        assert np.mean(np.array(draws) < law.ppf(share)) == pytest.approx(share, abs=0.03)


def test_the_intrinsic_dimension_is_the_codimension():
    assert laws.intrinsic_dimension(1000, 990) == 10
