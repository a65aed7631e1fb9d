"""Densities by layer: sums, order, caps and special cases, on made-up shapes and on any module."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from replications.sparse_training.science import densities, masks, rules
from replications.sparse_training.science.rules import RULES

SHAPES = {"stem": (16, 3, 3, 3), "a": (16, 16, 3, 3), "short": (32, 16, 1, 1), "b": (32, 16, 3, 3), "head": (10, 32)}
MLP = {"w1": (196, 64), "w2": (64, 64), "w3": (64, 10)}


@pytest.mark.parametrize("density", [0.1, 0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("rule", RULES)
def test_the_overall_count_is_kept_and_no_density_exceeds_one(rule, density):
    found = RULES[rule](SHAPES, density)
    assert list(found) == list(SHAPES)
    assert rules.overall(SHAPES, found) == pytest.approx(density, rel=1e-12)
    assert all(0 < value <= 1 for value in found.values())


@pytest.mark.parametrize("rule", RULES)
def test_a_density_of_one_leaves_every_layer_dense(rule):
    assert all(value == pytest.approx(1, rel=1e-12) for value in RULES[rule](SHAPES, 1.0).values())


@pytest.mark.parametrize("density", [0.0, -0.1, 1.1])
@pytest.mark.parametrize("rule", RULES)
def test_densities_outside_zero_and_one_are_refused(rule, density):
    with pytest.raises(ValueError, match="density must lie above 0"):
        RULES[rule](SHAPES, density)


def test_erk_is_proportional_to_the_raw_value_and_caps_the_largest_first():
    found = rules.erdos_renyi_kernel(SHAPES, 0.3)
    raw = {"stem": 25 / 432, "a": 38 / 2304, "short": 50 / 512, "b": 54 / 4608, "head": 42 / 320}
    assert found["head"] == 1
    free = [name for name, value in found.items() if value < 1]
    assert len({round(found[name] / raw[name], 9) for name in free}) == 1
    assert min(found[name] for name in found if name not in free) > max(found[name] for name in free)
    ordered = sorted(raw, key=raw.get)
    assert [found[name] for name in ordered] == sorted(found.values())


def test_a_cap_makes_one_layer_dense_and_scales_the_others_anew():
    """Raw values 4, 1, 1 with 10 weights each: of 18 the first gets all its 10, the others 4 each."""
    found = rules.spread({"a": 4.0, "b": 1.0, "c": 1.0}, dict.fromkeys("abc", 10), 18)
    assert found == pytest.approx({"a": 1, "b": 0.4, "c": 0.4})
    assert rules.spread({"a": 4.0, "b": 1.0}, {"a": 10, "b": 10}, 5) == pytest.approx({"a": 0.4, "b": 0.1})


def test_er_is_erk_without_kernels_and_differs_with_them():
    assert rules.erdos_renyi(MLP, 0.1) == rules.erdos_renyi_kernel(MLP, 0.1)
    assert rules.erdos_renyi(SHAPES, 0.1) != rules.erdos_renyi_kernel(SHAPES, 0.1)
    turned = {name: shape[::-1] for name, shape in MLP.items()}
    assert rules.erdos_renyi(turned, 0.1) == rules.erdos_renyi(MLP, 0.1)


def test_densities_of_the_networks_trained_here():
    assert list(rules.erdos_renyi(MLP, 0.1).values()) == pytest.approx([0.077525, 0.116883, 0.432468], abs=1e-6)
    assert list(rules.by_size(MLP, 0.05).values()) == pytest.approx([0.062095, 0.020276, 0.003168], abs=1e-6)


def test_uniform_plus_and_erk_plus_fix_the_first_and_the_last_layer():
    plus = rules.uniform_plus(SHAPES, 0.2)
    assert (plus["stem"], plus["head"]) == (1.0, 0.2)
    assert plus["a"] == plus["b"] == plus["short"] < 0.2
    assert rules.uniform_plus(SHAPES, 0.3)["head"] == 0.3
    erk = rules.erk_plus(SHAPES, 0.2)
    assert erk["head"] == 1
    assert erk["a"] / erk["b"] == pytest.approx((38 / 2304) / (54 / 4608))
    with pytest.raises(ValueError, match="used up by the first and the last layer"):
        rules.uniform_plus(SHAPES, 0.06)
    with pytest.raises(ValueError, match="used up by the last layer"):
        rules.erk_plus(SHAPES, 0.03)


def network() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, 3)
        )


def test_layers_of_any_module_are_its_convolutions_and_linear_layers():
    shapes = densities.layer_shapes(network())
    assert shapes == {"0.weight": (4, 1, 3, 3), "4.weight": (8, 36), "6.weight": (3, 8)}
    assert densities.layer_shapes(nn.Linear(3, 2)) == {"weight": (2, 3)}
    assert rules.sizes(shapes) == {"0.weight": 36, "4.weight": 288, "6.weight": 24}


def batch():
    draws = torch.Generator().manual_seed(2)
    return torch.randn(6, 1, 5, 5, generator=draws), torch.tensor([0, 1, 2, 0, 1, 2])


def test_snip_s_scores_are_the_slope_of_the_loss_by_the_mask():
    """|dL/dm| at m = 1, by finite differences of a mask on one weight."""
    net, (x, y) = network().double(), batch()
    scores = densities.snip_scores(net, lambda module: cross_entropy(module(x.double()), y))
    for name, place in (("0.weight", (2, 0, 1, 1)), ("4.weight", (3, 5)), ("6.weight", (2, 7))):
        losses = []
        for mask in (1 - 1e-6, 1 + 1e-6):
            other = copy.deepcopy(net)
            with torch.no_grad():
                densities.maskable(other)[name][place] *= mask
            losses.append(cross_entropy(other(x.double()), y).item())
        assert float(scores[name][place]) == pytest.approx(abs(losses[1] - losses[0]) / 2e-6, rel=1e-4)


def test_signed_saliencies_of_a_relu_network_without_biases_sum_to_the_same_number_in_every_layer():
    """Euler: the outputs are homogeneous in each layer's weights, so each sum of w dL/dw is <z, dL/dz>."""
    draws = torch.Generator().manual_seed(3)
    net = nn.Sequential(*(nn.Linear(i, o, bias=False) for i, o in ((9, 8), (8, 7), (7, 4)))).double()
    forward = nn.Sequential(net[0], nn.ReLU(), net[1], nn.ReLU(), net[2])
    x, y = torch.randn(5, 9, generator=draws, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 0])
    outputs = forward(x)
    cross_entropy(outputs, y).backward()
    z = outputs.detach().requires_grad_()
    cross_entropy(z, y).backward()
    expected = float((z * z.grad).sum().detach())
    for layer in net:
        assert float((layer.weight * layer.weight.grad).sum().detach()) == pytest.approx(expected, rel=1e-12)


