"""Every training program on this machine's GPU: are captured steps those of called ones, and how fast is a step?

    python tests/gpu/programs.py SCALE MINUTES [PAPER ...]

Trains nothing to the end: where the training loop would begin with a chunk of members, the program is built and its
steps are taken both ways, 200 of them or as many as a few seconds allow. A row for each program: members, parameters,
microseconds a step called and captured, the time that its products of matrices alone would take at the rate that this
card reaches, whether both ways end in the same bits, and the largest relative difference from a CPU after some steps.
On a machine without a GPU a stand-in records and replays the steps (tests/tape.py): that tries the script.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from tape import Tape
from torch.utils.flop_counter import FlopCounterMode

from verifig.ground.paths import DATA, slugs
from verifig.planning import datasets, jobs, rulesets
from verifig.training import loop, steps
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run, execute
from verifig.training.trainable import Trainable

STEPS, SECONDS = 200, 1.0  # taken for the comparison, at most; and for how long
CPU_STEPS, CPU_SECONDS, CPU_RATE = 20, 2.0, 3e10  # operations a second that a thread of a CPU does
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Enough(Exception):
    """All that was to be known of an experiment is known."""


def main(scale: str, minutes: float, *chosen: str) -> None:
    """Print a table, and write it as JSON to $OUT/programs-SCALE.json."""
    end = time.monotonic() + 60 * minutes
    if DEVICE == "cpu":
        steps.CAPTURES["cpu"] = Tape
    kinds = {"float32": (torch.float32, False), "tf32": (torch.float32, True), "float64": (torch.float64, False)}
    rates = {kind: product_rate(*settings) for kind, settings in kinds.items()}
    measured = ", ".join(f"{kind} {rate / 1e12:.1f}" for kind, rate in rates.items())
    print(f"{device_name()}, products of matrices in TFLOP/s: {measured}", flush=True)
    rows = []
    for slug in chosen or slugs():
        for experiment in rulesets.load(slug).experiments(scale):
            if time.monotonic() > end:
                print(f"{slug}.{experiment}: no time left")
                continue
            rows += of_experiment(slug, experiment, scale, rates)
    out = Path(os.environ.get("OUT", "."))
    (out / f"programs-{scale}.json").write_text(
        json.dumps({"device": device_name(), "rates": rates, "rows": rows}, indent=1)
    )


def of_experiment(slug: str, experiment: str, scale: str, rates: dict) -> list[dict]:
    """Rows of the programs that an experiment trains: of its first chunk, and of each other class of program."""
    rows: list[dict] = []
    seen: set[tuple[type, str]] = set()

    def look(run, group, members, make, count, points, done, total):
        program = make(members)
        sort = (type(program), program.eager)
        if sort in seen:
            raise Enough
        seen.add(sort)
        row = {"paper": slug, "experiment": experiment, "program": type(program).__name__, "members": len(members)}
        try:
            row |= measured(lambda device: _made(run, make, members, device), program, count)
            parameters = max(program.tensors.values(), key=torch.Tensor.numel)
            kind = "tf32" if run.settings.get("tf32") else str(parameters.dtype).removeprefix("torch.")
            row["limit_us"] = round(1e6 * row["flops"] / rates.get(kind, rates["float32"]), 1)
        except Exception as error:  # one program that fails must not hide the others
            row["failed"] = sentence(error)
        rows.append(row)
        print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)
        # made up, to get to the programs after this one
        return {name: value.cpu().numpy()[:, None].repeat(len(points), 1) for name, value in program.record().items()}

    try:
        job = jobs.train(slug, experiment, scale, DEVICE)
        if None in job["data"].values():
            print(f"{slug}.{experiment}: its data is not there")
            return []
        run = Run(job, Checkpoint(None, "gpu"), datasets.files(job, DATA), log=lambda text: None)
        with mock.patch.object(loop, "_train_part", look):
            execute(run)
    except Enough:
        pass
    except Exception as error:
        if not rows:  # what follows on made-up records may fail
            rows.append({"paper": slug, "experiment": experiment, "failed": sentence(error)})
            print(f"{slug}.{experiment} FAILED {sentence(error)}", flush=True)
    return rows


def sentence(error: Exception) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _made(run: Run, make: Callable, members: list, device: str) -> Trainable:
    """The program of a chunk on a device of one's choice."""
    with mock.patch.dict(run.job, {"device": device}):
        return make(members)


