"""What the laptop scale costs on this hardware, and what a GPU makes of it.

*Processor*: the training jobs of the run in this checkout.

*GPU*: the laptop scale of a paper on the GPU, judged, and compared with the processor's verdicts. A different processor
draws the same random numbers but rounds differently, so trained networks drift apart: a claim agrees when its verdict is
the same, and an estimate when it lies in the other device's 95 % interval or within 10^-6 of its estimate (identities and
fits). It is taken from this machine's GPU or, without one, from what was trained on another machine's and unpacked into
results/gpu, beside other jobs that shared the card.

*Program*: the training programs of an experiment at paper scale on a GPU, as `tests/gpu/run.sh` found them: whether 200
steps captured once and replayed end in the bits of steps called one by one, how long a step takes either way, beside the
time that its products of matrices alone would take at the highest rate that a product reached on that card (float32
without TF32, unless the experiment allows it), and the largest relative difference from a processor after up to 20 steps
of the smoke scale.
"""

import functools
from pathlib import Path

import pytest
from conftest import ROOT

from prove import suites
from verifig.ground.files import read_json
from verifig.ground.paths import Layout, slugs
from verifig.planning import rulesets
from verifig.planning.devices import resolve

LAPTOP = ROOT / "results"
GPU = LAPTOP / "gpu"  # what was found on a GPU, elsewhere perhaps


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


def judged_on_gpu(slug: str, folder: Path) -> Layout:
    """Where the verdicts of a paper's laptop scale on a GPU are: trained now below `folder`, or in `GPU`."""
    if gpu():
        log = folder / "log"
        arguments = ("run", slug, "--scale", "laptop", "--device", "cuda", "--out", str(folder))
        assert suites.start(ROOT, "verifig", *arguments, log=log).wait() == 0, log.read_text()[-3000:]
        return Layout(folder, "laptop", slug)
    layout = Layout(GPU, "laptop", slug)
    if not layout.verdicts.exists():
        pytest.skip("no GPU on this machine")
    return layout


@pytest.mark.parametrize("slug", slugs())
def test_gpu(tmp_path, show, slug):
    there = judged_on_gpu(slug, tmp_path)
    records = trained(there)
    show(**costs(records), **{"wall seconds": round(sum(record["wall_seconds"] for record in records))})
    claims = [read_json(layout.verdicts)["claims"] for layout in (Layout(LAPTOP, "laptop", slug), there)]
    same, compared, differing = agreeing(*claims)
    show(**{"estimates that agree": f"{same} of {compared}", "claims that differ": ", ".join(differing) or "none"})
    assert same >= 0.9 * compared


@functools.cache
def programs(scale: str) -> tuple[str, dict[str, list[dict]]]:
    """The card, and what `tests/gpu/programs.py` found of its programs by experiment."""
    path = GPU / f"programs-{scale}.json"
    if not path.exists():
        return "", {}
    found = read_json(path)
    rows: dict[str, list[dict]] = {}
    for row in found["rows"]:
        rows.setdefault(f"{row['paper']}.{row['experiment']}", []).append(row)
    return found["device"], rows


def _same_bits(rows: list[dict]) -> str:
    """Whether captured steps were compared; a phase is captured once it has had three steps."""
    if any(row["phases"] for row in rows):
        return "yes"
    return "never captured" if all(row["captured_us"] is None for row in rows) else "too few steps to be captured"


@pytest.mark.parametrize(
    "experiment", [f"{slug}.{name}" for slug in slugs() for name in rulesets.load(slug).experiments("paper")]
)
def test_program(show, experiment):
    card, rows = programs("paper")
    _, small = programs("smoke")
    found = [row for row in (*rows.get(experiment, []), *small.get(experiment, [])) if "failed" not in row]
    if not found:
        pytest.skip("no GPU has run it")
    show(card=card, **{"same bits": _same_bits(found)})
    assert all(row["equal"] == "yes" for row in found)
    differences = [row["from_cpu"] for row in found if row["from_cpu"] is not None]
    if differences:
        show(**{"from a processor": f"{max(differences):.0e}"})
    if row := next(iter(rows.get(experiment, [])), None):
        names = {
            "members": "members",
            "called_us": "called, µs",
            "captured_us": "captured, µs",
            "limit_us": "products, µs",
        }
        show(**{name: row[field] for field, name in names.items() if row.get(field) is not None})
