"""Tensors of a flat one begin where kernels with vector loads want them; the gaps between are 0 and stay so."""

import math

import pytest
import torch
from gaps import gaps
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from verifig.training import flat, optim
from verifig.training.ensemble import Parameters, generator, padded

CPU = torch.device("cpu")
SHAPES = st.lists(st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple), min_size=1, max_size=6)
DTYPES = st.sampled_from([torch.float16, torch.float32, torch.float64])


def assert_aligned(whole: torch.Tensor, views: list[torch.Tensor]) -> None:
    """Rows, and the views of each, begin at multiples of 16 bytes; no gap is as wide as that; nothing overlaps."""
    begins = {member.data_ptr() - whole.data_ptr() for view in views for member in view}
    begins |= {row.data_ptr() - whole.data_ptr() for row in whole}
    assert {begin % 16 for begin in begins} == {0}
    for number, view in enumerate(views, start=1):
        view.fill_(number)
    assert [int((whole == number).sum()) for number, _ in enumerate(views, start=1)] == [v.numel() for v in views]
    needed = sum(view[0].numel() for view in views)
    assert 0 <= whole.shape[1] - needed <= len(views) * (16 // whole.element_size() - 1)
    assert not gaps(whole, views).any()


@given(SHAPES, st.integers(1, 3), DTYPES)
def test_parameters_are_aligned(shapes, members, dtype):
    parameters = Parameters({str(k): shape for k, shape in enumerate(shapes)}, members, dtype, CPU)
    assert parameters.flat.dtype == dtype
    assert not parameters.flat.any()
    assert [view.shape for view in parameters.views.values()] == [(members, *shape) for shape in shapes]
    assert_aligned(parameters.flat, list(parameters.views.values()))
    assert parameters.count == sum(math.prod(shape) for shape in shapes)
    for name, columns in parameters.columns.items():
        assert torch.equal(parameters.flat[:, columns], parameters.views[name].flatten(1)), name
    assert list(parameters.columns) == list(parameters.views)


@given(SHAPES, DTYPES)
def test_parameters_of_a_module_are_aligned(shapes, dtype):
    stream = generator("test", "module")
    before = [torch.randn(shape, generator=stream, dtype=torch.float64).to(dtype) for shape in shapes]
    parameters = [nn.Parameter(value.clone()) for value in before]
    columns = flat.size(parameters)
    values, grads = flat.flatten(iter(parameters))
    assert values.shape == grads.shape == (1, columns)
    assert (values.dtype, values.requires_grad, bool(grads.any())) == (dtype, False, False)
    for parameter, value in zip(parameters, before, strict=True):
        assert torch.equal(parameter.data, value)
    assert_aligned(values, [parameter.data[None] for parameter in parameters])
    assert_aligned(grads, [parameter.grad[None] for parameter in parameters])


@pytest.mark.parametrize(
    ("dtype", "counts"),
    [
        (torch.float16, [(0, 0), (1, 8), (7, 8), (8, 8), (9, 16)]),
        (torch.float32, [(0, 0), (1, 4), (4, 4), (5, 8), (100, 100)]),
        (torch.float64, [(0, 0), (1, 2), (2, 2), (3, 4)]),
    ],
)
def test_padded(dtype, counts):
    assert [(count, padded(count, dtype)) for count, _ in counts] == counts


KINDS = {
    "sgd": (optim.SGD, {"momentum": [0.9, 0.0, 0.5], "weight_decay": [0.1, 0.0, 4.0]}),
    "adam": (optim.Adam, {"weight_decay": [0.1, 0.0, 4.0]}),
    "adamw": (optim.Adam, {"weight_decay": [0.1, 0.0, 4.0], "decoupled": True}),
    "adam with a tiny eps": (optim.Adam, {"eps": 1e-30}),
    "adam without eps": (optim.Adam, {"eps": 0.0}),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_training_leaves_the_gaps_at_zero(kind, dtype):
    make, settings = KINDS[kind]
    stream = generator("test", "gaps")
    parameters = Parameters({"a": (3, 3), "b": (1, 1), "c": (5,), "d": (2, 4)}, 3, dtype, CPU)
    for view in parameters.views.values():
        view.normal_(generator=stream)
    optimizer = make(parameters.flat, [0.1, 0.2, 0.3], **settings)
    grads = parameters.like()
    start = parameters.flat.clone()
    for _ in range(30):
        for view in parameters.split(grads).values():
            view.normal_(generator=stream)
        optimizer.step(parameters.flat, grads)
    laid_out = [tensor for tensor in optimizer.tensors.values() if tensor.shape == grads.shape]
    assert len(laid_out) == (1 if kind == "sgd" else 2)
    for tensor in (parameters.flat, grads, *laid_out):
        views = parameters.split(tensor).values()
        assert not gaps(tensor, views).any()
        assert all(bool(view.all()) for view in views)
    moved = parameters.split(parameters.flat - start).values()
    assert all(bool(view.all()) for view in moved)
    assert torch.isfinite(parameters.flat).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_module_s_gaps_stay_at_zero(kind):
    make, settings = KINDS[kind]
    settings = {name: value[0] if isinstance(value, list) else value for name, value in settings.items()}
    module = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    values, grads = flat.flatten(module.parameters())
    optimizer = make(values, 0.1, **settings)
    inputs = torch.randn(7, 3, generator=generator("test", "inputs"))
    for _ in range(10):
        grads.zero_()
        module(inputs).square().sum().backward()
        optimizer.step(values, grads)
    views = [parameter.data[None] for parameter in module.parameters()]
    assert gaps(values, views).shape == (1, 1 + 3 + 3 + 3)
    assert not gaps(values, views).any()
    assert torch.isfinite(values).all()
