"""The formula that the page lets its readers move is the one that it judges."""

import pytest
import torch

from replications.grokking.prieto2025 import sliders
from replications.grokking.prieto2025.experiments import losses
from replications.grokking.science import softmax


@pytest.mark.parametrize("precision", softmax.PRECISIONS)
def test_the_threshold_is_that_of_the_oracle(precision):
    expected = losses.collapse_threshold(softmax.PRECISIONS[precision])
    assert sliders.threshold(sliders.bits(precision)) == expected


@pytest.mark.parametrize("gap", [0.0, 1.0, 5.5, 16.0, 30.0])
def test_the_gradient_is_that_of_softmax_cross_entropy(gap):
    logits = torch.tensor([[[0.0, -gap]]], dtype=torch.float64)
    _, gradient = softmax.cross_entropy(logits, torch.zeros(1, 1, dtype=torch.int64), torch.float64)
    assert sliders.gradient(gap) == pytest.approx(-gradient[0, 0, 0].item(), rel=1e-2 if gap > 20 else 1e-8)
