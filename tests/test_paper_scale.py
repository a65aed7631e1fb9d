"""`verifig paper`: in which order, forecast from what, and what it says in the end."""

import itertools
import re

import pytest
from conftest import ROOT, command
from unfinished_work import SCALE, SLUG, begin, finish, forge, job, layout, ticking

from verifig import cli
from verifig.ground.errors import InputError, RunError
from verifig.ground.files import read_json, write_json
from verifig.ground.paths import Layout
from verifig.planning import downloads, forecast, jobs, remaining, rulesets, themes
from verifig.planning.remaining import Remaining
from verifig.running import paper_scale, slices
from verifig.running.paper_scale import Paper
from verifig.running.trainings import Training

EXPERIMENTS = ("thresholds", "edge113", "delay53", "transformer")


@pytest.fixture(autouse=True)
def slowness(monkeypatch):
    monkeypatch.setattr(forecast, "slowness", lambda: 1.0)


def paper(results, missing=(), scale=SCALE) -> Paper:
    """The paper's jobs at smoke scale, those of some experiments without data."""
    place = Layout(results, scale, SLUG)
    names = [name for name in EXPERIMENTS if name not in missing]
    trainings = [Training(place, name, jobs.train(SLUG, name, scale, "cpu")) for name in names]
    return Paper(place, trainings, {name: ["a file"] for name in missing})


def order(monkeypatch, folder, seconds, claims, missing=()) -> list[tuple[str, int, float]]:
    """Name, claims and worth of what is to be trained, given seconds by experiment and the experiments of each claim."""
    monkeypatch.setattr(
        remaining, "of", lambda place, name, device, begun: Remaining(seconds.get(name, 100.0), "as given")
    )
    monkeypatch.setattr(paper_scale, "experiments_by_claim", lambda place: [set(names) for names in claims])
    found = paper_scale.ordered([paper(folder, missing)])
    return [(each.training.experiment, each.claims, each.worth) for each in found]


def test_what_most_claims_wait_for_per_minute_comes_first(monkeypatch, tmp_path):
    claims = [["edge113"], ["edge113"], ["delay53"], ["delay53"], ["delay53"]]
    seconds = {"edge113": 60.0, "delay53": 600.0, "thresholds": 30.0, "transformer": 3000.0}
    assert order(monkeypatch, tmp_path, seconds, claims) == [
        ("edge113", 2, 3.0),  # 3 a minute
        ("thresholds", 0, 1.0),  # 2 a minute: cheap, and its paper is not judged without it
        ("delay53", 3, 4.0),
        ("transformer", 0, 1.0),
    ]


def test_a_claim_on_several_experiments_is_shared_by_the_unfinished_ones(monkeypatch, tmp_path):
    claims = [["edge113", "delay53", "thresholds"]]
    assert order(monkeypatch, tmp_path, {}, claims)[:3] == [
        ("delay53", 1, 1 + 1 / 3),
        ("edge113", 1, 1 + 1 / 3),
        ("thresholds", 1, 1 + 1 / 3),
    ]
    finish(tmp_path, "thresholds")
    assert order(monkeypatch, tmp_path, {}, claims) == [("delay53", 1, 1.5), ("edge113", 1, 1.5), ("transformer", 0, 1)]


def test_a_claim_without_its_data_waits_for_nothing(monkeypatch, tmp_path):
    claims = [["edge113", "delay53"], ["edge113"]]
    found = order(monkeypatch, tmp_path, {}, claims, missing=["delay53"])
    assert found == [("edge113", 1, 2.0), ("thresholds", 0, 1.0), ("transformer", 0, 1.0)]


def test_what_goes_on_elsewhere_is_not_trained_here(monkeypatch, tmp_path):
    forge(begin(tmp_path, "edge113", 30), job("edge113") | {"device": "cuda"})
    assert "edge113" not in [name for name, *_ in order(monkeypatch, tmp_path, {}, [])]
    state = paper_scale.state([paper(tmp_path)])
    assert any(line.startswith("  elsewhere   prieto2025.edge113: ") for line in state)


def test_claims_are_those_of_the_scale_with_their_control_arms():
    laptop = paper_scale.experiments_by_claim(Layout(None, "laptop", SLUG))
    everything = paper_scale.experiments_by_claim(Layout(None, "paper", SLUG))
    assert {"precision113"} in everything
    assert all("precision113" not in names for names in laptop)
    known = set(rulesets.load(SLUG).experiments("paper"))
    assert all(names and names <= known for names in everything)


