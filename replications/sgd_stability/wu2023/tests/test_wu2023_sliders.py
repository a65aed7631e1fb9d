"""The bounds that the page lets its readers move are those that it judges."""

import pytest
import torch

from replications.sgd_stability.wu2023 import sliders
from verifig.curvature import stability
from verifig.curvature.fisher import fisher_metrics


@pytest.mark.parametrize(("samples", "batch"), [(20, 1), (20, 7), (20, 20), (1, 1)])
def test_the_noise_of_a_batch_is_that_of_the_thresholds(samples, batch):
    assert sliders.noise_share(batch) == stability.sampling_factor(samples, batch)
    assert sliders.noise_share(batch, samples) == stability.sampling_factor(samples, batch, replacement=False)


def test_bounds_are_met_where_they_are_tight():
    """Equal gradient norms at batch size 1: 2 / tr G is the threshold; full batch: 2 / lambda_max is."""
    g = torch.randn(12, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    equal = g / g.norm(dim=1, keepdim=True)
    _, _, trace = sliders.bounds(stability.exact_threshold(equal, 1), sliders.noise_share(1), 1.0)
    assert trace == pytest.approx(fisher_metrics(equal)["tr"], rel=1e-9)
    full = stability.exact_threshold(g, 12, replacement=False)
    largest, _, trace = sliders.bounds(full, sliders.noise_share(12, 12), 1.0)
    assert largest == pytest.approx(fisher_metrics(g)["lmax"], rel=1e-9)
    assert trace == float("inf")


def test_the_frobenius_bound_is_where_the_measured_ratio_is_one():
    rate, alignment = 0.02, 3.7
    frobenius = sliders.bounds(rate, sliders.noise_share(1), alignment)[1]
    assert rate * frobenius * alignment**0.5 == pytest.approx(1, rel=1e-12), "as measure.final_values"
