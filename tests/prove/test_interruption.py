"""Interrupted training ends with the same bytes.

For the longest training job of each rule set at laptop scale: killed (SIGKILL) and terminated (SIGTERM) at random
moments, each time started again by the same command; and, in a file system of its own, with a read-only results folder
and a disk that fills up while the job runs. *Resumed* counts the starts that continued from a checkpoint; *refused* the
runs that ended with one sentence when they could not write. The artifact in the end is compared, byte for byte, with
that of the undisturbed run.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT, environment

from verifig.ground.files import read_json
from verifig.ground.keys import key
from verifig.ground.paths import Layout, slugs
from verifig.planning import jobs, provenance, rulesets

SIGNALS = 20 * [signal.SIGKILL] + 5 * [signal.SIGTERM]
START_UP = 4.0  # seconds, about: importing torch on a busy machine
DONE = Layout(ROOT / "results", "laptop", "")
ENVIRONMENT = environment(ROOT, VERIFIG_CHECKPOINT_SECONDS="1")
SMALL_DISK = """
mount -t tmpfs -o size=256m none "$1"
shift
try() { "$@" > "$OUT.$stage.log" 2>&1; echo "$stage $?"; }
mount -o remount,ro "$OUT"; stage=read-only; try "$@"
mount -o remount,rw "$OUT"
"$@" > "$OUT.full.log" 2>&1 & job=$!
until ls "$OUT"/laptop/*/*.ckpt >/dev/null 2>&1 || ! kill -0 $job 2>/dev/null; do sleep 0.1; done
cat /dev/zero > "$OUT/everything" 2>/dev/null
wait $job; echo "full $?"
mount -o remount,ro "$OUT"; stage=read-only-again; try "$@"
mount -o remount,rw "$OUT"; rm "$OUT/everything"
stage=space; try "$@"
cp "$OUT"/laptop/*/*.npz "$OUT.npz"
"""


def longest(slug: str) -> tuple[str, float, Path]:
    """The rule set's longest training job: name, CPU seconds, artifact of the undisturbed run."""
    layout = Layout(DONE.results, "laptop", slug)
    costs = {}
    for name in rulesets.load(slug).experiments("laptop"):
        record = layout.provenance(name)
        if not record.exists():
            continue  # its data could not be had
        if problem := provenance.problem(record, key(jobs.train(slug, name, "laptop", "cpu"))):
            pytest.fail(f"{problem}: run `make check` first")
        costs[name] = read_json(record)["cpu_seconds"]
    name = max(costs, key=costs.get)
    return name, costs[name], layout.artifact(name)


def command(slug: str, experiment: str, out: Path) -> list[str]:
    place = ["--scale", "laptop", "--device", "cpu", "--stage", "train", "--out", str(out)]
    return [sys.executable, "-m", "verifig", "run", slug, experiment, *place]


def interrupted(slug: str, folder: Path) -> dict:
    """Figures of a job interrupted again and again."""
    experiment, seconds, reference = longest(slug)
    made = Layout(folder, "laptop", slug).artifact(experiment)
    chance = random.Random(slug)
    waiting = list(SIGNALS)
    chance.shuffle(waiting)
    starts, resumed, equal = 0, 0, []
    while True:
        with (folder / "log").open("w+") as log:
            process = subprocess.Popen(
                command(slug, experiment, folder), cwd=ROOT, env=ENVIRONMENT, stdout=log, stderr=log
            )
            starts += 1
            try:
                moment = chance.uniform(0, START_UP + 2 * seconds / len(SIGNALS)) if waiting else None
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.send_signal(waiting.pop())
                process.wait()
            log.seek(0)
            resumed += "resumed after" in (text := log.read())
        if process.returncode > 0 and process.returncode != 128 + signal.SIGTERM:  # it has saved its checkpoint
            pytest.fail(f"{slug}.{experiment}: {text[-300:]}")
        if process.returncode == 0:
            equal.append(made.read_bytes() == reference.read_bytes())
            left = sorted(path.name for path in made.parent.iterdir())
            assert left == sorted([made.name, f"{experiment}.provenance.json"])
            if not waiting:
                break
            shutil.rmtree(made.parent)
    return {
        "job": f"{slug}.{experiment}",
        "CPU seconds": round(seconds),
        "SIGKILL": SIGNALS.count(signal.SIGKILL),
        "SIGTERM": SIGNALS.count(signal.SIGTERM),
        "starts": starts,
        "resumed": resumed,
        "runs to the end": len(equal),
        "equal bytes": f"{sum(equal)} of {len(equal)}",
    }


def without_space(slug: str, folder: Path) -> dict:
    """Figures of a job whose folder is read-only, then full, then both no more."""
    experiment, seconds, reference = longest(slug)
    out = folder / "disk"
    out.mkdir()
    isolated = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", SMALL_DISK, "bash", str(out)]
    result = subprocess.run(
        [*isolated, *command(slug, experiment, out)],
        cwd=ROOT,
        env=ENVIRONMENT | {"OUT": str(out)},
        text=True,
        capture_output=True,
        check=False,
    )
    codes = dict(line.rsplit(" ", 1) for line in result.stdout.splitlines())
    logs = {stage: Path(f"{out}.{stage}.log").read_text() for stage in codes}
    return {
        "job": f"{slug}.{experiment}",
        "CPU seconds": round(seconds),
        "codes": codes,
        "logs": logs,
        "resumed": "yes" if "resumed after" in logs["space"] else "no",
        "equal": Path(f"{out}.npz").read_bytes() == reference.read_bytes(),
    }


@pytest.fixture(scope="module")
def running(request, tmp_path_factory):
    """(function, slug) -> its figures to come; as many at a time as there are cores."""
    chosen = [
        (interrupted if "signals" in item.originalname else without_space, item.callspec.params["slug"])
        for item in request.session.items
        if item.module is request.module
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {pair: pool.submit(*pair, tmp_path_factory.mktemp(f"{pair[1]}")) for pair in chosen}


@pytest.mark.parametrize("slug", slugs())
def test_signals(running, show, slug):
    figures = running[interrupted, slug].result()
    show(**figures)
    assert figures["equal bytes"] == "{0} of {0}".format(figures["runs to the end"])


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare (util-linux) for a file system of its own")
@pytest.mark.parametrize("slug", slugs())
def test_no_space(running, show, slug):
    figures = running[without_space, slug].result()
    codes, logs = figures.pop("codes"), figures.pop("logs")
    refused = {"read-only": "Read-only file system", "full": "No space left on device", "read-only-again": "Read-only"}
    for stage, sentence in refused.items():
        assert codes[stage] == "1", logs[stage]
        last = logs[stage].strip().splitlines()[-1]
        assert last.startswith("error: ")
        assert sentence in last
        assert "Traceback" not in logs[stage]
    assert codes["space"] == "0", logs["space"]
    equal = "1 of 1" if figures.pop("equal") else "0 of 1"
    show(**figures, **{"refused": f"{len(refused)} of 3", "equal bytes": equal})
    assert equal == "1 of 1"
