"""Exact Hessians and Gauss-Newton matrices against closed forms, finite differences and single networks."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from verifig.curvature import dense, gram
from verifig.curvature.dense import half_squared
from verifig.curvature.networks import Networks, mlp, stack
from verifig.ground.errors import InputError
from verifig.training.ensemble import MLP, generator

DOUBLE = torch.float64
torch.set_num_threads(1)


def draw(*shape: int, name: str = "a") -> torch.Tensor:
    return torch.randn(*shape, generator=generator("curvature", name), dtype=DOUBLE)


def labels(*shape: int, classes: int = 3) -> torch.Tensor:
    return torch.randint(classes, shape, generator=generator("curvature", "labels"))


def classifier(*, bias: bool = True, activation: type[nn.Module] = nn.Tanh, seed: int = 0) -> nn.Module:
    """4 inputs, 5 hidden units, 3 classes, float64."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 5, bias=bias), activation(), nn.Linear(5, 3, bias=bias)).double()


def quadratic(tensors, inputs):
    """As outputs the parameters themselves, for each sample."""
    return tensors["w"].expand(len(inputs), -1)


def test_a_quadratic_loss_has_its_matrix_as_hessian():
    square = draw(3, 3)
    matrix = square @ square.T - 2 * torch.eye(3, dtype=DOUBLE)

    def loss(outputs, targets):
        return ((outputs @ matrix) * outputs).sum(1).mean() / 2

    networks = Networks(quadratic, {"w": draw(2, 3, name="w")})
    found = dense.hessian(networks, loss, (torch.zeros(4, 1, dtype=DOUBLE), torch.zeros(4)))
    torch.testing.assert_close(found, matrix.expand(2, 3, 3))


def test_a_linear_model_with_squared_loss_has_its_covariance_as_both_matrices():
    x, y = draw(7, 4), draw(7, 2, name="y")
    networks = stack(nn.Linear(4, 2, bias=False).double())
    expected = torch.kron(torch.eye(2, dtype=DOUBLE), x.T @ x / 7)  # weight [2, 4] flattened row by row
    torch.testing.assert_close(dense.hessian(networks, half_squared, (x, y))[0], expected)
    torch.testing.assert_close(dense.gauss_newton(networks, half_squared, (x, y))[0], expected)
    halved = dense.hessian(networks, mse_loss, (x, y))[0]  # mean over outputs too, without 1/2: 2/C of ours
    torch.testing.assert_close(halved, expected)


def test_logistic_regression_has_one_matrix_and_it_is_known():
    x, y = draw(9, 4), labels(9)
    model = nn.Linear(4, 3, bias=False).double()
    p = model(x).softmax(1).detach()
    each = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    expected = torch.einsum("nab,ni,nj->aibj", each, x, x).reshape(12, 12) / 9
    torch.testing.assert_close(dense.hessian(stack(model), cross_entropy, (x, y))[0], expected)
    torch.testing.assert_close(dense.gauss_newton(stack(model), cross_entropy, (x, y))[0], expected)


def test_a_two_layer_linear_network_in_closed_form():
    """f = a^T W x with loss 1/2 mean (f - y)^2: blocks by hand, the mixed one with the residual."""
    x, y, a, w = draw(6, 3), draw(6, name="y"), draw(1, 2, name="a2"), draw(1, 2, 3, name="w2")

    def function(tensors, inputs):
        return inputs @ tensors["w"].T @ tensors["a"]

    networks = Networks(function, {"a": a, "w": w})
    covariance, h = x.T @ x / 6, x @ w[0].T
    residual = h @ a[0] - y
    expected = torch.zeros(8, 8, dtype=DOUBLE)
    expected[:2, :2] = h.T @ h / 6
    expected[2:, 2:] = torch.kron(torch.outer(a[0], a[0]), covariance)
    mixed = torch.einsum("nj,k,nd->jkd", h, a[0], x) / 6
    expected[:2, 2:] = mixed.reshape(2, 6)
    expected[2:, :2] = expected[:2, 2:].T
    torch.testing.assert_close(dense.gauss_newton(networks, half_squared, (x, y))[0], expected)
    expected[:2, 2:] += torch.einsum("jk,nd,n->jkd", torch.eye(2, dtype=DOUBLE), x, residual).reshape(2, 6) / 6
    expected[2:, :2] = expected[:2, 2:].T
    torch.testing.assert_close(dense.hessian(networks, half_squared, (x, y))[0], expected)


