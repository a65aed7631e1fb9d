"""What `prepare` forecasts against what runs cost, on this machine."""

import resource

import pytest
from conftest import ROOT

from prove import suites
from verifig.ground.files import read_json
from verifig.ground.paths import AFTER_TRAINING, Layout, slugs
from verifig.planning import forecast, rulesets

pytestmark = pytest.mark.slow
FACTOR = 1.5


def total(seconds: list[tuple[str, str, float]]) -> float:
    """CPU seconds of a forecast over (rule set, stage, seconds)."""
    found = forecast.Forecast()
    for slug in {slug for slug, _, _ in seconds}:
        found.add([(stage, cost) for name, stage, cost in seconds if name == slug], AFTER_TRAINING)
    return found.cpu_seconds


def configured(scale: str, empty) -> list[tuple[str, str, float]]:
    """What is forecast for a fresh clone."""
    rows = []
    for slug in slugs():
        for stage in [*rulesets.load(slug).experiments(scale), *AFTER_TRAINING]:
            layout = Layout(empty, scale, slug)
            rows.append((slug, stage, forecast.cpu_seconds(layout, stage, stage not in AFTER_TRAINING)))
    return rows


def test_smoke(tmp_path):
    """Everything that Snakemake and its jobs used, by the operating system's count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    suites.finished(tmp_path / "suite", "smoke")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert 1 / FACTOR < total(configured("smoke", tmp_path)) / used < FACTOR


def test_laptop(tmp_path):
    """Training as configured against what the records of the run in this checkout say."""
    rows = configured("laptop", tmp_path)
    there = [row for row in rows if Layout(ROOT / "results", "laptop", row[0]).provenance(row[1]).exists()]
    assert there, "run the laptop scale first"
    used = [
        (
            slug,
            stage,
            forecast.cpu_seconds(Layout(ROOT / "results", "laptop", slug), stage, stage not in AFTER_TRAINING),
        )
        for slug, stage, _ in there
    ]
    assert all(
        "cpu_seconds" in read_json(Layout(ROOT / "results", "laptop", slug).provenance(stage))
        for slug, stage, _ in there
    )
    assert 1 / FACTOR < total(there) / total(used) < FACTOR
