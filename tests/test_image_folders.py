"""Image data sets given as folders: made into one file, in the job by digest, named where they take a download's place."""

import numpy as np
import pytest
import yaml
from conftest import ROOT, command
from PIL import Image

from verifig.ground.errors import InputError
from verifig.planning import datasets, downloads, image_folders, jobs, rulesets, userconfig
from verifig.training import archives, data

RULESET = rulesets.load("sarnthein2023")
SETTINGS = {"source": "cifar10", "targets": ["cifar10"], "neighbours": 2, "train_images": None, "test_images": None}


def pictures(folder, shade: int = 0, side: int = 32):
    """Two classes, three training images and one test image each."""
    for part, count in (("train", 3), ("test", 1)):
        for k, name in enumerate(("cat", "dog")):
            (folder / part / name).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                pixels = np.full((side, side, 3), shade + 100 * k + number, np.uint8)
                Image.fromarray(pixels).save(folder / part / name / f"{number}.png")
    return folder


def given(monkeypatch, **names) -> None:
    """Name folders in the configuration."""
    config = userconfig.load({"data_folders": {name: str(folder) for name, folder in names.items()}})
    monkeypatch.setattr(userconfig, "load", lambda: config)


def digest(tmp_path) -> str | None:
    return jobs.train("sarnthein2023", "cifar10", "smoke", "cpu", overrides=SETTINGS, data_dir=tmp_path / "data")[
        "data"
    ]["cifar10"]


def test_a_folder_takes_the_place_of_the_archive(tmp_path, monkeypatch, capsys):
    given(monkeypatch, cifar10=pictures(tmp_path / "own"))
    assert digest(tmp_path) is None
    fetch = lambda: downloads.fetch(RULESET, "smoke", ["cifar10"], tmp_path / "data", {"cifar10": SETTINGS})  # noqa: E731
    fetch()
    assert "6 training and 2 test images" in capsys.readouterr().out
    first = digest(tmp_path)
    assert datasets.from_folders(RULESET, {"cifar10": first, "mnist_5k": data.EMBEDDED["mnist_5k"]}) == {
        "cifar10": first
    }
    assert datasets.from_folders(RULESET, {"cifar10": RULESET.downloads["cifar10"].sha256, "stl10": None}) == {}
    (images, labels), (test, _) = archives.archive(
        datasets.path("sarnthein2023", "cifar10", tmp_path / "data"), "cifar10"
    )
    assert images.shape == (6, 3, 32, 32)
    assert images[:, 0, 0, 0].tolist() == [0, 1, 2, 100, 101, 102]
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert len(test) == 2
    fetch()
    assert capsys.readouterr().out == ""  # nothing changed: nothing is read again
    pictures(tmp_path / "own", shade=50)
    fetch()
    assert digest(tmp_path) not in (None, first)


def test_without_the_entry_the_download_counts_again(tmp_path):
    image_folders.sync("cifar10", pictures(tmp_path / "own"), tmp_path / "data")
    assert digest(tmp_path)
    image_folders.sync("cifar10", None, tmp_path / "data")
    assert digest(tmp_path) is None


def test_other_sizes_and_grey_images_become_small_colour(tmp_path):
    folder = pictures(tmp_path / "own", side=50)
    Image.new("L", (20, 20), 7).save(folder / "test" / "cat" / "grey.png")
    image_folders.sync("stl10", folder, tmp_path)
    _, (test, labels) = archives.archive(datasets.packed("stl10", tmp_path), "stl10")
    assert test.shape == (3, 3, 32, 32)
    assert labels.tolist() == [0, 0, 1]


def test_equal_folders_have_equal_digests(tmp_path):
    for place in ("one", "two"):
        image_folders.sync("cifar10", pictures(tmp_path / place / "own"), tmp_path / place)
    assert (
        datasets.packed("cifar10", tmp_path / "one").read_bytes()
        == datasets.packed("cifar10", tmp_path / "two").read_bytes()
    )


def test_mistakes_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match="data_folders names the unknown image data set 'cifar'"):
        userconfig.load({"data_folders": {"cifar": "/data"}})
    with pytest.raises(InputError, match=r"data_folders\.cifar10 = .* must hold train/CLASS and test/CLASS"):
        image_folders.sync("cifar10", tmp_path, tmp_path)
    pictures(tmp_path)
    (tmp_path / "train" / "cat" / "9.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"9\.png is not a readable image"):
        image_folders.sync("cifar10", tmp_path, tmp_path)


def test_settings_decide_which_data_are_needed(tmp_path):
    job = jobs.train("choshen2025", "extrapolation", "smoke", "cpu", overrides={"families": ["t5"]}, data_dir=tmp_path)
    assert list(job["data"]) == ["t5"]
    job = jobs.train("dang2023", "mlp_balanced", "smoke", "cpu", overrides={"dataset": "cifar10"}, data_dir=tmp_path)
    assert list(job["data"]) == ["cifar10"]


def test_tinyimagenet_asks_for_a_folder(tmp_path, monkeypatch, capsys):
    given(monkeypatch)
    monkeypatch.setattr(downloads, "_download", lambda *arguments: "downloaded")
    downloads.fetch(RULESET, "paper", ["datasets"], tmp_path)
    assert "name a folder of its images as data_folders.tinyimagenet" in capsys.readouterr().out


@pytest.mark.slow
def test_the_page_says_that_images_came_from_a_folder(whole_suite, tmp_path):
    """Through the command line: configuration, run, page."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    config["data_folders"] = {"cifar10": str(pictures(tmp_path / "own"))}
    (whole_suite / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    changes = ["--set=source=cifar10", "--set=targets=[cifar10]", "--set=neighbours=2", "--set=batch_size=4"]
    result = command(
        whole_suite,
        "verifig",
        "run",
        "sarnthein2023",
        "cifar10",
        "--scale",
        "smoke",
        "--stage",
        "report",
        *changes,
        "--out",
        "out",
    )
    assert result.returncode == 0, result.stdout + result.stderr
    page = (whole_suite / "out" / "smoke" / "sarnthein2023" / "page" / "README.md").read_text()
    assert "Given as folders of images, not as published: cifar10 (sha256 " in page
