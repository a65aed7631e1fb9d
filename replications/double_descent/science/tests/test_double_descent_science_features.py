"""Data sets, draws and feature maps."""

import gzip
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from replications.double_descent.science import features, images
from verifig.ground.errors import InputError
from verifig.training import data

CPU = torch.device("cpu")
TASK = {
    "n": 100, "classes": [0, 6], "test_size": 0, "pixel_mean": 0.1307, "pixel_std": 0.3081, "activation": "tanh",
    "normalisation": "standardised", "feature_scale": 1.0, "seed": "test",
}  # fmt: skip


def drawn(values: dict) -> features.Sample:
    return features.sample(data.embedded("mnist_5k"), values, values["seed"], CPU)


def test_samples_are_disjoint_and_of_the_chosen_classes():
    values = TASK | {"classes": [3, 8]}
    one = drawn(values)
    assert len(one.x) == 100
    assert len(one.x_test) == 900
    assert set(one.labels.tolist()) == {0, 1}
    together = torch.cat([one.x, one.x_test])
    assert len(torch.unique(together, dim=0)) == len(together)


def test_too_many_samples_are_refused():
    with pytest.raises(InputError, match="no test images"):
        drawn(TASK | {"n": 1000})


def test_label_noise_is_nested_and_has_its_rate():
    labels = torch.zeros(20000, dtype=torch.int64)
    low, high = (features.noisy_labels(labels, 10, share, 1) for share in (0.2, 0.4))
    assert (low != 0).double().mean() == pytest.approx(0.18, abs=0.01)  # any class, possibly the same
    assert ((low != 0) <= (high != 0)).all()
    assert torch.equal(features.noisy_labels(labels, 10, 0.0, 1), labels)


def test_widths_share_their_first_columns():
    assert torch.equal(features.first_layer(7, 3, 1.0, 5, CPU), features.first_layer(7, 9, 1.0, 5, CPU)[:, :3])
    assert torch.equal(features.output_layer(3, 2, 5, CPU), features.output_layer(9, 2, 5, CPU)[:3])


def test_weights_have_the_scale_asked_for():
    """Doubled twice as large; 4 inputs: a variance of a quarter."""
    plain, double = (features.first_layer(4, 20000, scale, 5, CPU) for scale in (1.0, 2.0))
    torch.testing.assert_close(double, 2 * plain)
    assert float(plain.std()) == pytest.approx(0.5, rel=0.02)
    assert float(features.output_layer(20000, 4, 5, CPU).std()) == pytest.approx(1, rel=0.02)


def standard(part: np.ndarray, axis: int, of: np.ndarray | None = None, more: float = 0.0) -> np.ndarray:
    """Less the mean along an axis, over the deviation of the population there (and a little more)."""
    base = part if of is None else of
    return (part - base.mean(axis, keepdims=True)) / (base.std(axis, keepdims=True) + more)


@pytest.mark.parametrize("kind", ["raw", "standardised", "batch", "batch_before", "layer"])
def test_normalisations(kind):
    """Columns take the training images' mean and deviation, test images too; rows have their own."""
    values = TASK | {"normalisation": kind, "n": 50, "feature_scale": 2.0}
    sample = drawn(values)
    weights = features.first_layer(784, 30, 2.0, "test", CPU).numpy()
    x, x_test = sample.x.numpy(), sample.x_test.numpy()
    if kind != "raw":
        x, x_test = (x - 0.1307) / 0.3081, (x_test - 0.1307) / 0.3081
    hidden, hidden_test = x @ weights, x_test @ weights
    if kind == "batch_before":
        hidden, hidden_test = (standard(part, 0, hidden, 1e-5) for part in (hidden, hidden_test))
    z, z_test = np.tanh(hidden), np.tanh(hidden_test)
    if kind == "batch":
        z, z_test = (standard(part, 0, z, 1e-5) for part in (z, z_test))
    if kind == "layer":
        z, z_test = standard(z, 1), standard(z_test, 1)
    found = features.model(sample, values, 30)
    np.testing.assert_allclose(found[0].numpy(), z, atol=1e-10)
    np.testing.assert_allclose(found[1].numpy(), z_test, atol=1e-10)


def test_a_constant_row_becomes_zero():
    constant = torch.ones(4, 3, dtype=torch.float64)
    assert features.standardise_rows(constant).abs().max() == 0


def test_idx_files_are_read_after_their_header(tmp_path):
    raw = np.arange(8 + 5, dtype=np.uint8)
    (tmp_path / "labels.gz").write_bytes(gzip.compress(raw.tobytes()))
    np.testing.assert_array_equal(images.read_idx(tmp_path / "labels.gz", "labels"), raw[8:])


def test_fashion_images_and_labels_are_read_from_their_own_files(tmp_path):
    """Training before test images, bytes over 255."""
    parts = {"train": [3, 1], "test": [7]}
    for part, labels in parts.items():
        pixels = np.repeat(np.array(labels, np.uint8) * 17, 784)
        for kind, header, body in (("images", 16, pixels), ("labels", 8, np.array(labels, np.uint8))):
            raw = np.concatenate([np.full(header, 99, np.uint8), body])
            (tmp_path / f"fashion_{part}_{kind}").write_bytes(gzip.compress(raw.tobytes()))
    pixels, labels = images.images(SimpleNamespace(path=tmp_path.joinpath), "fashion_mnist")
    assert labels.tolist() == [3, 1, 7]
    assert pixels.shape == (3, 784)
    np.testing.assert_allclose(pixels, np.repeat([[0.2], [1 / 15], [7 / 15]], 784, axis=1))


def test_mnist_is_flat_and_scaled_with_test_images_last(tmp_path):
    x, y = {"train": np.full((2, 28, 28), 51), "test": np.full((1, 28, 28), 255)}, {"train": [4, 5], "test": [6]}
    stored = {f"x_{part}": array for part, array in x.items()} | {f"y_{part}": array for part, array in y.items()}
    np.savez(tmp_path / "mnist.npz", **stored)
    pixels, labels = images.images(SimpleNamespace(path=lambda name: tmp_path / "mnist.npz"), "mnist")
    assert pixels.shape == (3, 784)
    assert pixels[:, 5].tolist() == [0.2, 0.2, 1.0]
    assert labels.tolist() == [4, 5, 6]


def test_cifar_is_flat_and_scaled_with_test_images_last(monkeypatch):
    parts = [(np.full((n, 3, 32, 32), value, np.uint8), np.full(n, n)) for n, value in ((2, 51), (1, 255))]
    monkeypatch.setattr(images.archives, "archive", lambda path, name: parts)
    pixels, labels = images.read_cifar("unused")
    assert pixels.shape == (3, 3072)
    assert pixels[:, 0].tolist() == [0.2, 0.2, 1.0]
    assert labels.tolist() == [2, 2, 1]
