"""The fused optimisers against torch.optim, and a K-member program against K single ones."""

import pytest
import torch
from torch.nn import functional as F

from verifig.training.ensemble import MLP, Parameters, cosine, generator
from verifig.training.optim import SGD, Adam, per_member

STEPS = 50


def gradients(params: torch.Tensor, step: int) -> torch.Tensor:
    """Some smooth gradient field with a decade of scales."""
    return torch.sin(params * 3 + step) * torch.logspace(-3, 0, params.shape[1], dtype=params.dtype)


def run(optimizer, params: torch.Tensor) -> torch.Tensor:
    params = params.clone()
    for step in range(STEPS):
        optimizer.step(params, gradients(params, step))
    return params


def reference(make, start: torch.Tensor) -> torch.Tensor:
    """The same steps with torch.optim, one member at a time."""
    rows = []
    for member in range(len(start)):
        row = start[member : member + 1].clone().requires_grad_()
        optimizer = make(member, [row])
        for step in range(STEPS):
            row.grad = gradients(row.detach(), step)
            optimizer.step()
        rows.append(row.detach())
    return torch.cat(rows)


START = torch.randn(3, 40, dtype=torch.float64, generator=generator("test", "optim"))
RATES, BETA2, EPS, DECAY = [1e-3, 1e-2, 3e-2], [0.9, 0.99, 0.999], [1e-30, 1e-8, 1e-8], [0.0, 4.0, 0.1]


@pytest.mark.parametrize("decoupled", [True, False])
def test_adam_equals_torch(decoupled):
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    ours = run(Adam(START, RATES, 0.9, BETA2, EPS, DECAY, decoupled), START)
    theirs = reference(
        lambda k, row: kind(row, RATES[k], (0.9, BETA2[k]), EPS[k], DECAY[k]),
        START,
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


def test_sgd_equals_torch():
    ours = run(SGD(START, RATES, [0.0, 0.5, 0.9], DECAY), START)
    theirs = reference(
        lambda k, row: torch.optim.SGD(row, RATES[k], [0.0, 0.5, 0.9][k], weight_decay=DECAY[k]),
        START,
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


def test_hyperparameters_must_match_the_members():
    with pytest.raises(ValueError, match="2 values for 3 members"):
        per_member([0.1, 0.2], 3)


@pytest.mark.parametrize("activation", ["relu", "tanh", "linear"])
@pytest.mark.parametrize("bias", [True, False])
def test_backward_equals_autograd(activation, bias):
    model = MLP((6, 5, 4, 3), 2, bias=bias, activation=activation, dtype=torch.float64)
    model.initialise([generator("test", k) for k in range(2)])
    inputs = torch.randn(2, 7, 6, dtype=torch.float64, generator=generator("test", "x"))
    weight = torch.randn(2, 7, 3, dtype=torch.float64, generator=generator("test", "g"))
    leaf = model.parameters.flat.clone().requires_grad_()
    views = model.parameters.split(leaf)
    hidden = inputs
    for layer in (1, 2, 3):
        hidden = hidden @ views[f"w{layer}"] + (views[f"b{layer}"] if bias else 0)
        if layer < 3:
            hidden = {"relu": torch.relu, "tanh": torch.tanh, "linear": lambda x: x}[activation](hidden)
    expected = torch.autograd.grad((hidden * weight).sum(), leaf)[0]
    found = model.parameters.like()
    torch.testing.assert_close(model(inputs, keep=True), hidden.detach())
    model.backward(weight, found)
    torch.testing.assert_close(found, expected)


def test_tokens_equal_one_hot_inputs():
    model = MLP((10, 4, 3), 2, dtype=torch.float64)
    model.initialise([generator("test", k) for k in range(2)])
    tokens = torch.randint(0, 5, (2, 20, 2), generator=generator("test", "tokens")) + torch.tensor([0, 5])
    dense = F.one_hot(tokens, 10).sum(2).double()
    weight = torch.randn(2, 20, 3, dtype=torch.float64, generator=generator("test", "g"))
    grads = []
    for inputs in (tokens, dense):
        grads.append(model.parameters.like())
        outputs = model(inputs, keep=True)
        model.backward(weight, grads[-1])
        torch.testing.assert_close(outputs, model(dense))
    torch.testing.assert_close(grads[0], grads[1])


def test_views_share_memory_with_the_flat_tensor():
    parameters = Parameters({"a": (2, 3), "b": (4,)}, 5, torch.float32, torch.device("cpu"))
    parameters.views["b"][3] = 7
    assert parameters.flat[3, 6:].tolist() == [7] * 4
    assert parameters.flat.shape == (5, 10)


def test_cosine():
    a = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    b = torch.tensor([[0.0, 2.0], [-3.0, -3.0]])
    torch.testing.assert_close(cosine(a, b), torch.tensor([0.0, -1.0]))
