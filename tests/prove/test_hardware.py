"""What the laptop scale costs on this hardware, and the same on a GPU.

*Processor*: the training jobs of the run in this checkout. *GPU*: the laptop scale of a rule set on the GPU, judged, and
compared with the processor's verdicts. A different processor draws the same random numbers but rounds differently, so
trained networks drift apart: a claim agrees when its verdict is the same, and an estimate when it lies in the other
device's 95 % interval or within 10^-6 of its estimate (identities and fits).
"""

import pytest
from conftest import ROOT

from prove import suites
from verifig.ground.files import read_json
from verifig.ground.paths import Layout, slugs
from verifig.planning.devices import resolve

LAPTOP = ROOT / "results"


def trained(layout: Layout) -> list[dict]:
    """Records of the finished training jobs."""
    records = [read_json(path) for path in sorted(layout.folder.glob("*.provenance.json"))]
    return [record for record in records if record["job"]["stage"] == "train"]


def costs(records: list[dict]) -> dict:
    """Figures of a rule set's training jobs."""
    memory = max(record.get("peak_gpu_memory_mb", record["peak_memory_mb"]) for record in records)
    return {
        "device": records[0]["device_name"],
        "training jobs": len(records),
        "processor seconds": round(sum(record["cpu_seconds"] for record in records)),
        "of these the longest job": round(max(record["cpu_seconds"] for record in records)),
        "peak memory of a job, MB": round(memory),
        "member steps": f"{sum(record.get('steps', 0) for record in records):,}",
    }


@pytest.mark.parametrize("slug", slugs())
def test_processor(show, slug):
    records = trained(Layout(LAPTOP, "laptop", slug))
    if not records:
        pytest.fail(f"results/laptop/{slug} holds no finished training: run `make check` first")
    show(**costs(records))
    assert max(record["peak_memory_mb"] for record in records) < 2048  # what the README promises


def agreeing(here: list[dict], there: list[dict]) -> tuple[int, int, list[str]]:
    """(estimates that agree, estimates compared, claims whose verdicts differ) of two judged runs."""
    parts = [
        (one, other)
        for claim, twin in zip(here, there, strict=True)
        for one, other in zip(claim["parts"], twin["parts"], strict=True)
        if one["observed"] is not None and other["observed"] is not None
    ]
    same = sum(_within(one, other["observed"]) or _within(other, one["observed"]) for one, other in parts)
    differing = [claim["id"] for claim, twin in zip(here, there, strict=True) if claim["verdict"] != twin["verdict"]]
    return same, len(parts), differing


def _within(part: dict, value: float) -> bool:
    low, high = (part["observed"] if part[end] is None else part[end] for end in ("low", "high"))
    slack = 1e-6 * abs(part["observed"])
    return low - slack <= value <= high + slack


def gpu() -> bool:
    return resolve("auto") == "cuda"


@pytest.mark.skipif(not gpu(), reason="no GPU on this machine")
@pytest.mark.parametrize("slug", slugs())
def test_gpu(tmp_path, show, slug):
    log = tmp_path / "log"
    arguments = ("run", slug, "--scale", "laptop", "--device", "cuda", "--out", str(tmp_path))
    assert suites.start(ROOT, "verifig", *arguments, log=log).wait() == 0, log.read_text()[-3000:]
    there = Layout(tmp_path, "laptop", slug)
    records = trained(there)
    show(**costs(records), **{"wall seconds": round(sum(record["wall_seconds"] for record in records))})
    claims = [read_json(layout.verdicts)["claims"] for layout in (Layout(LAPTOP, "laptop", slug), there)]
    same, compared, differing = agreeing(*claims)
    show(**{"estimates that agree": f"{same} of {compared}", "claims that differ": ", ".join(differing) or "none"})
    assert same >= 0.9 * compared
