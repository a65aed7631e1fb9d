"""`verifig watch`, the values below the bar and in the logs, and the curves of two runs in one figure."""

import io
import json
import logging
import math
import os
import re
import sys
import time

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_verifig import LogHandler, Training
from verifig import cli
from verifig.ground.errors import InputError
from verifig.ground.paths import Layout
from verifig.measuring import tables
from verifig.pages import comparing, drawn_curves, legible, overlaid, sparklines
from verifig.planning import course
from verifig.planning.course import Course
from verifig.planning.curves import Line, curves
from verifig.running import bar, watching
from verifig.running.stages.train import LastValues

SETTINGS = {"seeds": 3, "conditions": {"sgd": {}, "adam": {}}}


def kept(results, experiment="first", slug="prieto2025", scale="laptop", steps=(0, 10, 20), factor=1.0, **head):
    """What a job of this process has measured below a results folder; `head` changes what it says of itself."""
    path = Layout(results, scale, slug).course(experiment)
    job = {"slug": slug, "experiment": experiment, "scale": scale, "settings": SETTINGS}
    listener = Course(path, job, "key", share=lambda: 0.35)
    members = [{"condition": name, "seed": seed} for name in ("adam", "sgd") for seed in range(3)]
    for step in steps:
        loss = factor * np.array([10.0 ** -(step / 5)] * 3 + [1.0 + step] * 3)
        listener(members, step, {"test_loss": loss, "test_accuracy": np.full(6, step / 20), "norm": loss})
    listener.flush()
    first, *rest = path.read_text().splitlines(keepends=True)
    path.write_text(json.dumps(json.loads(first) | head) + "\n" + "".join(rest))
    return path


def finish(path) -> None:
    path.with_name(path.name.replace(".course.jsonl", ".provenance.json")).write_text('{"key": "key"}')


def watch(*line: str) -> int:
    options = cli.parser().parse_args(["watch", *line])
    return options.command(options)


# ---- watch ---------------------------------------------------------------------------------------------------------


def test_a_finished_job_is_shown_by_condition(tmp_path, capsys):
    finish(kept(tmp_path))
    for target in ([str(tmp_path)], ["prieto2025", "first", "--scale", "laptop", "--results", str(tmp_path)]):
        assert watch(*target) == 0
        said = capsys.readouterr().out.splitlines()
        assert said[0] == "prieto2025.first at laptop scale: finished"
        assert said[1].split() == ["condition", "seeds", "step", "test_loss", "test_accuracy", "norm"]
        assert said[2].split() == ["adam", "0–2", "20", "0.000100", "█▅▁", "1", "▁▅█", "0.000100", "█▅▁"]
        assert said[3].startswith("sgd")


@pytest.mark.parametrize("name", ["first.course.jsonl", "first.npz", "first.npz.ckpt"])
def test_a_file_of_a_job_means_the_job(tmp_path, capsys, name):
    path = kept(tmp_path)
    finish(path)
    finish(kept(tmp_path, "second"))
    (path.parent / name).touch()
    assert watch(str(path.parent / name), "--fields", "norm") == 0
    said = capsys.readouterr().out
    assert "second" not in said
    assert said.splitlines()[1].split() == ["condition", "seeds", "step", "norm"]


def test_a_running_job_is_followed_until_it_ends(tmp_path, capsys, monkeypatch):
    path, naps = kept(tmp_path), []

    def nap(seconds):
        naps.append(seconds)
        if len(naps) == 2:
            finish(path)

    monkeypatch.setattr(watching.time, "sleep", nap)
    assert watch(str(tmp_path)) == 0
    said = capsys.readouterr().out
    assert len(naps) == 2
    assert said.startswith("prieto2025.first: 35 %, step 20, test_loss 0.000100 … 21, ")
    assert "prieto2025.first at laptop scale: finished" in said


def test_on_a_terminal_the_table_is_renewed(tmp_path, monkeypatch):
    path, out = kept(tmp_path), io.StringIO()
    terminal = Console(file=out, force_terminal=True, width=100, height=20, highlight=False)
    monkeypatch.setattr(watching, "Console", lambda **given: terminal)
    monkeypatch.setattr(watching.time, "sleep", lambda seconds: finish(path))
    assert watch(str(tmp_path)) == 0
    assert "running, 35 % done" in out.getvalue()
    assert "laptop scale: finished" in out.getvalue()


