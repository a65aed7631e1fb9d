"""Runs of a sweep that share their work: one program for the members of all, each member once, the same numbers."""

import contextlib
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT
from unfinished_work import ticking

from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.keys import key
from verifig.ground.paths import DATA, Layout, slugs
from verifig.planning import course, datasets, jobs, joining, rulesets
from verifig.planning.joining import distinct, part
from verifig.running import alone, sweeps, together
from verifig.running.stages.train import Together
from verifig.running.stopping import Stop
from verifig.training import artifacts
from verifig.training.checkpoint import Checkpoint
from verifig.training.members import members_of
from verifig.training.run import Run, execute

SLUG, SCALE = "prieto2025", "smoke"
SWEEP = {"conditions.adamw_wd4.weight_decay": [1, 2]}
# programs that no experiment of the smoke scale runs, or a long one: an experiment that does, cut down
CUT = {
    ("prieto2025", "modular"): ("edge113", "smoke", {}),
    ("prieto2025", "mnist"): ("mnist200", "laptop", {"epochs": 4, "width": 8, "log_every": 2, "test_size": 20}),
    ("prieto2025", "parity"): ("parity", "paper", {"epochs": 4, "width": 8, "log_every": 2, "strings": 40}),
    ("dang2023", "direct"): ("direct", "smoke", {"iterations": 100, "seeds": 1}),
    ("dang2023", "cross_entropy"): ("cross_entropy", "smoke", {"iterations": 200}),
    ("dang2023", "backbones"): ("mlp_balanced", "smoke", {}),
    ("liu2020", "linear"): ("linear", "smoke", {"steps": 10, "log_points": [5, 10]}),
    ("tian2025", "ascent"): ("ascent", "smoke", {"steps": 4, "seeds": 1}),
    ("tarzanagh2023", "paths"): ("paths", "smoke", {"steps": 200, "judged_steps": [200]}),
}
CHANGES = ("learning_rate", "step_size", "base_rate", "strength", "alpha")  # of one condition, in a second run


def declared() -> list[tuple[str, str]]:
    return [(slug, program) for slug in slugs() for program in rulesets.load(slug).together]


def job(changes=None, experiment="delay53") -> dict:
    return jobs.train(SLUG, experiment, SCALE, "cpu", seeds=1, overrides=changes)


def run(job, kind=Run) -> dict:
    return dict(execute(kind(job, Checkpoint(None, "x"), datasets.files(job, DATA), lambda text: None)))


def changed(first: dict, cut: dict) -> dict:
    """The job of `first` and of a run that halves a setting of one condition."""
    member = members_of(first["settings"])[-1]
    for name in CHANGES:
        if isinstance(value := member.get(name), float):
            own = {f"conditions.{member['condition']}.{name}" if "conditions" in first["settings"] else name: value / 2}
            place = first["slug"], first["experiment"], first["scale"], first["device"]
            with contextlib.suppress(InputError):
                return joining.joined([first, jobs.train(*place, overrides=cut | own)])
    raise AssertionError("no change of it may be joined")


@pytest.mark.parametrize(("slug", "program"), declared())
def test_one_program_gives_each_run_what_it_gives_alone(slug, program):
    ruleset = rulesets.load(slug)
    small = {ruleset.entry(name, "smoke").program: (name, "smoke", {}) for name in ruleset.experiments("smoke")}
    experiment, scale, cut = CUT.get((slug, program)) or small[program]
    first = jobs.train(slug, experiment, scale, "cpu", overrides=cut)
    both = changed(first, cut)
    first, second = (first | {"settings": settings} for settings in both["together"])
    together, everyone = run(both, Together), distinct(both["together"])
    assert len(everyone) > len(members_of(first["settings"]))
    for one in (first, second):
        alone = run(one)
        common = ruleset.together[program].get("common", [])
        dealt = part(together, everyone, members_of(one["settings"]), common)
        assert dealt.keys() == alone.keys()
        for field, values in alone.items():
            assert dealt[field].shape == values.shape, field
            np.testing.assert_allclose(dealt[field], values, rtol=1e-4, atol=1e-6, err_msg=field)


