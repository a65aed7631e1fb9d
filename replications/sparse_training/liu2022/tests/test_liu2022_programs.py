"""Where networks start, densities of the paper's ResNets, and their training."""

import numpy as np
import pytest
import torch
from alone import assert_rows_are_members, small_run
from tape import assert_replays, assert_resumes, assert_stays_on_device, take
from torch.nn.functional import cross_entropy

from replications.sparse_training.liu2022 import checks, shapes
from replications.sparse_training.liu2022.experiments import images, layers, networks, starts
from replications.sparse_training.liu2022.experiments.resnets import ResNet
from replications.sparse_training.science import densities, digits, rules
from replications.sparse_training.science.masked import Masked
from verifig.ground.errors import InputError

CPU = torch.device("cpu")
PLAIN = {"width": 16, "hidden_layers": 2, "ratios": "erk", "density": 0.2, "positions": "random", "draw": 0,
         "rescale": True, "batch_size": 100, "seed": 0, "condition": "base"}  # fmt: skip
SMALL = {"depth": 8, "width": 4, "ratios": "erk", "density": 0.3, "draw": 0, "learning_rate": 0.1, "momentum": 0.9,
         "weight_decay": 5e-4, "batch_size": 8, "drops": [0.5], "drop_factor": 0.1, "epochs": 4, "seed": 0}  # fmt: skip


@pytest.fixture(scope="module")
def training():
    return digits.split()[0]


def start(training, **changes):
    return starts.start(PLAIN | changes, *training)


def test_digits_are_averaged_over_two_by_two_pixels_and_split():
    (images_, labels), (test, test_labels) = digits.split()
    assert images_.shape == (4000, 196)
    assert (len(labels), len(test), len(test_labels)) == (4000, 1000, 1000)
    assert 0 <= float(images_.min()) < float(images_.max()) <= 1
    assert sorted(set(labels.tolist())) == list(range(10))


def test_members_of_a_seed_share_weights_and_positions(training):
    dense, sparse, sparser = (start(training, density=density) for density in (1.0, 0.5, 0.1))
    for k in range(3):
        kept = sparse.masks[k]
        scale = float(kept.double().mean()) ** -0.5
        torch.testing.assert_close(sparse.weights[k], dense.weights[k] * kept * scale)
        assert (kept | ~sparser.masks[k]).all()
    again = start(training, density=0.5, draw=1)
    assert not torch.equal(again.masks[0], sparse.masks[0])
    assert [int(m.sum()) for m in again.masks] == [int(m.sum()) for m in sparse.masks]
    assert not torch.equal(start(training, seed=1).weights[0], start(training).weights[0])


def test_snip_ratios_have_random_positions_and_the_counts_of_the_scored_ones(training):
    drawn, scored = (start(training, ratios="snip", positions=name) for name in ("random", "scored"))
    for ours, theirs in zip(drawn.masks, scored.masks, strict=True):
        assert int(ours.sum()) == int(theirs.sum())
        assert not torch.equal(ours, theirs)
    assert sum(int(m.sum()) for m in scored.masks) == round(0.2 * (196 * 16 + 16 * 16 + 160))


def test_snip_scores_the_fresh_network_on_a_batch(training):
    sizes = [196, 16, 16, 10]
    chosen = starts.snip_masks(PLAIN, sizes, *training)
    stream = starts.generator(starts.PAPER, "snip", 16, 0)
    rows = torch.randperm(4000, generator=stream)[:100]
    net = starts.xavier(sizes, stream)
    scores = densities.snip_scores(net, lambda module: cross_entropy(module(training[0][rows]), training[1][rows]))
    flat, mask = (torch.cat([part.flatten() for part in parts]) for parts in (scores.values(), [m.T for m in chosen]))
    assert flat[mask].min() >= flat[~mask].max()
    assert float(net[0].weight.detach().std()) == pytest.approx((2 / 212) ** 0.5, rel=0.05)


def test_networks_are_recorded_by_member_and_step():
    conditions = {"dense": {"density": 1.0}, "sparse": {"density": 0.2}, "wide": {"width": 20, "ratios": "uniform"}}
    run = small_run(
        "liu2022", "ratios", width=12, density=0.5, steps=4, log_every=2, seeds=2, chunk=3, conditions=conditions
    )
    found = networks.networks(run)
    sets = digits.split()
    assert found["steps"].tolist() == [0, 2, 4]
    assert found["densities"][::2].tolist()[0] == [1, 1, 1]
    records = {name: found[name] for name in ("test_accuracy", "train_loss", "weights", "largest_pruned")}

    def build(members, device):
        return Masked(members, [starts.start(m, *sets[0]) for m in members], sets, device)

    assert_rows_are_members(records, run.members, build, [0, 2, 4])


@pytest.mark.parametrize(("depth", "width", "weights"), [
    (20, 16, 270_896), (20, 8, 67_992), (20, 24, 608_712), (56, 16, 851_504), (110, 16, 1_722_416)])  # fmt: skip
def test_the_paper_s_networks_have_their_numbers_of_maskable_weights(depth, width, weights):
    with torch.device("meta"):
        shapes = densities.layer_shapes(ResNet(depth, width))
    assert sum(rules.sizes(shapes).values()) == weights
    assert len([name for name in shapes if "shortcut" not in name]) == depth


