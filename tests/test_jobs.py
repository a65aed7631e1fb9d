"""Jobs, keys, settings and code closures."""

import json
import subprocess
import sys

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from verifig.ground import conditions, paths
from verifig.ground.errors import InputError
from verifig.ground.keys import key
from verifig.measuring import tables
from verifig.planning import jobs, rulesets, sources
from verifig.training import seeds
from verifig.training.members import members_of, merge

SLUGS = paths.slugs()
LATER = ["pandas", "scipy.optimize", "scipy.stats", "jsonschema"]  # what most stages load of others


def job(**more) -> dict:
    return jobs.train("prieto2025", "delay53", "laptop", "cpu", **more)


def test_keys_do_not_depend_on_order_but_on_every_value():
    one = {"a": {"x": 1, "y": 2}, "b": 3}
    assert key(one) == key({"b": 3, "a": {"y": 2, "x": 1}})
    assert key(one) != key({"a": {"x": 2, "y": 1}, "b": 3})  # swapped values are another job
    assert key(job()) == key(json.loads(json.dumps(job())))
    assert key(job()) != key(job(overrides={"learning_rate": 0.011}))
    assert key(job()) != key(job(seeds=4))


def test_a_job_is_plain_json_and_names_what_it_depends_on():
    found = job()
    assert json.loads(json.dumps(found)) == found
    assert {"code", "data", "versions", "settings", "seeds", "device", "dtype", "threads"} <= set(found)
    assert {"torch", "numpy"} <= set(found["versions"])
    assert all(not path.startswith("/") for path in found["code"])


def entries(slug: str, stage: str) -> list[str]:
    """Modules with which a stage of a paper begins."""
    programs = [f"experiments.{program}" for program in rulesets.load(slug).programs]
    modules = {"train": programs, "measure": ["measure"]}.get(stage, [])
    return [f"verifig.running.stages.{stage}", *(f"{paths.package(slug)}.{module}" for module in modules)]


# each case in a fork of one interpreter that has loaded what all of them need
LOADED = """
import gc, importlib, json, os, sys
for name in json.loads(sys.argv[1]): importlib.import_module(name)
gc.freeze()
for case, names in json.loads(sys.argv[2]).items():
    child = os.fork()
    if not child:
        for name in names: importlib.import_module(name)
        files = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] in ("verifig", "replications") and m.__file__]
        print(json.dumps([case, files, "torch" in sys.modules]), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, case
"""


@pytest.mark.parametrize(("stages", "first"), [(["train"], ["torch", *LATER]), (["measure", "judge"], LATER)])
def test_the_closure_holds_every_module_that_is_loaded(stages, first):
    cases = {f"{slug} {stage}": entries(slug, stage) for slug in SLUGS for stage in stages}
    env = {"PYTHONPATH": f"{ROOT / 'workflow'}:{ROOT}", "PATH": ""}
    command = [sys.executable, "-c", LOADED, json.dumps(first), json.dumps(cases)]
    printed = subprocess.run(command, env=env, text=True, capture_output=True, check=True).stdout
    found = [json.loads(line) for line in printed.splitlines()]
    assert [case for case, _, _ in found] == list(cases)
    for case, files, torch_loaded in found:
        assert set(files) <= {str(path) for path in sources.files(cases[case])}, case
        assert torch_loaded == (stages == ["train"]), case


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("scale", ["smoke", "laptop", "paper"])
def test_every_experiment_has_valid_settings_at_every_scale(slug, scale):
    ruleset = rulesets.load(slug)
    for experiment in ruleset.experiments(scale):
        values = rulesets.settings(ruleset, experiment, scale)
        assert members_of(values)
        assert all(
            "description" in ruleset.settings_schema["properties"][name] for name in values if name != "conditions"
        )


def test_members_are_conditions_by_name_times_seeds():
    values = {"seeds": 2, "rate": 1.0, "conditions": {"b": {"rate": 2.0}, "a": {"seeds": 1}}}
    found = [(m["condition"], m["seed"], m["rate"]) for m in members_of(values)]
    assert found == [("a", 0, 1.0), ("b", 0, 2.0), ("b", 1, 2.0)]
    assert members_of({"seeds": 1})[0]["condition"] == "base"


def test_overrides_reach_settings_and_conditions():
    changed = job(overrides={"width": 64, "conditions.adamw.eps": 1e-8})["settings"]
    assert changed["width"] == 64
    assert changed["conditions"]["adamw"] == {"eps": 1e-8}
    assert job(seeds=2)["settings"]["conditions"]["sgd"]["seeds"] == 2


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"widht": 3}, "unknown setting 'widht'"),
        ({"width": "many"}, "width = 'many' must be of type integer"),
        ({"width": 0}, "width = 0 must be >= 1"),
        ({"seeds": 0}, "seeds = 0 must be >= 1"),
        ({"loss": "hinge"}, "loss = 'hinge' must be one of"),
        ({"conditions.adamw.epsilon": 1}, "unknown setting 'conditions.adamw.epsilon'"),
        ({"conditions.adamw.eps": -1}, "condition adamw: eps = -1 must be >= 0"),
        ({"learning_rate": "1e-3"}, "write 1.0e-3"),
    ],
)
def test_refused_settings_are_one_sentence_with_key_and_value(overrides, sentence):
    with pytest.raises(InputError, match=sentence):
        job(overrides=overrides)


def test_merge_is_deep_and_null_removes():
    assert merge({"a": {"x": 1, "y": 2}, "b": 1}, {"a": {"x": 3}, "c": 4}) == {
        "a": {"x": 3, "y": 2},
        "b": 1,
        "c": 4,
    }
    assert merge({"a": {"x": {"k": 1}, "y": 2}}, {"a": {"x": None}}) == {"a": {"y": 2}}


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_seeds_derive_from_names(one, two):
    assert 0 <= seeds.derive(*one) < 2**63
    assert (seeds.derive(*one) == seeds.derive(*two)) == ("/".join(one) == "/".join(two))


def test_condition_text_is_canonical():
    assert conditions.condition_text({"p": 53, "arm": "x", "f": 0.5, "on": True}) == "arm=x;f=0.5;on=true;p=53"
    assert conditions.condition_text(None) == ""


def test_first_crossing_interpolates_and_says_never():
    x = [0, 10, 20]
    positions, never = tables.first_crossing(x, [[0, 0.5, 1.0], [0.9, 1, 1], [0, 0, 0.1]], 0.75)
    assert positions.tolist() == [15, 0, 20]
    assert never.tolist() == [False, False, True]


def test_statistics_refuse_a_unit_given_twice():
    out = tables.Tables()
    out.per_seed("e", "s", [1.0, float("nan")])
    out.exact("e", "x", 2.0)
    frame = out.statistics()
    assert frame["status"].tolist() == ["ok", "diverged", "ok"]
    out.per_seed("e", "s", [3.0])
    with pytest.raises(ValueError, match="given twice"):
        out.statistics()
