"""Steps of the students as a GPU takes them: replayed, with nothing computed or read on the host; and resumed."""

import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device

from replications.scaling_laws.bahri2024.experiments import teacher_student
from verifig.planning import rulesets

CPU = torch.device("cpu")


def students(device: torch.device = CPU) -> teacher_student.Students:
    """Two seeds, two dimensions and sample sizes; the learning rate falls to 0 over 20 steps."""
    settings = rulesets.settings(rulesets.load("bahri2024"), "teacher_student", "smoke")
    settings |= {"student_width": 6, "depth": 2, "batch_size": 4, "test_size": 10, "steps": 20}
    axes = ({"dimension": 2, "samples": 8}, {"dimension": 3, "samples": 5})
    return teacher_student.Students([settings | axis | {"seed": seed} for seed in (0, 1) for axis in axes], device)


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch):
    """Minibatches are drawn for seven steps at once, so that a few steps draw more than once."""
    monkeypatch.setattr(teacher_student, "BLOCK", 7)


def test_students_replay():
    assert_replays(students, steps=18)


def test_students_stay_on_the_device():
    assert_stays_on_device(students)


def test_students_resume_bit_for_bit_within_a_block_of_draws():
    assert_resumes(students, at=10, steps=16)
