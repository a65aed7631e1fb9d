"""Two-layer networks, and what several papers read from trained models."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import artifact, near, values

from replications.double_descent.science import statistics, two_layer
from replications.double_descent.science.two_layer import TwoLayer, pooled
from verifig.measuring.tables import Tables
from verifig.training import data

CPU = torch.device("cpu")
NETWORKS = {
    "n": 100, "classes": [], "test_size": 20, "label_noise": 0.2, "optimizer": "adam", "learning_rate": 0.003,
    "momentum": 0.0, "init_scale": 1.0, "width": 8,
}  # fmt: skip


def test_two_layer_members_equal_single_runs():
    images, labels = data.embedded("mnist_5k")
    task = (pooled(images, 4), labels)
    members = [NETWORKS | {"seed": f"test {k}"} for k in range(3)]
    together = TwoLayer(members, task, CPU)
    single = [TwoLayer([member], task, CPU) for member in members]
    for program in (together, *single):
        for step in range(20):
            program.prepare(step)
            program.step()
    for k, program in enumerate(single):
        flat = program.net.parameters.flat[0]
        torch.testing.assert_close(together.net.parameters.flat[k], flat, rtol=1e-4, atol=1e-5)


def test_images_are_averaged_over_blocks():
    image = np.arange(64.0).reshape(1, 64)
    np.testing.assert_allclose(pooled(image, 4), [[13.5, 17.5, 45.5, 49.5]])


def test_parameters_equal_equations_at_the_threshold():
    """49 inputs, ten classes: 60 H + 10 weights and biases for 1,000 equations."""
    settings = {"dataset": "mnist_5k", "pool_size": 4, "classes": [], "n": 100}
    assert statistics.parameter_threshold(settings) == pytest.approx(990 / 60)
    assert statistics.parameter_threshold(settings | {"classes": [3, 8], "dataset": "digits", "pool_size": 1}) == (
        pytest.approx(198 / 67)
    )


def numbered(members: list[dict], points: int) -> dict[str, np.ndarray]:
    """Records that say which member and point they are of: 1000 seed + 10 width + point."""
    return {
        "test_mse": np.array(
            [[1000.0 * m["seed"] + 10 * m["width"] + point for point in range(points)] for m in members]
        )
    }


def test_records_of_networks_are_seeds_by_points_by_widths(monkeypatch):
    monkeypatch.setattr(two_layer, "images", lambda run, name: (None, None))
    monkeypatch.setattr(two_layer, "train", lambda run, members, *a, **k: numbered(members, 3))
    settings = {"dataset": "any", "pool_size": 1, "steps": 9, "record_steps": [9, 0, 3, 30], "chunk": 4}
    members = [
        {"condition": name, "seed": seed, "widths": widths, "optimizer": "adam"}
        for name, widths in (("a", [4, 7]), ("b", [5]))
        for seed in (0, 1)
    ]
    run = SimpleNamespace(settings=settings, members=members, device=CPU)
    found = two_layer.losses_by_width(run)
    assert found["a.test_mse"].tolist() == [[[40, 70], [41, 71], [42, 72]], [[1040, 1070], [1041, 1071], [1042, 1072]]]
    assert found["b.test_mse"].tolist() == [[[50], [51], [52]], [[1050], [1051], [1052]]]
    assert found["a.points"].tolist() == [0, 3, 9]


@pytest.mark.parametrize(("size", "expected"), [(1, list(range(16))), (2, [2.5, 4.5, 10.5, 12.5]), (4, [7.5])])
def test_networks_see_images_of_the_size_asked_for(monkeypatch, size, expected):
    seen = []
    monkeypatch.setattr(two_layer, "images", lambda run, name: (np.arange(16.0)[None], np.array([1])))
    monkeypatch.setattr(two_layer, "TwoLayer", lambda chunk, data, device: seen.append(data))
    monkeypatch.setattr(two_layer, "train", lambda run, members, build, *a, **k: build(members) or numbered(members, 1))
    settings = {"dataset": "any", "pool_size": size, "steps": 0, "record_steps": [0], "chunk": 4}
    members = [{"condition": "a", "seed": 0, "widths": [4], "optimizer": "adam"}]
    two_layer.losses_by_width(SimpleNamespace(settings=settings, members=members, device=CPU))
    ((pixels, labels),) = seen
    assert pixels.tolist() == [expected]
    assert labels.tolist() == [1]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"classes": [0, 6], "dataset": "mnist_5k"}, 0.25),
        ({"classes": [0, 1, 5, 6], "dataset": "mnist_5k"}, 3 / 16),
        ({"classes": [], "dataset": "cifar10", "loss": "mse"}, 0.09),
        ({"classes": [0, 6], "dataset": "mnist_5k", "loss": "cross_entropy"}, math.log(2)),
        ({"classes": [], "dataset": "digits", "loss": "cross_entropy"}, math.log(10)),
    ],
)
def test_an_output_of_zero_has_the_loss_of_the_centred_targets(settings, expected):
    assert statistics.zero_loss(settings) == pytest.approx(expected)
    classes = len(settings["classes"]) or 10
    targets = np.eye(classes) - 1 / classes
    if settings.get("loss") != "cross_entropy":
        assert statistics.zero_loss(settings) == pytest.approx(float((targets**2).mean()))


def test_run_losses_are_the_worst_over_widths_at_the_end():
    """Cross-entropy is over log 2, the squared loss over 1/4."""
    arrays = {
        "mse.train_mse": [[[9.0, 9.0], [0.5, 0.25]], [[0.1, 0.1], [0.25, np.inf]]], "mse.widths": [1, 2],
        "entropy.train_mse": [[[7.0, 7.0], [1.0, 3 * math.log(2)]]], "entropy.widths": [1, 2],
    }  # fmt: skip
    conditions = {"mse": {"seeds": 2}, "entropy": {"loss": "cross_entropy", "seeds": 1}}
    out = Tables()
    statistics.run_loss("some", artifact(arrays, conditions, classes=[0, 6], dataset="mnist_5k"), out)
    assert values(out, "run_loss") == {"": near([3, 2, np.nan])}
