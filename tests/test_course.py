"""What a training job measures is kept as it comes: by condition, through kills, and never more than a few hundred rows."""

import json
import os

import numpy as np
import pytest
from regression import Regression
from unfinished_work import SCALE, SLUG, begin, job, layout

from verifig.ground.keys import key
from verifig.planning import course, curves
from verifig.planning.by_condition import Grouped
from verifig.planning.course import MOST_ROWS, Course
from verifig.running import leftovers, prepare
from verifig.running.stages.train import train
from verifig.training import loop
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run

SETTINGS = {"seeds": 2, "width": 8, "conditions": {"sgd": {"rate": 0.1}, "adam": {"rate": 0.2}}}
JOB = {"slug": "paper2025", "experiment": "first", "scale": "smoke", "settings": SETTINGS, "device": "cpu"}
MEMBERS = [{"condition": name, "seed": seed, "width": 8} for name in ("adam", "sgd") for seed in (0, 1)]


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def keep(path, records: int = 0, **more) -> Course:
    return Course(path, JOB, "key", records, clock=more.pop("clock", Clock()), **more)


def scalars(*values: float) -> dict[str, np.ndarray]:
    return {"test_loss": np.array(values), "weights": np.ones((len(values), 3))}


def steps(path) -> list[int]:
    return [row.step for row in course.read(path).rows]


def test_rows_come_by_condition_as_means_over_seeds(tmp_path):
    path = tmp_path / "first.course.jsonl"
    kept = keep(path, share=lambda: 0.25)
    kept(MEMBERS, 0, scalars(1, 3, 10, np.nan))
    (row,) = course.read(path).rows
    assert row.conditions == {
        "adam": {"seeds": [0, 1], "means": {"test_loss": 2.0}},
        "sgd": {"seeds": [0, 1], "means": {"test_loss": None}},
    }
    assert (row.step, row.share) == (0, 0.25)
    kept(MEMBERS, 7, scalars(0.123456789, 0.123456789, 1e300, 1e-300))
    assert [row.conditions["adam"]["means"] for row in course.read(path).rows] == [
        {"test_loss": 2.0},
        {"test_loss": 0.12346},
    ]
    head = json.loads(path.read_text().splitlines()[0])
    assert (head["slug"], head["key"], head["process"]) == ("paper2025", "key", os.getpid())


def test_members_are_told_by_what_their_condition_does_not_say():
    grouped = Grouped(SETTINGS)
    name = {"condition": "adam", "seed": 1, "width": 8, "rate": 0.2}
    assert grouped.name(name) == "adam"
    assert grouped.name(name | {"width": 16, "rate": 1 / 3}) == "adam, width=16, rate=0.3333"
    assert grouped.name({"seed": 3, "width": 8}) == "base"
    assert Grouped({}).name({"k": 2}) == "base, k=2"


def test_what_is_not_one_number_a_member_is_left_out(tmp_path):
    path = tmp_path / "h.jsonl"
    keep(path)(MEMBERS, 0, {"weights": np.ones((4, 3)), "few": np.ones(3)})
    assert course.read(path).rows == []


# ---- killed and resumed --------------------------------------------------------------------------------------------


def test_a_row_cut_in_half_is_skipped_and_goes_when_the_job_goes_on(tmp_path):
    path = tmp_path / "h.jsonl"
    kept = keep(path)
    for step in (0, 5):
        kept(MEMBERS, step, scalars(1, 1, 1, 1))
    whole = path.read_text()
    path.write_text(whole + whole.splitlines()[-1][:30])
    assert steps(path) == [0, 5]
    again = keep(path, records=2)
    again(MEMBERS, 10, scalars(1, 1, 1, 1))
    assert steps(path) == [0, 5, 10]
    assert [row.point for row in course.read(path).rows] == [0, 1, 2]
    assert all(map(json.loads, path.read_text().splitlines()))


@pytest.mark.parametrize("damage", ["", "x", "[]\n", '{"key": "key"}\n', "\xff\xfe"])
def test_a_damaged_file_is_begun_anew(tmp_path, damage):
    path = tmp_path / "h.jsonl"
    path.write_text(damage)
    assert course.read(path) is None
    keep(path, records=3)(MEMBERS, 5, scalars(1, 1, 1, 1))
    assert steps(path) == [5]


