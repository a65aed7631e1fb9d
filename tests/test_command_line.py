"""The command line on good input: what-if runs, listing, explaining, comparing, training without the rest of the suite."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, command

from verifig import cli
from verifig.ground import numbers
from verifig.ground.errors import InputError
from verifig.planning import userconfig
from verifig.running import alone

SMALL = ["--set", "modulus=13", "--set", "width=16", "--set", "epochs=60", "--seeds", "3"]


@pytest.fixture(scope="module")
def what_if(tmp_path_factory):
    """A small run of one experiment through to the verdicts."""
    out = tmp_path_factory.mktemp("run") / "a folder with $(spaces) and 'quotes'"
    result = command(ROOT, "verifig", "run", "prieto2025", "edge113", *SMALL, "--out", str(out))
    assert result.returncode == 0, result.stderr
    return out, result.stdout


def test_a_run_with_settings_of_ones_own_is_judged(what_if):
    out, printed = what_if
    verdicts = json.loads((out / "laptop/prieto2025/verdicts.json").read_text())
    by_id = {claim["id"]: claim for claim in verdicts["claims"]}
    assert by_id["EN-04"]["verdict"] in ("reproduced", "contradicted", "inconclusive")
    assert by_id["EN-15"]["verdict"] == "not tested"
    assert "stablemax53 did not run" in by_id["EN-15"]["reason"]
    assert json.loads((out / "laptop/prieto2025/edge113.provenance.json").read_text())["job"]["settings"]["width"] == 16
    assert by_id["EN-04"]["setting"] == "what-if", "it is not the paper's setting any more"
    assert re.search(r"what-if edge113: .*modulus 113 -> 13", printed)
    shown = [line for line in printed.splitlines() if line.startswith("EN-")]
    assert shown
    assert not any("not tested" in line for line in shown), "claims that nothing touched are counted, not listed"
    assert "not tested (" in printed


def test_a_finished_run_is_kept(what_if):
    out, _ = what_if
    folder = out / "laptop/prieto2025"
    dead = 2**22 + 1  # above the largest process id
    for left_behind in (
        "edge113.npz.ckpt",
        f".edge113.npz.{dead}.k1ll3d.part",
    ):  # by a kill after the last write, or within one
        (folder / left_behind).write_bytes(b"x")
    again = command(ROOT, "verifig", "run", "prieto2025", "edge113", *SMALL, "--out", str(out))
    assert "finished before, kept" in again.stdout
    assert not [path for path in folder.iterdir() if path.suffix == ".ckpt" or path.name.startswith(".")]


def test_explain_and_verdicts(what_if):
    out, _ = what_if
    explained = command(ROOT, "verifig", "explain", "prieto2025/en-04", "--results", str(out)).stdout
    assert re.search(r"what-if edge113: .*modulus 113 -> 13", explained)
    for text in ("EN-04", "why these bounds", "by unit:", "test_difference"):
        assert text in explained
    path, line = re.search(r"formed in (\S+):(\d+)", explained).groups()
    assert '"test_difference"' in (ROOT / path).read_text().splitlines()[int(line) - 1]
    again = re.search(r"run again: python -m verifig (run .*)", explained)[1]
    for text in ("prieto2025 edge113", "--set modulus=13", "--set width=16", "--set epochs=60"):
        assert text in again
    table = command(ROOT, "verifig", "verdicts", "prieto2025", "--results", str(out)).stdout
    assert "EN-23" in table


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("en-1000", "unknown claim 'en-1000', did you mean 'EN-10'?"),
        ("prieto2025/zzz", "unknown claim 'prieto2025/zzz': `python -m verifig verdicts"),
        ("EN-01", "prieto2025/EN-01 is known, but there are no verdicts at "),
        ("b1", "claim 'b1' exists in "),
    ],
)
def test_explain_tells_what_is_unknown_from_what_has_not_run(tmp_path, name, sentence):
    refused = command(ROOT, "verifig", "explain", name, "--results", str(tmp_path))
    assert refused.returncode == 2
    assert sentence in refused.stderr


def test_compare(what_if, tmp_path):
    path = what_if[0] / "laptop/prieto2025/verdicts.json"
    same = command(ROOT, "verifig", "compare", str(path), str(path))
    assert same.returncode == 0
    assert "no differences" in same.stdout
    changed = json.loads(path.read_text())
    claim = next(claim for claim in changed["claims"] if claim["id"] == "EN-04")
    before = dict(claim["parts"][0])
    claim["parts"][0]["observed"] = 0.123456
    (tmp_path / "b.json").write_text(json.dumps(changed))
    moved = command(ROOT, "verifig", "compare", str(path), str(tmp_path / "b.json"))
    assert moved.returncode == 0, "the verdicts are the same"
    assert "test(perpAdamW)" in moved.stdout, "what moved is named"
    assert "0.123456" in moved.stdout
    assert "test_difference" in moved.stdout, "and the statistic"
    assert numbers.text(0.123456 - before["observed"], 4) in moved.stdout
    claim["verdict"] = "inconclusive" if claim["verdict"] != "inconclusive" else "contradicted"
    (tmp_path / "b.json").write_text(json.dumps(changed))
    turned = command(ROOT, "verifig", "compare", str(path), str(tmp_path / "b.json"))
    assert turned.returncode == 1
    assert "EN-04" in turned.stdout
    folders = [str(what_if[0]), str(tmp_path / "other")]
    place = tmp_path / "other/laptop/prieto2025/verdicts.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(changed))
    by_folder = command(ROOT, "verifig", "compare", *folders)
    assert by_folder.returncode == 1
    assert by_folder.stdout == turned.stdout
    shutil.copy(what_if[0] / "laptop/prieto2025/edge113.course.jsonl", place.parent)
    drawn = command(ROOT, "verifig", "compare", *folders, "--plot", str(tmp_path / "both.svg"))
    assert drawn.returncode == 1, drawn.stderr
    assert "test_loss" in (tmp_path / "both.svg").read_text()
    claim["verdict"] = "perhaps"
    (tmp_path / "b.json").write_text(json.dumps(changed))
    refused = command(ROOT, "verifig", "compare", str(path), str(tmp_path / "b.json"))
    assert refused.returncode == 2
    assert "'perhaps' must be one of" in refused.stderr


def test_list_shows_settings_with_unit_and_help():
    assert "prieto2025" in command(ROOT, "verifig", "list").stdout
    assert "about 50 s at laptop scale" in command(ROOT, "verifig", "list", "prieto2025").stdout
    shown = command(ROOT, "verifig", "list", "prieto2025", "delay53").stdout
    assert "learning_rate" in shown
    assert "condition adamw_wd4: weight_decay=4.0" in shown


def test_help_names_every_command():
    shown = command(ROOT, "verifig", "--help").stdout
    for name in (
        "list",
        "run",
        "paper",
        "prepare",
        "check",
        "verdicts",
        "explain",
        "watch",
        "compare",
        "publish",
        "record",
        "bench",
        "new",
    ):
        assert name in shown


def test_training_needs_torch_numpy_and_yaml_alone(tmp_path):
    """A GPU machine without the rest of the suite can train."""
    code = """
