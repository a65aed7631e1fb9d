"""Training in slices: it ends before the time is up or when a signal comes, and goes on with the same bytes."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from conftest import ROOT, command, snakemake
from test_packing import forged
from unfinished_work import SCALE, SLUG, begin, finish, forge, job, layout, ticking

from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.keys import key
from verifig.planning import forecast, unfinished
from verifig.planning.unfinished import Progress, Unfinished
from verifig.running import alone


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Artifacts of two experiments that were left alone: their bytes by name."""
    folder = tmp_path_factory.mktemp("whole")
    return {name: finish(folder, name).read_bytes() for name in ("edge113", "delay53")}


@pytest.fixture
def slices(monkeypatch, tmp_path):
    """Run both experiments below `tmp_path`, each question whether to end taking a second."""
    monkeypatch.setattr(alone, "Stop", ticking)
    monkeypatch.setattr(forecast, "slowness", lambda: 1.0)

    def run(minutes, *names, stage="judge", **more) -> int:
        given = [list(names) or ["edge113", "delay53"], SCALE, {}, None, "cpu", stage, tmp_path]
        return alone.run(SLUG, *given, minutes=minutes, **more)

    return run


def test_slices_end_with_a_checkpoint_and_go_on_to_the_same_bytes(slices, whole, tmp_path, capsys):
    place, said = layout(tmp_path), []
    while not place.verdicts.exists():
        assert slices(2) == 0
        said.append(capsys.readouterr().out)
        assert len(said) < 20
    assert len(said) > 3
    for name, contents in whole.items():
        assert place.artifact(name).read_bytes() == contents
        assert not place.checkpoint(name).exists()
    first, second = said[0].splitlines(), said[1].splitlines()
    assert "the time is up: prieto2025.edge113 ended before it was done; its checkpoint is saved" in first
    assert "finished: nothing" in first
    assert any(
        re.fullmatch(r"edge113: \d\d % done, about [\d.]+ s left \(at its rate so far\)", line) for line in first
    )
    assert "delay53: not begun, about 2 s (as configured)" in first
    assert "nothing is judged before all of it is finished; the same command goes on" in first[-1]
    assert first[-1].split(": ")[-1].startswith("python -m verifig ")
    assert any(line.startswith("resumed after") for line in second)
    assert any("edge113: finished before, kept" in text for text in said)
    share = [int(found[1]) for text in said if (found := re.search(r"edge113: (\d+) % done, about", text))]
    assert share == sorted(set(share))


def test_between_two_experiments_nothing_is_begun(slices, tmp_path, capsys):
    finish(tmp_path, "edge113")
    assert slices(0.03) == 0
    said = capsys.readouterr().out.splitlines()
    assert "the time is up: ended between two experiments" in said
    assert "finished: edge113" in said
    assert not layout(tmp_path).checkpoint("delay53").exists()


def test_a_part_that_never_ends_in_time_is_told(slices, tmp_path, capsys, monkeypatch):
    path = begin(tmp_path, "edge113", 30)
    before = path.read_bytes()
    monkeypatch.setattr(
        "verifig.running.stages.train.execute",
        lambda run: run.checkpoint.save(run.costs()) or signal.raise_signal(signal.SIGALRM),
    )
    assert slices(2, "edge113") == 0
    said = capsys.readouterr().out
    assert "prieto2025.edge113 was cut in the middle of a part; what was finished before is saved" in said
    assert "nothing more of it was finished, for its parts take longer: give it more minutes" in said
    assert unfinished.read(path).done == 30
    assert path.read_bytes() != before, "what it took is counted"


def test_what_is_trained_when_the_time_is_up_is_judged_by_the_same_command(slices, tmp_path, capsys, monkeypatch):
    for name in ("edge113", "delay53"):
        finish(tmp_path, name)
    monkeypatch.setattr(alone, "time_to_finish", lambda *given: 1e9)
    assert slices(2) == 0
    assert "all of it is finished, but the time is up before it could be judged" in capsys.readouterr().out
    assert not layout(tmp_path).statistics.exists()


# ---- other machines ------------------------------------------------------------------------------------------------


