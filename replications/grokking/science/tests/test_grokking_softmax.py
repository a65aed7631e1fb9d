"""Cross-entropy in a stated precision and its collapse."""

import math

import pytest
import torch

from replications.grokking.science import softmax
from verifig.training.ensemble import generator


def draw(size: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    stream = generator("softmax", size)
    return size * torch.randn(2, 6, 5, generator=stream), torch.randint(0, 5, (2, 6), generator=stream)


@pytest.mark.parametrize("name", softmax.PRECISIONS)
def test_loss_and_gradient_are_those_of_torch_in_that_precision(name):
    logits, labels = draw()
    precision = softmax.PRECISIONS[name]
    loss, gradient = softmax.cross_entropy(logits, labels, precision)
    for k in range(2):
        leaf = logits[k].clone().requires_grad_()
        each = torch.nn.functional.cross_entropy(leaf.to(precision), labels[k], reduction="none")
        each.mean().backward()
        torch.testing.assert_close(loss[k], each.detach())
        torch.testing.assert_close(gradient[k], leaf.grad, rtol=1e-3, atol=1e-3 if name == "float16" else 1e-6)
    assert loss.dtype == precision
    assert gradient.dtype == logits.dtype


@pytest.mark.parametrize(("name", "bits"), [("float16", 11), ("float32", 24), ("float64", 53)])
def test_two_classes_collapse_where_the_smaller_exponential_is_absorbed(name, bits):
    gap = bits * math.log(2)
    logits = torch.tensor([[gap - 0.05, 0.0], [gap + 0.05, 0.0], [0.0, 2 * gap]], dtype=torch.float64)
    assert softmax.collapsed(logits, softmax.PRECISIONS[name]).tolist() == [False, True, True]