def test_the_largest_scores_are_kept_over_all_layers():
    scores = {"a": torch.tensor([[5.0, 1.0], [1.0, 0.0]]), "b": torch.tensor([4.0, 1.0])}
    found = densities.largest(scores, 0.5)
    assert found["a"].tolist() == [[True, True], [False, False]]
    assert found["b"].tolist() == [True, False]
    assert densities.ratios(found) == {"a": 0.5, "b": 0.5}


def test_snip_ratios_keep_the_overall_count():
    net, (x, y) = network(), batch()
    found = densities.snip_ratio(net, lambda module: cross_entropy(module(x), y), 0.25)
    assert rules.overall(densities.layer_shapes(net), found) == pytest.approx(0.25, abs=1 / 348)
    assert len(set(found.values())) == 3


def test_masks_have_exact_counts_and_denser_ones_hold_sparser_ones():
    drawn = []
    for density in (0.1, 0.5):
        kept = rules.erdos_renyi(MLP, density)
        drawn.append(masks.draw(MLP, kept, torch.Generator().manual_seed(5)))
        for name, mask in drawn[-1].items():
            assert int(mask.sum()) == round(kept[name] * mask.numel())
    assert all((drawn[1][name] | ~drawn[0][name]).all() for name in MLP)
    assert masks.count(1000, 1e-9) == 1
    other = masks.draw(MLP, rules.erdos_renyi(MLP, 0.1), torch.Generator().manual_seed(6))
    assert not torch.equal(other["w1"], drawn[0]["w1"])


def test_kept_units_are_drawn_without_replacement_in_rising_order():
    first, second = masks.nodes([8, 6], 3, torch.Generator().manual_seed(0))
    for kept, width in ((first, 8), (second, 6)):
        assert len(set(kept.tolist())) == 3
        assert kept.tolist() == sorted(kept.tolist())
        assert max(kept.tolist()) < width
