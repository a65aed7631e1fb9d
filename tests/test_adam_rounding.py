"""Adam over many steps: in float64 what torch computes, in float32 no further from it than torch itself."""

import pytest
import torch

from verifig.training.ensemble import generator
from verifig.training.optim import Adam

STEPS = 200
RATES = [1e-3, 1e-2]


def gradients(dtype: torch.dtype, size: float) -> torch.Tensor:
    """[steps, members, parameters] over four decades."""
    scales = size * torch.logspace(-4, 0, 25, dtype=torch.float64)
    return (torch.randn(STEPS, 2, 25, dtype=torch.float64, generator=generator("test", "g")) * scales).to(dtype)


def ours(dtype: torch.dtype, size: float, **settings) -> torch.Tensor:
    params = torch.ones(2, 25, dtype=dtype)
    optimizer = Adam(params, RATES, **settings)
    for grads in gradients(dtype, size):
        optimizer.step(params, grads)
    return params


def theirs(dtype: torch.dtype, size: float, decoupled: bool = False, **settings) -> torch.Tensor:
    rows = []
    for member, rate in enumerate(RATES):
        row = torch.ones(25, dtype=dtype, requires_grad=True)
        optimizer = (torch.optim.AdamW if decoupled else torch.optim.Adam)([row], lr=rate, **settings)
        for grads in gradients(dtype, size):
            row.grad = grads[member]
            optimizer.step()
        rows.append(row.detach())
    return torch.stack(rows)


CASES = [
    (1.0, {"eps": 1e-8}),
    (1e-7, {"eps": 1e-8, "weight_decay": 0.0}),
    (1.0, {"eps": 1e-8, "weight_decay": 0.1, "decoupled": True}),
    (1.0, {"eps": 1e-30}),
    (1.0, {"eps": 0.0}),
    (1e-12, {"eps": 1e-30}),
]


@pytest.mark.parametrize(("size", "settings"), CASES)
def test_in_float64_as_torch(size, settings):
    torch.testing.assert_close(
        ours(torch.float64, size, **settings), theirs(torch.float64, size, **settings), rtol=1e-12, atol=0
    )


@pytest.mark.parametrize(("size", "settings"), CASES)
def test_in_float32_as_near_as_torch(size, settings):
    exact = theirs(torch.float64, size, **settings)
    error = (ours(torch.float32, size, **settings) - exact).abs().max().item()
    of_torch = (theirs(torch.float32, size, **settings) - exact).abs().max().item()
    assert error <= 1.5 * of_torch + 1e-7
    assert of_torch < 1e-4


def test_denormal_second_moments_are_as_in_torch():
    """Squares of gradients of 1e-20 and less are denormal in float32, and count where eps is as small."""
    settings = {"eps": 1e-30}
    found, expected = ours(torch.float32, 1e-20, **settings), theirs(torch.float32, 1e-20, **settings)
    assert (gradients(torch.float32, 1e-20)[0, 0, -5:].double().square() < torch.finfo(torch.float32).tiny).all()
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)
    assert ((found - 1).abs() > 1e-4).all(), "all move, though nothing but tiny numbers says so"
