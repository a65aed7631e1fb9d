"""Steps recorded once and replayed give what steps called one by one give, and stay on their device."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_stays_on_device

from replications.random_teachers.sarnthein2023.experiments import images, sources
from replications.random_teachers.sarnthein2023.experiments.distil import Distiller
from replications.random_teachers.sarnthein2023.experiments.distil_images import ImageDistiller
from replications.random_teachers.sarnthein2023.experiments.finetuning import Classifier, Training
from replications.random_teachers.sarnthein2023.experiments.probes import LinearProbe, Regression
from verifig.planning import rulesets
from verifig.training.ensemble import dtype_of, generator
from verifig.training.members import members_of
from verifig.training.steps import Steps
from verifig.training.trainable import Trainable

# the package offers the program of the same name
Round = importlib.import_module("replications.random_teachers.sarnthein2023.experiments.tickets").Round
CPU = torch.device("cpu")
torch.set_num_threads(1)  # as in a training job
SMALL = {"width": 12, "head_width": 16, "bottleneck": 6, "output_size": 21, "batch_size": 20, "probe_at": []}
CLASSES = 3


def members(experiment: str, condition: str, scale: str, **own) -> list[dict]:
    values = rulesets.settings(rulesets.load("sarnthein2023"), experiment, scale)
    return [member | own for member in members_of(values) if member["condition"] == condition]


def students(device: torch.device, condition: str = "full", **own) -> Distiller:
    """Two students that learn from 70 images: three batches an epoch, ten images left over."""
    stream = generator("test", "images")
    pictures, labels = torch.randn(90, 196, generator=stream, dtype=torch.float64), torch.arange(90) % 10
    data = sources.Labelled(pictures[:70], labels[:70], pictures[70:], labels[70:])
    chosen = members("plain", condition, "laptop", **SMALL, probe_steps=1, neighbours=3, **own)[:2]
    return Distiller(chosen, data.to(device, dtype_of(chosen[0])), lambda name: None, device)


@pytest.fixture
def pictures(monkeypatch) -> images.Images:
    """80 images of three classes: two batches of 32 and one of 16."""
    drawn, labels = torch.randn(100, 3, 32, 32, generator=generator("test", "pictures")), torch.arange(100) % CLASSES
    data = images.Images(drawn[:80], labels[:80], drawn[80:], labels[80:])
    monkeypatch.setattr(images, "load", lambda name, member, run: data)
    monkeypatch.setattr(images.Images, "classes", CLASSES)  # not to be read off a device without contents
    return data


def image_student(device: torch.device, condition: str, **own) -> ImageDistiller:
    member = members("cifar10", condition, "smoke", alpha=0.5, neighbours=3, **own)[0]
    return ImageDistiller(member, SimpleNamespace(device=device))


def training(data: images.Images, device: torch.device, masked: bool, **own) -> Training:
    """Three epochs' worth of settings: the learning rate falls with the second and the third."""
    member = members("tickets", "distilled", "smoke", milestones=[1, 2], **own)[0]
    classifier = Classifier(member, data.to(device))
    if not masked:
        return Training(classifier, 1)
    left = np.packbits(np.arange(len(classifier.weights)) % 3 > 0)
    return Round(classifier, 0.2, left)


def regression(device: torch.device, reshuffle: bool) -> Regression:
    """Two models on 50 embeddings: two batches of 20 and, unless orders are drawn anew, one of 10."""
    inputs = torch.randn(2, 50, 7, generator=generator("test", "embeddings"))
    targets = torch.eye(CLASSES)[torch.arange(50) % CLASSES]
    return Regression(inputs.to(device), targets.to(device), LinearProbe(20, batch_size=20, reshuffle=reshuffle))


@pytest.mark.parametrize(
    ("condition", "own"),
    [
        ("full", {}),
        ("alpha_06", {"weight_norm": True, "student_temperature": 0.7, "centring": True}),
        ("noise", {"dtype": "float64"}),
        ("permuted", {}),
    ],
)
def test_replayed_students_equal_called_ones(condition, own):
    assert_replays(lambda: students(CPU, condition, **own))


def test_students_stay_on_their_device():
    assert_stays_on_device(students)


@pytest.mark.parametrize(
    ("condition", "own"),
    [
        ("vgg11", {"weight_norm": True, "centring": True}),
        ("resnet18", {"teacher_temperature": 0.5, "student_temperature": 0.7}),
        ("vgg11", {"encoder_norm": "instance", "feature_norm": False, "source": "noise"}),
    ],
)
def test_replayed_image_students_equal_called_ones(pictures, condition, own):
    assert_replays(lambda: image_student(CPU, condition, **own), steps=15)


@pytest.mark.parametrize("condition", ["vgg11", "resnet18"])
def test_image_students_stay_on_their_device(pictures, condition):
    assert_stays_on_device(lambda device: image_student(device, condition))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("norm", ["batch", "group"])
def test_replayed_fine_tuning_equals_called_one(pictures, masked, norm):
    """Five epochs: the short batch ends each, the learning rate falls after the first and the second."""
    assert_replays(lambda: training(pictures, CPU, masked, encoder_norm=norm), steps=15)


@pytest.mark.parametrize("masked", [False, True])
def test_fine_tuning_stays_on_its_device(pictures, masked):
    assert_stays_on_device(lambda device: training(pictures, device, masked))


@pytest.mark.parametrize("reshuffle", [False, True])
def test_replayed_probes_equal_called_ones(reshuffle):
    assert_replays(lambda: regression(CPU, reshuffle), steps=15)


def test_probes_stay_on_their_device():
    assert_stays_on_device(lambda device: regression(device, True))


@pytest.mark.parametrize(
    "make",
    [
        lambda data: students(CPU),
        lambda data: image_student(CPU, "resnet18"),
        lambda data: training(data, CPU, True),
        lambda data: regression(CPU, True),
    ],
    ids=["students", "image student", "fine-tuning", "probe"],
)
@pytest.mark.parametrize("cut", [2, 3])
def test_programs_continue_bit_for_bit_within_an_epoch_and_after_one(pictures, make, cut):
    whole, first, second = make(pictures), make(pictures), make(pictures)
    for program, steps in ((whole, range(5)), (first, range(cut))):
        take(program, steps)
    second.load(first.state())
    take(second, range(cut, 5))
    for name, value in whole.state().items():
        np.testing.assert_array_equal(second.state()[name], value, err_msg=name)


def take(program: Trainable, numbers: range) -> None:
    """Take steps of these numbers."""
    steps = Steps(program, CPU)
    for number in numbers:
        steps.take(number)
