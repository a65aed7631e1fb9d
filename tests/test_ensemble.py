"""A program of many members against single torch modules, one at a time; parameters in one flat tensor."""

import math
from types import SimpleNamespace

import pytest
import torch
from gaps import gaps
from scipy import stats
from torch import nn

from verifig.training import flat
from verifig.training.ensemble import MLP, Parameters, cosine, dtype_of, generator, indicators

DOUBLE = torch.float64
SIZES = (6, 5, 4, 3)
KINDS = {"relu": nn.ReLU, "tanh": nn.Tanh, "linear": nn.Identity}


def draw(*shape: int, name: str = "x") -> torch.Tensor:
    return torch.randn(*shape, dtype=DOUBLE, generator=generator("test", name))


def trained(members: int = 3, sizes=SIZES, **options) -> MLP:
    model = MLP(sizes, members, dtype=DOUBLE, **options)
    model.initialise([generator("member", k) for k in range(members)])
    return model


def single(model: MLP, member: int, activation: str = "relu") -> nn.Sequential:
    """The same member as a torch module."""
    layers = []
    views = model.parameters.views
    for layer, weight in enumerate(model.weights, start=1):
        linear = nn.Linear(*weight.shape[1:], bias=model.bias, dtype=DOUBLE)
        linear.weight.data = weight[member].T.clone()
        if model.bias:
            linear.bias.data = views[f"b{layer}"][member, 0].clone()
        layers += [linear, KINDS[activation]()]
    return nn.Sequential(*layers[:-1])


def gradients_of(module: nn.Sequential, bias: bool) -> dict[str, torch.Tensor]:
    """By the names and in the shapes of `MLP`: w1 [in, out], b1 [1, out], w2, ..."""
    found = {}
    layers = [layer for layer in module if isinstance(layer, nn.Linear)]
    for number, layer in enumerate(layers, start=1):
        found[f"w{number}"] = layer.weight.grad.T
        if bias:
            found[f"b{number}"] = layer.bias.grad[None]
    return found


@pytest.mark.parametrize("activation", list(KINDS))
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("sizes", [SIZES, (6, 3)])
def test_members_are_what_single_modules_are(activation, bias, shared, sizes):
    model = trained(sizes=sizes, bias=bias, activation=activation)
    inputs = draw(7, 6) if shared else draw(3, 7, 6)
    slope = draw(3, 7, 3, name="slope")
    outputs, gradient = model(inputs, keep=True), model.parameters.like()
    model.backward(slope, gradient)
    for member in range(3):
        module = single(model, member, activation)
        expected = module(inputs if shared else inputs[member])
        expected.backward(slope[member])
        torch.testing.assert_close(outputs[member], expected.detach(), rtol=1e-12, atol=1e-14)
        found = {name: view[member] for name, view in model.parameters.split(gradient).items()}
        torch.testing.assert_close(found, gradients_of(module, bias), rtol=1e-12, atol=1e-14)
    assert not gaps(gradient, model.parameters.split(gradient).values()).any()


def test_without_more_said_a_network_has_relus_and_no_biases():
    model = MLP(SIZES, 2)
    assert list(model.parameters.views) == ["w1", "w2", "w3"]
    assert model.parameters.count == 6 * 5 + 5 * 4 + 4 * 3
    assert model.parameters.flat.shape == (2, 32 + 20 + 12), "6 * 5 and a gap of two float32"
    assert model.parameters.flat.dtype == torch.float32
    model = trained()
    assert torch.equal(model(draw(7, 6)), trained(activation="relu", bias=False)(draw(7, 6)))


