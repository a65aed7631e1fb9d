"""The theme's cross-entropy and collapse (`science/softmax.py`) are those of this paper's programs, bit for bit."""

import pytest
import torch

from replications.grokking.prieto2025.experiments import losses
from replications.grokking.science import softmax
from verifig.training.ensemble import generator


@pytest.mark.parametrize("name", losses.PRECISIONS)
@pytest.mark.parametrize("size", [1.0, 12.0, 60.0])
def test_losses_gradients_and_collapse_are_the_same(name, size):
    stream = generator("prieto2025 shared", name, size)
    logits = size * torch.randn(2, 50, 7, generator=stream)
    labels = torch.randint(0, 7, (2, 50), generator=stream)
    assert softmax.PRECISIONS == losses.PRECISIONS
    precision = softmax.PRECISIONS[name]
    for ours, theirs in zip(
        softmax.cross_entropy(logits, labels, precision), losses.cross_entropy(logits, labels, precision), strict=True
    ):
        assert torch.equal(ours, theirs)
    assert torch.equal(softmax.collapsed(logits, precision), losses.collapsed(logits, precision))