def test_unfinished_work_of_another_machine_is_not_written_over(slices, tmp_path):
    path = begin(tmp_path, "edge113", 30)
    forge(path, job("edge113") | {"device": "cuda", "versions": job("edge113")["versions"] | {"torch": "2.0"}})
    before = path.read_bytes()
    with pytest.raises(InputError) as refused:
        slices(2)
    torch = job("edge113")["versions"]["torch"]
    assert (
        f"edge113.npz.ckpt is unfinished work (15 % done) that does not go on here (device cuda, here cpu; torch 2.0, here {torch})"
        in str(refused.value)
    )
    assert "go on there, or remove the file to begin anew" in str(refused.value)
    assert path.read_bytes() == before
    assert not layout(tmp_path).checkpoint("delay53").exists(), "before any work"


def test_unfinished_work_of_other_code_is_begun_anew_and_said(slices, tmp_path, capsys, whole):
    forge(begin(tmp_path, "edge113", 30), job("edge113") | {"code": {}})
    assert slices(None, "edge113", stage="train") == 0
    assert "prieto2025.edge113: begun anew, what was unfinished has other code" in capsys.readouterr().out
    assert layout(tmp_path).artifact("edge113").read_bytes() == whole["edge113"]


def test_what_another_machine_has_finished_is_kept(slices, tmp_path, capsys):
    finish(tmp_path, "edge113")
    place = layout(tmp_path)
    record = read_json(place.provenance("edge113"))
    record["job"] = job("edge113") | {"device": "cuda"}
    place.provenance("edge113").write_text(forged(record, key=key(record["job"])))
    before = place.artifact("edge113").read_bytes()
    assert slices(None, "edge113", stage="measure") == 0
    assert "edge113: finished before, kept (device cuda, here cpu)" in capsys.readouterr().out
    assert place.artifact("edge113").read_bytes() == before
    assert read_json(place.provenance("measure"))["job"]["upstream"] == {"edge113": key(record["job"])}


# ---- signals -------------------------------------------------------------------------------------------------------