def test_the_hessian_is_the_finite_difference_of_the_gradient():
    model, x, y = classifier(), draw(8, 4), labels(8)
    networks = stack(model)

    def gradient(vector):
        at = vector.clone().requires_grad_()
        return torch.autograd.grad(cross_entropy(networks.outputs(at, {}, x), y), at)[0]

    flat, step = networks.flat()[0], 1e-5
    columns = [(gradient(flat + e) - gradient(flat - e)) / (2 * step) for e in step * torch.eye(43, dtype=DOUBLE)]
    found = dense.hessian(networks, cross_entropy, (x, y))[0]
    assert found.shape == (43, 43)
    torch.testing.assert_close(found, torch.stack(columns), atol=1e-8, rtol=0)
    torch.testing.assert_close(found, found.T)


def test_both_matrices_agree_where_the_model_fits_exactly_and_only_there():
    model, x = classifier(), draw(8, 4)
    y = model(x).detach()
    full, part = (form(stack(model), half_squared, (x, y))[0] for form in (dense.hessian, dense.gauss_newton))
    torch.testing.assert_close(full, part)
    full, part = (form(stack(model), half_squared, (x, y + 1))[0] for form in (dense.hessian, dense.gauss_newton))
    assert (full - part).norm() > 0.1 * part.norm()
    assert torch.linalg.eigvalsh(part)[0] > -1e-12


def test_the_loss_curves_by_outputs_as_the_formulas_say():
    model, x, y = classifier(), draw(5, 4), labels(5)
    p = model(x).softmax(1).detach()
    found = dense.output_hessians(stack(model), cross_entropy, (x, y))[0]
    torch.testing.assert_close(found, torch.diag_embed(p) - p[:, :, None] * p[:, None, :])
    identity = dense.output_hessians(stack(model), half_squared, (x, draw(5, 3, name="y")))[0]
    torch.testing.assert_close(identity, torch.eye(3, dtype=DOUBLE).expand(5, 3, 3))


def test_jacobians_are_gradients_of_each_output():
    model, x = classifier(), draw(3, 4)
    found = dense.jacobians(stack(model), x)
    assert found.shape == (1, 3, 3, 43)
    for sample in range(3):
        for output in range(3):
            parts = torch.autograd.grad(model(x)[sample, output], list(model.parameters()))
            torch.testing.assert_close(found[0, sample, output], torch.cat([part.flatten() for part in parts]))


@pytest.mark.parametrize(
    ("form", "at_once"),
    [(dense.hessian, 20), (dense.hessian, 4096), (dense.gauss_newton, 3), (dense.gauss_newton, 20)],
)
def test_members_together_equal_members_alone_in_any_chunks(form, at_once):
    models, x, y = [classifier(seed=seed) for seed in range(3)], draw(3, 8, 4), labels(3, 8)
    together = form(stack(*models), cross_entropy, (x, y), shared=False, at_once=at_once)
    assert together.shape == (3, 43, 43)
    for member, model in enumerate(models):
        torch.testing.assert_close(together[member], form(stack(model), cross_entropy, (x[member], y[member]))[0])
    shared = form(stack(*models), cross_entropy, (x[0], y[0]), at_once=at_once)
    torch.testing.assert_close(shared[0], together[0])
    torch.testing.assert_close(shared[2], form(stack(models[2]), cross_entropy, (x[0], y[0]))[0])


@pytest.mark.parametrize(("bias", "activation"), [(True, "tanh"), (False, "relu"), (True, "linear")])
def test_an_ensemble_s_members_are_networks(bias, activation):
    model = MLP((4, 5, 3), 2, bias=bias, activation=activation, dtype=DOUBLE)
    model.initialise([generator("curvature", seed) for seed in range(2)])
    x, y = draw(6, 4), labels(6)
    networks = Networks(mlp(activation), model.parameters.views)
    assert (len(networks), networks.size) == (2, model.parameters.count)
    members = [{name: view[k] for name, view in model.parameters.views.items()} for k in range(2)]
    torch.testing.assert_close(torch.stack([networks.function(each, x) for each in members]), model(x))
    kinds = {"tanh": nn.Tanh, "relu": nn.ReLU, "linear": nn.Identity}
    torch_model = classifier(bias=bias, activation=kinds[activation])
    for layer, weight in enumerate(model.weights):
        torch_model[2 * layer].weight.data = weight[1].T.clone()
        if bias:
            torch_model[2 * layer].bias.data = model.parameters.views[f"b{layer + 1}"][1, 0].clone()
    ours, theirs = (dense.hessian(each, cross_entropy, (x, y)) for each in (networks, stack(torch_model)))
    torch.testing.assert_close(torch.linalg.eigvalsh(ours[1]), torch.linalg.eigvalsh(theirs[0]))


