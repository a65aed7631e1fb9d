"""Oracles of the closed forms: against sampling, autograd and gradient descent on all weight vectors."""

import numpy as np
import pytest
import torch

from replications.grokking.kumar2024.experiments import committee, formulas, identities
from replications.grokking.science import kernels
from verifig.training.ensemble import generator

SIZE, EPSILON = 6, 0.4
MEMBER = {
    "seed": 0, "dimension": SIZE, "width": 9, "samples": 8, "epsilon": EPSILON, "alpha": 1.5, "base_rate": 1.0, "rate_alpha": None,
    "centred": True, "labels": "target", "eigenvector": 1, "steps": 40, "log_points": 5, "dtype": "float64", "chunk": 2,
    "draws": 40_000, "spectrum_dimension": 5, "spectrum_draws": 40_000, "epsilons": [0.25, 1.0],
}  # fmt: skip
CPU = torch.device("cpu")


def draw(*shape: int, name: str = "x") -> torch.Tensor:
    return torch.randn(shape, generator=generator("test kumar2024", name, *shape), dtype=torch.float64)


def network(x: torch.Tensor, w: torch.Tensor, alpha: float = 1.5) -> torch.Tensor:
    h = x @ w.T
    return alpha * (h + EPSILON * h.square() / 2).mean(1)


def test_outputs_are_those_of_the_network():
    x, w = draw(7, SIZE), draw(9, SIZE, name="w")
    predictor = formulas.predictor(formulas.moments(w), 1.5, EPSILON)
    torch.testing.assert_close(formulas.outputs(x, *predictor), network(x, w))


def test_population_loss_is_the_mean_squared_error():
    beta, w = draw(SIZE, name="beta"), draw(9, SIZE, name="w") + 0.3
    x = draw(200_000, SIZE) / SIZE**0.5
    linear, quadratic = formulas.predictor(formulas.moments(w), 1.5, EPSILON)
    errors = (network(x, w) - (x @ beta).square() / 2).square()
    standard_error = errors.std() / len(x) ** 0.5
    assert abs(formulas.population_loss(linear, quadratic, beta) - errors.mean()) < 3 * standard_error
    assert all(term > 5 * standard_error for term in formulas.loss_terms(linear, quadratic, beta))  # each is needed


@pytest.mark.parametrize(("alpha", "epsilon", "size"), [(1.0, 0.25, 30), (3.0, 0.5, 4)])
def test_initial_loss(alpha, epsilon, size):
    beta = draw(size, name="beta")
    beta *= size**0.5 / beta.norm()
    predictor = formulas.predictor(torch.eye(size + 1, dtype=torch.float64), alpha, epsilon)
    expected = formulas.initial_loss(alpha, epsilon, size)
    assert formulas.population_loss(*predictor, beta).item() == pytest.approx(expected, rel=1e-12)


def test_tangent_kernel_is_that_of_autograd_and_of_equation_5():
    x, w = draw(5, SIZE), draw(9, SIZE, name="w").requires_grad_()
    slopes = torch.stack([torch.autograd.grad(value, w, retain_graph=True)[0].flatten() for value in network(x, w)])
    found = formulas.tangent_kernel(x, x[:3], formulas.moments(w.detach()), EPSILON)
    torch.testing.assert_close(found * 1.5**2 / 9, slopes @ slopes[:3].T)
    product = x @ x.T
    infinite = formulas.tangent_kernel(x, x, torch.eye(SIZE + 1, dtype=torch.float64), EPSILON)
    torch.testing.assert_close(infinite, product + EPSILON**2 * product.square())


def test_kernel_predictor_is_the_sum_over_kernels():
    x, fresh, c = draw(5, SIZE), draw(4, SIZE, name="fresh"), draw(5, name="c")
    moments = formulas.moments(draw(9, SIZE, name="w") + 0.2)
    expected = formulas.tangent_kernel(fresh, x, moments, EPSILON) @ c
    found = formulas.outputs(fresh, *formulas.kernel_predictor(x, c, moments, EPSILON))
    torch.testing.assert_close(found, expected)


def test_eigenvalues_of_the_first_kernel():
    quadratic, linear = identities.spectrum(MEMBER)
    for epsilon, value in zip(MEMBER["epsilons"], quadratic, strict=True):
        assert value == pytest.approx(formulas.quadratic_eigenvalue(epsilon, 5), rel=0.03)
    np.testing.assert_allclose(linear, formulas.linear_eigenvalue(5), rtol=0.03)
    assert formulas.quadratic_eigenvalue(0.25, 30) == pytest.approx(2 * 0.25**2 / 900)


def test_identities_of_one_seed():
    found = identities.instance(MEMBER, [0, 1, 10])
    assert found["descent_error"] < 1e-12
    assert found["first_step_error"] < 1e-2
    assert found["initial_loss_error"] < 1e-12
    assert found["terms"].shape == (3, 3)
    gap = np.abs(found["sampled"] - found["terms"].sum(1)) / found["standard_error"]
    assert gap.max() < 4
    assert found["standard_error"].min() > 0


def test_moments_change_is_a_difference_of_moments():
    w, moved = draw(9, SIZE, name="w"), 0.1 * draw(1, SIZE, SIZE + 1, name="moved")
    extended = torch.cat([torch.ones(9, 1, dtype=torch.float64), w], 1)
    after = w + extended @ moved[0].T
    start = formulas.moments(w)[None]
    expected = formulas.moments(after) - start[0]
    torch.testing.assert_close(committee.moments_change(moved, start)[0], expected)


def test_the_lazy_limit_is_regression_with_the_first_kernel():
    member = MEMBER | {"alpha": 1e3, "samples": 20, "width": 200, "base_rate": 1.0, "steps": 3000}
    program = committee.build([member], CPU)
    for _ in range(member["steps"]):
        program.step()
    lazy = committee.linearised([member])
    found = program.record()["test_loss"].item()
    assert found == pytest.approx(lazy["kernel_descent"][0], rel=0.01)
    rich = committee.build([member | {"alpha": 0.5, "base_rate": 0.2}], CPU)
    for _ in range(2000):
        rich.step()
    assert rich.record()["test_loss"].item() < 0.8 * lazy["kernel_regression"][0]


def test_linearised_agrees_with_predictions_on_a_sample():
    each = committee.problem(MEMBER)
    kernel = formulas.tangent_kernel(each["x"], each["x"], each["moments"], EPSILON)
    c = kernels.coefficients(kernel, each["y"])
    fresh = draw(200_000, SIZE, name="fresh") / SIZE**0.5
    errors = formulas.tangent_kernel(fresh, each["x"], each["moments"], EPSILON) @ c
    errors = (errors - (fresh @ each["beta"]).square() / 2).square()
    assert committee.linearised([MEMBER])["kernel_regression"][0] == pytest.approx(errors.mean().item(), rel=0.05)