def test_a_relu_passes_no_gradient_where_it_is_zero():
    model = MLP((1, 1, 1), 1, dtype=DOUBLE)
    for weight in model.weights:
        weight.fill_(1.0)
    gradient = model.parameters.like()
    for value, expected in ((-1.0, [0.0, 0.0]), (0.0, [0.0, 0.0]), (0.5, [0.5, 0.5]), (2.0, [2.0, 2.0])):
        model(torch.tensor([[[value]]], dtype=DOUBLE), keep=True)
        model.backward(torch.ones(1, 1, 1, dtype=DOUBLE), gradient)
        assert [view.item() for view in model.parameters.split(gradient).values()] == expected


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("positions", [1, 2, 3])
def test_tokens_are_sums_of_embeddings(bias, positions):
    """An `EmbeddingBag` that sums is what the first layer does with integer inputs."""
    model = trained(2, (9, 5, 3), bias=bias)
    tokens = torch.randint(0, 9, (2, 20, positions), generator=generator("test", "tokens"))
    slope = draw(2, 20, 3, name="slope")
    outputs, gradient = model(tokens, keep=True), model.parameters.like()
    model.backward(slope, gradient)
    for member in range(2):
        module = single(model, member)
        bag = nn.EmbeddingBag.from_pretrained(model.weights[0][member].clone(), freeze=False, mode="sum")
        hidden = bag(tokens[member]) + (module[0].bias if bias else 0)
        expected = module[1:](hidden)
        expected.backward(slope[member])
        torch.testing.assert_close(outputs[member], expected.detach())
        found = model.parameters.split(gradient)
        torch.testing.assert_close(found["w1"][member], bag.weight.grad)
        if bias:
            torch.testing.assert_close(found["b1"][member, 0], module[0].bias.grad)


def test_the_table_is_not_changed_by_a_pass_over_tokens():
    model = trained(2, (9, 5, 3), bias=True)
    before = model.parameters.flat.clone()
    model(torch.zeros(2, 4, 2, dtype=torch.int64))
    assert torch.equal(model.parameters.flat, before)


def test_backward_is_of_the_last_pass_that_was_kept():
    model, gradient, expected = trained(), MLP(SIZES, 3, dtype=DOUBLE).parameters.like(), None
    slope = draw(3, 7, 3, name="slope")
    model(draw(7, 6), keep=True)
    model.backward(slope, gradient)
    expected = gradient.clone()
    model(draw(7, 6), keep=True)
    model(draw(7, 6, name="another"))
    model.backward(slope, gradient)
    assert torch.equal(gradient, expected)


# ---- initialisation ------------------------------------------------------------------------------------------------


def test_initial_values_are_uniform_as_those_of_torch():
    """`nn.Linear` draws weights and biases from U(-1/sqrt(inputs), 1/sqrt(inputs))."""
    model = MLP((400, 50, 900), 2, bias=True, dtype=DOUBLE)
    model.initialise([generator("member", k) for k in range(2)])
    for name, fan_in in (("w1", 400), ("b1", 400), ("w2", 50), ("b2", 50)):
        drawn = model.parameters.views[name].flatten()
        bound = 1 / math.sqrt(fan_in)
        assert drawn.abs().max() <= bound
        assert stats.kstest(drawn.numpy(), stats.uniform(-bound, 2 * bound).cdf).pvalue > 0.01, name


def test_a_member_is_drawn_from_its_generator_alone():
    many = trained(3, bias=True)
    for member in range(3):
        alone = MLP(SIZES, 1, bias=True, dtype=DOUBLE)
        alone.initialise([generator("member", member)])
        assert torch.equal(alone.parameters.flat[0], many.parameters.flat[member])
    assert not torch.equal(many.parameters.flat[0], many.parameters.flat[1])
    weights = trained(1, bias=False).weights[0]
    assert torch.equal(weights, many.weights[0][:1]), "biases are drawn after the weights of their layer"


def test_the_precision_does_not_change_the_draw():
    model = MLP(SIZES, 1, bias=True)
    model.initialise([generator("member", 0)])
    double = trained(1, bias=True).parameters.views
    assert list(model.parameters.views) == list(double)
    for name, view in model.parameters.views.items():
        assert torch.equal(view, double[name].float()), name


def test_a_generator_has_the_seed_of_its_names():
    from verifig.training.seeds import derive

    assert generator("a", 1).initial_seed() == derive("a", 1)
    assert torch.equal(torch.rand(3, generator=generator("a", 1)), torch.rand(3, generator=generator("a", 1)))


# ---- flat views ----------------------------------------------------------------------------------------------------