# ---- the forecast --------------------------------------------------------------------------------------------------


def test_a_forecast_says_how_it_knows(tmp_path):
    place = layout(tmp_path)
    configured = rulesets.load(SLUG).entry("edge113", SCALE).expected_seconds
    training = Training(place, "edge113", job("edge113"))
    assert training.remaining() == Remaining(configured, "as configured")
    record = {"job": job("edge113"), "wall_seconds": 321.0}
    write_json(place.provenance("edge113"), record)
    assert training.remaining() == Remaining(321.0, "as last time")
    write_json(place.provenance("edge113"), record | {"job": {"device": "cuda"}})
    assert training.remaining() == Remaining(configured, "as configured"), "another kind of device"
    for damaged in ({"job": 3}, {"job": job("edge113")}, {}):
        write_json(place.provenance("edge113"), damaged)
        assert training.remaining() == Remaining(configured, "as configured")
    forge(begin(tmp_path, "edge113", 50), wall_seconds=100.0)
    assert training.remaining() == Remaining(300.0, "at its rate so far"), "a quarter took 100 s"
    forge(place.checkpoint("edge113"), part=3)
    assert training.remaining() == Remaining(100 * 0.75 / 2.25, "at its rate so far")
    write_json(place.provenance("edge113"), record)
    assert training.remaining() == Remaining(221.0, "at its rate so far"), "more parts may follow"


def test_the_paper_scale_is_configured_for_a_gpu():
    place = Layout(None, "paper", SLUG)
    entry = rulesets.load(SLUG).entry("edge113", "paper")
    assert remaining._configured(place, "edge113", "cuda") == Remaining(entry.expected_seconds, "as configured")
    assert remaining._configured(place, "edge113", "cpu").source == "as configured for a GPU"
    assert remaining._configured(Layout(None, "laptop", SLUG), "edge113", "cpu").source == "as configured"


def test_the_forecast_is_a_table_in_the_order_of_training(monkeypatch, tmp_path):
    begin(tmp_path, "edge113", 50)
    seconds = {"edge113": 60.0, "delay53": 600.0, "thresholds": 30.0, "transformer": 3000.0}
    monkeypatch.setattr(remaining, "of", lambda place, name, *given: Remaining(seconds[name], "as configured"))
    waiting = paper_scale.ordered([paper(tmp_path)])
    head, columns, *rows = paper_scale.forecast(waiting, SCALE, 9.0)
    assert head == "smoke scale on cpu: 4 experiments to train, about 62 min, 9 min given"
    assert columns.split() == ["done", "by", "min", "claims", "experiment"]
    ends = [float(row.split()[0]) for row in rows]
    assert ends == pytest.approx(list(itertools.accumulate(float(row.split()[1]) for row in rows)), abs=0.1)
    assert next(row for row in rows if "edge113" in row).endswith("prieto2025.edge113 (25 % done, as configured)")
    assert paper_scale.forecast([], SCALE, 9.0) == ["smoke scale: nothing is left to train here"]


# ---- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def make(monkeypatch, tmp_path, capsys):
    """Run it at smoke scale, each question whether to end taking a second; returns what it printed."""
    monkeypatch.setattr(paper_scale, "Stop", ticking)

    def run(minutes, stage="judge", **more) -> list[str]:
        assert paper_scale.run([SLUG], "cpu", None, stage, tmp_path, minutes, scale=SCALE, **more) == 0
        return capsys.readouterr().out.splitlines()

    return run


def test_slices_end_with_all_experiments_and_their_verdicts(make, tmp_path):
    said = []
    while not layout(tmp_path).verdicts.exists():
        said.append(make(4))
        assert len(said) < 12
    assert len(said) > 2
    assert said[0][0] == "smoke scale on cpu: 4 experiments to train, about 7 s, 4 min given"
    (summary,) = (line for line in said[0] if re.match(r"prieto2025: \d of 4 finished, about .* left$", line))
    below = said[0][said[0].index(summary) + 1 :]
    assert len(below) == 1 + 4 - int(summary.split()[1]), "a line for each that is not finished, and the command"
    assert re.fullmatch(r"  unfinished  \w+: \d+ % done, about .* left \(at its rate so far\)", below[0])
    assert any(re.fullmatch(r"  not begun   \w+: not begun, about .*", line) for line in below)
    assert "goes on, here or on another machine" in below[-1]
    assert said[-1][-1] == "prieto2025: 4 of 4 finished"
    assert read_json(layout(tmp_path).verdicts)["what_if"] is None
    again = make(4)
    assert again == ["smoke scale: nothing is left to train here", "prieto2025: 4 of 4 finished"]


