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


@pytest.mark.parametrize(("ours", "theirs"), [(SGD, torch.optim.SGD), (Adam, torch.optim.Adam)], ids=["sgd", "adam"])
@pytest.mark.parametrize("more", [{}, {"weight_decay": 0.5}], ids=["alone", "decay"])
def test_what_is_not_said_is_as_in_torch(ours, theirs, more):
    small = START * 1e-9  # gradients of the size of Adam's eps
    torch.testing.assert_close(
        run(ours(small, 1e-3, **more), small),
        reference(lambda k, row: theirs(row, lr=1e-3, **more), small),
        rtol=1e-12,
        atol=1e-24,
    )


@pytest.mark.parametrize("beta1", [[0.0, 0.5, 0.95], [0.8, 0.9, 0.8], [0.8, 0.8, 0.8]])
@pytest.mark.parametrize("beta2", [BETA2, [0.99, 0.99, 0.9], [0.99, 0.99, 0.99]])
def test_every_hyperparameter_may_differ_by_member(beta1, beta2):
    ours = run(Adam(START, RATES, beta1, beta2, EPS, DECAY), START)
    theirs = reference(lambda k, row: torch.optim.Adam(row, RATES[k], (beta1[k], beta2[k]), EPS[k], DECAY[k]), START)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("decay", [[0.0, 0.0, 4.0], 0.0, 4.0])
@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_member_is_not_touched_by_the_decay_of_another(kind, decay):
    together = run(kind(START, 1e-2, weight_decay=decay), START)
    for member in range(3):
        own = decay[member] if isinstance(decay, list) else decay
        alone = START[member : member + 1]
        assert torch.equal(run(kind(alone, 1e-2, weight_decay=own), alone)[0], together[member])


def test_hyperparameters_must_match_the_members():
    assert per_member(2, 3) == [2.0, 2.0, 2.0]
    assert per_member((1, 0.5), 2) == [1.0, 0.5]
    for values in ([0.1, 0.2], [0.1] * 4):
        with pytest.raises(ValueError, match=f"{len(values)} values for 3 members"):
            per_member(values, 3)


LIMIT = 1e3 * 1.1e-19  # a thousand times the square root of the smallest normal float32


@pytest.mark.parametrize(
    ("eps", "kept"),
    [(1e-8, False), (1.0005 * LIMIT, False), (LIMIT, True), (0.9995 * LIMIT, True), (1e-30, True), ([1e-8, 1e-30], True)],
)  # fmt: skip
def test_denormal_moments_are_kept_only_where_eps_is_as_small(eps, kept):
    """A tiny eps with second moments flushed to zero would be a division by almost nothing."""
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor does not flush denormal numbers")
    torch.set_flush_denormal(False)
    params = torch.zeros(2, 40)
    gradient = torch.full((2, 40), 1e-19)  # its square, a thousandth of it, is denormal in float32
    optimizer = Adam(params, 1e-3, eps=eps)
    optimizer.step(params, gradient)
    assert bool(optimizer.tensors["square"].all()) == bool(optimizer.tensors["square"].any()) == kept
    assert (torch.tensor([1e-41]) * 1).item() > 0, "outside a step nothing is flushed"
    if eps == 1e-30:
        torch.testing.assert_close(params, torch.full((2, 40), -1e-3), rtol=1e-2, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_without_eps_nothing_moves_where_there_was_no_gradient(dtype):
    params = START.to(dtype)
    gradient = torch.sin(params)
    gradient[:, :5] = 0
    optimizer, moved = Adam(params, 1e-3, eps=[0.0, 1e-8, 0.0]), params.clone()
    for _ in range(3):
        optimizer.step(moved, gradient)
    assert torch.equal(moved[:, :5], params[:, :5])
    torch.testing.assert_close(moved[:, 5:], (params - 3e-3 * gradient.sign())[:, 5:], rtol=1e-5, atol=1e-6)


def test_steps_are_counted_from_one():
    optimizer = Adam(START, 1e-3)
    assert {name: bool(value.any()) for name, value in optimizer.tensors.items()} == {
        "mean": False,
        "square": False,
        "powers": True,
    }
    assert optimizer.tensors["powers"].tolist() == [[[1.0]] * 3] * 2, "beta ** 0"
    run(optimizer, START)
    expected = torch.tensor([[[0.9**STEPS]] * 3, [[0.999**STEPS]] * 3], dtype=torch.float64)
    torch.testing.assert_close(optimizer.tensors["powers"], expected, rtol=1e-13, atol=0)


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
    assert parameters.flat[3].tolist() == [0] * 8 + [7] * 4, "6 and a gap of 2, then 4"
    assert parameters.flat.shape == (5, 12)


def test_cosine():
    a = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    b = torch.tensor([[0.0, 2.0], [-3.0, -3.0]])
    torch.testing.assert_close(cosine(a, b), torch.tensor([0.0, -1.0]))
