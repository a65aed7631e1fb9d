"""The paper-scale programs at tiny size: networks, image folders, pruning, connectivity; one slow run on real images."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from replications.random_teachers.sarnthein2023.experiments import convnets, images
from replications.random_teachers.sarnthein2023.experiments.connectivity import line
from replications.random_teachers.sarnthein2023.experiments.distil_images import ImageDistiller
from replications.random_teachers.sarnthein2023.experiments.finetuning import Classifier, Training, distilled
from replications.random_teachers.sarnthein2023.experiments.tickets import prune
from verifig.ground.errors import InputError
from verifig.planning import datasets, image_folders, rulesets
from verifig.planning.datasets import names
from verifig.training.checkpoint import Checkpoint
from verifig.training.data import EMBEDDED
from verifig.training.ensemble import generator
from verifig.training.members import members_of
from verifig.training.run import Run
from verifig.training.steps import Steps

CPU = torch.device("cpu")
torch.set_num_threads(1)  # as in a training job; more threads only fight over small products


def member(experiment: str = "cifar10", scale: str = "smoke", condition: str = "vgg11", **overrides) -> dict:
    values = rulesets.settings(rulesets.load("sarnthein2023"), experiment, scale, overrides)
    return next(m for m in members_of(values) if m["condition"] == condition)


def run_with(*downloads: str, data_dir: Path = Path("data")) -> Run:
    """A job in progress that has these downloads."""
    job = {
        "slug": "sarnthein2023",
        "experiment": "cifar10",
        "device": "cpu",
        "data": dict.fromkeys(downloads, "digest"),
    }
    files = datasets.files(job, data_dir)
    return Run(job, Checkpoint(None, "key"), files, lambda text: None)


def tuned(settings: dict, order: int, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Parameters [P] after an epoch on random images."""
    program = Training(Classifier(settings, random_images()), order, mask)
    steps = Steps(program, CPU)
    for step in range(program.batches.per_epoch):
        steps.take(step)
    return program.flat[0]


def random_images(count: int = 24, classes: int = 3) -> images.Images:
    stream = generator("test", "pictures")
    pictures = torch.randn(2 * count, 3, 32, 32, generator=stream)
    labels = torch.arange(2 * count) % classes
    return images.Images(pictures[:count], labels[:count], pictures[count:], labels[count:])


@pytest.fixture
def folder(tmp_path):
    """An image folder with two classes of differing brightness."""
    for part, count in (("train", 4), ("test", 2)):
        for k, name in enumerate(("dark", "light")):
            (tmp_path / "tiny" / part / name).mkdir(parents=True)
            for number in range(count):
                picture = np.full((40, 36, 3), 200 * k + number, np.uint8)
                Image.fromarray(picture).save(tmp_path / "tiny" / part / name / f"{number}.png")
    return tmp_path / "tiny"


def test_parameter_counts_are_the_papers():
    assert convnets.parameter_count("vgg11") == 9_220_480
    assert convnets.parameter_count("resnet18") == 11_168_832


@pytest.mark.parametrize("name", [*convnets.VGG, *convnets.RESNET])
@pytest.mark.parametrize("norm", ["none", "batch", "group"])
def test_encoders_give_flat_embeddings(name, norm):
    model = convnets.encoder(name, norm, 0.0625).eval()
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, model.features)


def test_initialisation_is_the_papers():
    model = convnets.Student(member(scale="paper") | {"output_size": 64})
    convnets.initialise(model, "test", 0)
    conv = model.encoder[4]
    assert float(conv.weight.detach().std()) == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.02)
    assert float(model.head[2].weight.detach().std()) == pytest.approx(0.02, rel=0.02)
    assert float(model.v.weight.detach().std()) == pytest.approx(0.02, rel=0.02)