def test_nothing_is_judged_before_a_paper_is_complete_or_with_stage_train(make, tmp_path):
    for name in EXPERIMENTS[:3]:
        finish(tmp_path, name)
    make(0.1)
    assert not layout(tmp_path).statistics.exists()
    finish(tmp_path, EXPERIMENTS[3])
    make(None, "train")
    assert not layout(tmp_path).statistics.exists()
    make(None, "measure")
    assert layout(tmp_path).statistics.exists()
    assert not layout(tmp_path).verdicts.exists()


def test_a_paper_that_is_complete_as_the_time_is_up_is_judged_by_the_same_command(make, tmp_path, monkeypatch):
    for name in EXPERIMENTS:
        finish(tmp_path, name)
    monkeypatch.setattr(paper_scale.alone, "time_to_finish", lambda *given: 1e9)
    assert "prieto2025 is finished, but the time is up before it could be judged: the same command does that" in make(9)
    assert not layout(tmp_path).statistics.exists()


def test_what_fails_does_not_keep_the_rest(monkeypatch, tmp_path, capsys):
    def training(each, stop, data_dir):
        if each.experiment == "edge113":
            raise RunError(f"{each.title}: out of memory")
        finish(tmp_path, each.experiment)

    monkeypatch.setattr(slices, "_train", training)
    assert paper_scale.run([SLUG], "cpu", None, "judge", tmp_path, scale=SCALE) == 1
    said = capsys.readouterr()
    assert said.err == "error: prieto2025.edge113: out of memory\n"
    assert said.out.splitlines()[-3].startswith("prieto2025: 3 of 4 finished, about ")
    assert said.out.splitlines()[-2] == "  failed      edge113"


def test_the_forecast_alone_writes_nothing(make, tmp_path):
    assert make(9, forecast_only=True)[0].startswith("smoke scale on cpu: 4 experiments to train")
    assert list(tmp_path.iterdir()) == []


def test_what_lacks_data_is_named(monkeypatch, tmp_path):
    state = paper_scale.state([paper(tmp_path, missing=["transformer"])])
    assert state[0].startswith("prieto2025: 0 of 4 finished, about ")
    assert "  no data     transformer: a file" in state


def test_it_is_the_paper_scale_of_what_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(downloads, "fetch", lambda *given: None)
    asked = []
    monkeypatch.setattr(paper_scale, "run", lambda *given: asked.append(given))
    options = cli.parser().parse_args(["paper", "grokking", "wu2023", "--minutes", "9", "--out", str(tmp_path)])
    options.command(options)
    assert asked == [
        (
            [*themes.load()["grokking"].papers, "wu2023"],
            "auto",
            None,
            "judge",
            tmp_path,
            9.0,
            False,
        )
    ]


@pytest.mark.parametrize("text", ["0", "-1", "nine", "nan", "inf", ""])
@pytest.mark.parametrize("line", [["paper"], ["run", "prieto2025", "--out", "x"]])
def test_minutes_are_a_number_above_0(line, text):
    with pytest.raises(InputError, match=rf"--minutes '{text}' must be a number of minutes above 0"):
        cli.parser().parse_args([*line, f"--minutes={text}"])


def test_bad_input_is_one_sentence():
    for given, sentence in [
        (["prieto2024"], "unknown paper or theme 'prieto2024', did you mean 'prieto2025'?"),
        (["prieto2025", "--device", "tpu"], "unknown device 'tpu'"),
        (["prieto2025", "--out", "reports"], "--out reports lies in the published pages"),
    ]:
        result = command(ROOT, "verifig", "paper", *given)
        assert (result.returncode, result.stderr.count("\n")) == (2, 1), result.stderr
        assert sentence in result.stderr
