"""What training programs record for the statistics, against plain references: divergence, distance, lines, accuracy."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from replications.random_teachers.sarnthein2023.experiments import distil, distil_images, images, sources
from replications.random_teachers.sarnthein2023.experiments.distil_images import ImageDistiller
from replications.random_teachers.sarnthein2023.experiments.finetuning import Classifier
from replications.random_teachers.sarnthein2023.experiments.network import Network, divergence
from verifig.planning import rulesets
from verifig.training.ensemble import generator
from verifig.training.members import members_of
from verifig.training.steps import Steps

# the package offers the programs of the same names
TICKETS, CONNECTIVITY = (
    importlib.import_module(f"replications.random_teachers.sarnthein2023.experiments.{name}")
    for name in ("tickets", "connectivity")
)
CPU = torch.device("cpu")
torch.set_num_threads(1)  # as in a training job
SMALL = {"width": 12, "head_width": 16, "bottleneck": 6, "output_size": 20, "batch_size": 20, "output_std": 1.0}


def kl(teacher: torch.Tensor, student: torch.Tensor) -> float:
    """Mean KL(teacher || student) of logits [N, m], one sample after the other."""
    p, q = (np.exp(z) / np.exp(z).sum(1, keepdims=True) for z in (teacher.double().numpy(), student.double().numpy()))
    return float(
        np.mean([sum(a * np.log(a / b) for a, b in zip(*rows, strict=True)) for rows in zip(p, q, strict=True)])
    )


def test_divergence_is_from_the_teacher_to_the_student_averaged_over_samples():
    """(1/2, 1/2) against (1/4, 3/4): (ln 2 + ln 2/3) / 2; the other two samples are equal."""
    teacher = torch.tensor([[0.5, 0.5], [0.3, 0.7], [0.9, 0.1]], dtype=torch.float64).log()
    student = torch.tensor([[0.25, 0.75], [0.3, 0.7], [0.9, 0.1]], dtype=torch.float64).log()
    assert float(divergence(teacher, student)) == pytest.approx((np.log(2) + np.log(2 / 3)) / 6)


@pytest.fixture(scope="module")
def program() -> distil.Distiller:
    """Two students, three steps from their start, which are their last."""
    values = rulesets.settings(rulesets.load("sarnthein2023"), "plain", "laptop", SMALL)
    chosen = [m for m in members_of(values) if m["condition"] == "alpha_06"][:2]
    own = {"dtype": "float64", "probe_at": [], "steps": 3, "line": [0.0, 1.0, -0.1], "probe_steps": 1, "neighbours": 3}
    stream = generator("test", "images")
    pictures, labels = torch.randn(100, 196, generator=stream, dtype=torch.float64), torch.arange(100) % 10
    data = sources.Labelled(pictures[:80], labels[:80], pictures[80:], labels[80:])
    made = distil.Distiller([member | own for member in chosen], data, lambda name: None, CPU)
    steps = Steps(made, CPU)
    for step in range(3):
        steps.take(step)
    return made


def test_small_networks_record_divergence_and_distance_from_their_own_start(program):
    found = program.record()
    teacher, student = program.teacher(program.images), program.student(program.images)
    fresh = Network(program.teacher.settings, 2).initialise("fresh", [0, 1]).parameters.flat
    start = (0.4 * program.teacher.parameters.flat + 0.6 * fresh) / (0.4**2 + 0.6**2) ** 0.5
    for row in range(2):
        assert float(found["kl"][row]) == pytest.approx(kl(teacher[row], student[row]))
        moved = (program.student.parameters.flat - start)[row].numpy()
        assert float(found["distance"][row]) == pytest.approx((moved**2).sum() ** 0.5)


def test_lines_run_from_the_teacher_through_its_student(program):
    """No divergence at 0, that of the student at 1, and at -0.1 that of a network a tenth of the way backwards."""
    found = program.record()
    assert found["kl_line"][:, 0].tolist() == [0, 0]
    assert found["kl_line"][:, 1].tolist() == pytest.approx(found["kl"].tolist())
    behind = Network(program.student.settings, 2)
    teacher, student = program.teacher.parameters.flat, program.student.parameters.flat
    behind.parameters.flat.copy_(1.1 * teacher - 0.1 * student)
    expected = [kl(*logits) for logits in zip(program.teacher(program.images), behind(program.images), strict=True)]
    assert found["kl_line"][:, 2].tolist() == pytest.approx(expected)


def test_the_random_line_is_as_long_in_every_tensor_and_elsewhere(program):
    direction, parameters = program._random_direction(), program.student.parameters
    actual = parameters.flat - program.teacher.parameters.flat
    for name, part in parameters.split(direction).items():
        wanted = parameters.split(actual)[name]
        for row in range(2):
            assert float(part[row].norm()) == pytest.approx(float(wanted[row].norm())), name
    cosine = (direction * actual).sum(1) / actual.square().sum(1)
    assert float(cosine.abs().max()) < 0.2
    found = program.record()["kl_random_line"]
    moved = Network(program.student.settings, 2)
    moved.parameters.flat.copy_(program.teacher.parameters.flat + direction)
    expected = [kl(*logits) for logits in zip(program.teacher(program.images), moved(program.images), strict=True)]
    assert found[:, 1].tolist() == pytest.approx(expected)
    assert found[:, 0].tolist() == [0, 0]


def test_units_that_fire_on_a_single_image_are_alive_and_shuffled_labels_are_a_permutation(monkeypatch):
    """Of four units, two and three fire; the last fires on the test image only."""
    firing = torch.zeros(2, 5, 4, dtype=torch.float64)
    firing[0, 2, 0], firing[0, 4, 1] = 3.0, 1.0
    firing[1, :, :3] = 2.0
    firing[:, :, 3] = 0
    test = torch.ones(2, 1, 4, dtype=torch.float64)
    network = SimpleNamespace(
        parameters=SimpleNamespace(flat=torch.zeros(2, 9)), embed=lambda x: firing if x.shape[1] == 5 else test
    )
    labels, seen = torch.tensor([0, 1, 2, 3, 4]), []

    def ridge(train, given, test, truth, penalty):
        seen.append((given.tolist(), truth.tolist()))
        return torch.full((2,), len(seen) / 10, dtype=torch.float64)

    monkeypatch.setattr(distil.probes, "ridge", ridge)
    data = sources.Labelled(torch.zeros(5, 3), labels, torch.zeros(1, 3), torch.tensor([2]))
    settings = {"probe_steps": 1, "long_probe_steps": 0, "ridge_penalty": 1e-3, "neighbours": 1}
    found = distil.probing(network, data, settings, wanted=True, last=True)
    assert found["alive"].tolist() == [0.5, 0.75]
    assert found["scale"].tolist() == pytest.approx([(10 / 20) ** 0.5, (60 / 20) ** 0.5])
    assert found["ridge"].tolist() == [0.1, 0.1]
    assert found["ridge_shuffled"].tolist() == [0.2, 0.2]
    (true, truth), (wrong, truth_again) = seen
    assert true == [0, 1, 2, 3, 4]
    assert sorted(wrong) == true != wrong
    assert truth == truth_again == [2]


def member(experiment: str, condition: str, **own) -> dict:
    values = rulesets.settings(rulesets.load("sarnthein2023"), experiment, "smoke")
    return next(m for m in members_of(values) if m["condition"] == condition) | own


def pictures(count: int = 64, classes: int = 3) -> images.Images:
    stream = generator("test", "pictures")
    drawn = torch.randn(count + 24, 3, 32, 32, generator=stream)
    labels = torch.arange(count + 24) % classes
    return images.Images(drawn[:count], labels[:count], drawn[count:], labels[count:])


def test_image_students_record_the_mean_over_all_images_and_one_column_a_probe(monkeypatch):
    """64 images go through in parts of 50 and 14."""
    data = pictures()
    monkeypatch.setattr(distil_images.images, "source", lambda member, run: data.train)
    monkeypatch.setattr(distil_images.images, "load", lambda name, member, run: data)
    for number, probe in enumerate(("linear", "ridge", "neighbours")):
        value = torch.tensor([0.25 + 0.125 * number])
        monkeypatch.setattr(distil_images.probes, probe, lambda *given, value=value: value)
    monkeypatch.setattr(images.Images, "to", lambda self, device: self)
    program = ImageDistiller(member("cifar10", "vgg11", alpha=1.0), SimpleNamespace(device=CPU), most=2)
    start = program.flat.clone()
    Steps(program, CPU).take(0)
    found = program.record()
    with torch.no_grad():
        student = program.student.eval()(data.train)
        teacher = program.teacher(data.train)
    assert float(found["kl"]) == pytest.approx(kl(teacher, student), rel=1e-4)
    moved = (program.flat - start).double().numpy()
    assert float(found["distance"]) == pytest.approx((moved**2).sum() ** 0.5)
    assert found["probes"][0, 0].tolist() == [0.25, 0.375, 0.5]
    assert np.isnan(found["probes"][0, 1]).all()


@pytest.mark.parametrize("cut", range(7))
def test_accuracy_of_an_arm_is_that_of_its_best_epoch(monkeypatch, cut):
    """Two steps an epoch; wherever the training is cut and taken up, each epoch is measured once, after it."""
    measured, errors = [], {2: 0.5, 4: 0.25, 6: 0.375}
    classifier = Classifier(member("tickets", "distilled", batch_size=12), pictures(24))
    first, second = (TICKETS.Round(classifier, 0.2, None) for _ in range(2))

    def error() -> float:
        measured.append(max(first.taken, second.taken))
        return errors[measured[-1]]

    monkeypatch.setattr(classifier, "error", error)
    take(first, range(cut))
    second.load(first.state())
    second.taken = cut
    take(second, range(cut, 6))
    assert second.record()["accuracy"].tolist() == [0.75]
    assert measured == [2, 4, 6]


def test_without_training_an_arm_has_the_accuracy_of_its_start(monkeypatch):
    classifier = Classifier(member("tickets", "distilled"), pictures(24))
    monkeypatch.setattr(classifier, "error", lambda: 0.7)
    assert TICKETS.Round(classifier, 0.2, None).record()["accuracy"].tolist() == pytest.approx([0.3])


def take(program, numbers: range) -> None:
    """Take steps of these numbers."""
    steps = Steps(program, CPU)
    for number in numbers:
        steps.take(number)


def test_errors_are_the_share_of_wrong_guesses():
    classifier = Classifier(member("tickets", "distilled"), pictures(24))
    classifier.refresh_statistics()
    with torch.no_grad():
        scores = classifier.model.eval()(classifier.data.test)
    wrong = [int(row.argmax()) != int(label) for row, label in zip(scores, classifier.data.test_labels, strict=True)]
    assert 0 < sum(wrong) < len(wrong)
    assert classifier.error() == sum(wrong) / 24


def test_rounds_record_the_weights_they_were_trained_with_and_those_left_for_the_next():
    """The gaps are no weights; each next round trains with what the one before has left."""
    classifier = Classifier(member("tickets", "distilled"), pictures(24))
    weights, left = classifier.weights, None
    for number in range(3):
        program = TICKETS.Round(classifier, 0.2, left)
        found = program.record()
        assert float(found["remaining"]) == pytest.approx(0.8**number, rel=1e-3)
        expected = TICKETS.prune(classifier.flat[0], program.mask, 0.2).bool()
        left = found["left"][0].numpy()
        assert np.array_equal(np.unpackbits(left, count=len(weights)).astype(bool), expected.numpy())
        assert not expected[~weights].any()
    assert not classifier.flat[0, ~program.mask.bool()].any()


def test_arms_keep_accuracy_and_remaining_weights_of_every_round():
    """Every round begins at the rewinding point, with the mask that the one before has left."""
    begun, member = [], {"prune_share": 0.2, "rounds": 2, "rewind_epochs": 3, "finetune_epochs": 5}

    def train(name, start, programs, epochs):
        begun.append((name, start["parameters"], epochs))
        if name == "rewind":
            return {"parameters": np.array([[7.0]])}
        number = int(name.removeprefix("round "))
        assert programs[0].keywords == {"share": 0.2, "left": None if number == 0 else number - 1}
        return {"accuracy": np.array([[0.9, 0.8, 0.6][number]]), "remaining": np.array([0.8**number]), "left": [number]}

    arm = TICKETS._arm(SimpleNamespace(member=member, train=train), {"parameters": "start"})
    assert arm["accuracy"].tolist() == [0.9, 0.8, 0.6]
    assert arm["remaining"].tolist() == [1, 0.8, 0.8**2]
    assert begun == [("rewind", "start", 3), *((f"round {number}", 7.0, 5) for number in range(3))]
    begun.clear()
    TICKETS._arm(SimpleNamespace(member=member | {"rewind_epochs": 0}, train=train), {"parameters": "start"})
    assert begun == [(f"round {number}", "start", 5) for number in range(3)]


def test_lines_between_fine_tuned_networks_are_measured_for_every_pair_of_orders():
    """Orders 0, 1, 2 end at 0.0, 0.2 and 0.8; the error of a point is its parameter."""
    classifier = SimpleNamespace(flat=torch.zeros(1, 1), refresh_statistics=lambda: 0)
    classifier.error = lambda: float(classifier.flat)
    told = []

    def train(name, start, programs, epochs):
        assert [program.keywords["order"] for program in programs] == [0, 1, 2]
        return {"parameters": np.array([[0.0], [0.2], [0.8]], np.float32)}

    run = SimpleNamespace(once=lambda name, compute: compute(), progress=lambda *given: told.append(given[:2]))
    settings = {"orders": 3, "finetune_epochs": 1, "line_points": 5}
    tuning = SimpleNamespace(run=run, name="start 0", member=settings, classifier=classifier, train=train)
    errors = CONNECTIVITY._errors(tuning, {})
    np.testing.assert_allclose(
        errors, [[0.2, 0.15, 0.1, 0.05, 0.0], [0.8, 0.6, 0.4, 0.2, 0.0], [0.8, 0.65, 0.5, 0.35, 0.2]], atol=1e-7
    )
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
