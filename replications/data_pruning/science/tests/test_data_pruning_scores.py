"""Scores against automatic differentiation, their bounds and identities; scores of modules over loaders."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from replications.data_pruning.science import models, scores

STREAM = torch.Generator().manual_seed(0)
INPUTS = torch.randn(14, 5, generator=STREAM, dtype=torch.float64)
LABELS = torch.randint(4, (14,), generator=STREAM)


def network(*layers: nn.Module) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(*layers).double()


def perceptron(*sizes: int) -> nn.Module:
    layers = [layer for pair in zip(sizes[:-1], sizes[1:], strict=True) for layer in (nn.Linear(*pair), nn.ReLU())]  # noqa: RUF007
    return network(*layers[:-1])


def plain_grand(model: nn.Module) -> torch.Tensor:
    """One backward pass an example."""
    norms = []
    for example, label in zip(INPUTS, LABELS, strict=True):
        model.zero_grad()
        nn.functional.cross_entropy(model(example[None]), label[None]).backward()
        norms.append(sum(weight.grad.square().sum() for weight in model.parameters()).sqrt())
    return torch.stack(norms)


def parts(model: nn.Module) -> tuple[list, list]:
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    return [layer.weight.T for layer in linear], [layer.bias[None] for layer in linear]


@pytest.mark.parametrize("sizes", [(5, 4), (5, 7, 4), (5, 7, 6, 4)])
def test_grand_in_closed_form_is_the_norm_of_the_gradient(sizes):
    model = perceptron(*sizes)
    el2n, grand = scores.perceptron_scores(*parts(model), INPUTS, LABELS)
    expected = plain_grand(model)
    torch.testing.assert_close(grand, expected, rtol=1e-12, atol=0)
    shares = model(INPUTS).softmax(1) - nn.functional.one_hot(LABELS, 4)
    torch.testing.assert_close(el2n, shares.norm(dim=1), rtol=1e-12, atol=0)
    loader = DataLoader(TensorDataset(INPUTS, LABELS), batch_size=4)
    torch.testing.assert_close(models.grand(model, loader, chunk=3), expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(models.el2n(model, loader), el2n, rtol=1e-12, atol=0)


def test_many_networks_are_scored_at_once():
    both = [perceptron(5, 7, 4), perceptron(5, 7, 4)]
    both[1][0].weight.data.mul_(2)
    weights, biases = (
        [torch.stack(pair) for pair in zip(*lists, strict=True)] for lists in zip(*map(parts, both), strict=True)
    )
    found = scores.perceptron_scores(weights, biases, INPUTS, LABELS)
    for k, model in enumerate(both):
        torch.testing.assert_close(found[1][k], plain_grand(model))


def test_last_layer_and_softmax_regression():
    model = perceptron(5, 4)
    el2n, grand = scores.perceptron_scores(*parts(model), INPUTS, LABELS)
    torch.testing.assert_close(grand, el2n * (INPUTS.square().sum(1) + 1).sqrt())


def test_modules_are_scored_in_evaluation_mode_and_left_as_they_were():
    model = network(nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 4))
    model(INPUTS)
    before = [buffer.clone() for buffer in model.buffers()]
    loader = [(INPUTS[:9], LABELS[:9]), (INPUTS[9:], LABELS[9:])]
    first, again = models.grand(model, loader), models.grand(model, loader)
    assert torch.equal(first, again)
    assert model.training
    assert all(torch.equal(*pair) for pair in zip(before, model.buffers(), strict=True))
    torch.testing.assert_close(first, plain_grand(model.eval()))
    models.el2n(model, loader)
    assert not model.training
    model.train()
    next(model.children()).eval()  # a layer that is frozen stays so
    models.el2n(model, loader)
    assert [layer.training for layer in model.children()] == [False] + [True] * (len(list(model.children())) - 1)


def test_means_are_of_scores():
    both = [perceptron(5, 4), perceptron(5, 6, 4)]
    loader = [(INPUTS, LABELS)]
    expected = (models.el2n(both[0], loader) + models.el2n(both[1], loader)) / 2
    torch.testing.assert_close(models.averaged(both, loader, models.el2n), expected)


def test_bounds_of_el2n_are_attained():
    rest = torch.tensor([[0.1, 0.3, 0.3, 0.3], [0.1, 0.9, 0, 0], [0.4, 0.3, 0.2, 0.1]], dtype=torch.float64)
    found = scores.el2n(rest.log(), torch.zeros(3, dtype=torch.int64))
    low, high = scores.el2n_bounds(rest[:, 0], 4)
    assert found[0].item() == pytest.approx(low[0].item())
    assert found[1].item() == pytest.approx(high[1].item())
    assert low[2] < found[2] < high[2]


def test_el2n_of_equal_outputs_is_the_closed_form():
    assert scores.uniform_el2n(10) == pytest.approx(0.948683, abs=1e-6)
    found = scores.el2n(torch.full((3, 10), 7.0, dtype=torch.float64), torch.tensor([0, 4, 9]))
    assert found.tolist() == pytest.approx([scores.uniform_el2n(10)] * 3, rel=1e-15)


def test_errors_are_the_gradient_of_the_cross_entropy_and_large_outputs_do_not_overflow():
    outputs = (50 * torch.randn(6, 4, generator=STREAM, dtype=torch.float64)).requires_grad_()
    nn.functional.cross_entropy(outputs, LABELS[:6], reduction="sum").backward()
    torch.testing.assert_close(scores.errors(outputs.detach(), LABELS[:6]), outputs.grad)
    assert scores.errors(torch.tensor([[1e4, 0.0]]), torch.tensor([1])).tolist() == [[1, -1]]


def test_forgetting_counts_changes_to_wrong():
    correct = torch.tensor(np.array([[1, 0, 1, 1, 0], [0, 0, 1, 0, 1], [1, 0, 1, 1, 1], [0, 0, 1, 0, 1]], bool))
    assert scores.forgetting(correct).tolist() == [2, float("inf"), 0, 2, 0]