def test_erk_of_resnet_20_keeps_27090_weights_and_without_its_check_fewer():
    found = layers.layers(small_run("liu2022", "layers"))
    row = found["asked"].tolist().index(0.1)
    kept = found["20-16 erk"][row] @ found["20-16 sizes"]
    assert round(kept) == 27090
    assert found["20-16 unchecked"][row].max() > 1
    assert np.minimum(found["20-16 unchecked"][row], 1) @ found["20-16 sizes"] < 27089
    assert set(found["20-16 kinds"]) == {
        "stem", "16 to 16", "16 to 32", "32 to 32", "shortcut 16 to 32", "32 to 64", "64 to 64", "shortcut 32 to 64", "head",
    }  # fmt: skip


def resnet(device=CPU, **changes) -> images.Network:
    draws = torch.Generator().manual_seed(0)
    x, y = torch.randn(28, 3, 32, 32, generator=draws), torch.randint(10, (28,), generator=draws)
    y[0] = 9
    return images.Network(SMALL | changes, ((x[:20], y[:20]), (x[20:], y[20:])), device)


@pytest.mark.parametrize("ratios", ["erk", "snip"])
def test_pruned_weights_of_resnets_stay_zero_and_steps_replay_and_resume(ratios):
    net = resnet(ratios=ratios)
    before = net.flat.clone()
    count = sum(map(int, rules.sizes(densities.layer_shapes(net.net)).values()))
    assert net.record()["weights"].item() == pytest.approx(0.3 * count, abs=5)
    take(net, 0, 5)
    assert (net.flat[net.mask == 0] == 0).all()
    assert not torch.equal(net.flat, before)
    assert net.record()["weights"].item() == pytest.approx(0.3 * count, abs=5)
    assert_replays(lambda: resnet(ratios=ratios), steps=14)
    assert_resumes(lambda: resnet(ratios=ratios), at=4, steps=7)
    assert_stays_on_device(lambda device: resnet(device, ratios=ratios))


def test_biases_and_normalisation_are_never_pruned():
    net = resnet(density=0.1)
    masks = dict(zip(dict(net.net.named_parameters()), net._ones({}), strict=True))
    assert all((mask == 1).all() for mask in masks.values())
    pruned = int((net.mask == 0).sum())
    count = sum(rules.sizes(densities.layer_shapes(net.net)).values())
    assert pruned == pytest.approx(0.9 * count, abs=5)


def test_the_learning_rate_of_resnets_drops_by_epoch():
    """Three minibatches an epoch, four epochs: it falls at step 6."""
    net = resnet()
    rates = [(net.prepare(step), net.optimizer.learning_rate.item())[1] for step in range(8)]
    assert rates == pytest.approx([0.1] * 6 + [0.01] * 2)


def test_held_out_images_are_left_out_and_images_standardised():
    run = small_run("liu2022", "resnets_digits")
    (x, y), (test, _) = images.load(run, "mnist_5k", 0.9)
    assert x.shape == (400, 3, 32, 32)
    assert len(y) == 400
    assert len(test) == 1000
    assert abs(float(x.mean())) < 1e-5
    assert float(x.std()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("depth", [9, 2])
def test_other_depths_are_refused(depth):
    with pytest.raises(ValueError, match="is not 6n"):
        ResNet(depth)


def test_settings_that_do_not_go_together_are_refused():
    length = {"steps": 1, "log_every": 1, "chunk": 1, "drops": [], "drop_factor": 0.1}
    with pytest.raises(InputError, match="positions = scored needs ratios = snip, not erk"):
        checks.networks([PLAIN | length | {"positions": "scored"}])
    checks.networks([PLAIN | length, PLAIN | length | {"condition": "x", "positions": "scored", "ratios": "snip"}])
    with pytest.raises(InputError, match="depth = 21 must be 6n"):
        checks.layers([{"depths": [20, 21], "widths": [16], "densities": [0.5]}])
    with pytest.raises(InputError, match="depth = 10 must be 6n"):
        checks.images([SMALL | {"depth": 10, "log_every": 1, "dataset": "cifar10", "held_out": 0.1, "condition": "a"}])


def test_a_rule_that_cannot_keep_so_few_weights_is_refused():
    length = {"steps": 1, "log_every": 1, "chunk": 1, "drops": [], "drop_factor": 0.1}
    with pytest.raises(
        InputError, match=r"ratios = uniform_plus: a density of 0\.05 is used up by the first and the last"
    ):
        checks.networks([PLAIN | length | {"ratios": "uniform_plus", "density": 0.05}])
    with pytest.raises(InputError, match=r"ratios = uniform_plus: a density of 0\.01"):
        checks.layers([{"depths": [8], "widths": [4], "densities": [0.5, 0.01]}])
    rest = {"log_every": 1, "dataset": "cifar10", "held_out": 0.1, "condition": "a"}
    with pytest.raises(InputError, match=r"ratios = erk_plus: a density of 0\.001 is used up by the last layer"):
        checks.images([SMALL | rest | {"ratios": "erk_plus", "density": 0.001}])


def test_shapes_as_numbers_are_those_of_the_networks(training):
    with torch.device("meta"):
        built = densities.layer_shapes(ResNet(32, 5))
    assert list(shapes.resnet(32, 5).values()) == list(built.values())
    assert list(shapes.perceptron(16, 2).values()) == [tuple(weight.shape) for weight in start(training).weights]