@pytest.mark.parametrize("line", ["3", "[]", "null", '{"record": 1}', '{"a": 1}', '"text"'])
def test_a_line_that_is_no_row_is_left_out(tmp_path, line):
    path = tmp_path / "h.jsonl"
    keep(path)(MEMBERS, 5, scalars(1, 1, 1, 1))
    path.write_text(path.read_text() + line + "\n")
    assert steps(path) == [5]


def test_another_job_begins_a_new_file(tmp_path):
    path = tmp_path / "h.jsonl"
    keep(path)(MEMBERS, 5, scalars(1, 1, 1, 1))
    Course(path, JOB, "another key", 1)
    assert steps(path) == []


def recorded(path, checkpoint, stop=bool) -> list[tuple]:
    """Train `Regression` in chunks of two with records every 3 steps; what was kept: step and losses by seed."""
    stored = Checkpoint(checkpoint, "key")
    kept = Course(path, JOB, "key", stored.facts.get("records", 0))

    def costs() -> dict:
        kept.flush()
        return {"records": kept.records}

    class Telling(Regression):
        def record(self):
            return {"loss": self.net(self.x).square().mean((1, 2))}

    run = Run(JOB, stored, {}, lambda text: None, costs=costs, on_record=kept, stop=stop)
    loop.train(run, MEMBERS, lambda members: Telling(), 12, range(0, 13, 3), chunk=2)
    kept.flush()
    return [(row.record, row.point, row.step, row.conditions) for row in course.read(path).rows]


@pytest.mark.parametrize("questions", [1, 3, 4, 11, 12, 13, 20])
def test_a_resumed_job_repeats_no_row_and_loses_none(tmp_path, questions):
    whole = recorded(tmp_path / "whole", None)
    assert [step for _, _, step, _ in whole] == [0, 3, 6, 9, 12] * 2
    asked = []
    with pytest.raises(Exception, match="its checkpoint is saved"):
        recorded(tmp_path / "h", tmp_path / "c", lambda: asked.append(1) or len(asked) > questions)
    # killed after the save: what came later is measured again
    later = json.loads((tmp_path / "h").read_text().splitlines()[-1]) | {"record": 99, "step": 99}
    with open(tmp_path / "h", "a") as stream:
        stream.write(json.dumps(later) + '\n{"rec')
    assert recorded(tmp_path / "h", tmp_path / "c") == whole


def test_a_stopped_training_goes_on_in_its_file_and_one_begun_anew_in_a_new_one(tmp_path):
    place = layout(tmp_path)
    paths = place.artifact("edge113"), place.provenance("edge113"), place.checkpoint("edge113")
    begin(tmp_path, "edge113", 30)  # without a file
    told = []
    more = {"log": lambda text: None, "course": place.course("edge113")}
    train(job("edge113"), *paths, on_rows=lambda rows: told.append(len(rows)), **more)
    first = steps(place.course("edge113"))
    assert told == list(range(1, len(told) + 1))
    for path in paths[:2]:
        path.unlink()
    train(job("edge113"), *paths, **more)
    whole = steps(place.course("edge113"))
    assert len(whole) > len(first)
    assert whole[-len(first) :] == first
    assert course.read(place.course("edge113")).head["key"] == key(job("edge113"))
    assert [each.title for each in course.below(tmp_path)] == [f"{SLUG}.edge113"]
    # an artifact that may not be used goes, and this with it
    paths[0].write_bytes(b"x")
    prepare.clean(place, {"edge113": job("edge113")})
    assert not place.course("edge113").exists()
    assert place.scale == SCALE


def test_course_of_nothing_is_removed_without_complaint(tmp_path):
    leftovers.remove_course(layout(tmp_path), "edge113")
    assert not layout(tmp_path).course("edge113").exists()


# ---- few, cheap, harmless ------------------------------------------------------------------------------------------