def test_image_folder_is_read_resized_and_standardised(folder, tmp_path):
    image_folders.sync("tinyimagenet", folder, tmp_path / "data")
    data = images.load("tinyimagenet", member(), run_with("tinyimagenet", data_dir=tmp_path / "data"))
    assert data.train.shape == (8, 3, 32, 32)
    assert data.train_labels.tolist() == [0] * 4 + [1] * 4
    torch.testing.assert_close(data.train.mean((0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)


def test_images_that_the_job_does_not_have_are_one_clear_sentence():
    with pytest.raises(InputError, match=r"the data set .stl10. is not among the data of sarnthein2023.cifar10"):
        images.load("stl10", member(), run_with("cifar10"))


def test_statistics_of_many_images_are_summed_in_double_precision(monkeypatch):
    """A float32 sum over 2^24 ones and more stops growing."""
    bright = np.full((17_000, 32, 32, 3), 255, np.uint8), np.zeros(17_000, np.int64)
    few = bright[0][:2], bright[1][:2]
    monkeypatch.setattr(images, "from_archive", lambda path, name: [bright, few])
    data = images.load("cifar10", member() | {"train_images": None, "test_images": None}, run_with("cifar10"))
    torch.testing.assert_close(data.test, torch.zeros_like(data.test))


def test_archives_become_small_images_with_colours_last(tmp_path, monkeypatch):
    pictures = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32), np.uint8)
    sizes = {"cifar100": pictures, "stl10": pictures.repeat(3, 2).repeat(3, 3)}
    asked = []

    def archive(path: Path, name: str):
        asked.append(path.relative_to(tmp_path).as_posix())
        return (sizes[name], np.array([1, 0])), (sizes[name][:1], np.array([1]))

    monkeypatch.setattr(images.archives, "archive", archive)
    run, colours_last = run_with("cifar100", "stl10", data_dir=tmp_path), pictures.transpose(0, 2, 3, 1)
    (train, labels), (test, _) = images.from_archive(run.path("cifar100"), "cifar100")
    np.testing.assert_array_equal(train, colours_last)
    np.testing.assert_array_equal(test, colours_last[:1])
    assert labels.tolist() == [1, 0]
    (large, _), _ = images.from_archive(run.path("stl10"), "stl10")
    assert large.shape == (2, 32, 32, 3)
    difference = np.abs(large.astype(int) - colours_last).mean()
    assert difference < np.abs(large[::-1].astype(int) - colours_last).mean() / 2
    settings = member() | {"train_images": None, "test_images": None}
    data = images.load("cifar100", settings, run)
    assert data.train.shape == (2, 3, 32, 32)
    assert data.test_labels.tolist() == [1]
    assert asked == ["cifar100/cifar-100-binary.tar.gz", "stl10/stl10_binary.tar.gz"]  # each is read once


@pytest.mark.parametrize("scale", ["smoke", "laptop", "paper"])
def test_jobs_have_the_images_that_their_settings_name(scale):
    """And no others: a download that nothing reads would keep an experiment from running."""
    ruleset = rulesets.load("sarnthein2023")
    for experiment in ruleset.experiments(scale):
        settings = rulesets.settings(ruleset, experiment, scale)
        found = set(names(ruleset, ruleset.entry(experiment, scale), settings))
        assert scale == "paper" or found <= set(EMBEDDED)
        runs = members_of(settings)
        if "targets" in runs[0]:
            assert found == {name for run in runs for name in (run["source"], *run["targets"])} - {"noise"}


def test_copy_has_no_gradient_and_students_learn():
    settings = member(train_images=64) | {"alpha": 0.0}
    copy = ImageDistiller(settings, run_with())
    assert float(copy.record()["kl"]) < 1e-9
    far = ImageDistiller(settings | {"alpha": 1.0}, run_with())
    before = float(far.record()["kl"])
    steps = Steps(far, CPU)
    for step in range(10):
        steps.take(step)
    assert float(far.record()["kl"]) < before


def test_pruning_takes_the_smallest_and_keeps_masks_nested():
    weights = torch.tensor([3.0, -0.1, 0.5, -2.0, 0.2])
    first = prune(weights, torch.ones(5), 0.4)
    assert first.tolist() == [1, 0, 1, 1, 0]
    assert prune(weights, first, 1 / 3).tolist() == [1, 0, 0, 1, 0]
    assert torch.equal(prune(weights, first, 0.0), first)


