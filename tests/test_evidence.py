"""What the proofs found is kept case by case (tests/prove/evidence.py)."""

import pytest
from prove import evidence

from verifig.ground.files import read_json

CARD = {"date": "2026-11-28", "revision": "abc", "verifig": "0.1.0", "processor": "AMD EPYC", "why": ""}


def found(**outcomes: str) -> evidence.Found:
    """Evidence of a proof `hardware` with a case a keyword."""
    result = evidence.Found()
    cases = {name: evidence.Case(**CARD | {"outcome": outcome, "why": "no GPU"}) for name, outcome in outcomes.items()}
    result["hardware"] = {"about": "What it costs.", "cases": cases}
    result.existing["hardware"] = ["gpu", "processor"]
    return result


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write evidence one after the other below a folder of its own; the cases and the page after the last."""
    monkeypatch.setattr(evidence, "ROOT", tmp_path)

    def write(*several: evidence.Found) -> tuple[dict, str]:
        for one in several:
            evidence.write(one)
        cases = read_json(tmp_path / "reports" / "trust.json")["proofs"]["hardware"]["cases"]
        return cases, (tmp_path / "reports" / "hardware.md").read_text()

    return write


def test_what_a_machine_cannot_try_leaves_what_another_one_found(written):
    cases, _ = written(found(gpu="passed", processor="passed"), found(gpu="not run", processor="failed"))
    assert {name: case["outcome"] for name, case in cases.items()} == {"gpu": "passed", "processor": "failed"}


def test_a_case_that_no_machine_has_tried_is_said_to_be_so(written):
    cases, page = written(found(gpu="not run", processor="passed"))
    assert cases["gpu"]["outcome"] == "not run"
    assert "**not run** (no GPU)" in page
