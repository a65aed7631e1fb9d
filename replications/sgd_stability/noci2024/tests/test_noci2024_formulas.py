"""Closed forms of two-layer linear networks against matrices by automatic differentiation."""

import pytest
import torch

from replications.sgd_stability.noci2024.experiments import formulas, linear
from verifig.curvature import modules
from verifig.curvature.dense import half_squared

CASES = [(6, 7, 4, True), (3, 5, 4, False), (20, 10, 10, True), (2, 9, 6, True), (5, 12, 8, False)]


@pytest.fixture(params=CASES, ids=str)
def network(request):
    """Weights, data and gamma of a network; with `mup` gamma is the root of the width."""
    width, samples, size, mup = request.param
    stream = torch.Generator().manual_seed(width)
    draw = lambda *shape: torch.randn(*shape, generator=stream, dtype=torch.float64)  # noqa: E731
    return draw(samples, size), draw(samples), draw(width, size), draw(width), width**0.5 if mup else 1.0


def function(network):
    x, _, first, second, gamma = network
    width, size = first.shape

    def outputs(flat: torch.Tensor) -> torch.Tensor:
        return x @ flat[:-width].view(width, size).T @ flat[-width:] / (gamma * (width * size) ** 0.5)

    return outputs, torch.cat([first.flatten(), second])


def closed(network):
    x, y, first, second, gamma = network
    m, u, a = (value[None] for value in formulas.moments(first, second))
    width = torch.tensor([float(len(second))], dtype=torch.float64)
    found = formulas.outputs(x[None], u, width, torch.tensor([gamma], dtype=torch.float64))
    push = gamma * x.T @ (found[0] - y) / len(y) / (len(second) * x.shape[1]) ** 0.5
    return x[None], m, u, a, push[None], found[0]


def test_outputs_and_gauss_newton_spectrum(network):
    outputs, flat = function(network)
    x, m, _, a, _, found = closed(network)
    torch.testing.assert_close(found, outputs(flat))
    slopes = torch.func.jacrev(outputs)(flat)
    gram = formulas.gauss_newton_gram(x, m, a)
    torch.testing.assert_close(gram[0], network[-1] ** 2 * slopes @ slopes.T / len(slopes))
    largest = torch.linalg.eigvalsh(slopes.T @ slopes / len(slopes))[-1]
    torch.testing.assert_close(formulas.sharpness(gram)[0], network[-1] ** 2 * largest)


def test_largest_eigenvalue_of_the_full_hessian(network):
    outputs, flat = function(network)
    x, m, u, a, push, _ = closed(network)
    matrix = torch.func.hessian(lambda at: (outputs(at) - network[1]).square().mean() / 2)(flat)
    largest = torch.linalg.eigvalsh(matrix)[-1]
    found = formulas.hessian_sharpness(x, m, u, a, push)[0] / network[-1] ** 2
    torch.testing.assert_close(found, largest, rtol=1e-8, atol=0)


def test_at_a_fit_the_hessian_is_the_gauss_newton_matrix(network):
    x, m, u, a, push, _ = closed(network)
    found = formulas.hessian_sharpness(x, m, u, a, 0 * push)
    torch.testing.assert_close(found, formulas.sharpness(formulas.gauss_newton_gram(x, m, a)))


def test_a_matrix_that_is_not_finite_has_an_infinite_eigenvalue():
    gram = torch.eye(3, dtype=torch.float64).repeat(2, 1, 1)
    gram[1, 0, 1] = torch.nan
    assert formulas.sharpness(gram).tolist() == [1, torch.inf]


@pytest.mark.parametrize("arm", ["mup", "ntp"])
def test_descent_by_moments_is_descent_by_weights(arm):
    settings = {"dimension": 6, "samples": 9, "learning_rate": 0.4, "direct_width": 5, "direct_steps": 30}
    errors = linear.direct_errors(settings)
    assert errors["direct_loss_error"].max() < 1e-12
    assert errors["direct_sharpness_error"].max() < 1e-12
    member = {**settings, "parametrisation": arm, "scaled": True, "width": 5, "seed": 0, "hessian": False}
    program = linear.Linear([member], torch.device("cpu"))
    first = program.record()["loss"].item()
    for _ in range(30):
        program.step()
    assert program.record()["loss"].item() < 0.9 * first
    assert linear.by_weights(member, 29)[0] != pytest.approx(program.record()["loss"].item(), rel=1e-6)


def test_rates_are_scaled_by_gamma_squared_unless_left():
    member = {"width": 9, "parametrisation": "mup", "learning_rate": 0.5, "scaled": True}
    assert linear.rate_of(member) == pytest.approx(4.5)
    assert linear.rate_of(member | {"scaled": False}) == 0.5
    assert linear.rate_of(member | {"parametrisation": "ntp"}) == 0.5
    assert linear.gamma_of(member) == 3


def test_closed_forms_are_what_the_library_finds_without_them(network):
    """The library's sharpness of any module, on the same network as one."""
    x, y, first, second, gamma = network
    width, size = first.shape

    class Linear(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = torch.nn.Parameter(first), torch.nn.Parameter(second)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return (inputs @ self.first.T @ self.second / (gamma * (width * size) ** 0.5))[:, None]

    closed_form = closed(network)
    data = (x, y[:, None])
    hessian = modules.sharpness(Linear(), half_squared, data)
    gauss_newton = modules.sharpness(Linear(), half_squared, data, curvature="gauss_newton")
    found = formulas.hessian_sharpness(*closed_form[:5]).item() / gamma**2
    assert found == pytest.approx(hessian, rel=1e-6)
    found = formulas.sharpness(formulas.gauss_newton_gram(closed_form[0], closed_form[1], closed_form[3])).item()
    assert found / gamma**2 == pytest.approx(gauss_newton, rel=1e-6)


def test_moments_of_several_networks_are_those_of_each():
    stream = torch.Generator().manual_seed(0)
    first, second = torch.randn(3, 5, 2, generator=stream), torch.randn(3, 5, generator=stream)
    for row, one in enumerate(zip(first, second, strict=True)):
        for several, each in zip(formulas.moments(first, second), formulas.moments(*one), strict=True):
            torch.testing.assert_close(several[row], each)