def test_views_cover_the_flat_tensor_in_order():
    parameters = Parameters({"a": (2, 3), "b": (4,), "c": (1, 2)}, 5, torch.float32, torch.device("cpu"))
    assert parameters.flat.tolist() == [[0.0] * 16] * 5, "6 and a gap of 2, 4, 2 and a gap of 2"
    parameters.flat.copy_(torch.arange(80).view(5, 16))
    assert parameters.views["a"][1].tolist() == [[16, 17, 18], [19, 20, 21]]
    assert parameters.views["b"][1].tolist() == [24, 25, 26, 27]
    assert parameters.views["c"][4].tolist() == [[76, 77]]
    parameters.views["c"].zero_()
    assert parameters.flat[:, 12:].tolist() == [[0, 0, 16 * k + 14, 16 * k + 15] for k in range(5)]
    other = parameters.like()
    assert (other.shape, other.dtype, other.abs().sum()) == ((5, 16), torch.float32, 0)
    parameters.split(other)["b"][2] = 1
    assert other.nonzero().tolist() == [[2, k] for k in (8, 9, 10, 11)]


def test_a_module_s_parameters_and_gradients_become_views():
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    twin = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    twin.load_state_dict(module.state_dict())
    values, grads = flat.flatten(module.parameters())
    assert values.shape == grads.shape == (1, 3 * 4 + 4 + 4 * 2 + 2)
    assert torch.equal(values[0], nn.utils.parameters_to_vector(twin.parameters()))
    assert not grads.any()
    for network in (module, twin):
        network(torch.ones(5, 3, dtype=DOUBLE)).square().sum().backward()
    assert torch.equal(grads[0], torch.cat([parameter.grad.flatten() for parameter in twin.parameters()]))
    values -= 0.1 * grads
    torch.optim.SGD(twin.parameters(), 0.1).step()
    for ours, theirs in zip(module.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-14, atol=1e-15)


def test_running_statistics_are_named():
    assert flat.buffers(nn.Linear(2, 2)) == {}
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    found = flat.buffers(module)
    assert list(found) == ["buffer 1.running_mean", "buffer 1.running_var", "buffer 1.num_batches_tracked"]
    module(torch.ones(4, 2))
    assert found["buffer 1.num_batches_tracked"] == 1, "the very tensors of the module"


# ---- angles --------------------------------------------------------------------------------------------------------


def test_the_cosine_of_each_member_is_that_of_torch():
    a, b = draw(3, 4, 5), draw(3, 4, 5, name="b")
    expected = torch.stack([nn.functional.cosine_similarity(a[k].flatten(), b[k].flatten(), dim=0) for k in range(3)])
    torch.testing.assert_close(cosine(a, b), expected)
    torch.testing.assert_close(cosine(a * 1e-150, b * 1e-150), expected)


def test_the_cosine_with_nothing_is_zero():
    zero = torch.zeros(2, 3)
    assert cosine(zero, torch.ones(2, 3)).tolist() == cosine(torch.ones(2, 3), zero).tolist() == [0, 0]


# ---- what settings and devices ask for -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_precision_is_that_of_the_settings(dtype):
    assert dtype_of({"dtype": str(dtype).removeprefix("torch.")}) is dtype


class Elsewhere(str):
    """A device that is the CPU and says that it is another."""

    type = "cuda"


def test_on_a_gpu_tokens_are_sums_of_one_hot_vectors():
    tokens = torch.randint(0, 5, (2, 7, 3), generator=generator("test", "tokens"))
    assert indicators(tokens, 5, DOUBLE) is tokens, "a look-up on a CPU"
    there = SimpleNamespace(device=Elsewhere("cpu"), unbind=tokens.unbind)
    found = indicators(there, 5, DOUBLE)
    assert found.dtype == DOUBLE
    assert torch.equal(found, nn.functional.one_hot(tokens, 5).sum(2).double())
    shape = indicators(tokens.to("meta"), 6, torch.float32)
    assert (shape.shape, shape.dtype, shape.device.type) == ((2, 7, 6), torch.float32, "meta")


def test_indicators_give_what_the_look_up_gives():
    model = trained(2, (9, 5, 3), bias=True)
    tokens = torch.randint(0, 9, (2, 20, 2), generator=generator("test", "tokens"))
    dense = indicators(SimpleNamespace(device=Elsewhere("cpu"), unbind=tokens.unbind), 9, DOUBLE)
    torch.testing.assert_close(model(dense), model(tokens), rtol=1e-13, atol=1e-15)
