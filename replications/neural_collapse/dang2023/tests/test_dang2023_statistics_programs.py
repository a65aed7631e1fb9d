"""What the training programs compute themselves and `measure` copies, against plain loops over samples."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from replications.neural_collapse.dang2023 import closed_form
from replications.neural_collapse.dang2023.experiments import (
    backbones,
    cross_entropy,
    images,
    sweep,
    theory,
    unconstrained,
)
from replications.neural_collapse.dang2023.experiments.linear import FreeFeatures
from replications.neural_collapse.dang2023.experiments.networks import Networks
from verifig.planning import rulesets
from verifig.training.ensemble import generator
from verifig.training.members import members_of
from verifig.training.seeds import derive

CPU = torch.device("cpu")


def members(
    experiment: str, conditions: tuple[str, ...], scale: str = "laptop", seeds: int = 1, **change
) -> list[dict]:
    found = members_of(rulesets.settings(rulesets.load("dang2023"), experiment, scale))
    return [m | change for m in found if m["condition"] in conditions and m["seed"] < seeds]


def within_over_between(features: np.ndarray, labels: list[int], classes: int) -> float:
    """NC1 by its definition, tr(Sig_W Sig_B^+) / K, for columns of features in general position."""
    means = [np.mean([h for h, label in zip(features.T, labels, strict=True) if label == k], 0) for k in range(classes)]
    middle = features.T.mean(0)
    within = sum(np.outer(h - means[k], h - means[k]) for h, k in zip(features.T, labels, strict=True)) / len(labels)
    between = sum(np.outer(mean - middle, mean - middle) for mean in means) / classes
    return float(np.trace(within @ np.linalg.pinv(between, rcond=1e-9)) / classes)


def test_free_features_record_their_accuracy_their_imbalance_and_nc1():
    settings = members("direct", ("gof3", "off3"), seeds=2, sizes=[4, 3, 2], width=5, init=0.6)
    program = FreeFeatures(settings, CPU)
    record = {name: value.numpy() for name, value in program.record().items()}
    labels = [0] * 4 + [1] * 3 + [2] * 2
    for k in range(len(settings)):
        features, layers = program.features[k].numpy(), [weight[k].numpy() for weight in program.weights]
        outputs = [layers[2] @ layers[1] @ layers[0] @ h + program.bias[k, :, 0].numpy() for h in features.T]
        right = [int(np.argmax(y)) == label for y, label in zip(outputs, labels, strict=True)]
        gaps = [np.linalg.norm(b.T @ b - a @ a.T) for a, b in ((layers[0], layers[1]), (layers[1], layers[2]))]
        assert record["accuracy"][k] == pytest.approx(sum(right) / 9)
        assert record["imbalance"][k] == pytest.approx(max(gaps))
        assert record["nc1"][k] == pytest.approx(within_over_between(features, labels, 3))
    assert len(set(record["accuracy"])) > 1


@pytest.fixture(scope="module")
def data() -> tuple[torch.Tensor, torch.Tensor]:
    stream = torch.Generator().manual_seed(20230101)
    return torch.randn(90, 6, generator=stream, dtype=torch.float64), torch.arange(3).repeat_interleave(30)


def test_networks_record_accuracies_and_nc1_under_permuted_labels(data):
    pixels, labels = data
    change = {"sizes": [9, 6, 5], "width": 7, "dtype": "float64", "hidden_layers": 1}
    settings = members("networks", ("etf3", "noise1"), seeds=2, **change)
    settings = [member | {"depth": 2, "bias": True} for member in settings]
    program = Networks(settings, pixels, labels, CPU)
    program.bias.copy_(torch.tensor([[0.3], [0.1], [-0.2]], dtype=torch.float64).expand_as(program.bias))
    record = {name: value.numpy() for name, value in program.record().items()}
    for k, member in enumerate(settings):
        views = program.backbone.parameters.views

        def features(x, k=k, views=views):
            hidden = np.maximum(x @ views["w1"][k].numpy() + views["b1"][k].numpy().ravel(), 0)
            return hidden @ views["w2"][k].numpy() + views["b2"][k].numpy().ravel()

        def right(x, truth, k=k, features=features):
            outputs = program.weights[1][k].numpy() @ program.weights[0][k].numpy() @ features(x).T
            return int(np.argmax(outputs + program.bias[k, :, 0].numpy())) == int(truth)

        chosen, rest = images.subset(labels, [9, 6, 5], member["seed"])
        targets = images.label_noise(member, labels[chosen])
        trained = [right(pixels[i].numpy(), target) for i, target in zip(chosen, targets, strict=True)]
        tested = [right(pixels[i].numpy(), labels[i]) for i in rest[::4]]
        columns = np.array([features(pixels[i].numpy()) for i in chosen]).T
        order = torch.randperm(20, generator=generator("neural_collapse", "measure", member["seed"]))
        assert record["accuracy"][k] == pytest.approx(sum(trained) / 20)
        assert record["test_accuracy"][k] == pytest.approx(sum(tested) / len(tested))
        assert record["nc1"][k] == pytest.approx(within_over_between(columns, targets.tolist(), 3))
        assert record["nc1_shuffled"][k] == pytest.approx(within_over_between(columns, targets[order].tolist(), 3))


def test_shuffled_labels_keep_their_counts_and_leave_the_tests_alone(data):
    pixels, labels = data
    member, second = members("networks", ("noise1",), seeds=2, sizes=[9, 6, 5], width=7)
    program = Networks([member, second], pixels, labels, CPU)
    assert program.labels[0].tolist() != [0] * 9 + [1] * 6 + [2] * 5
    assert program.labels[0].tolist() != program.labels[1].tolist(), "every seed has an order of its own"
    assert program.labels[0].bincount().tolist() == [9, 6, 5]
    chosen, _ = images.subset(labels, [9, 6, 5], member["seed"])
    left_out = sorted(set(range(90)) - set(chosen.tolist()), key=lambda row: int(labels[row]))
    inputs, truth = program.tests[0]
    assert truth.tolist() == [int(labels[row]) for row in left_out[::4]]
    assert not any((pixels[chosen].float() == x).all(1).any() for x in inputs)


def test_mini_batch_networks_record_accuracy_and_nc1_over_the_whole_set():
    stream = torch.Generator().manual_seed(3)
    pixels, labels = torch.randn(24, 1, 2, 4, generator=stream), torch.arange(3).repeat_interleave(8)
    change = {"sizes": [8] * 3, "dtype": "float64", "batch_size": 8, "width": 5, "hidden_layers": 1}
    (member,) = members("mlp_balanced", ("of3",), scale="smoke", **change)
    network = backbones.Network(member, pixels, labels)
    for step in range(5):
        network.prepare(step)
        network.step()
    record = network.record()
    with torch.no_grad():
        features = network.body.eval()(pixels.double())
        guesses = [int(network.head(h).argmax()) for h in features]
    assert record["accuracy"].item() == sum(a == b for a, b in zip(guesses, labels.tolist(), strict=True)) / 24
    assert record["nc1"].item() == pytest.approx(within_over_between(features.numpy().T, labels.tolist(), 3))


def test_log_points_hold_the_early_one():
    assert unconstrained.log_points(1000, 3, 2) == [0, 1, 32, 100, 500, 1000]


@pytest.fixture
def kept(monkeypatch) -> dict:
    """Instead of training: two log points whose records tell the row of the member."""
    seen = {}

    def fit(run, rows):
        seen["members"] = list(rows)
        rows = np.arange(len(rows))
        records = {name: np.stack([rows + 0.25, rows + 0.5], 1) for name in ("objective", "accuracy", "output", "nc1")}
        return records | {"iterations": np.array([0, 9])}

    for program in (sweep, cross_entropy):
        monkeypatch.setattr(program, "fit", fit)
    return seen


def test_sweeps_train_every_level_of_every_member_and_keep_the_end(kept):
    """Two layers: T = 1/2 and S = 9/8 / sqrt 3; balanced classes have beta = 2 N sqrt(N lam^3) / n."""
    plain = {"sizes": [5, 5], "depth": 2, "betas": [0.1, 0.3], "over_threshold": [0.8], "over_spinodal": [1.03]}
    stairs = plain | {"sizes": [7, 3], "depth": 1, "decays": [0.02, 0.05]}
    found = sweep.sweep(SimpleNamespace(members=[stairs, plain | {"decays": []}, stairs]))
    betas = [0.1, 0.3, 0.4, 1.03 * 9 / 8 / math.sqrt(3)]
    decays = [0.02, 0.05, *(((beta * 5 / 20) ** 2 / 10) ** (1 / 3) for beta in betas), 0.02, 0.05]
    assert found["owner"].tolist() == [0, 0, 1, 1, 1, 1, 2, 2]
    assert found["level"].tolist() == pytest.approx([0.02, 0.05, *betas, 0.02, 0.05])
    assert found["common_decay"].tolist() == pytest.approx(decays)
    assert [m["weight_decay"] for m in kept["members"]] == pytest.approx(decays)
    assert [m["feature_decay"] for m in kept["members"]] == pytest.approx(decays)
    assert found["objective"].tolist() == [k + 0.5 for k in range(8)]
    assert "iterations" not in found


def test_cross_entropy_keeps_the_outputs_of_the_end_alone(kept):
    found = cross_entropy.cross_entropy(SimpleNamespace(members=[{}, {}]))
    assert found["output"].tolist() == [0.5, 1.5]
    assert found["objective"].tolist() == [[0.25, 0.5], [1.25, 1.5]]
    assert found["accuracy"].tolist() == [[0.25, 0.5], [1.25, 1.5]]
    assert found["iterations"].tolist() == [0, 9]


def test_theory_has_the_thresholds_and_survivors_of_each_depth():
    """T and S by hand for up to three layers; at beta = T a class of 50 in 400 vanishes."""
    decays = [0.01, 0.0132, 0.015, 0.022, 0.03, 0.034, 0.04]
    found = theory.theory(SimpleNamespace(settings={"perturbations": 1, "decays": decays}))
    threshold, spinodal = [1, 1 / 2, 4 ** (1 / 3) / 3], [1, 9 / 8 / math.sqrt(3), 4 / 3 / 4 ** (1 / 3)]
    critical = [
        [((t * n / (400 * m)) ** m / 400) ** (1 / (m + 1)) for n in (200, 100, 50, 50)]
        for m, t in zip((1, 2, 3), threshold, strict=True)
    ]
    assert found["depths"].tolist() == list(range(1, 10))
    assert found["threshold"][:3].tolist() == pytest.approx(threshold)
    assert found["spinodal"][:3].tolist() == pytest.approx(spinodal)
    assert found["critical_decay"][:3].tolist() == pytest.approx([row[3] for row in critical])
    assert found["nonzero"][:3].tolist() == [[sum(decay < c for c in row) for decay in decays] for row in critical]
    assert found["of_misfit"].tolist() == pytest.approx([0, math.sqrt(2 - math.sqrt(3)), 0])
    assert found["gradient"].max() < 1e-14
    assert found["objective_error"].max() < 1e-15
    assert found["least_rise"].min() > 0
    assert found["scaling_error"] < 1e-12
    assert len(found["gradient"]) == len(found["cases"]) == 16


@pytest.mark.parametrize("bias", [False, True])
def test_oracles_see_a_point_that_is_no_minimiser(monkeypatch, bias):
    """Gradients by automatic differentiation; the minimum of one layer by hand, with a bias of its one mode 4/3."""
    weight, features, offset = (
        np.array([[1.0, 0.5], [0.2, 2.0]]),
        np.array([[1.0, -0.3, 0.4], [0.1, 0.2, 0.7]]),
        [0.3, -0.9],
    )
    monkeypatch.setattr(closed_form, "minimiser", lambda *problem: ([weight], features, np.array(offset)))
    found = theory._case((2, 1), 1, 0.01, 0.04, bias, 3)

    def objective(w, h, b):
        error = w @ h + b[:, None] - torch.tensor([[1.0, 1, 0], [0, 0, 1]], dtype=torch.float64)
        return (error**2).sum() / 6 + 0.01 / 2 * (w**2).sum() + 0.04 / 2 * (h**2).sum()

    point = [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in (weight, features, offset)]
    value = objective(*point)
    gradients = torch.autograd.grad(value, point)
    modes = [4 / 3] if bias else [2, 1]
    lengths = [math.sqrt(4 * mode) - 0.12 for mode in modes]
    best = sum(s / 6 * 0.12 / (p + 0.12) + 0.005 * p for s, p in zip(modes, lengths, strict=True))
    rng = np.random.default_rng(derive("neural_collapse", "theory", "(2, 1)", 1, bias))
    rises = []
    for size in (1e-4, math.sqrt(1e-5), 0.1):
        moved = [torch.from_numpy(array + size * rng.standard_normal(array.shape)) for array in (weight, features)]
        rises.append((objective(*moved, point[2]) - value).item())
    assert found[0] == pytest.approx(max(g.abs().max().item() for g in gradients[: 3 if bias else 2]))
    assert found[1] == pytest.approx(value.item() - best)
    assert found[2] == pytest.approx(min(rises))


def one_layer(sizes: tuple[int, ...], feature_decay: float) -> list[list[float]]:
    """x, p, squared lengths of class means, and the objective, at a weight decay of 1/2000."""
    floor = sum(sizes) * feature_decay
    lengths = [math.sqrt(n * feature_decay * 2000) - floor for n in sizes]
    shares = [n / (2 * sum(sizes)) * floor / (p + floor) for n, p in zip(sizes, lengths, strict=True)]
    means = [p / (p + floor) ** 2 for p in lengths]
    return [[p / floor for p in lengths], lengths, means, [sum(shares) + sum(lengths) / 4000]]


@pytest.mark.parametrize("factor", [5, 20])
def test_the_scaling_error_is_the_largest_relative_change(factor):
    """Classes are a tenth; a feature decay of other than tenfold changes the minimum."""
    pairs = zip(one_layer((200, 100, 50, 50), 1 / 2000), one_layer((20, 10, 5, 5), factor / 2000), strict=True)
    changes = [abs(a / b - 1) for large, small in pairs for a, b in zip(large, small, strict=True)]
    assert theory._scaling(1, factor) == pytest.approx(max(changes))
