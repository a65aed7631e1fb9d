"""The forecast counts what the user waits for; tests/prove/test_forecast.py compares it with runs."""

import re

import pytest
from conftest import ROOT

from verifig.ground.files import read_json, write_json
from verifig.ground.paths import Layout, ruleset_dir, slugs
from verifig.planning import forecast, rulesets

RECORD = "recorded/paper.json"
OTHERS = ("measure", "judge", "report")


def test_nothing_to_do_is_said():
    assert forecast.Forecast().sentence(2) == "everything is up to date"


def test_start_up_is_counted_for_every_job():
    total = forecast.Forecast()
    total.add([("a", 10.0), ("b", 20.0), *((name, 3.0) for name in OTHERS)], OTHERS)
    said = total.sentence(2)
    assert said.startswith("2 training jobs and 4 others to run, start-up included about 44 s of processor time")
    assert total.longest == 20.0


def test_more_cores_do_not_shorten_the_longest_chain():
    total = forecast.Forecast()
    total.add([("a", 100.0), *((name, 3.0) for name in OTHERS)], OTHERS)
    assert total.sentence(64) == total.sentence(65).replace("65", "64")
    assert "on 64 cores" in total.sentence(64)


@pytest.fixture(params=[0.5, 1.0, 3.0])
def slowness(request, monkeypatch) -> float:
    monkeypatch.setattr(forecast, "slowness", lambda: request.param)
    return request.param


def test_a_job_without_a_record_costs_what_is_configured_and_its_start(tmp_path, slowness):
    layout = Layout(tmp_path, "laptop", "prieto2025")
    configured = rulesets.load("prieto2025").entry("landscape53", "laptop").expected_seconds
    assert forecast.cpu_seconds(layout, "landscape53", training=True) == slowness * (
        configured + forecast.START_TRAINING
    )
    write_json(layout.provenance("landscape53"), {"cpu_seconds": 7.5})
    assert forecast.cpu_seconds(layout, "landscape53", training=True) == 7.5 + slowness * forecast.START_TRAINING
    assert forecast.cpu_seconds(layout, "measure", training=False) == slowness * (forecast.STAGE + forecast.START_OTHER)


def test_the_speed_of_a_machine_is_a_ratio_of_one_computation(monkeypatch):
    monkeypatch.setattr(forecast, "_work", lambda: 2 * forecast.REFERENCE)
    forecast.slowness.cache_clear()
    assert forecast.slowness() == 2
    forecast.slowness.cache_clear()


@pytest.mark.parametrize("slug", slugs())
def test_a_card_states_the_configured_cost(slug):
    ruleset = rulesets.load(slug)
    minutes = sum(ruleset.entry(name, "laptop").expected_seconds for name in ruleset.experiments("laptop")) / 60
    card = (ruleset_dir(slug) / "README.md").read_text(encoding="utf-8")
    cost = r"^\| laptop \| 2 CPU cores \| about ([\d.]+) (s|min) of processor time"
    ((stated, unit),) = re.findall(cost, card, re.MULTILINE)
    assert 0.8 < float(stated) / (minutes * 60 if unit == "s" else minutes) < 1.25


@pytest.mark.parametrize("slug", [slug for slug in slugs() if (ruleset_dir(slug) / RECORD).exists()])
def test_a_card_says_what_the_recorded_paper_scale_took(slug):
    """What has run is measured and, once all of it has, nothing is estimated."""
    card = (ruleset_dir(slug) / "README.md").read_text(encoding="utf-8")
    (stated,) = re.findall(r"^\| paper \|.*", card, re.MULTILINE)
    assert re.search("(?<!not )measured|the same: nothing is reduced", stated)
    recorded = read_json(ruleset_dir(slug) / RECORD)["runs"]
    if {*recorded} >= {*rulesets.load(slug).experiments("paper")}:
        assert not re.search("estimated|not run|not measured", stated)


def test_the_readme_states_the_configured_cost():
    """Training and start-up of the laptop scale, as a fresh clone forecasts it on the reference machine."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (stated,) = re.findall(r"^\| `laptop` .*about (\d+) minutes of processor time", text, re.MULTILINE)
    entries = [
        rulesets.load(slug).entry(name, "laptop")
        for slug in slugs()
        for name in rulesets.load(slug).experiments("laptop")
    ]
    start = len(entries) * forecast.START_TRAINING + 3 * len(slugs()) * (forecast.START_OTHER + forecast.STAGE)
    assert 0.8 < float(stated) * 60 / (sum(entry.expected_seconds for entry in entries) + start) < 1.25