def test_precision_is_that_of_the_parameters():
    model, x, y = classifier(), draw(8, 4), labels(8)
    exact = dense.hessian(stack(model), cross_entropy, (x, y))
    single = dense.hessian(stack(model).to(torch.float32), cross_entropy, (x.float(), y))
    assert single.dtype == torch.float32
    torch.testing.assert_close(single, exact.float(), atol=1e-6, rtol=1e-4)
    assert dense.gauss_newton(stack(model).to(torch.float32), cross_entropy, (x.float(), y)).dtype == torch.float32


def test_frozen_parameters_are_constants():
    model, x, y = classifier(), draw(8, 4), labels(8)
    whole = dense.hessian(stack(model), cross_entropy, (x, y))[0]
    for parameter in model[0].parameters():
        parameter.requires_grad_(False)
    torch.testing.assert_close(dense.hessian(stack(model), cross_entropy, (x, y))[0], whole[25:, 25:])


def test_outputs_of_any_shape():
    """Two tokens of three classes are six outputs."""
    model, x, y = classifier(), draw(5, 2, 4), labels(5, 2)

    def loss(outputs, targets):
        return cross_entropy(outputs.transpose(1, 2), targets)

    flattened = dense.gauss_newton(stack(model), cross_entropy, (x.flatten(0, 1), y.flatten()))
    torch.testing.assert_close(dense.gauss_newton(stack(model), loss, (x, y)), flattened)
    assert dense.jacobians(stack(model), x).shape == (1, 5, 6, 43)


def test_factors_give_the_matrix_its_spectrum_and_that_of_batches():
    model, x, y = classifier(), draw(12, 4), labels(12)
    found = dense.factors(stack(model, classifier(seed=1)), cross_entropy, (x, y))
    matrices = dense.gauss_newton(stack(model, classifier(seed=1)), cross_entropy, (x, y))
    rows = found.flatten(1, 2)
    torch.testing.assert_close(rows.mT @ rows / 12, matrices)
    torch.testing.assert_close(gram.gram(found), rows @ rows.mT / 12)
    values = torch.linalg.eigvalsh(matrices)
    torch.testing.assert_close(gram.spectrum(found), values[:, -36:])  # 12 samples, 3 outputs: fewer than 43
    torch.testing.assert_close(gram.spectrum(found.expand(2, 12, 3, 43)[:, :, :, :20]).shape, torch.Size([2, 20]))
    batches = torch.arange(12).view(2, 2, 3)
    largest = gram.sharpness_of_batches(found[0], batches)
    assert largest.shape == (2, 2)
    one = dense.gauss_newton(stack(model), cross_entropy, (x[9:], y[9:]))[0]
    torch.testing.assert_close(largest[1, 1], torch.linalg.eigvalsh(one)[-1])
    assert largest.mean() >= values[0, -1]
    identical = gram.sharpness_of_batches(found[0], torch.tensor([[4, 4, 4]]))
    torch.testing.assert_close(identical, gram.sharpness_of_batches(found[0], torch.tensor([[4]])))


def test_parameters_are_vectors_in_torch_s_order():
    model = classifier()
    networks = stack(model)
    torch.testing.assert_close(networks.flat()[0], nn.utils.parameters_to_vector(model.parameters()).detach())
    parts = networks.split(networks.flat()[0])
    assert {name: part.shape for name, part in parts.items()} == {
        name: value.shape for name, value in model.named_parameters()
    }
    assert len(stack(model, model, model)[1:]) == 2


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: stack(), "there is no model"),
        (lambda: stack(nn.Tanh()), "no parameters that require gradients"),
        (lambda: stack(nn.Linear(2, 2).requires_grad_(False)), "no parameters that require gradients"),
        (lambda: hessian_of(cross_entropy, draw(0, 4), labels(0)), "the data hold no samples"),
        (
            lambda: hessian_of(nn.CrossEntropyLoss(reduction="none"), draw(5, 4), labels(5)),
            r"not a tensor of shape \(5,\)",
        ),
        (lambda: hessian_of(half_squared, draw(5, 4), draw(5, name="y")), r"outputs \(5, 3\) and targets \(5,\)"),
        (lambda: hessian_of(cross_entropy, draw(3, 5, 4), labels(3, 5), shared=False), "one set of samples a member"),
        (
            lambda: dense.factors(stack(classifier()), lambda f, y: -half_squared(f, y), (draw(5, 4), draw(5, 3))),
            "not convex in the outputs",
        ),
    ],
)
def test_what_cannot_be_computed_is_refused_in_one_sentence(call, said):
    with pytest.raises(InputError, match=said):
        call()


def hessian_of(loss, x, y, **options) -> torch.Tensor:
    return dense.hessian(stack(classifier()), loss, (x, y), **options)
