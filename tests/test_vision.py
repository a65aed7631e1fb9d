"""torchvision beside a CPU build of torch, and image folders."""

import numpy as np
import pytest
from PIL import Image

from verifig import vision
from verifig.errors import InputError


def tree(folder, sizes=((32, 32), (20, 24))):
    for label, (name, size) in enumerate(zip(("ants", "bees"), sizes, strict=True)):
        (folder / name).mkdir(parents=True)
        for k in range(2):
            Image.new("L", size, 40 * label + k).save(folder / name / f"{k}.png")
    (folder / "bees" / "notes.txt").write_text("not an image")
    return folder


def test_images_are_read_by_class_as_rgb_of_one_size(tmp_path):
    images, labels = vision.image_folder(tree(tmp_path), 32)
    assert images.shape == (4, 32, 32, 3)
    assert labels.tolist() == [0, 0, 1, 1]
    assert np.unique(images[2]).tolist() == [40]


def test_wrong_folders_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        vision.image_folder(tmp_path / "none")
    (tmp_path / "one").mkdir()
    with pytest.raises(InputError, match="at least two classes"):
        vision.image_folder(tmp_path)
    folder = tree(tmp_path / "broken")
    (folder / "ants" / "1.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"1.png is not a readable image"):
        vision.image_folder(folder)


def test_torchvision_models_load():
    assert vision.torchvision().models.resnet18(weights=None).fc.out_features == 1000
