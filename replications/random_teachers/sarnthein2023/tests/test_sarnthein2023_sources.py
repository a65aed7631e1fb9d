"""Which images the programs read, and how: sizes, parts, standardisation, repeats."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from replications.random_teachers.sarnthein2023.experiments import images, sources

CPU = torch.device("cpu")


def digits(count: int = 50, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Images [n, 784] in whole 255ths and labels, sorted by class as embedded data are."""
    stream = np.random.default_rng(4)
    return stream.integers(0, 256, (count, 784)) / 255, np.arange(count) * classes // count


def settings(**changes) -> dict:
    return {"train_images": None, "test_images": None, "seed": 3, "targets": ["mnist_5k"], "noise_std": 0.5} | changes


@pytest.fixture
def embedded(monkeypatch) -> tuple[np.ndarray, np.ndarray]:
    found = digits()
    monkeypatch.setattr(images.data, "embedded", lambda name: found)
    return found


def test_embedded_images_lie_in_the_middle_of_32_by_32_and_every_fifth_is_for_testing(embedded):
    """Standardised by the mean and deviation of all pixels of the training part, the black frame included."""
    pixels, labels = embedded
    framed = np.zeros((50, 32, 32))
    framed[:, 2:30, 2:30] = pixels.reshape(50, 28, 28)
    held_out = [row % 5 == 0 for row in range(50)]
    part = framed[~np.array(held_out)]
    found = images.load("mnist_5k", settings(), SimpleNamespace())
    for pictures, given, rows in (
        (found.train, found.train_labels, ~np.array(held_out)),
        (found.test, found.test_labels, held_out),
    ):
        expected = (framed[rows] - part.mean()) / part.std()
        assert pictures.shape[1:] == (3, 32, 32)
        for channel in range(3):
            np.testing.assert_allclose(pictures[:, channel].numpy(), expected, atol=1e-5)
        assert given.tolist() == labels[rows].tolist()


def test_a_limit_takes_as_many_of_each_part_at_random_and_the_same_again(embedded):
    few = settings(train_images=7, test_images=4)
    found, again = (images.load("mnist_5k", few, SimpleNamespace()) for _ in range(2))
    assert [len(found.train), len(found.test_labels)] == [7, 4]
    assert torch.equal(found.train, again.train)
    assert len(set(found.train_labels.tolist())) > 2


def test_sources_of_pictures_are_all_a_few_repeated_or_noise(embedded):
    run = SimpleNamespace(device=CPU)
    every = images.source(settings(source="mnist_5k", distinct_images=None), run)
    few = images.source(settings(source="mnist_5k", distinct_images=3), run)
    noise = images.source(settings(source="noise"), run)
    assert every.shape == few.shape == noise.shape == (40, 3, 32, 32)
    assert torch.equal(few[3:], few[:37])
    assert len(few.unique(dim=0)) == 3
    assert {tuple(row.flatten().tolist()) for row in few} <= {tuple(row.flatten().tolist()) for row in every}
    assert noise.std().item() == pytest.approx(0.5, rel=0.02)
    assert len(images.source(settings(source="mnist_5k", distinct_images=40), run).unique(dim=0)) == 40


def test_small_images_are_means_of_two_by_two_pixels_and_each_digit_gives_as_many_to_train(monkeypatch):
    monkeypatch.setattr(sources, "PER_CLASS", 3)
    pixels, labels = digits(60)
    found = sources.labelled(lambda name: {"mnist_5k": (pixels, labels)}[name])
    assert torch.bincount(found.train_labels).tolist() == [3] * 10
    assert torch.bincount(found.test_labels).tolist() == [3] * 10
    assert len(found.train_labels[:6].unique()) > 2  # mixed
    assert found.train.mean().item() == pytest.approx(0, abs=1e-9)
    assert found.train.std(correction=0).item() == pytest.approx(1)
    square = pixels.reshape(60, 28, 28)
    small = np.stack(
        [[square[:, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2].mean((1, 2)) for c in range(14)] for r in range(14)]
    )
    both = torch.cat([found.train, found.test]).numpy()
    scale = small.std() / both.std()
    offset = small.mean() - scale * both.mean()
    rows = small.reshape(196, 60).T
    for image, label in zip(both, torch.cat([found.train_labels, found.test_labels]).tolist(), strict=True):
        distance = np.abs(rows - (scale * image + offset)).max(1)
        assert distance.min() < 1e-9
        assert labels[distance.argmin()] == label


def test_digits_of_eight_by_eight_are_enlarged_and_standardised():
    data = sources.Labelled(torch.zeros(5, 196, dtype=torch.float64), torch.zeros(5), torch.zeros(0), torch.zeros(0))
    ramp = np.tile(np.arange(8.0), (2, 8)) + np.array([[0.0], [10.0]])
    found = sources.training_images(settings(source="digits"), data, lambda name: {"digits": (ramp, None)}[name])
    assert found.shape == (5, 196)
    assert torch.equal(found[2:4], found[:2])
    assert found[:2].mean().item() == pytest.approx(0, abs=1e-9)
    assert found[:2].std().item() == pytest.approx(1)
    rows = found[0].reshape(14, 14)
    assert torch.allclose(rows, rows[0].expand(14, 14))  # a ramp from left to right stays one
    steps = rows[0, 2:-1] - rows[0, 1:-2]
    assert torch.allclose(steps, steps[0].expand_as(steps))