def test_members_that_runs_have_in_common_are_there_once():
    settings = [job()["settings"], job({"conditions.adamw_wd4.weight_decay": 1})["settings"]]
    whole, both = members_of(settings[0]), distinct(settings)
    assert both[: len(whole)] == whole
    assert [(member["condition"], member["weight_decay"]) for member in both[len(whole) :]] == [("adamw_wd4", 1)]


def test_a_part_has_the_rows_of_its_own_members_and_what_is_common():
    first = members_of({"conditions": {"a": {"x": 1}, "b": {"x": 2}}, "seeds": 2, "x": 0})
    second = members_of({"conditions": {"a": {"x": 3}, "b": {"x": 2}}, "seeds": 2, "x": 0})
    arrays = {"loss": np.arange(6.0), "steps": np.arange(6)}
    made = part(arrays, [*first, *second[:2]], second, ["steps"])
    assert made["loss"].tolist() == [4, 5, 2, 3]
    assert made["steps"].tolist() == [*range(6)]


@pytest.mark.parametrize(
    ("experiment", "changes", "message"),
    [
        ("delay53", {"epochs": 5}, "epochs must be the same in all conditions"),
        ("thresholds", {}, "what its program keeps is not only of single members"),
    ],
)
def test_what_cannot_share_a_program_says_why(experiment, changes, message):
    with pytest.raises(InputError, match=message):
        joining.joined([job(experiment=experiment), job(changes, experiment)])


def test_runs_on_different_data_are_not_joined():
    with pytest.raises(InputError, match="they need different data"):
        joining.joined([job(), job() | {"data": {"mnist": "0"}}])


def test_members_that_no_curve_could_tell_apart_are_not_joined():
    changed = job()
    settings = changed["settings"] | {"zero_correct_logits_at": None, "conditions": {"adamw": {}}}
    other = settings | {"zero_correct_logits_at": [1]}
    with pytest.raises(InputError, match="cannot be told apart"):
        joining.joined([changed | {"settings": settings}, changed | {"settings": other}])


@pytest.fixture
def sweep(monkeypatch, tmp_path):
    """Make a sweep at smoke scale below `tmp_path / "out"`; nothing is finished elsewhere."""
    monkeypatch.setattr(sweeps, "ROOT", tmp_path / "checkout")

    def run(values=SWEEP, stage="train", minutes=None, experiments=("delay53",)) -> int:
        given = [SLUG, list(experiments), SCALE, values, 1, "cpu", stage, tmp_path / "out"]
        return sweeps.run(*given, minutes=minutes)

    return run


def record(tmp_path, label, experiment="delay53") -> dict:
    return read_json(Layout(tmp_path / "out" / label, SCALE, SLUG).provenance(experiment))


def test_a_sweep_trains_each_member_once_and_every_run_is_as_if_alone(sweep, tmp_path, capsys):
    assert sweep() == 0
    assert "3 runs as one program of 11 members instead of 27" in capsys.readouterr().out
    for label, changes in sweeps.combinations(SWEEP).items():
        layout = Layout(tmp_path / "out" / label, SCALE, SLUG)
        own, made = job(changes), artifacts.read(layout.artifact("delay53"))
        assert made.meta == {"key": key(own), "job": own}
        assert record(tmp_path, label)["together_with"] == 11
        for field, values in run(own).items():
            np.testing.assert_allclose(made[field], values, rtol=1e-4, atol=1e-6, err_msg=field)
    steps = [record(tmp_path, label)["steps"] for label in sweeps.combinations(SWEEP)]
    assert sum(steps) == pytest.approx(3 * 9 * 20, rel=0.01), "each run is said to have cost its own members"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(sweeps.combinations(SWEEP))


def test_each_run_has_the_curves_of_its_own_conditions(sweep, tmp_path):
    sweep()
    kept = {
        label: course.read(Layout(tmp_path / "out" / label, SCALE, SLUG).course("delay53"))
        for label in sweeps.combinations(SWEEP)
    }
    names = {label: {name for row in found.rows for name in row.conditions} for label, found in kept.items()}
    assert names["weight_decay=1"] == names["as_configured"] == {*job()["settings"]["conditions"]}
    last = {label: [row for row in found.rows if "adamw_wd4" in row.conditions][-1] for label, found in kept.items()}
    norms = {label: row.conditions["adamw_wd4"]["means"]["norm"] for label, row in last.items()}
    assert norms["weight_decay=1"] > norms["weight_decay=2"] > norms["as_configured"]
    assert kept["weight_decay=2"].head["key"] == key(job({"conditions.adamw_wd4.weight_decay": 2}))


