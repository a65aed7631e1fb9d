"""Trainings at paper scale are run in slices: stopped in the middle and resumed, they end with the same bytes."""

import itertools
from pathlib import Path

import pytest
import torch

from replications.random_teachers.sarnthein2023.experiments import images
from verifig.ground.errors import Stopped
from verifig.planning import jobs, unfinished
from verifig.running.stages import train as stage
from verifig.training import artifacts, loop
from verifig.training.checkpoint import Checkpoint
from verifig.training.ensemble import generator
from verifig.training.steps import Steps

torch.set_num_threads(1)  # as in a training job
TUNED = {"finetune_epochs": 2, "milestones": [1], "conditions.initial.rewind_epochs": 1}
TINY = {
    "tickets": {**TUNED, "rounds": 1},
    "connectivity": {**TUNED, "orders": 3, "line_points": 2},
    "cifar10": {"epochs": 2, "conditions.vgg11_alpha_1": None, "conditions.resnet18_alpha_1": None},
    "planes": {},
}
STEPS = {  # 2 an epoch of 40 images
    "tickets": 2 + 2 * 2 * 4 + 2,
    "connectivity": 2 + 2 * 3 * 4,
    "cifar10": 2 * 4,
    "planes": 5,
}


class Counted(Steps):
    """Counts what the loop takes."""

    taken = 0

    def take(self, step: int) -> None:
        super().take(step)
        Counted.taken += 1


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    """40 images of three classes; steps are counted."""
    drawn, labels = torch.randn(60, 3, 32, 32, generator=generator("test", "pictures")), torch.arange(60) % 3
    data = images.Images(drawn[:40], labels[:40], drawn[40:], labels[40:])
    monkeypatch.setattr(images, "load", lambda name, member, run: data)
    monkeypatch.setattr(loop, "Steps", Counted)
    monkeypatch.setattr(Counted, "taken", 0)


def train(folder: Path, experiment: str, stop=bool) -> bytes:
    """The artifact, made in `folder` or taken up there."""
    folder.mkdir(exist_ok=True)
    job = jobs.train("sarnthein2023", experiment, "smoke", "cpu", overrides=TINY[experiment])
    paths = [folder / name for name in ("a.npz", "a.provenance.json", "a.ckpt")]
    stage.train(job, *paths, log=lambda text: None, stop=stop)
    return paths[0].read_bytes()


@pytest.fixture(scope="module")
def left_alone() -> dict[str, bytes]:
    """Artifacts of runs that were not stopped, by experiment, as they are needed."""
    return {}


@pytest.mark.parametrize(
    ("experiment", "steps"),
    [("tickets", 1), ("tickets", 5), ("connectivity", 1), ("connectivity", 5), ("cifar10", 3), ("planes", 2)],
)
def test_slices_of_a_few_steps_end_with_the_same_bytes_and_no_step_is_taken_twice(
    tmp_path, left_alone, experiment, steps
):
    whole = left_alone.get(experiment) or train(tmp_path / "whole", experiment)
    left_alone[experiment] = whole
    Counted.taken, further = 0, (0, 0.0)
    for number in itertools.count(1):
        try:
            found = train(tmp_path / "cut", experiment, lambda end=number * steps: Counted.taken >= end)
            break
        except Stopped:
            assert Counted.taken == number * steps
            before, further = further, unfinished.read(tmp_path / "cut" / "a.ckpt").further
            assert further > before, "progress is told, and counted alike in each slice"
    assert found == whole
    assert Counted.taken == STEPS[experiment]


@pytest.mark.parametrize("experiment", ["tickets", "connectivity"])
def test_a_run_killed_right_after_a_training_still_has_what_the_rest_needs(
    tmp_path, left_alone, monkeypatch, experiment
):
    """Every finished training is saved alone, and the process dies before anything is made of it."""
    whole = left_alone.get(experiment) or train(tmp_path / "whole", experiment)
    keep, deaths = Checkpoint.keep, []

    def killed(self, group, arrays):
        keep(self, group, arrays)
        if not group.endswith("in progress") and group not in deaths:
            deaths.append(group)
            self.save({"wall_seconds": 1.0, "cpu_seconds": 1.0})
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "keep", killed)
    Counted.taken = 0
    while True:
        try:
            found = train(tmp_path / "cut", experiment)
            break
        except KeyboardInterrupt:
            assert len(deaths) < 100
    assert found == whole
    assert Counted.taken == STEPS[experiment]
    assert len(deaths) > 5


def test_what_is_kept_of_a_round_is_small(tmp_path):
    """A bit a weight: at paper scale a mask in bytes has 11 MB, and there are a hundred."""
    taken = STEPS["tickets"] - 1
    with pytest.raises(Stopped):
        train(tmp_path, "tickets", lambda: Counted.taken >= taken)
    kept = artifacts.read(tmp_path / "a.ckpt")
    rounds = {name: array for name, array in kept.items() if "arm 0 round" in name}
    parameters = next(
        array for name, array in kept.items() if name.startswith("arm 1 rewind") and name.endswith("|parameters")
    )
    assert {name.partition("|")[2] for name in rounds} == {"accuracy", "remaining", "left"}
    assert sum(array.nbytes for array in rounds.values()) < 2 * (parameters.size / 8 + 20)
