"""Sweeps: every combination of values a run of its own, beside the run without them, and what they changed."""

import re

import pytest
from test_pages import claim, part

from verifig import cli
from verifig.ground.errors import InputError
from verifig.ground.files import read_json, write_json
from verifig.ground.paths import Layout
from verifig.pages import drawn_curves, sweeping
from verifig.planning import overrides
from verifig.planning.curves import Line
from verifig.running import alone, sweeps, together


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8", [8]),
        ("8,16", [8, 16]),
        ("1e-3, 0.1", [0.001, 0.1]),
        ("[1,2]", [[1, 2]]),
        ("[1],[2,3]", [[1], [2, 3]]),
        ("{a: 1, b: 2}", [{"a": 1, "b": 2}]),
        ("null,2", [None, 2]),
        ("", [None]),
    ],
)
def test_values_of_a_setting_stand_between_commas(text, expected):
    assert overrides.values([f"x={text}"]) == {"x": expected}


def test_a_value_that_is_given_twice_is_refused():
    with pytest.raises(InputError, match="--set width has the value 8 twice"):
        overrides.values(["width=8,16,8"])


def test_every_combination_is_a_run_and_the_first_is_as_configured():
    found = sweeps.combinations({"seeds": [3], "conditions.sgd.width": [8, 16], "rate": [0.1, 1]})
    assert list(found) == [
        "as_configured",
        "width=8,rate=0.1",
        "width=8,rate=1",
        "width=16,rate=0.1",
        "width=16,rate=1",
    ]
    assert found["as_configured"] == {"seeds": 3}
    assert found["width=16,rate=0.1"] == {"seeds": 3, "conditions.sgd.width": 16, "rate": 0.1}


def test_settings_of_one_name_are_told_apart_and_a_label_is_the_name_of_a_folder():
    assert sweeps.label({"conditions.a.rate": 1, "conditions.b.rate": 2}) == "conditions.a.rate=1,conditions.b.rate=2"
    assert re.fullmatch(r"[\w.,=+-]+", sweeps.label({"file": "../a b/c", "sizes": [1, 2]}))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": list(range(9)), "b": list(range(9))}, "make 81 combinations, at most 64 are run"),
        ({"a": ["x/y", "x y"]}, "two of these values look alike"),
    ],
)
def test_too_many_runs_or_runs_of_one_name_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        sweeps.combinations(values)


@pytest.fixture
def runs(monkeypatch):
    """What `alone.run` is asked for, in place of doing it."""
    asked = []

    def run(slug, experiments, scale, changes, seeds, device, stage, out, only, minutes, tell):
        asked.append((out.name, dict(changes), seeds, minutes, tell))
        return 0

    monkeypatch.setattr(alone, "run", run)
    monkeypatch.setattr(together, "train", lambda *given: True)
    return asked


def test_the_command_makes_all_of_them(runs, tmp_path):
    line = ["run", "prieto2025", "delay53", "--set", "epochs=20", "--set", "conditions.adamw_wd4.weight_decay=1,2"]
    with pytest.raises(SystemExit) as ended:
        cli.main([*line, "--seeds", "3", "--stage", "train", "--out", str(tmp_path)])
    assert ended.value.code == 0
    assert [name for name, *_ in runs] == ["as_configured", "weight_decay=1", "weight_decay=2"]
    assert runs[0][1:] == ({"epochs": 20}, 3, None, False)


def test_a_refused_value_is_said_before_the_first_run(runs, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "prieto2025", "delay53", "--set", "width=8,-1", "--out", str(tmp_path)])
    assert ended.value.code == 2
    assert "width" in capsys.readouterr().err
    assert not runs


def test_the_time_is_that_of_all_runs(runs, tmp_path, capsys):
    sweeps.run("prieto2025", ["delay53"], "laptop", {"width": [8, 16]}, 3, "cpu", "train", tmp_path, minutes=1e-6)
    assert not runs
    assert "the time is up" in capsys.readouterr().out


def test_runs_that_the_time_did_not_suffice_for_are_not_compared(monkeypatch, tmp_path):
    monkeypatch.setattr(together, "train", lambda *given: True)
    monkeypatch.setattr(alone, "run", lambda *given, **named: 0)  # ended by itself, with a checkpoint and no verdicts
    monkeypatch.setattr(sweeping, "tell", lambda *given: pytest.fail("there is nothing to compare"))
    assert (
        sweeps.run("prieto2025", ["delay53"], "laptop", {"width": [8, 16]}, 3, "cpu", "judge", tmp_path, minutes=9) == 0
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["width=8,rate=1", "width=8,rate=2"], ("width, rate", ["8, 1", "8, 2"])),
        (["sizes=_1,_2_", "sizes=_3_"], ("", ["sizes=_1,_2_", "sizes=_3_"])),
    ],
)
def test_columns_of_a_sweep_are_headed_by_values(labels, expected):
    assert sweeping.heads(labels) == expected


INSIDE = part(label="kept", observed=0.5, low=0.4, high=0.6)


def test_only_what_left_its_interval_or_is_judged_otherwise_is_shown():
    usual = claim(
        parts=[INSIDE, part(label="gone", observed=0.5, low=0.4, high=0.6), part(label="judged", observed=0.5)]
    )
    other = claim(
        parts=[
            INSIDE | {"observed": 0.59},
            part(label="gone", observed=0.61, low=0.5, high=0.7),
            part(label="judged", observed=0.5, verdict="contradicted"),
        ]
    )
    assert [row[1] for row in sweeping.moved([[usual], [other]])] == ["gone", "judged"]


def test_a_claim_that_changed_its_verdict_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sweeping, "load", read_json)
    verdicts = {"as_configured": "reproduced", "width=8": "reproduced", "width=16": "contradicted"}
    for label, verdict in verdicts.items():
        made = {
            "slug": "prieto2025",
            "scale": "laptop",
            "claims": [claim(verdict=verdict, parts=[part(verdict=verdict)])],
        }
        write_json(Layout(tmp_path / label, "laptop", "prieto2025").verdicts, made)
    sweeping.tell({label: tmp_path / label for label in verdicts}, "laptop", "prieto2025", tmp_path / "sweep.svg")
    printed = capsys.readouterr().out
    assert "width=8: no claim changed its verdict" in printed
    assert re.search(r"width=16: A-1 ✓ \w+ -> ✗ contradicted", printed)
    assert "kept no curves" in printed


def test_curves_that_moved_are_drawn_over_those_they_moved_from(monkeypatch, tmp_path):
    def kept(folder):
        rate = float(folder.name)
        return {
            ("laptop", "p", "e"): {name: {"loss": [Line([0], [1, 2], [1, k])]} for name, k in (("a", 1), ("b", rate))}
        }

    drawn = {}
    monkeypatch.setattr(sweeping.overlaid, "kept", kept)
    monkeypatch.setattr(drawn_curves, "save", lambda jobs, path, behind, whose: drawn.update(jobs=jobs, behind=behind))
    sweeping.draw({"as_configured": tmp_path / "1", "rate=2": tmp_path / "2"}, tmp_path / "x.svg")
    assert list(drawn["jobs"]["p.e"]) == ["b, rate=2"], "the curve of a did not move"
    assert list(drawn["behind"]["p.e"]) == ["b"]