def test_many_log_points_are_thinned_and_the_last_one_is_kept(tmp_path):
    path = tmp_path / "h.jsonl"
    kept = keep(path)
    for step in range(10_000):
        kept(MEMBERS, step, scalars(step, 0, 0, 0))
        assert len(kept.rows) <= MOST_ROWS
    kept.flush()
    found = course.read(path)
    every = found.head["every"]
    assert every == 64
    assert steps(path) == [*range(0, 10_000, every), 9_999]
    assert len(path.read_text().splitlines()) == len(found.rows) + 1
    (line,) = curves.curves(found.rows)["adam"]["test_loss"]
    assert line.values[-1] == pytest.approx(9_999 / 2, rel=1e-4)


def test_seeds_trained_after_each_other_share_the_rows_and_their_steps(tmp_path):
    path = tmp_path / "h.jsonl"
    kept = keep(path)
    for seed in range(5):
        member = [{"condition": "adam", "seed": seed}]
        for step in range(201):
            kept(member, step, scalars(seed))
    kept.flush()
    found = course.read(path)
    assert len(found.rows) <= MOST_ROWS
    (line,) = curves.curves(found.rows)["adam"]["test_loss"]
    assert (line.seeds, line.steps[-1], set(line.values)) == ([0, 1, 2, 3, 4], 200, {2.0})


def test_many_groups_of_few_points_do_not_thin_for_ever(tmp_path):
    kept = keep(None)
    for seed in range(MOST_ROWS):
        member = [{"condition": "adam", "seed": seed}]
        for step in (0, 1, 2):
            kept(member, step, scalars(1))
    assert kept._head["every"] <= 8
    assert {row.step for row in course.thinned(kept.rows, kept._head["every"])} >= {0, 2}


def test_between_kept_points_the_latest_is_written_every_second(tmp_path):
    path, clock = tmp_path / "h.jsonl", Clock()
    kept = keep(path, clock=clock)
    kept._head["every"] = 100
    for step in range(50):
        kept(MEMBERS, step, scalars(1, 1, 1, 1))
        clock.now += 0.25
    assert steps(path)[-1] >= 45
    assert len(path.read_text().splitlines()) < 20


def test_a_file_that_cannot_be_written_fails_no_training(tmp_path):
    (tmp_path / "file").write_text("")
    kept = keep(tmp_path / "file" / "h.jsonl")
    kept(MEMBERS, 0, scalars(1, 1, 1, 1))
    assert len(kept.rows) == 1


def test_nothing_of_it_is_in_a_key():
    assert not any("course" in name or "by_condition" in name for name in job("edge113")["code"])


# ---- curves --------------------------------------------------------------------------------------------------------


def test_curves_of_several_parts_and_of_seeds_on_the_way():
    kept = keep(None)
    first, second = [{"condition": "adam", "seed": 0}], [{"condition": "adam", "seed": 1}]
    for members, seen in ((first, (0, 5, 10)), (second, (0, 5))):
        for step in seen:
            kept(members, step, scalars(step))
    lines = curves.curves(kept.rows)["adam"]["test_loss"]
    assert [(line.seeds, line.steps) for line in lines] == [([0], [0, 5, 10]), ([1], [0, 5])]
    kept(second, 10, scalars(20))
    (line,) = curves.curves(kept.rows)["adam"]["test_loss"]
    assert (line.seeds, line.values) == ([0, 1], [0, 5, 15])
    kept(list(second), 0, scalars(7))
    lines = curves.curves(kept.rows)["adam"]["test_loss"]
    assert [line.steps for line in lines] == [[0, 5, 10], [0]]


def test_the_most_telling_fields_come_first_and_a_sentence_gives_their_range():
    kept = keep(None)
    record = {"norm": [1.0] * 4, "kl": [np.nan] * 4, "test_accuracy": [0.5] * 4, "test_loss": [1, 1, 3, 3]}
    kept(MEMBERS, 1234, {name: np.array(values, float) for name, values in record.items()})
    assert curves.fields(curves.curves(kept.rows)) == ["test_accuracy", "test_loss", "norm", "kl"]
    assert curves.sentence(kept.rows[-1], 2) == "step 1,234, test_accuracy 0.500, test_loss 1 … 3 (adam and 1 more)"