def test_a_value_more_trains_what_is_new(sweep, tmp_path, capsys):
    sweep()
    before = record(tmp_path, "weight_decay=1")
    capsys.readouterr()
    sweep({"conditions.adamw_wd4.weight_decay": [1, 2, 8]})
    said = capsys.readouterr().out
    assert said.count("prieto2025.delay53 at smoke scale") == 1
    assert "as one program" not in said
    assert record(tmp_path, "weight_decay=1") == before


def test_an_experiment_that_no_change_reaches_is_trained_once(sweep, tmp_path, capsys):
    sweep(experiments=("edge113", "delay53"))
    assert capsys.readouterr().out.count("prieto2025.edge113 at smoke scale") == 1
    assert record(tmp_path, "weight_decay=2", "edge113") == record(tmp_path, "as_configured", "edge113")


def test_what_the_checkout_has_finished_is_not_trained_again(sweep, tmp_path, capsys):
    alone.run(SLUG, ["delay53"], SCALE, {}, 1, "cpu", "train", tmp_path / "checkout" / "results")
    capsys.readouterr()
    sweep()
    assert "2 runs as one program of 10 members instead of 18" in capsys.readouterr().out
    made = [
        read_json(Layout(place, SCALE, SLUG).provenance("delay53"))
        for place in (tmp_path / "checkout" / "results", tmp_path / "out" / "as_configured")
    ]
    assert made[0] == made[1]


def test_a_setting_of_the_whole_experiment_is_swept_run_by_run(sweep, tmp_path, capsys):
    sweep({"epochs": [4, 6]})
    said = capsys.readouterr().out
    assert "delay53: one run after the other: as one program: epochs must be the same" in said
    assert record(tmp_path, "epochs=6")["job"]["settings"]["epochs"] == 6


def test_a_sweep_that_was_ended_goes_on_to_the_same_bytes(sweep, tmp_path, monkeypatch, capsys):
    sweep()
    labels = sweeps.combinations(SWEEP)
    places = {label: Layout(tmp_path / "out" / label, SCALE, SLUG) for label in labels}
    whole = {label: place.artifact("delay53").read_bytes() for label, place in places.items()}
    for place in places.values():
        place.artifact("delay53").unlink()
    monkeypatch.setattr(sweeps, "Stop", ticking)
    capsys.readouterr()
    assert sweep(minutes=1) == 0
    said = capsys.readouterr().out
    assert "the time is up" in said
    assert re.search(r"delay53: \d+ % done", said)
    assert not any(place.artifact("delay53").exists() for place in places.values())
    monkeypatch.setattr(sweeps, "Stop", Stop)
    assert sweep() == 0
    assert {label: place.artifact("delay53").read_bytes() for label, place in places.items()} == whole


def test_nothing_is_trained_together_that_one_run_is_refused_for(sweep, tmp_path):
    with pytest.raises(InputError, match="weight_decay"):
        sweep({"conditions.adamw_wd4.weight_decay": [1, -1]})
    assert not (tmp_path / "out").exists()


def test_joined_work_is_planned_without_touching_what_is_finished(sweep, tmp_path):
    sweep()
    layout = Layout(tmp_path / "out" / "as_configured", SCALE, SLUG)
    training = together.Training(layout, "delay53", job())
    before = layout.artifact("delay53").stat().st_mtime_ns
    together.reuse(training, [Layout(tmp_path / "out" / "weight_decay=1", SCALE, SLUG)])
    assert together.train([training], tmp_path / "out" / "together", Stop(), DATA)
    assert layout.artifact("delay53").stat().st_mtime_ns == before


def test_what_else_lies_beside_a_joined_job_stays(sweep, tmp_path):
    mine = tmp_path / "out" / sweeps.TOGETHER / SCALE / SLUG / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    sweep()
    assert [path.name for path in mine.parent.iterdir()] == ["notes.txt"]


def test_a_sweep_is_planned_without_torch():
    script = "import sys; from verifig.running import sweeps; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
