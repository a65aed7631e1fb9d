"""Tangent kernels of quadratic networks against autograd, and their alignment with labels."""

import pytest
import torch

from replications.grokking.science import kernels, tangent
from verifig.training.ensemble import generator


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=generator("tangent", *shape), dtype=torch.float64)


def test_the_kernel_is_that_of_autograd_for_each_member():
    inputs, w1, w2 = draw(2, 4, 6), draw(2, 6, 3), draw(2, 3, 5)
    found = tangent.quadratic_kernel(inputs, w1, w2)
    for member in range(2):
        leaves = [weight[member].clone().requires_grad_() for weight in (w1, w2)]
        outputs = (inputs[member] @ leaves[0]).square() @ leaves[1]
        rows = []
        for sample in range(4):
            of = [torch.autograd.grad(value, leaves, retain_graph=True) for value in outputs[sample]]
            rows.append(torch.stack([torch.cat([slope.flatten() for slope in each]) for each in of]))
        jacobian = torch.stack(rows)
        torch.testing.assert_close(found[member], torch.einsum("icp,jcp->ij", jacobian, jacobian))


def test_centred_kernels_have_rows_and_columns_without_mean():
    kernel = tangent.centred(draw(2, 5, 5))
    assert kernel.mean(-1).abs().max() < 1e-14
    assert kernel.mean(-2).abs().max() < 1e-14


def test_cosine_with_the_labels_is_the_centred_alignment_of_one_output():
    root = draw(6, 6)
    kernel, labels = root @ root.T, draw(6)
    wanted = tangent.centred(labels[:, None] * labels)
    found = tangent.cosine(tangent.centred(kernel), wanted)
    assert found.item() == pytest.approx(kernels.alignment(kernel, labels, centred=True).item())
    assert tangent.cosine(3 * kernel, kernel).item() == pytest.approx(1)
    assert tangent.cosine(-kernel, kernel).item() == pytest.approx(-1)


def test_the_kernel_of_labels_is_one_within_a_class():
    assert tangent.class_kernel(torch.tensor([0, 1, 0])).tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
