"""Oracles of the grokking rule set: exact facts about losses, projection, network and data."""

import math

import pytest
import torch

from replications.grokking.prieto2025.experiments import (
    classifier,
    losses,
    modular,
    parity,
    projection,
    thresholds,
    transformer,
)
from replications.grokking.prieto2025.measuring.collapse import predicted_delay
from replications.grokking.science import softmax
from verifig.planning import rulesets
from verifig.training.ensemble import MLP, generator
from verifig.training.members import members_of
from verifig.training.optim import Adam
from verifig.training.steps import Steps

CPU = torch.device("cpu")


def members(experiment: str, condition: str, seeds: int = 1, scale: str = "laptop", **overrides) -> list[dict]:
    """Settings of some members, as the experiment has them."""
    ruleset = rulesets.load("prieto2025")
    values = rulesets.settings(ruleset, experiment, scale, overrides)
    return [m for m in members_of(values) if m["condition"] == condition][:seeds]


@pytest.mark.parametrize("precision", softmax.PRECISIONS.values())
@pytest.mark.parametrize("event", ["loss", "gradient", "collapsed"])
def test_two_class_softmax_collapses_at_p_ln_2(precision, event):
    assert thresholds.bisect(event, precision) == pytest.approx(losses.collapse_threshold(precision), abs=1e-2)


def test_thresholds_are_the_published_ones():
    found = [round(losses.collapse_threshold(p), 3) for p in softmax.PRECISIONS.values()]
    assert found == [7.625, 16.636, 36.737]


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_wrong_class_gradients_survive_collapse(precision):
    correct, wrong = thresholds._gradient(60.0, precision)
    assert correct == 0
    assert wrong > 0


def test_stablemax_is_a_softmax_of_g():
    x = torch.randn(500, 40, dtype=torch.float64, generator=generator("test", "g")) * 30
    assert (losses.stablemax(x) - torch.softmax(losses.g(x), -1)).abs().max() < 1e-15


def test_s_is_smooth_at_zero_and_reciprocal():
    x = torch.linspace(0, 50, 101, dtype=torch.float64)
    torch.testing.assert_close(losses.s(x) * losses.s(-x), torch.ones_like(x))
    step = torch.tensor(1e-7, dtype=torch.float64)
    assert losses.s(torch.tensor(0.0)) == 1
    for side in (step, -step):
        assert (losses.s(side) - 1) / side == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("kind", ["softmax", "stablemax"])
def test_loss_gradients_equal_autograd(kind):
    logits = (torch.randn(2, 30, 7, dtype=torch.float64, generator=generator("test", "z")) * 5).requires_grad_()
    labels = torch.randint(0, 7, (2, 30), generator=generator("test", "y"))
    if kind == "softmax":
        loss, gradient = softmax.cross_entropy(logits.detach(), labels, torch.float64)
        expected = -torch.log_softmax(logits, -1).gather(-1, labels[..., None]).squeeze(-1)
    else:
        loss, gradient = losses.stable_cross_entropy(logits.detach(), labels)
        expected = -losses.stablemax(logits).log().gather(-1, labels[..., None]).squeeze(-1)
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(gradient, torch.autograd.grad(expected.mean(1).sum(), logits)[0])


def test_projection_identities():
    found = thresholds.projection_identities()
    assert all(float(value) < 1e-12 for value in found.values()), found


def test_bias_free_logits_are_homogeneous_of_degree_3():
    model = MLP((9, 8, 8, 5), 2, dtype=torch.float64)
    model.initialise([generator("test", k) for k in range(2)])
    x = torch.randn(2, 11, 9, dtype=torch.float64, generator=generator("test", "x"))
    before = model(x)
    model.parameters.flat.mul_(1.7)
    torch.testing.assert_close(model(x), before * 1.7**3)


@pytest.mark.parametrize("form", ["tensor", "vector", "random"])
def test_projection_forms(form):
    model = MLP((6, 5, 4), 2, dtype=torch.float64)
    model.initialise([generator("test", k) for k in range(2)])
    original = torch.randn(model.parameters.flat.shape, dtype=torch.float64, generator=generator("test", "grad"))
    grads = original.clone()
    directions, streams = model.parameters.like(), [generator("test", "stream", k) for k in range(2)]
    projection.draw(model.parameters, directions, slice(0, 2), streams)
    projection.project(form, model.parameters, grads, directions, slice(0, 2))
    theta = model.parameters.views
    split, before = model.parameters.split(grads), model.parameters.split(original)
    for name in theta:
        along = (split[name] * theta[name]).flatten(1).sum(1)
        norms = split[name].flatten(1).norm(dim=1), before[name].flatten(1).norm(dim=1)
        if form == "tensor":
            assert along.abs().max() < 1e-12
        if form in ("tensor", "random"):
            torch.testing.assert_close(*norms)
        if form == "random":
            assert along.abs().min() > 1e-6
    if form == "vector":
        assert (grads * model.parameters.flat).sum(1).abs().max() < 1e-12
        assert (grads * original).sum(1).min() >= 0


