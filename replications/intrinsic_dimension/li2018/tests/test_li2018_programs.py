"""Programs as they are run: what becomes of every member, the paper's size in small, figures from what they leave."""

import numpy as np
import pytest
import torch
from made_up import measuring

from replications.intrinsic_dimension.li2018 import measure as module
from replications.intrinsic_dimension.li2018 import plots
from replications.intrinsic_dimension.li2018.experiments import data
from replications.intrinsic_dimension.li2018.experiments.classifiers import classifiers
from replications.intrinsic_dimension.li2018.experiments.identities import identities
from replications.intrinsic_dimension.li2018.experiments.subspaces import Subspaces
from replications.intrinsic_dimension.li2018.experiments.toy import toy
from verifig.ground.yaml_files import read_yaml
from verifig.pages import figures
from verifig.planning import rulesets
from verifig.training.artifacts import Artifact
from verifig.training.checkpoint import Checkpoint
from verifig.training.members import merge
from verifig.training.run import Run

CPU = torch.device("cpu")
RULESET = rulesets.load("li2018")
SMALL = {"seeds": 1, "batch_size": 8, "steps": 2, "level": 0.1}


@pytest.fixture(autouse=True)
def images(monkeypatch):
    """Made-up images."""
    stream = np.random.default_rng(0)
    made = stream.random((320, 784)), stream.integers(0, 10, 320)
    monkeypatch.setattr(data, "embedded", lambda name: made)
    monkeypatch.setattr(data, "TRAIN", 300)


def run_of(experiment: str, scale: str = "laptop", changes=(), files=(), **each) -> Run:
    """A run of all conditions, each with the same changes."""
    settings = merge(rulesets.settings(RULESET, experiment, scale), dict(changes))
    conditions = settings.get("conditions") or {}
    settings = settings | (
        {"conditions": {name: merge(own, each) for name, own in conditions.items()}} if conditions else each
    )
    job = {"settings": settings, "device": "cpu", "slug": "li2018", "experiment": experiment}
    return Run(job, Checkpoint(None, "key"), dict(files), lambda text: None)


def left_by(program, run: Run) -> Artifact:
    return Artifact(dict(program(run)), {"job": run.job})


def test_every_member_gets_its_own_records_whatever_the_lengths_are():
    run = run_of("labels", **SMALL)
    for k, own in enumerate(run.job["settings"]["conditions"].values()):
        own |= {"steps": 2 + k % 3, "seeds": 1 + k % 2}
    found = classifiers(run)
    assert {name: len(values) for name, values in found.items()} == dict.fromkeys(found, len(run.members))
    for row in range(0, len(run.members), 4):
        member = run.members[row]
        alone = Subspaces([member], CPU)
        for when in (0, 1):
            for name, values in alone.record().items():
                rows = found[name][row, when]
                count = len(member["dimensions"]) if values.dim() == 2 else None
                torch.testing.assert_close(
                    torch.from_numpy(np.atleast_1d(rows[:count] if count else rows)),
                    values[0].double().reshape(-1),
                    atol=0.02,
                    rtol=0,
                )
                assert count is None or np.isnan(rows[count:]).all()
            for step in range(member["steps"] if when == 0 else 0):
                alone.prepare(step)
                alone.step()


def test_the_paper_s_size_runs_in_small(tmp_path):
    stream = np.random.default_rng(0)
    stored = {f"x_{name}": stream.integers(0, 256, (16, 28, 28), np.uint8) for name in ("train", "test")}
    stored |= {f"y_{name}": stream.integers(0, 10, 16, np.uint8) for name in ("train", "test")}
    np.savez(tmp_path / "mnist.npz", **stored)
    run = run_of(
        "mnist", "paper", files={"mnist": tmp_path / "mnist.npz"}, **SMALL, samples=16, dimensions=[2, 5], width=4
    )
    out = measuring(module.measure)(mnist=left_by(classifiers, run))
    assert set(out.statistics()["statistic"]) >= {"first", "ratio", "slope", "direct"}
    drawn = plots.mnist(out.curves["mnist_accuracy"], values())
    assert "</svg>" in figures.svg(drawn, "mnist", "title")