def test_ctrl_c_ends_quietly(tmp_path, capsys, monkeypatch):
    kept(tmp_path)

    def interrupted(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(watching.time, "sleep", interrupted)
    assert watch(str(tmp_path), "--plot", str(tmp_path / "c.svg")) == 0
    said = capsys.readouterr()
    assert "running, 35 % done" in said.out
    assert said.err == ""
    assert (tmp_path / "c.svg").exists()


@pytest.mark.parametrize(
    ("head", "state"),
    [
        ({}, "running, 35 % done, last values "),
        ({"process": 2**22 + 1}, "ended before it was done, 35 % done"),
        ({"host": "elsewhere", "process": 2**22 + 1}, "running, 35 % done"),
        ({"key": "older"}, "running, 35 % done"),
    ],
)
def test_once_shows_what_there_is_now(tmp_path, capsys, head, state):
    path = kept(tmp_path, **head)
    if "key" in head:
        finish(path)  # the artifact of another job lies there still
    assert watch(str(tmp_path), "--once") == 0
    assert f"prieto2025.first at laptop scale: {state}" in capsys.readouterr().out


def test_a_job_elsewhere_that_has_been_silent_for_long_has_ended(tmp_path):
    path = kept(tmp_path, host="elsewhere")
    os.utime(path, (0, time.time() - 3600))
    (each,) = watching.look(tmp_path, None)
    assert not each.running


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["{}/none/such"], "none/such does not exist"),
        (["prieto2026"], "unknown paper 'prieto2026', did you mean 'prieto2025'"),
        (["{}"], "holds nothing to watch: jobs keep there what they measure while they train"),
        (["prieto2025", "--results", "{}"], "holds nothing to watch"),
        (["{}/full", "second"], "holds nothing to watch"),
        (["{}/full", "--fields", "loss"], "unknown field 'loss': choose from test_loss, test_accuracy, norm"),
        (["{}/empty"], "prieto2025.first: nothing was measured on the way; what came of it is in the artifact"),
        (["{}/full", "--plot", "x.pdf"], "--plot x.pdf must end in .svg or .png"),
    ],
)
def test_nothing_to_watch_is_one_sentence(tmp_path, line, sentence):
    finish(kept(tmp_path / "full"))
    finish(kept(tmp_path / "empty", steps=()))
    (tmp_path / "full" / "notes.txt").touch()
    if line == ["{}"]:
        line = ["{}/nothing"]
        (tmp_path / "nothing").mkdir()
    with pytest.raises(InputError, match=re.escape(sentence)):
        watch(*(word.format(tmp_path) for word in line))


def test_a_running_job_that_has_measured_nothing_yet_is_waited_for(tmp_path, capsys):
    kept(tmp_path, steps=())
    assert watch(str(tmp_path), "--once") == 0
    assert "running, no values yet" in capsys.readouterr().out


# ---- tables and figures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([1, 1], "▁▁"),
        ([1e-3, 1, 1e4], "▁▄█"),
        ([math.nan, 1, math.inf, 2], " ▁ █"),
        ([math.nan], " "),
        ([-1e3, 0, 1e3], "▁▅█"),
    ],
)
def test_a_sparkline(values, shown):
    assert sparklines.spark(values) == shown


def test_a_long_curve_has_its_ends_in_the_sparkline():
    shown = sparklines.spark([0.0] + [1.0] * 1000 + [2.0], 16)
    assert (len(shown), shown[0], shown[-1]) == (16, "▁", "█")


def test_the_table_leaves_out_the_conditions_written_first():
    found = {f"c{k}": {"loss": [Line([0], [0, k], [1.0, math.nan])]} for k in range(5)}
    out = io.StringIO()
    Console(file=out, width=80).print(sparklines.table(found, most=2))
    said = out.getvalue()
    assert [word for word in said.split() if re.fullmatch(r"c\d", word)] == ["c3", "c4"]
    assert "and 3 conditions before" in said
    assert "–" in said