def test_projection_direction_does_not_see_a_rescaling():
    theta, grad = (torch.randn(1, 40, dtype=torch.float64, generator=generator("test", name)) for name in "ab")
    one, two = projection.orthogonal(grad, theta), projection.orthogonal(grad / 3, theta * 3)
    torch.testing.assert_close(one / one.norm(), two / two.norm())


def test_a_zero_gradient_stays_zero():
    theta = torch.ones(1, 4)
    assert projection.restore_norm(projection.orthogonal(theta * 0, theta), theta * 0).abs().max() == 0


@pytest.mark.parametrize(("fraction", "size"), [(0.4, 5107), (0.6, 7661), (0.7, 8938)])
def test_split_sizes_are_the_published_ones(fraction, size):
    member = members("edge113", "adamw")[0] | {"train_fraction": fraction}
    (x, y), (x_test, _) = modular.split(member)
    assert len(x) == len(y) == size
    assert len(x) + len(x_test) == 113**2
    assert len(torch.unique(torch.cat([x, x_test]), dim=0)) == 113**2


def test_initial_loss_and_norm_are_the_published_ones():
    for experiment, norm, p in (("edge113", 13.08, 113), ("delay53", 10.15, 53)):
        program = modular.build(members(experiment, "adamw"), CPU)
        record = program.record()
        assert record["norm"].item() == pytest.approx(norm, abs=0.1)
        assert record["train_loss"].item() == pytest.approx(math.log(p), abs=0.01)


def test_swapping_the_summands_of_an_addition_changes_nothing():
    program = modular.build(members("delay53", "adamw"), CPU)
    tokens = program.train_set[0]
    table = program.model.weights[0]
    before = program.model(tokens)
    table.copy_(table.roll(53, dims=1))
    swapped = tokens.flip(-1) + torch.tensor([-53, 53])
    torch.testing.assert_close(program.model(swapped), before)


def test_a_batch_of_members_equals_single_runs():
    """K members in one program against K programs, 20 steps, to 1e-5."""
    chosen = members("delay53", "perp_adamw", 3, modulus=13, width=16)
    together = modular.build(chosen, CPU)
    single = [modular.build([member], CPU) for member in chosen]
    for _ in range(20):
        for program in (together, *single):
            program.step()
    for k, program in enumerate(single):
        torch.testing.assert_close(
            together.model.parameters.flat[k], program.model.parameters.flat[0], rtol=1e-5, atol=1e-5
        )