def values() -> dict:
    return read_yaml(RULESET.folder / "values.yaml")


@pytest.fixture(scope="module")
def made() -> dict:
    """Tables of all experiments of the laptop scale, in small."""
    with pytest.MonkeyPatch.context() as patch:
        stream = np.random.default_rng(0)
        patch.setattr(data, "embedded", lambda name: (stream.random((320, 784)), np.arange(320) % 10))
        patch.setattr(data, "TRAIN", 300)
        artifacts = {
            "toy": left_by(toy, run_of("toy", changes={"draws": 100}, seeds=2)),
            "identities": left_by(
                identities, run_of("identities", samples=20, batch_size=8, steps=2, dimensions=[2, 4])
            ),
            "images": left_by(classifiers, run_of("images", **SMALL | {"steps": 1}, samples=20, dimensions=[2, 4])),
            "labels": left_by(classifiers, run_of("labels", **SMALL | {"steps": 1}, dimensions=[2, 4])),
        }
    return measuring(module.measure)(**artifacts).curves


FIGURES = {
    "toy": lambda tables: plots.toy(tables["toy"], tables["draws"], values()["toy"]),
    "grid": lambda tables: plots.grid(tables["authors"], tables["images_dimension"]),
    "accuracy": lambda tables: plots.accuracy(
        tables["images_accuracy"], dict.fromkeys(plots.WIDTHS, 0.9), 0.83, values()
    ),
    "projections": lambda tables: plots.projections(tables["images_dimension"]),
    "pixels": lambda tables: plots.pixels(tables["images_accuracy"], tables["images_dimension"], 0.83),
    "labels": lambda tables: plots.labels(tables["labels_dimension"], values()["random_labels"]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_drawn(name, made):
    assert "</svg>" in figures.svg(FIGURES[name](made), name, "title")


def test_the_toy_s_arrays_are_by_member_and_draw():
    run = run_of("toy", changes={"draws": 100}, seeds=2)
    found = toy(run)
    assert found["left"].shape == (len(run.members), 31)
    assert found["draws"].shape == (100, 4)
    first = [next(k for k in range(31) if row[k] < 1e-20) for row in found["left"]]
    expected = {"base": 10, "five": 5, "twenty": 20, "small": 10, "dependent": 10, "independent": 11}
    assert first == [expected[member["condition"]] for member in run.members]
    few = toy(
        run_of(
            "toy",
            changes={
                "draws": 100,
                "draw_dimensions": [4, 12],
                "constraints": 4,
                "size": 100,
                "largest": 8,
                "conditions": {"five": None, "twenty": None, "small": None},
            },
        )
    )
    assert np.abs(few["draws"]).max() < 1e-9


def test_programs_that_ask_for_too_much_are_refused():
    from replications.intrinsic_dimension.li2018 import checks
    from verifig.ground.errors import InputError

    (member,) = (m for m in run_of("images", seeds=1).members if m["condition"] == "middle")
    checks.classifiers([member])
    wrong = [
        {"samples": 4001},
        {"batch_size": 4001},
        {"network": "lenet"},
        {"dimensions": [20, 10]},
        {"dimensions": [10, 6635]},
    ]
    for change in wrong:
        with pytest.raises(InputError):
            checks.classifiers([member | change])
    checks.classifiers([member | {"dimensions": [10, 6634]}, member | {"samples": 4000, "batch_size": 4000}])
    with pytest.raises(InputError):
        checks.identities([member | {"network": "patches"}])
    (base,) = (m for m in run_of("toy", seeds=1).members if m["condition"] == "base")
    checks.toy([base])
    for change in ({"size": 1001}, {"largest": 11}, {"largest": 1000}, {"draw_dimensions": [4, 2]}):
        with pytest.raises(InputError):
            checks.toy([base | change])
    checks.toy([base | {"largest": 12}])