def test_the_figure_has_a_panel_a_field_and_log_axes_where_values_span_decades(tmp_path):
    found = curves(course.read(kept(tmp_path)).rows)
    figure = drawn_curves.draw({"a": found}, None, {}, "")
    assert [axes.get_title(loc="left") for axes in figure.axes if axes.axison] == ["test_loss", "test_accuracy", "norm"]
    assert [axes.get_yscale() for axes in figure.axes if axes.axison] == ["log", "linear", "log"]
    assert len(figure.axes[0].get_lines()) == 2
    legible.settle(figure, "#010203")
    assert legible.defects(figure) == []


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_figure_is_written(tmp_path, suffix):
    finish(kept(tmp_path))
    path = tmp_path / f"curves.{suffix}"
    assert watch(str(tmp_path), "--plot", str(path)) == 0
    assert path.read_bytes().startswith(b"<svg" if suffix == "svg" else b"\x89PNG")


def test_log_points_that_spread_out_get_a_log_axis():
    lines = {"a": {"loss": [Line([0], [0, 1, 10, 100, 1000, 10000], [1.0] * 6)]}}
    figure = drawn_curves.draw({"job": lines}, None, {}, "")
    assert figure.axes[0].get_xscale() == "log"


# ---- bar, logs, Snakemake ------------------------------------------------------------------------------------------


def test_below_the_bar_stand_the_last_values(tmp_path, monkeypatch):
    rows, out = course.read(kept(tmp_path)).rows, io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setattr(out, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with bar.bar("prieto2025.first") as shown:
        shown.advance(3, 10)
        shown.measured(rows)
    assert "prieto2025.first" in out.getvalue()
    assert "test_loss" in out.getvalue()
    assert "adam" in out.getvalue()


def test_without_a_terminal_there_is_no_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with bar.bar("title") as shown:
        assert shown is None


def test_the_log_gets_the_last_values_now_and_then(tmp_path, monkeypatch):
    rows, said = course.read(kept(tmp_path)).rows, []
    listener = LastValues(said.append)
    listener(rows)
    assert said == []
    monkeypatch.setattr("verifig.running.stages.train.LAST_VALUES_SECONDS", 0.0)
    listener(rows)
    assert said == ["step 20, test_loss 0.000100 … 21, test_accuracy 1, norm 0.000100 … 21 (adam and 1 more)"]


def test_snakemake_says_the_last_values_of_what_trains(tmp_path, capsys):
    path = Layout(tmp_path, "laptop", "prieto2025").course("first")
    training = Training(1e9)
    training.begin(7, [str(path).replace(".course.jsonl", ".npz"), "x.provenance.json"])
    training.begin(8, ["verdicts.json"])
    training.say()
    assert capsys.readouterr().err == ""
    kept(tmp_path)
    training.say()
    training.say()
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "  prieto2025.first 35 %: step 20, test_loss 0.000100 … 21, test_accuracy 1, norm 0.000100 … 21 (adam and 1 more)"
    ]
    training.end(7)
    kept(tmp_path, factor=2)
    training.say()
    assert capsys.readouterr().err == ""
    training.over.set()


def test_snakemake_says_nothing_of_an_earlier_run(tmp_path, capsys):
    path = kept(tmp_path)
    os.utime(path, (0, time.time() - 60))
    training = Training(1e9)
    training.begin(1, [str(path).replace(".course.jsonl", ".npz")])
    training.say()
    assert capsys.readouterr().err == ""
    training.over.set()


def test_the_plugin_hears_of_jobs_by_snakemake_s_events(tmp_path, capsys):
    class Plain(LogHandler):
        def __init__(self):
            logging.Handler.__init__(self)
            self.__post_init__()

    handler, path = Plain(), str(kept(tmp_path)).replace(".course.jsonl", ".npz")
    events = [
        {"event": LogEvent.JOB_INFO, "jobid": 3, "output": [path]},
        {"event": LogEvent.PROGRESS, "done": 1, "total": 2, "msg": "1 of 2 steps"},
        {"event": LogEvent.JOB_FINISHED, "job_id": 3, "msg": "done"},
    ]
    os.utime(path.replace(".npz", ".course.jsonl"), (0, time.time() + 5))
    for event in events:
        handler.emit(logging.makeLogRecord(event))
    assert "prieto2025.first 35 %: step 20" in capsys.readouterr().err
    assert handler.training._begun == {}
    handler.training.over.set()


# ---- two runs in one figure ----------------------------------------------------------------------------------------