def test_perp_adamw_without_projection_is_torch_adamw():
    """Our program against the authors' way of writing it: dense one-hot inputs, autograd, torch.optim."""
    member = members("delay53", "projection_off", modulus=13, width=16)[0]
    program = modular.build([member], CPU)
    weights = [program.model.parameters.views[f"w{k}"][0].clone().requires_grad_() for k in (1, 2, 3)]
    optimizer = torch.optim.AdamW(weights, 0.01, (0.9, 0.999), 1e-8, weight_decay=0)
    tokens, labels = program.train_set[0][0], program.train_set[1][0]
    x = torch.nn.functional.one_hot(tokens, 26).sum(1).float()
    for _ in range(20):
        hidden = torch.relu(torch.relu(x @ weights[0]) @ weights[1])
        loss = torch.nn.functional.nll_loss(torch.log_softmax(hidden @ weights[2], -1), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        program.step()
    for k, weight in enumerate(weights, start=1):
        torch.testing.assert_close(program.model.parameters.views[f"w{k}"][0], weight.detach(), rtol=1e-4, atol=1e-5)


def test_binary_codes_are_distinct():
    codes = modular.binary_codes(113, 7, 0)
    assert codes.shape == (113, 7)
    assert len(torch.unique(codes, dim=0)) == 113


def test_parity_strings_are_distinct_and_labelled_by_three_bits():
    x, y = parity.strings(members("parity", "base", scale="paper")[0])
    assert x.shape == (2000, 43)
    assert len(torch.unique(x, dim=0)) == 2000
    assert torch.equal(y, x[:, 0] ^ x[:, 1] ^ x[:, 2])


def test_the_transformer_is_torch_s_encoder_layer():
    """Same weights, none of them zero or one, same logits as nn.TransformerEncoderLayer in evaluation mode."""
    width, heads, up, p = 16, 4, 32, 7
    ours = transformer.Transformer(p, width, up, heads, 0.1, 1, torch.float64, CPU)
    stream = generator("test", "encoder")
    ours.initialise([stream])
    for name, view in ours.parameters.views.items():
        if not name.startswith("w"):
            view.copy_(0.3 * torch.randn(view.shape, generator=stream) + name.startswith("scale"))
    v = {name: view[0] for name, view in ours.parameters.views.items()}
    layer = torch.nn.TransformerEncoderLayer(width, heads, up, 0.1, batch_first=True, dtype=torch.float64).eval()
    with torch.no_grad():
        layer.self_attn.in_proj_weight.copy_(v["w_qkv"].T)
        layer.self_attn.in_proj_bias.copy_(v["b_qkv"][0])
        for target, name in ((layer.self_attn.out_proj, "out"), (layer.linear1, "up"), (layer.linear2, "down")):
            target.weight.copy_(v[f"w_{name}"].T)
            target.bias.copy_(v[f"b_{name}"][0])
        for norm, k in ((layer.norm1, 1), (layer.norm2, 2)):
            norm.weight.copy_(v[f"scale_norm{k}"][0])
            norm.bias.copy_(v[f"shift_norm{k}"][0])
        tokens = torch.randint(0, p, (1, 9, 2), generator=generator("test", "tokens"))
        expected = layer(v["w_embed"][tokens[0]])[:, -1] @ v["w_unembed"] + v["b_unembed"][0]
    torch.testing.assert_close(ours(tokens)[0], expected, rtol=1e-6, atol=1e-8)


def test_the_transformer_begins_as_torch_s_layers_do():
    """N(0, 1) embedding, Xavier's bound for q, k and v, else 1/sqrt(inputs); norms and attention biases are neutral."""
    width, up, p = 16, 32, 7
    ours = transformer.Transformer(p, width, up, 4, 0.1, 1, torch.float64, CPU)
    ours.initialise([generator("test", "begin")])
    bounds = {"w_qkv": math.sqrt(6 / 64), "w_out": 1 / 4, "w_up": 1 / 4, "b_up": 1 / 4, "w_unembed": 1 / 4}
    bounds |= {"b_unembed": 1 / 4, "w_down": 1 / math.sqrt(32), "b_down": 1 / math.sqrt(32)}
    for name, view in ours.parameters.views.items():
        if name in bounds:
            assert 0.6 * bounds[name] < view.abs().max() <= bounds[name], name
            assert view.min() < 0 < view.max()
        elif name == "w_embed":
            assert view.std().item() == pytest.approx(1, abs=0.25)
        else:
            assert (view == name.startswith("scale")).all(), name


@pytest.mark.parametrize("beta2", [0.9, 0.95, 0.99])
def test_adam_decay_law(beta2):
    """On a gradient proportional to the loss, Adam lets ln(loss) fall by ln(beta2)/2 a step, whatever the rate."""
    for rate in (1e-3, 1e-2):
        z = torch.zeros(1, 1, dtype=torch.float64)
        optimizer = Adam(z, rate, 0.9, beta2, 1e-300)
        logs = []
        for _ in range(int(40 / -math.log(beta2)) + 1500):
            loss = torch.exp(-3e2 * z)  # the residual of a fitted network: exponential in the weights
            optimizer.step(z, -loss)
            logs.append(float(loss.log()))
        slope = (logs[-1] - logs[-200]) / 199
        assert slope == pytest.approx(math.log(beta2) / 2, rel=0.2)


def test_predicted_delay():
    assert predicted_delay(0.99) == pytest.approx(4000, rel=1e-3)
    assert predicted_delay(0.95) == pytest.approx(784, rel=1e-2)


def test_classifier_state_restores_exactly():
    chosen = members("delay53", "projection_random", 1, modulus=13, width=16)
    first, second = (modular.build(chosen, CPU) for _ in range(2))
    taker = Steps(first, CPU)
    for step in range(5):
        taker.take(step)
    second.load(first.state())
    for program in (first, second):
        taker = Steps(program, CPU)
        for step in range(5, 10):
            taker.take(step)
    assert torch.equal(first.model.parameters.flat, second.model.parameters.flat)
    assert isinstance(first, classifier.Classifier)