def test_gaps_between_parameters_are_no_weights():
    classifier = Classifier(member("tickets", condition="distilled"), random_images())
    counts = [parameter.numel() for parameter in classifier.model.parameters()]
    assert int(classifier.weights.sum()) == sum(counts) < classifier.flat.shape[1]
    classifier.flat[0, ~classifier.weights] = 7
    assert not any((parameter == 7).any() for parameter in classifier.model.parameters())


def test_distilled_encoders_fit_before_the_fresh_classifier():
    settings = member("tickets", condition="distilled", train_images=32)
    ends = distilled(settings, run_with(), "student")
    student, classifier = ImageDistiller(settings, run_with()).student, Classifier(settings, random_images())
    fresh = [parameter.clone() for parameter in classifier.model[1].parameters()]
    classifier.start_from(ends["initial"])
    for mine, other in zip(classifier.model[0].parameters(), student.encoder.parameters(), strict=True):
        assert torch.equal(mine, other)
    assert all(torch.equal(*pair) for pair in zip(classifier.model[1].parameters(), fresh, strict=True))
    for mine, other in zip(classifier.model[0].buffers(), student.encoder.buffers(), strict=True):
        assert torch.equal(mine, other)
    assert sorted(ends["initial"]) == sorted(ends["distilled"])
    assert not np.array_equal(ends["initial"]["parameters"], ends["distilled"]["parameters"])


def test_masked_training_keeps_pruned_weights_at_zero_and_an_open_mask_changes_nothing():
    settings = member("tickets", condition="distilled")
    results = []
    for mask in (None, "open", "half"):
        zeros = torch.ones_like(Classifier(settings, random_images()).flat[0])
        if mask == "half":
            zeros[::2] = 0
        results.append(tuned(settings, 0, None if mask is None else zeros))
    assert torch.equal(results[0], results[1])
    assert not results[2][::2].any()
    assert results[2][1::2].any()


def test_equal_orders_give_equal_models_and_lines_are_exact_at_their_ends():
    settings = member("connectivity", condition="distilled")
    flats = [tuned(settings, order) for order in (0, 0, 1)]
    assert torch.equal(flats[0], flats[1])
    assert not torch.equal(flats[0], flats[2])
    points = line(flats[0], flats[2], np.linspace(0, 1, 3))
    assert torch.equal(points[0], flats[2])
    assert torch.equal(points[-1], flats[0])


def test_recomputed_statistics_do_not_depend_on_what_was_there():
    classifier = Classifier(member("tickets", condition="distilled"), random_images())
    classifier.refresh_statistics()
    error, statistics = classifier.error(), [b.clone() for b in classifier.model.buffers()]
    for module in classifier.model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.add_(5)
    classifier.refresh_statistics()
    assert classifier.error() == error
    assert all(torch.equal(a, b) for a, b in zip(statistics, classifier.model.buffers(), strict=True))


@pytest.mark.slow
@pytest.mark.skipif("VERIFIG_IMAGE_FOLDER" not in os.environ, reason="VERIFIG_IMAGE_FOLDER names no image folder")
def test_vgg11_on_an_image_folder(tmp_path):
    """The full-size encoder, some hundred steps on a part of the images: loss falls, the probe is above chance."""
    image_folders.sync("tinyimagenet", Path(os.environ["VERIFIG_IMAGE_FOLDER"]), tmp_path)
    settings = member(scale="paper") | {
        "source": "tinyimagenet",
        "targets": ["tinyimagenet"],
        "alpha": 1.0,
        "train_images": 1000,
        "test_images": 500,
        "output_size": 1024,
        "batch_size": 32,
    }
    program = ImageDistiller(settings, run_with("tinyimagenet", data_dir=tmp_path))
    before = float(program.record()["kl"])
    steps = Steps(program, CPU)
    for step in range(200):
        steps.take(step)
    after = program.record()
    classes = int(program.targets[0].test_labels.max()) + 1
    assert float(after["kl"]) < before / 2
    ridge = float(after["probes"][0, 0, 1])  # the paper's probe needs more steps than a thousand images give it
    assert ridge > 1.5 / classes
