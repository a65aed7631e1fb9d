"""Alignment and movement of kernels, and regression with them."""

import pytest
import torch

from replications.grokking.science import kernels
from verifig.training.ensemble import generator


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=generator("test kernels", *shape), dtype=torch.float64)


def positive(size: int) -> torch.Tensor:
    root = draw(size, size)
    return root @ root.T + torch.eye(size, dtype=torch.float64)


def test_alignment_of_known_kernels():
    y = draw(6)
    assert kernels.alignment(y[:, None] * y, y).item() == pytest.approx(1)
    assert kernels.alignment(torch.eye(6, dtype=torch.float64), y).item() == pytest.approx(6**-0.5)
    centred = y - y.mean()
    shifted = centred[:, None] * centred + 5
    assert kernels.alignment(shifted, y + 3, centred=True).item() == pytest.approx(1)
    assert kernels.alignment(shifted, y + 3).item() < 0.999
    both = torch.stack([y[:, None] * y, torch.eye(6, dtype=torch.float64)])
    torch.testing.assert_close(kernels.alignment(both, y.expand(2, 6)), torch.tensor([1, 6**-0.5], dtype=torch.float64))


def test_centred_alignment_takes_the_means_off_rows_and_columns():
    """H K H with H = 1 - 1/P, of kernels whose rows have different means, one by one and together."""
    made, y = torch.stack([positive(5), 3 * positive(5) + 2, positive(5) @ positive(5)]), draw(3, 5) + 1
    centre = torch.eye(5, dtype=torch.float64) - 0.2
    expected = []
    for kernel, labels in zip(made, y, strict=True):
        inner, target = centre @ kernel @ centre, centre @ labels
        expected.append(target @ inner @ target / (inner.norm() * (target @ target)))
    torch.testing.assert_close(kernels.alignment(made, y, centred=True), torch.stack(expected))
    torch.testing.assert_close(kernels.alignment(made[0], y[0], centred=True), expected[0])


def test_movement_is_relative_to_the_first_kernel():
    first = positive(5)
    assert kernels.movement(first, first).item() == 0
    assert kernels.movement(1.5 * first, first).item() == pytest.approx(0.5)
    assert kernels.movement(first, 2 * first).item() == pytest.approx(0.5)


def test_regression_solves_and_a_ridge_is_added_to_the_kernel():
    kernel, y = positive(7), draw(7)
    torch.testing.assert_close(kernel @ kernels.coefficients(kernel, y), y)
    ridged = kernels.coefficients(kernel, y, ridge=0.3)
    torch.testing.assert_close((kernel + 0.3 * torch.eye(7, dtype=torch.float64)) @ ridged, y)


def test_interpolant_of_least_norm_where_the_kernel_is_singular():
    features, y = draw(8, 3), draw(8)
    kernel = features @ features.T
    expected = features @ torch.linalg.lstsq(features, y[:, None]).solution[:, 0]
    torch.testing.assert_close(kernel @ kernels.coefficients(kernel, y), expected)


def test_steps_are_those_of_gradient_descent():
    kernel, y, rate = positive(6), draw(6), 0.02
    f = torch.zeros(6, dtype=torch.float64)
    for _ in range(9):
        f = f - rate * kernel @ (f - y)
    torch.testing.assert_close(kernel @ kernels.coefficients(kernel, y, rate=rate, steps=9), f)
    torch.testing.assert_close(
        kernels.coefficients(kernel, y, rate=rate, steps=100_000), kernels.coefficients(kernel, y)
    )
