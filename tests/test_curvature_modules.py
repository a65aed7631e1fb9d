"""Curvature of modules of one's own, matrix-free, against the exact matrices; many networks at once."""

import math

import numpy as np
import pytest
import torch
from test_curvature_dense import classifier, draw, labels
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import DataLoader, TensorDataset

from verifig.benchmarking import curvature as plain
from verifig.curvature import batched, dense, modules
from verifig.curvature.networks import stack
from verifig.curvature.operators import operator
from verifig.ground.errors import InputError
from verifig.planning import sources
from verifig.training.vision import torchvision

FORMS = {"hessian": dense.hessian, "gauss_newton": dense.gauss_newton}


@pytest.mark.parametrize("curvature", FORMS)
def test_products_are_those_of_the_exact_matrix_however_the_data_come(curvature):
    model, x, y = classifier(), draw(11, 4), labels(11)
    exact = FORMS[curvature](stack(model), cross_entropy, (x, y))[0]
    batches = [(x[:4], y[:4]), (x[4:8], y[4:8]), (x[8:], y[8:])]
    loader = DataLoader(TensorDataset(x, y), batch_size=3, shuffle=True)
    for data in ((x, y), [x, y], batches, tuple(batches), loader):
        for loss in (cross_entropy, nn.CrossEntropyLoss()):
            torch.testing.assert_close(operator(model, loss, data, curvature).dense(), exact)
    torch.testing.assert_close(operator(model, cross_entropy, (x, y), curvature, at_once=1).dense(), exact)


def test_the_plain_forms_of_the_benchmarks_compute_the_same():
    model, x, y = classifier(), draw(9, 4), labels(9)
    networks, data = stack(model), (x, y)
    rows, samples = plain.hessian_by_rows(model, x, y), plain.gauss_newton_by_samples(model, x, y)
    torch.testing.assert_close(rows, dense.hessian(networks, cross_entropy, data)[0])
    torch.testing.assert_close(samples, dense.gauss_newton(networks, cross_entropy, data)[0])
    assert plain.sharpness_by_scipy(model, x, y) == pytest.approx(modules.sharpness(model, cross_entropy, data))


@pytest.mark.parametrize("loss", [mse_loss, nn.HuberLoss(), nn.SmoothL1Loss()])
def test_losses_of_torch_have_products(loss):
    model, x, y = classifier(), draw(6, 4), draw(6, 3, name="y")
    for curvature, form in FORMS.items():
        torch.testing.assert_close(
            operator(model, loss, (x, y), curvature).dense(), form(stack(model), loss, (x, y))[0]
        )


@pytest.mark.parametrize("curvature", FORMS)
def test_sharpness_trace_and_density_are_those_of_the_exact_matrix(curvature):
    model, x, y = nn.Sequential(nn.Linear(4, 20), nn.Tanh(), nn.Linear(20, 3)).double(), draw(30, 4), labels(30)
    exact = torch.linalg.eigvalsh(FORMS[curvature](stack(model), cross_entropy, (x, y))[0]).numpy()
    assert modules.sharpness(model, cross_entropy, (x, y), curvature=curvature) == pytest.approx(exact[-1])
    top = modules.top_eigenvalues(model, cross_entropy, (x, y), 4, curvature=curvature)
    np.testing.assert_allclose(top, exact[:-5:-1], rtol=1e-6)
    trace = modules.trace(model, cross_entropy, (x, y), 40, deflated=10, curvature=curvature)
    assert trace.error < 0.1 * np.abs(exact).sum()
    assert abs(trace.value - exact.sum()) < 4 * trace.error
    density = modules.spectral_density(model, cross_entropy, (x, y), 16, curvature=curvature)
    assert density.size == 163
    assert abs(density.moment(1).value - exact.mean()) < 4 * density.moment(1).error
    assert density.nodes.max() == pytest.approx(exact[-1])


def test_what_trains_needs_no_scipy():
    rest = [f"verifig.curvature.{name}" for name in ("batched", "dense", "gram", "stability")]
    assert "scipy" not in sources.versions(rest)
    assert "scipy" in sources.versions(["verifig.curvature.modules"])


def test_the_model_is_left_as_it_was():
    model, x, y = (
        nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Dropout(), nn.Linear(5, 3)),
        draw(8, 4),
        labels(8),
    )
    before = {name: value.clone() for name, value in model.state_dict().items()}
    values = {modules.sharpness(model, cross_entropy, (x.float(), y)) for _ in range(2)}
    assert len(values) == 1
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    model.eval()
    assert {modules.sharpness(model, cross_entropy, (x.float(), y))} == values


