"""What settings of several programs must satisfy."""

import pytest

from replications.double_descent.science import checks
from verifig.ground.errors import InputError
from verifig.planning import userconfig


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
