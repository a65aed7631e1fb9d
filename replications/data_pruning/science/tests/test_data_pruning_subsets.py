"""Subsets in the order of scores; kernels, their velocity, and barriers."""

import pytest
import torch

from replications.data_pruning.science import dynamics, subsets

SCORES = torch.tensor([3.0, 1.0, 2.0, 5.0, 4.0, 0.0])


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_windows_hold_their_part_of_the_order():
    assert subsets.window(SCORES, 0.5, 0.5, stream()).tolist() == [0, 3, 4]
    assert subsets.window(SCORES, 0, 0.5, stream()).tolist() == [1, 2, 5]
    assert subsets.window(SCORES, 1 / 3, 1 / 3, stream()).tolist() == [0, 2]
    assert subsets.window(SCORES, 0, 1, stream(5)).tolist() == [*range(6)]
    assert subsets.kept(4000, 0.1) == len(subsets.window(torch.rand(4000), 0.9, 0.1, stream())) == 400


def test_ties_are_broken_at_random_and_infinite_scores_are_the_highest():
    tied = torch.tensor([1.0, 1, 1, 1, 1, float("inf")])
    orders = {tuple(subsets.ascending(tied, stream(seed)).tolist()) for seed in range(5)}
    assert len(orders) == 5
    assert {order[-1] for order in orders} == {5}


def test_permuted_examples_have_permuted_windows():
    order = torch.tensor([2, 0, 5, 1, 4, 3])
    moved = subsets.window(SCORES[order], 0.5, 0.5, stream())
    assert sorted(order[moved].tolist()) == [0, 3, 4]


def network(seed: int) -> tuple[torch.Tensor, ...]:
    shapes = (4, 3), (1, 3), (3, 2), (1, 2)
    return tuple(torch.randn(shape, generator=stream(seed), dtype=torch.float64) for shape in shapes)


def test_kernel_is_the_sum_over_outputs_of_gradients_products():
    inputs = torch.randn(5, 4, generator=stream(9), dtype=torch.float64)
    weights = [part.requires_grad_() for part in network(1)]
    w1, b1, w2, b2 = weights
    outputs = (inputs @ w1 + b1).relu() @ w2 + b2
    rows = torch.stack(
        [
            torch.cat([g.flatten() for g in torch.autograd.grad(outputs[n, c], weights, retain_graph=True)])
            for n in range(5)
            for c in range(2)
        ]
    ).view(5, 2, -1)
    expected = torch.einsum("ncp,mcp->nm", rows, rows)
    found = dynamics.relu_kernel(inputs, *(part.detach() for part in (w1, b1, w2)))
    torch.testing.assert_close(found, expected.detach())


def test_velocity_is_zero_without_motion_and_of_scale():
    kernel = torch.eye(3, dtype=torch.float64) + 0.2
    assert dynamics.kernel_velocity(kernel, 7 * kernel).item() == pytest.approx(0, abs=1e-15)
    other = torch.diag(torch.tensor([1.0, 0, 0], dtype=torch.float64))
    assert dynamics.kernel_velocity(torch.eye(3, dtype=torch.float64), other).item() == pytest.approx(1 - 3**-0.5)


def test_barrier_of_a_network_with_itself_is_zero():
    errors = torch.tensor([0.1, 0.4])
    assert dynamics.barrier(errors, errors, errors).tolist() == [0, 0]
    assert dynamics.barrier(torch.tensor(0.1), torch.tensor(0.4), torch.tensor(0.2)).item() == pytest.approx(0.25)


def test_error_rate_is_the_share_of_wrong_predictions():
    outputs = torch.tensor([[2.0, 1], [0, 1], [3, 1]])
    assert dynamics.error_rate(outputs, torch.tensor([0, 0, 0])).item() == pytest.approx(1 / 3)
