"""What settings of several programs must satisfy."""

import numpy as np
import pytest

from replications.double_descent.science import checks
from replications.double_descent.science.datasets import COUNTS, SHAPES
from verifig.ground.errors import InputError
from verifig.planning import userconfig
from verifig.training import data


def test_images_of_a_folder_are_counted(tmp_path, monkeypatch):
    assert sum(checks.image_counts("cifar10")) == 60000
    for part, count in (("train", 3), ("test", 1)):
        for name in ("cat", "dog"):
            (tmp_path / part / name).mkdir(parents=True)
            for number in range(count):
                (tmp_path / part / name / f"{number}.png").touch()
    config = userconfig.load({"data_folders": {"cifar10": str(tmp_path)}})
    monkeypatch.setattr(userconfig, "load", lambda: config)
    assert checks.image_counts("cifar10") == [4, 4]


def test_more_images_than_there_are_are_refused():
    member = {"dataset": "mnist_5k", "classes": [0, 6]}
    checks.enough_images(member, 999, 1)
    with pytest.raises(InputError, match="1000 training and 1 test images are more than the 1000 of mnist_5k"):
        checks.enough_images(member, 1000, 0)
    checks.enough_images(member | {"classes": []}, 4999, 1)
    with pytest.raises(InputError, match="must be at least two"):
        checks.enough_images(member | {"classes": [3]}, 10, 1)
    with pytest.raises(InputError, match="10 must be below 10"):
        checks.enough_images(member | {"classes": [9, 10]}, 10, 1)


@pytest.mark.parametrize("name", ["mnist_5k", "digits"])
def test_embedded_images_have_the_stated_counts_and_shape(name):
    pixels, labels = data.embedded(name)
    assert np.bincount(labels).tolist() == COUNTS[name]
    channels, side = SHAPES[name]
    assert pixels.shape[1] == channels * side**2


def test_downloaded_data_sets_have_their_published_sizes():
    """The counts of MNIST's classes are those of LeCun's training and test parts together."""
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert COUNTS["mnist"] == [a + b for a, b in zip(train, test, strict=True)]
    assert COUNTS["fashion_mnist"] == [7000] * 10
    assert COUNTS["cifar10"] == [6000] * 10
    assert {name: SHAPES[name] for name in ("mnist", "fashion_mnist", "cifar10")} == {
        "mnist": (1, 28),
        "fashion_mnist": (1, 28),
        "cifar10": (3, 32),
    }


@pytest.mark.parametrize("points", [[0], [9], [0, 4, 9]])
def test_recorded_points_may_be_the_first_and_the_last(points):
    checks.recorded({"condition": "a", "record": points}, "record", 0, 9, "the steps")


@pytest.mark.parametrize("points", [[-1, 4], [4, 10], [], [4, 3]])
def test_recorded_points_lie_within_the_training(points):
    with pytest.raises(InputError):
        checks.recorded({"condition": "a", "record": points}, "record", 0, 9, "the steps")


NETWORK = {
    "condition": "a", "dataset": "digits", "classes": [], "n": 100, "test_size": 10, "pool_size": 4, "steps": 30,
    "record_steps": [30, 300], "chunk": 2, "widths": [2, 4],
}  # fmt: skip


def test_two_layer_networks_may_record_their_last_step_alone():
    checks.two_layer([NETWORK])
    checks.two_layer([NETWORK | {"dataset": "cifar10", "pool_size": 1}])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pool_size": 3}, "pool_size = 3"),
        ({"dataset": "cifar10", "pool_size": 4}, "pool_size = 4"),
        ({"record_steps": [31]}, "the first, 31, must be at most steps = 30"),
        ({"record_steps": []}, "record_steps"),
        ({"widths": [4, 2]}, "widths"),
    ],
)
def test_networks_that_cannot_be_trained_are_refused(changed, said):
    with pytest.raises(InputError, match=said):
        checks.two_layer([NETWORK | changed])