def test_tied_weights_count_once():
    model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh(), nn.Linear(4, 4, bias=False)).double()
    model[2].weight = model[0].weight
    x, y = draw(5, 4), draw(5, 4, name="y")
    found = operator(model, mse_loss, (x, y))
    assert found.size == 16
    weight = model[0].weight.detach()
    expected = torch.autograd.functional.hessian(lambda w: mse_loss((x @ w.T).tanh() @ w.T, y), weight)
    torch.testing.assert_close(found.dense(), expected.reshape(16, 16))


def test_a_residual_network_and_a_transformer_have_a_sharpness():
    images, classes = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)), torch.tensor([1, 7])
    torch.manual_seed(0)
    network = torchvision().models.resnet18(num_classes=10)
    found = operator(network, cross_entropy, (images, classes), "gauss_newton")
    vector = torch.randn(1, found.size, generator=torch.Generator().manual_seed(1))
    assert found.size == sum(value.numel() for value in network.parameters())
    assert (found.product(vector) * vector).sum() > 0
    layer = nn.Sequential(
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Flatten(), nn.Linear(24, 3)
    ).double()
    x, y = draw(4, 3, 8), labels(4)
    exact = operator(layer, cross_entropy, (x, y)).dense()
    torch.testing.assert_close(exact, exact.T)
    assert modules.sharpness(layer, cross_entropy, (x, y)) == pytest.approx(torch.linalg.eigvalsh(exact)[-1].item())


@pytest.mark.parametrize("curvature", FORMS)
@pytest.mark.parametrize("shared", [True, False])
def test_many_networks_at_once_have_the_sharpness_of_each(shared, curvature):
    models = [classifier(seed=seed) for seed in range(3)]
    x, y = draw(3, 8, 4), labels(3, 8)
    data = (x[0], y[0]) if shared else (x, y)
    found = batched.sharpness(stack(*models), cross_entropy, data, shared=shared, curvature=curvature)
    values = found.values
    assert (found.errors < 1e-4 * values).all()
    for value, model, member in zip(values.tolist(), models, range(3), strict=True):
        own = (x[0], y[0]) if shared else (x[member], y[member])
        assert value == pytest.approx(modules.sharpness(model, cross_entropy, own, curvature=curvature))
    options = {"shared": shared, "curvature": curvature, "steps": 3}
    few = batched.sharpness(stack(*models), cross_entropy, data, **options)
    assert (few.values <= values + 1e-12).all()
    assert (few.errors > 1e-3 * values).all()
    warm = batched.sharpness(stack(*models), cross_entropy, data, start=found.vectors, **options)
    torch.testing.assert_close(warm.values, values)
    matrices = FORMS[curvature](stack(*models), cross_entropy, data, shared=shared)
    residual = torch.bmm(matrices, found.vectors[..., None])[..., 0] - values[:, None] * found.vectors
    assert (residual.norm(dim=1) < 1e-4 * values).all()


def test_a_diverged_member_has_no_sharpness_and_leaves_the_others_theirs():
    models = [classifier(seed=seed) for seed in range(2)]
    models[0][0].weight.data.fill_(math.nan)
    values = batched.sharpness(stack(*models), cross_entropy, (draw(8, 4), labels(8))).values
    assert math.isnan(values[0])
    assert values[1].item() == pytest.approx(modules.sharpness(models[1], cross_entropy, (draw(8, 4), labels(8))))


@pytest.mark.parametrize(
    ("model", "loss", "data", "said"),
    [
        (nn.Tanh(), cross_entropy, (draw(5, 4), labels(5)), "no parameters that require gradients"),
        (classifier().half(), cross_entropy, (draw(5, 4).half(), labels(5)), "must be float32 or float64"),
        (classifier(), cross_entropy, [], "the data hold no samples"),
        (classifier(), cross_entropy, iter([(draw(5, 4), labels(5))]), "give a list or a DataLoader, not an iterator"),
        (classifier(), cross_entropy, (draw(0, 4), labels(0)), "the data hold no samples"),
        (classifier(), nn.CrossEntropyLoss(reduction="none"), (draw(5, 4), labels(5)), "the loss must be one number"),
    ],
)
def test_what_has_no_curvature_is_refused(model, loss, data, said):
    for call in (modules.sharpness, modules.trace, modules.spectral_density):
        with pytest.raises(InputError, match=said):
            call(model, loss, data)


def test_an_unknown_curvature_is_refused():
    with pytest.raises(InputError, match="curvature must be one of hessian, gauss_newton, not 'fisher'"):
        modules.sharpness(classifier(), cross_entropy, (draw(5, 4), labels(5)), curvature="fisher")
