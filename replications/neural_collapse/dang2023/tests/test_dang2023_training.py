"""The training programs: gradients, batching, geometry reached, data, settings."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from replications.neural_collapse.dang2023 import closed_form, metrics
from replications.neural_collapse.dang2023.experiments import backbones, images, unconstrained, vision
from replications.neural_collapse.dang2023.experiments.linear import FreeFeatures
from replications.neural_collapse.dang2023.experiments.networks import Networks
from verifig.ground.errors import InputError
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
DIGITS = [3, 3, 2, 2, 2, 2, 2, 2, 1, 1]


def members(
    experiment: str, conditions: tuple[str, ...], seeds: int = 1, scale: str = "laptop", **change
) -> list[dict]:
    """Settings of some members, as the experiment has them."""
    found = members_of(rulesets.settings(rulesets.load("dang2023"), experiment, scale))
    return [m | change for m in found if m["condition"] in conditions and m["seed"] < seeds]


def images_of(classes: int = 10, each: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    stream = torch.Generator().manual_seed(20230101)
    return torch.randn(classes * each, 20, generator=stream), torch.arange(classes).repeat_interleave(each)


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize("columns", [True, False])
def test_gradients_equal_automatic_ones(loss, columns):
    settings = members(
        "direct", ("etf3", "gof3"), sizes=[4, 3, 2, 1], width=6, loss=loss, class_columns=columns, init=0.5
    )
    program = FreeFeatures(settings, CPU)
    start = program.parameters.flat.clone().requires_grad_()
    program.optimizer.step = lambda params, grads: None
    program.step()
    objective = _objective(program, start)
    torch.testing.assert_close(program.record()["objective"], objective.detach())
    expected = program.parameters.split(torch.autograd.grad(objective.sum(), start)[0])
    found = program.parameters.split(program.grads)
    for name in found:
        mask = program.has_bias if name == "bias" else 1.0
        torch.testing.assert_close(found[name], expected[name] * mask)


def _objective(program: FreeFeatures, flat: torch.Tensor) -> torch.Tensor:
    """f written out sample by sample."""
    views, values = program.parameters.split(flat), []
    for k, member in enumerate(program.members):
        features = views["features"][k] / program.root
        logits = features
        for m in range(program.depth):
            logits = views[f"w{m + 1}"][k] @ logits
        logits = logits + views["bias"][k]
        if program.loss == "mse":
            each = ((logits - program.truth) ** 2).sum(0) / 2
        else:
            each = -(program.truth * torch.log_softmax(logits, 0)).sum(0)
        weight = program.root**2
        value = (weight * each).sum() / program.total
        value = value + member["feature_decay"] / 2 * (weight * features**2).sum()
        for m in range(program.depth):
            value = value + member["weight_decay"] / 2 * (views[f"w{m + 1}"][k] ** 2).sum()
        values.append(value)
    return torch.stack(values)


def test_a_batch_equals_single_problems():
    settings = members("direct", ("of3", "etf3"), seeds=2)
    together, singles = FreeFeatures(settings, CPU), [FreeFeatures([m], CPU) for m in settings]
    for program in (together, *singles):
        for _ in range(20):
            program.step()
    single = torch.cat([program.parameters.flat for program in singles])
    torch.testing.assert_close(together.parameters.flat, single, rtol=1e-10, atol=1e-12)


def test_conditions_of_one_seed_start_alike():
    one, two = FreeFeatures(members("direct", ("of3",)), CPU), FreeFeatures(members("direct", ("etf3",)), CPU)
    assert torch.equal(one.parameters.flat, two.parameters.flat)


def test_direct_optimisation_reaches_the_closed_form():
    (member,) = members("direct", ("gof1",))
    program = FreeFeatures([member], CPU)
    for _ in range(3000):
        program.step()
    record = {name: value[0].numpy() for name, value in program.record().items()}
    solution = closed_form.solve(member["sizes"], 1, member["weight_decay"], member["feature_decay"])
    assert record["classifier"][0] == pytest.approx(np.diag(solution.classifier), abs=0.1)
    assert 0 <= record["objective"] / solution.objective - 1 < 1e-5
    assert record["nc1"] < 1e-12


def test_class_columns_have_the_same_optimum():
    (member,) = members("direct", ("gof1",), class_columns=True, width=8, init=0.3)
    program = FreeFeatures([member], CPU)
    for _ in range(3000):
        program.step()
    record = program.record()
    solution = closed_form.solve(member["sizes"], 1, member["weight_decay"], member["feature_decay"])
    assert record["objective"].item() == pytest.approx(solution.objective, rel=1e-4)
    assert torch.isnan(record["nc1"]).all()


def test_a_warm_start_begins_at_the_minimiser():
    lam = 0.01
    change = {
        "weight_decay": lam,
        "feature_decay": lam,
        "start_beta": closed_form.pressure([100] * 4, 2, lam, lam)[0],
        "init": 1e-9,
    }
    program = FreeFeatures([member | change for member in members("sweep", ("warm2",))], CPU)
    best = closed_form.solve([100] * 4, 2, lam, lam).objective
    assert program.record()["objective"].item() == pytest.approx(best, abs=1e-12)


def test_log_points_stay_within_the_training():
    points = unconstrained.log_points(30, 5, 3)
    assert points[0] == 0
    assert points[-1] == 30
    assert 100 in unconstrained.log_points(1000, 5, 3)


def test_network_gradients_equal_automatic_ones():
    pixels, labels = images_of()
    change = {"sizes": DIGITS, "width": 7, "dtype": "float64"}
    program = Networks(members("networks", ("etf3", "gof3"), **change), pixels, labels, CPU)
    starts = [flat.clone().requires_grad_() for flat in program.flats]
    for optimizer in program.optimizers:
        optimizer.step = lambda params, grads: None
    program.step()
    body, head = program.backbone.parameters.split(starts[0]), program.head.split(starts[1])
    hidden = program.inputs
    for layer in range(1, program.backbone.depth + 1):
        hidden = hidden @ body[f"w{layer}"] + body[f"b{layer}"]
        hidden = hidden if layer == program.backbone.depth else hidden.relu()
    output, decay = hidden, 1e-3
    objective = decay / 2 * (hidden**2).sum((1, 2))
    for m in range(program.depth):
        output = output @ head[f"w{m + 1}"].transpose(1, 2)
        objective = objective + decay / 2 * (head[f"w{m + 1}"] ** 2).sum((1, 2))
    output = output + head["bias"].transpose(1, 2)
    objective = objective + ((output - program.truth.transpose(1, 2)) ** 2).sum((1, 2)) / (2 * sum(DIGITS))
    torch.testing.assert_close(program.record()["objective"], objective.detach())
    expected = torch.autograd.grad(objective.sum(), starts)
    torch.testing.assert_close(program.grads[0], expected[0])
    heads = program.head.split(expected[1])
    for name, found in program.head.split(program.grads[1]).items():
        mask = program.has_bias if name == "bias" else 1.0
        torch.testing.assert_close(found, heads[name] * mask)


def test_permuted_labels_hide_the_collapse():
    features = np.repeat(np.eye(10)[:, :], 5, axis=1)
    labels = np.repeat(np.arange(10), 5)
    assert metrics.nc1(features, labels, 10) < 1e-28
    assert metrics.nc1(features, np.random.default_rng(1).permutation(labels), 10) > 0.1


def test_subsets_are_nested_and_disjoint_from_the_rest():
    labels = torch.arange(3).repeat_interleave(10)
    small, _ = images.subset(labels, [2, 2, 2], 5)
    large, rest = images.subset(labels, [4, 6, 2], 5)
    assert set(small.tolist()) <= set(large.tolist())
    assert sorted(large.tolist() + rest.tolist()) == list(range(30))
    assert labels[large].bincount().tolist() == [4, 6, 2]
    assert images.subset(labels, [2, 1, 1], None)[0].tolist() == [0, 1, 10, 20]
    with pytest.raises(InputError, match="asks for 11 images of class 0"):
        images.subset(labels, [11, 1, 1], 5)


def test_cifar_is_its_training_part_scaled(monkeypatch):
    parts = [(np.full((n, 3, 32, 32), 255, np.uint8), np.full(n, n)) for n in (2, 1)]
    monkeypatch.setattr(images.archives, "archive", lambda path, name: parts)
    pixels, labels = images.read_cifar("unused")
    assert labels.tolist() == [2, 2]
    assert pixels.shape == (2, 3, 32, 32)
    assert pixels.dtype == np.float32
    assert pixels.mean() == 1


def test_image_folder(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for name, count in (("a", 2), ("b", 1)):
        (tmp_path / name).mkdir()
        for k in range(count):
            image.new("L", (28, 28), 255).save(tmp_path / name / f"{k}.png")
    pixels, labels = images.read_folder(str(tmp_path))
    assert pixels.shape == (3, 3, 32, 32)
    assert labels.tolist() == [0, 0, 1]
    for folder, message in ((None, "image_folder is not set"), (str(tmp_path / "a"), "at least two classes")):
        with pytest.raises(InputError, match=message):
            images.read_folder(folder)


@pytest.mark.parametrize(
    ("name", "white"),
    [
        ("cifar10", [(1 - 0.4914) / 0.2023, (1 - 0.4822) / 0.1994, (1 - 0.4465) / 0.2010]),
        ("folder", [(1 - 0.1722) / 0.3309] * 3),
    ],
)
def test_images_are_normalised_by_channel_with_the_authors_values(monkeypatch, name, white):
    read = {"read_cifar": "a path", "read_folder": "a folder"}
    for reader, source in read.items():
        found = np.ones((2, 3, 4, 4), np.float32), np.array([3, 5])
        monkeypatch.setattr(
            images, reader, lambda given, source=source, found=found: found if given == source else None
        )
    run = SimpleNamespace(members=[{"dataset": name, "image_folder": "a folder"}], path=lambda name: "a path")
    pixels, labels = images.load(run)
    assert pixels[1, :, 2, 2].tolist() == pytest.approx(white)
    assert labels.tolist() == [3, 5]


def test_embedded_images_are_normalised_squares():
    pixels, labels = images.load(SimpleNamespace(members=[{"dataset": "mnist_5k"}]))
    assert pixels.shape == (5000, 1, 28, 28)
    assert pixels.min().item() == pytest.approx(-0.1307 / 0.3081)
    assert pixels.max().item() == pytest.approx((1 - 0.1307) / 0.3081)
    assert labels.bincount().tolist() == [500] * 10


@pytest.mark.parametrize("scale", ["theory", "authors"])
def test_mini_batch_loss_over_the_whole_set(scale):
    pixels, labels = images_of(each=2)
    (member,) = members(
        "mlp_balanced", ("of3",), scale="smoke", sizes=[2] * 10, batch_size=20, loss_scale=scale, seeds=1
    )
    network = backbones.Network(member, pixels.reshape(20, 1, 4, 5), labels)
    features = network.body(network.pixels)
    truth = torch.nn.functional.one_hot(labels, 10)
    squared = (network.head(features) - truth) ** 2
    decays = 1e-4 / 2 * (sum((layer.weight**2).sum() for layer in network.head) + (features**2).sum())
    error = squared.sum() / 40 if scale == "theory" else squared.mean()
    torch.testing.assert_close(network._loss(features, network.truth), error + decays)


def test_mini_batch_training_lowers_the_loss():
    pixels, labels = images_of(each=4)
    (member,) = members("mlp_balanced", ("of1",), scale="smoke", sizes=[4] * 10, epochs=30, seeds=1, learning_rate=1e-2)
    network = backbones.Network(member, pixels.reshape(40, 1, 4, 5), labels)
    before = network.record()["accuracy"].item()
    for step in range(60):
        network.prepare(step)
        network.step()
    assert network.record()["accuracy"].item() > before + 0.5


def test_convolutional_backbones_give_512_features():
    for name in ("resnet18", "vgg16"):
        body, width = vision.convolutional(name)
        with torch.no_grad():
            assert body.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, width)