def measured(make: Callable[[str], Trainable], program: Trainable, count: int) -> dict:
    """Times and differences of a program (see the module)."""
    start = program.state()  # a program that is made again may share its network with the one before
    with FlopCounterMode(display=False) as counter:
        program.prepare(0)
        program.step()
    flops = counter.get_total_flops()
    called = make(DEVICE)
    with mock.patch.dict(os.environ, {"VERIFIG_CAPTURE": "0"}):
        one_by_one = steps.Steps(called, torch.device(DEVICE))
    called.load(start)
    seconds, taken = timed(one_by_one, min(count, STEPS))
    expected = called.state()
    captured = make(DEVICE)
    replayed = steps.Steps(captured, torch.device(DEVICE))
    captured.load(start)
    fast, _ = timed(replayed, taken, np.inf)
    found = captured.state()
    differing = [name for name in expected if not np.array_equal(expected[name], found[name], equal_nan=True)]
    return {
        "called_us": round(1e6 * seconds),
        "captured_us": round(1e6 * fast) if replayed.captured else None,
        "phases": len(replayed._graphs),
        "flops": flops,
        "steps": taken,
        "equal": "yes" if not differing else f"NO: {', '.join(differing)[:80]}",
        "from_cpu": from_cpu(make, start, min(count, CPU_STEPS, int(CPU_SECONDS * CPU_RATE / max(flops, 1)))),
    }


def timed(taker: steps.Steps, count: int, limit: float = SECONDS) -> tuple[float, int]:
    """Seconds a step, and how many were taken: `count`, or what fits the limit. The first steps are not timed."""
    first = min(10, count // 2)
    begin = start = time.monotonic()
    for step in range(count):
        taker.take(step)
        if step < first or step % 8 == 7:
            synchronize()
        if step < first:
            start = time.monotonic()
        if time.monotonic() - begin > limit:
            break
    synchronize()
    if step < first:  # too slow a program to leave steps out
        start, first = begin, 0
    return (time.monotonic() - start) / (step + 1 - first), step + 1


def from_cpu(make: Callable[[str], Trainable], state: Mapping[str, np.ndarray], count: int) -> float | None:
    """Largest difference of a tensor from a CPU's after some steps, relative to its largest value.

    None: too slow there, its network or its data stay on the GPU, or it has generators, which draw other numbers there.
    """
    if not count:
        return None
    program, other = make("cpu"), make(DEVICE)
    device = next(iter(program.tensors.values())).device
    if DEVICE != "cpu" and (device.type == DEVICE or any(g.device.type == DEVICE for g in other.generators.values())):
        return None
    program.load(state)
    try:
        _, taken = timed(steps.Steps(program, device), count, CPU_SECONDS)
    except RuntimeError as error:
        if "same device" in str(error):
            return None
        raise
    expected = program.state()
    other.load(state)
    timed(steps.Steps(other, torch.device(DEVICE)), taken, np.inf)
    found, largest = other.state(), 0.0
    for name in other.tensors:
        ours, theirs = (states[f"tensor {name}"].astype(np.float64) for states in (expected, found))
        if ours.size and np.isfinite(ours).all():
            largest = max(largest, float(np.abs(ours - theirs).max() / max(np.abs(ours).max(), 1e-30)))
    return float(f"{largest:.1e}")


def product_rate(dtype: torch.dtype, tf32: bool, size: int = 8192) -> float:
    """Operations a second of one large product."""
    size = size if DEVICE == "cuda" else 512
    torch.backends.cuda.matmul.allow_tf32 = tf32
    a = torch.randn(size, size, dtype=dtype, device=DEVICE)
    best = np.inf
    for _ in range(5):
        synchronize()
        start = time.monotonic()
        a @ a
        synchronize()
        best = min(best, time.monotonic() - start)
    return 2 * size**3 / best


def synchronize() -> None:
    """Wait for the GPU."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def device_name() -> str:
    """Of the GPU, or that there is none."""
    return torch.cuda.get_device_name() if DEVICE == "cuda" else "CPU, with recorded steps in place of captured ones"


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), *sys.argv[3:])