import sys
import builtins
BLOCKED = {"pandas", "scipy", "jsonschema", "rich", "matplotlib", "seaborn", "snakemake", "jupytext", "jinja2", "pyarrow"}
original = builtins.__import__
def guarded(name, *arguments, **more):
    if name.split(".")[0] in BLOCKED:
        raise ImportError(f"{name} is blocked")
    return original(name, *arguments, **more)
builtins.__import__ = guarded
from verifig.cli import main
main(["run", "prieto2025", "edge113", "--scale", "smoke", "--stage", "train", "--device", "cpu", "--out", sys.argv[1]])
"""
    env = os.environ | {"PYTHONPATH": f"{ROOT / 'workflow'}{os.pathsep}{ROOT}"}
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=env, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "smoke/prieto2025/edge113.npz").exists()


def test_an_experiment_without_its_data_is_left_out_unless_it_was_named(suite):
    config = suite / "replications/grokking/prieto2025/experiments.yaml"
    edge, entry = (
        "  edge113:\n    program: modular\n",
        f"\ndata:\n  table: {{file: t.csv, sha256: {'a' * 64}}}\n\nscales:",
    )
    text = config.read_text().replace("\nscales:", entry, 1).replace(edge, edge + "    data: [table]\n", 1)
    config.write_text(text)
    options = ("--scale", "smoke", "--out", str(suite / "out"))
    named = command(suite, "verifig", "run", "prieto2025", "edge113", *options)
    assert (named.returncode, named.stderr.startswith("error: prieto2025.edge113 needs the data table")) == (2, True)
    whole = command(suite, "verifig", "run", "prieto2025", *options)
    assert whole.returncode == 0, whole.stderr
    assert "prieto2025.edge113: left out, the data table is not there" in whole.stdout
    assert (suite / "out/smoke/prieto2025/verdicts.json").exists()
    assert not (suite / "out/smoke/prieto2025/edge113.npz").exists()


def given(option: str, *command: str) -> object:
    return getattr(cli.parser().parse_args(command), option)


@pytest.mark.parametrize(
    ("option", "command"),
    [
        ("out", ("run", "prieto2025", "--out")),
        ("out", ("unpack", "x.zip", "--out")),
        ("results", ("verdicts", "--results")),
        ("results", ("check", "--results")),
        ("results", ("publish", "--results")),
        ("file", ("pack", "prieto2025", "--file")),
        ("file", ("unpack", "--out=x")),
        ("before", ("compare", "--", "y")),
        ("file", ("fit-scaling-law",)),
        ("plot", ("fit-scaling-law", "runs.csv", "--plot")),
    ],
)
def test_the_home_folder_is_meant_by_a_tilde_in_every_path(monkeypatch, tmp_path, option, command):
    monkeypatch.setenv("HOME", str(tmp_path))
    command = (*command[:-1], "~/x", command[-1]) if command[0] == "compare" else (*command, "~/x")
    assert given(option, *command) == tmp_path / "x"


def test_a_home_folder_of_nobody_is_one_sentence():
    with pytest.raises(InputError, match="~nobody_here/x: there is no such home folder"):
        given("out", "run", "prieto2025", "--out", "~nobody_here/x")


def test_results_are_the_checkout_s_from_everywhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert given("results", "verdicts") == ROOT / "results"
    monkeypatch.chdir(ROOT)
    assert given("results", "verdicts") == Path("results")


def test_scale_device_and_seeds_are_the_configured_ones_unless_said_otherwise(monkeypatch):
    configured = userconfig.load({"scale": "smoke", "device": "cpu", "seeds": 3})
    monkeypatch.setattr(userconfig, "load", lambda *_: configured)
    asked = []
    monkeypatch.setattr(alone, "run", lambda *arguments: asked.append(arguments))
    for more in ((), ("--scale", "paper", "--device", "auto", "--seeds", "0")):
        options = cli.parser().parse_args(["run", "prieto2025", "--out", "x", *more])
        options.command(options)
    assert [(scale, seeds, device) for _, _, scale, _, seeds, device, *_ in asked] == [
        ("smoke", 3, "cpu"),
        ("paper", 0, "auto"),
    ]
