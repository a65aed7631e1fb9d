"""What the programs store for statistics, against independent references; the ResNet's data and state."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import Progress

from replications.double_descent.nakkiran2020.experiments import deep, sample_sizes
from replications.double_descent.nakkiran2020.experiments.deep import Network, ResNet18
from replications.double_descent.nakkiran2020.measure import least_squares_risk
from replications.double_descent.science import features
from verifig.planning import rulesets
from verifig.training import data, flat
from verifig.training.ensemble import ALIGNMENT, generator

CPU = torch.device("cpu")
TASK = {
    "classes": [2, 5, 7], "pixel_mean": 0.2, "pixel_std": 0.5, "activation": "tanh", "normalisation": "standardised",
    "feature_scale": 1.5,
}  # fmt: skip
LINEAR = {"linear_width": 12, "linear_sizes": [4, 30], "linear_draws": 300}


def run_of(settings: dict, members: list[dict] = ()) -> SimpleNamespace:
    """A job without checkpoints."""
    return SimpleNamespace(
        settings=settings, members=members, device=CPU, once=lambda name, part: part(), progress=Progress()
    )


def pictures(count: int = 60, pixels: int = 9) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.default_rng(8)
    return stream.random((count, pixels)), np.arange(count) % 8


def wrong(outputs: np.ndarray, labels: list[int]) -> float:
    return sum(int(np.argmax(row)) != int(label) for row, label in zip(outputs, labels, strict=True)) / len(labels)


def test_sample_sizes_and_widths_have_axes_of_their_own(monkeypatch):
    data = pictures()
    monkeypatch.setattr(sample_sizes, "images", lambda run, name: data)
    settings = TASK | LINEAR | {
        "dataset": "any", "sample_noise": [0.0, 0.5], "sample_sizes": [4, 8, 12], "sample_width": 8, "sample_test": 6,
        "threshold_sizes": [4, 10], "threshold_ratios": [0.5, 1.0, 2.5], "far_width": 20, "ridge": 0.3,
    }  # fmt: skip

    def expected(seed: int, share: float, n: int, width: int) -> list[float]:
        """Test error, that with a ridge of 0.3 times the width, training loss."""
        drawn = features.sample(data, settings | {"n": n, "test_size": 0}, seed, CPU)
        targets = features.centred_one_hot(features.noisy_labels(drawn.labels, 3, share, seed), 3).numpy()
        weights = features.first_layer(9, width, 1.5, seed, CPU).numpy()
        z, z_test = (np.tanh((part.numpy() - 0.2) / 0.5 @ weights) for part in (drawn.x, drawn.x_test[-6:]))
        fit, labels = np.linalg.pinv(z) @ targets, drawn.test_labels[-6:].tolist()
        ridged = np.linalg.solve(z.T @ z + 0.3 * width * np.eye(width), z.T @ targets)
        return [wrong(z_test @ fit, labels), wrong(z_test @ ridged, labels), np.mean((z @ fit - targets) ** 2)]

    members = [settings | {"seed": seed} for seed in range(2)]
    found = sample_sizes.sample_sizes(run_of(settings, members))
    for seed in range(2):
        for level, share in enumerate((0.0, 0.5)):
            for row, n in enumerate((4, 8, 12)):
                for kind, width in (("sizes", 8), ("far", 20)):
                    stored = [found[f"{kind}.{fit}"][seed, level, row] for fit in sample_sizes.FITS]
                    assert stored == pytest.approx(expected(seed, share, n, width), abs=1e-12)
            for row, n in enumerate((4, 10)):
                for column, ratio in enumerate((0.5, 1.0, 2.5)):
                    stored = [found[f"threshold.{fit}"][seed, level, row, column] for fit in sample_sizes.FITS]
                    assert stored == pytest.approx(expected(seed, share, n, round(n * ratio)), abs=1e-12)
    assert found["linear.risk"].shape == (2, 300, 2)


def test_the_risk_of_gaussian_features_is_that_of_theory_on_both_sides_of_the_threshold():
    settings = LINEAR | {"seed": 0}
    for column, n in enumerate(LINEAR["linear_sizes"]):
        ratio = sample_sizes._linear_risks(settings)[:, column] / least_squares_risk(n, LINEAR["linear_width"])
        assert abs(ratio.mean() - 1) < 4 * ratio.std() / 300**0.5


def numbered(members: list[dict], points: int) -> dict[str, np.ndarray]:
    """Records that say which member and point they are of: 1000 seed + 10 width + point."""
    return {
        "test_mse": np.array(
            [[1000.0 * m["seed"] + 10 * m["width"] + point for point in range(points)] for m in members]
        )
    }


def test_records_of_deep_networks_are_seeds_by_widths_by_epochs(monkeypatch):
    monkeypatch.setattr(deep, "images", lambda run, name: pictures())
    monkeypatch.setattr(deep, "train", lambda run, members, *a, **k: numbered(members, 2))
    settings = {
        "dataset": "digits",
        "widths": [4, 7, 9],
        "seeds": 2,
        "n": 10,
        "batch_size": 4,
        "epochs": 5,
        "record_epochs": [1, 5, 8],
    }
    found = deep.deep(run_of(settings, [{"condition": "base", "seed": 0}, {"condition": "base", "seed": 1}]))
    assert found["test_mse"].tolist() == [
        [[40, 41], [70, 71], [90, 91]],
        [[1040, 1041], [1070, 1071], [1090, 1091]],
    ]
    assert found["points"].tolist() == [1, 5]


def network(**overrides) -> Network:
    """A ResNet18 of one channel on digits."""
    values = rulesets.settings(rulesets.load("nakkiran2020"), "deep_digits", "smoke", overrides)
    return Network(values | {"width": 1, "seed": 0, "condition": "base"}, data.embedded("digits"), CPU)


def taken(program: Network, first: int, last: int) -> Network:
    for step in range(first, last):
        program.prepare(step)
        program.step()
    return program


def test_incorrect_labels_are_never_right():
    truth = torch.from_numpy(data.embedded("digits")[1])
    noisy = network(label_noise=1.0)
    assert (noisy.labels != truth[:64]).all()
    assert (noisy.test_labels != truth[64:128]).all()
    assert torch.equal(noisy.clean, truth[64:128])
    some = network(label_noise=0.15, n=1000, test_size=700)
    assert (some.labels != truth[:1000]).double().mean() == pytest.approx(0.15, abs=0.04)
    assert (some.test_labels != some.clean).double().mean() == pytest.approx(0.15, abs=0.05)


def test_resnet_state_restores_exactly():
    """In the middle of an epoch of three batches, the last of two images."""
    whole, half, rest = (network(augment=True, n=10, batch_size=4) for _ in range(3))
    taken(whole, 0, 8)
    rest.load(taken(half, 0, 4).state())
    taken(rest, 4, 8)
    for name, value in whole.state().items():
        np.testing.assert_array_equal(rest.state()[name], value, err_msg=name)
    assert 0 <= float(whole.record()["test_error"]) <= 1


def test_orders_and_augmentation_are_drawn_in_turn_from_one_stream():
    """By epoch the order, then by batch a flip and two shifts an image."""
    program, stream = network(augment=True, n=10, batch_size=4), generator("double_descent", "resnet batches", 0)
    for step in range(6):
        if step % 3 == 0:
            order = torch.randperm(10, generator=stream)
        rows = order[4 * (step % 3) : 4 * (step % 3 + 1)]
        flips = torch.rand(len(rows), generator=stream) < 0.5
        rises, slides = torch.randint(9, (2, len(rows), 1), generator=stream)[:, :, 0].tolist()
        expected = torch.zeros(len(rows), 1, 8, 8)
        for k, row in enumerate(rows.tolist()):
            image = program.x[row].flip(2) if flips[k] else program.x[row]
            expected[k] = torch.nn.functional.pad(image, [4] * 4)[:, rises[k] :, slides[k] :][:, :8, :8]
        assert program.prepare(step) == len(rows)
        assert torch.equal(program.batches.rows, rows)
        assert torch.equal(program.augment(program.x[rows]), expected)


def test_a_resnet_has_its_published_number_of_parameters():
    """Without a bias but the head's: 3 x 3 convolutions, 1 x 1 shortcuts where the size changes, two norms a block."""
    k, stages = 5, [(5, 5), (5, 10), (10, 20), (20, 40)]
    expected = 3 * 9 * k + 40 * 10 + 10
    for inputs, outputs in stages:
        expected += 9 * inputs * outputs + 3 * 9 * outputs**2 + 2 * (inputs + 3 * outputs)
        expected += inputs * outputs if inputs != outputs else 0
    net = ResNet18(3, k, 10)
    assert sum(parameter.numel() for parameter in net.parameters()) == expected
    assert [block.conv1.stride[0] for block in net.blocks] == [1, 1, 2, 1, 2, 1, 2, 1]
    assert not any(isinstance(module, torch.nn.Conv2d) and module.bias is not None for module in net.modules())


@pytest.mark.parametrize("k", [1, 2, 7, 10])
def test_weights_of_a_resnet_begin_where_cudnn_has_engines(k):
    """At multiples of 16 bytes, and so do their gradients."""
    net = ResNet18(3, k, 10)
    before = [parameter.detach().clone() for parameter in net.parameters()]
    columns, _ = flat.flatten(net.parameters())
    for parameter, kept in zip(net.parameters(), before, strict=True):
        for part in (parameter, parameter.grad):
            assert part.storage_offset() * part.element_size() % ALIGNMENT == 0
            assert part.data_ptr() % ALIGNMENT == 0
        assert parameter.untyped_storage().data_ptr() == columns.untyped_storage().data_ptr()
        assert torch.equal(parameter, kept)