NEVER = {"VERIFIG_CHECKPOINT_SECONDS": "1e9"}  # but at the end
ADAPTER = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from verifig.running import snakemake
folder, job = Path(sys.argv[1]), json.loads(sys.argv[2])
output = SimpleNamespace(artifact=folder / "edge113.npz", record=folder / "edge113.provenance.json")
params = SimpleNamespace(job=job, checkpoint=folder / "edge113.npz.ckpt")
snakemake.run(SimpleNamespace(params=params, output=output, input=[], log=[str(folder / "log")]))
"""


def environment() -> dict[str, str]:
    return os.environ | NEVER | {"PYTHONPATH": f"{ROOT / 'workflow'}{os.pathsep}{ROOT}"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_and_the_same_command_ends_with_the_same_bytes(tmp_path, whole, number, code):
    line = ["verifig", "run", SLUG, "edge113", "--scale", SCALE, "--device", "cpu", "--stage", "train"]
    line += ["--out", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-um", *line], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().startswith("prieto2025.edge113 at smoke scale on"), "it trains now"
    process.send_signal(number)
    said, errors = process.communicate(timeout=120)
    assert process.returncode == code, said + errors
    name = signal.Signals(number).name
    assert errors.startswith(f"{name}: prieto2025.edge113 ended before it was done; its checkpoint is saved; the same ")
    assert errors.endswith(f"python -m {' '.join(line)}\n")
    assert errors.count("\n") == 1
    assert 0 < unfinished.read(layout(tmp_path).checkpoint("edge113")).share < 1
    again = command(ROOT, *line, **NEVER)
    assert again.returncode == 0, again.stderr
    assert "resumed after" in again.stdout
    assert layout(tmp_path).artifact("edge113").read_bytes() == whole["edge113"]


def test_a_signal_to_a_job_of_snakemake_saves_too(tmp_path, whole):
    folder = layout(tmp_path).folder
    folder.mkdir(parents=True)
    code = [sys.executable, "-c", ADAPTER, str(folder), json.dumps(job("edge113"))]
    process = subprocess.Popen(code, env=environment())
    while not (folder / "log").exists() or not (folder / "log").read_text():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 143
    last = (folder / "log").read_text().splitlines()[-1]
    assert (
        last == "SIGTERM: prieto2025.edge113 ended before it was done; its checkpoint is saved; run again, it goes on"
    )
    assert "Traceback" not in (folder / "log").read_text()
    assert subprocess.run(code, env=environment(), check=False).returncode == 0
    assert "resumed after" in (folder / "log").read_text()
    assert layout(tmp_path).artifact("edge113").read_bytes() == whole["edge113"]


def test_snakemake_goes_on_where_a_slice_ended(suite, whole):
    """In a copy of the checkout, whose jobs have the same keys."""
    begin(suite / "results", "edge113", 77)
    config = ("--config", f"scale={SCALE}", "device=cpu", f"papers=[{SLUG}]")
    result = snakemake(suite, *config, "--", f"results/{SCALE}/{SLUG}/edge113.npz")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "resumed after" in (suite / f"logs/{SCALE}/{SLUG}/train_edge113.log").read_text()
    place = layout(suite / "results")
    assert place.artifact("edge113").read_bytes() == whole["edge113"]
    assert not place.checkpoint("edge113").exists()


def test_a_job_of_snakemake_leaves_unfinished_work_of_another_machine_alone(tmp_path):
    path = begin(tmp_path, "edge113", 30)
    forge(path, job("edge113") | {"device": "cuda"})
    before = path.read_bytes()
    code = [sys.executable, "-c", ADAPTER, str(path.parent), json.dumps(job("edge113"))]
    assert subprocess.run(code, env=environment(), check=False).returncode == 1
    assert (path.parent / "log").read_text().startswith("error: prieto2025.edge113: ")
    assert "does not go on here (device cuda, here cpu)" in (path.parent / "log").read_text()
    assert path.read_bytes() == before


# ---- how far it is -------------------------------------------------------------------------------------------------


def told(*reports: tuple[int, int], facts=None) -> dict:
    progress = Progress(facts or {})
    for done, total in reports:
        progress(done, total)
    return progress.facts


def test_parts_are_counted_as_a_job_reports_them():
    assert told() == {"done": 0, "total": 0, "part": 0}
    assert told((0, 10), (1, 10), (7, 10)) == {"done": 7, "total": 10, "part": 1}
    assert told((0, 10), (10, 10), (0, 4), (3, 4)) == {"done": 3, "total": 4, "part": 2}
    assert told((5, 10), (10, 10), (1, 10)) == {"done": 1, "total": 10, "part": 2}, "without a report of 0"
    before = {"done": 7, "total": 10, "part": 1}
    assert told((0, 10), facts=before) == before, "a job that goes on has not lost what it had"
    assert told((0, 10), (8, 10), facts=before) == {"done": 8, "total": 10, "part": 1}
    assert told((0, 10), (0, 4), (1, 4), facts=before) == {"done": 1, "total": 4, "part": 2}, "the first was finished"


def test_what_listens_is_told_the_same():
    heard = []
    progress = Progress({}, lambda *report: heard.append(report))
    for report in ((0, 3), (1, 3)):
        progress(*report)
    assert heard == [(0, 3), (1, 3)]


@pytest.mark.parametrize(
    ("done", "total", "part", "left", "shown"),
    [
        (0, 0, 0, None, "0 % done"),
        (1, 4, 1, 300.0, "25 % done"),
        (4, 4, 1, 0.0, "100 % done"),
        (1, 2, 3, 20.0, "50 % done of part 3"),  # 100 s for two and a half parts
    ],
)
def test_what_is_left_goes_by_the_rate_so_far(done, total, part, left, shown):
    work = Unfinished({}, "key", 100.0, done, total, part, ())
    assert work.seconds_left == left
    assert str(work) == shown


def test_the_record_names_every_processor_and_counts_all_slices(tmp_path):
    path = begin(tmp_path, "edge113", 30)
    forge(path, processors=["a GPU"], wall_seconds=1000.0, cpu_seconds=500.0)
    assert unfinished.read(path).seconds == 1000
    finish(tmp_path, "edge113")
    record = read_json(layout(tmp_path).provenance("edge113"))
    assert record["device_name"].startswith("a GPU, ")
    assert 1000 < record["wall_seconds"] < 1200
    assert 500 < record["cpu_seconds"] < 700