def test_two_runs_are_overlaid_the_first_in_grey(tmp_path, monkeypatch, capsys):
    kept(tmp_path / "a")
    kept(tmp_path / "b", factor=3)
    kept(tmp_path / "b", "second")
    drawn = []
    monkeypatch.setattr(drawn_curves, "save", lambda *given, **more: drawn.append((given, more)))
    assert comparing.compare(tmp_path / "a", tmp_path / "b", tmp_path / "x.svg") == 0
    assert "hold no verdicts of the same paper: their curves alone are compared" in capsys.readouterr().out
    ((jobs, path, names, behind), more) = drawn[0]
    assert list(jobs) == list(behind) == ["prieto2025.first"]
    assert (path, names, more) == (tmp_path / "x.svg", None, {"whose": str(tmp_path / "a")})
    figure = drawn_curves.draw(jobs, ["test_loss"], behind, "before")
    colours = [line.get_color() for line in figure.axes[0].get_lines()]
    assert colours.count("#8a8f98") == 2
    assert len(colours) == 4


def test_runs_that_kept_nothing_are_overlaid_by_their_tables(tmp_path):
    for name, factor in (("a", 1.0), ("b", 2.0)):
        folder = Layout(tmp_path / name, "laptop", "prieto2025").curves
        folder.mkdir(parents=True)
        frame = tables.long(np.arange(4), {"loss": factor * np.ones((3, 4))}, "sgd")
        tables.write(folder / "curves.parquet", frame)
        tables.write(folder / "other.parquet", pd.DataFrame({"a": [1]}))
    overlaid.save(tmp_path / "a", tmp_path / "b", tmp_path / "x.svg")
    text = (tmp_path / "x.svg").read_text()
    assert "loss" in text
    found = overlaid.drawn(tmp_path / "b")["laptop", "prieto2025", "curves"]["sgd"]["loss"]
    assert [(line.seeds, line.values) for line in found] == [([0, 1, 2], [2.0] * 4)]


def judged(observed, low, high, verdict="reproduced", **more) -> dict:
    part = {"experiment": "first", "condition": "condition=adam", "statistic": "loss_ratio", "estimator": "mean"}
    part |= {"observed": observed, "low": low, "high": high, "verdict": verdict} | more
    return {"slug": "p", "scale": "laptop", "claims": [{"id": "C1", "verdict": verdict, "parts": [part]}]}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((5, 3, 8), (9, 5, 12), ["5 ✓", "[3, 8]", "9 ✓", "[5, 12]", "4", "[−1, 7.606]"]),
        ((5, 3, 8), (9, "-inf", 12), ["[−∞, 12]", "4", "[−∞, 7.606]"]),
        ((3, 3, 3), (4, 4, 4), ["3 ✓", "4 ✓", "1"]),
        ((5, 3, 8), (None, None, None), ["5 ✓", "undefined ✓"]),
    ],
)
def test_differences_have_the_interval_that_both_make(capsys, monkeypatch, before, after, said):
    monkeypatch.setenv("COLUMNS", "120")
    assert comparing._compare(judged(*before), judged(*after)) is False
    words = capsys.readouterr().out
    assert "first / condition=adam / loss_ratio" in words
    for word in said:
        assert f" {word} " in words.replace("\n", " \n"), word


def test_another_verdict_is_a_difference(capsys):
    assert comparing._compare(judged(5, 3, 8), judged(5, 3, 8, "contradicted", label="the ratio")) is True
    assert "1 of 1 claim judged in both have another verdict" in capsys.readouterr().out


def test_folders_without_anything_in_common_are_refused(tmp_path):
    kept(tmp_path / "a")
    kept(tmp_path / "b", "second")
    with pytest.raises(InputError, match="have no curves of the same experiment"):
        comparing.compare(tmp_path / "a", tmp_path / "b", tmp_path / "x.svg")
    with pytest.raises(InputError, match="holds no verdicts: verifig run writes them"):
        comparing.compare(tmp_path / "a", tmp_path / "b")


def test_long_names_of_conditions_keep_both_ends():
    assert sparklines._shortened("adamw", 9) == "adamw"
    short = [sparklines._shortened(f"projection_of_{name}", 9) for name in ("adamw", "vector")]
    assert short == ["proj…damw", "proj…ctor"]
