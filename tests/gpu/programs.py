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
from collections.abc import Callable
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

STEPS, SECONDS = 200, 3.0  # taken for the comparison, at most; aimed at for a timing
CPU_STEPS, CPU_SECONDS = 20, 5.0
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Enough(Exception):
    """All that was to be known of an experiment is known."""


def main(scale: str, minutes: float, *chosen: str) -> None:
    """Print a table, and write it as JSON to $OUT/programs-SCALE.json."""
    end = time.monotonic() + 60 * minutes
    if DEVICE == "cpu":
        steps.CAPTURES["cpu"] = Tape
    rates = {dtype: product_rate(dtype) for dtype in (torch.float32, torch.float64)}
    print(
        f"{device_name()}: products of matrices " + ", ".join(f"{d}: {r / 1e12:.1f} TFLOP/s" for d, r in rates.items())
    )
    rows = []
    for slug in chosen or slugs():
        for experiment in rulesets.load(slug).experiments(scale):
            if time.monotonic() > end:
                print(f"{slug}.{experiment}: no time left")
                continue
            rows += of_experiment(slug, experiment, scale, rates)
    out = Path(os.environ.get("OUT", "."))
    (out / f"programs-{scale}.json").write_text(json.dumps({"device": device_name(), "rows": rows}, indent=1))


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
            row |= measured(lambda device: _made(run, make, members, device), program, count, rates)
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


def measured(make: Callable[[str], Trainable], program: Trainable, count: int, rates: dict) -> dict:
    """Times and differences of a program (see the module)."""
    parameters = max((tensor for tensor in program.tensors.values()), key=torch.Tensor.numel)
    with FlopCounterMode(display=False) as counter:
        program.prepare(0)
        program.step()
    flops = counter.get_total_flops()
    called, captured = make(DEVICE), make(DEVICE)
    with mock.patch.dict(os.environ, {"VERIFIG_CAPTURE": "0"}):
        one_by_one = steps.Steps(called, torch.device(DEVICE))
    replayed = steps.Steps(captured, torch.device(DEVICE))
    seconds, taken = timed(one_by_one, min(count, STEPS))
    fast, _ = timed(replayed, taken, np.inf)
    states = called.state(), captured.state()
    differing = [name for name in states[0] if not np.array_equal(states[0][name], states[1][name], equal_nan=True)]
    return {
        "parameters": parameters.numel() // max(len(parameters), 1),
        "called_us": round(1e6 * seconds),
        "captured_us": round(1e6 * fast) if replayed.captured else None,
        "limit_us": round(
            1e6 * flops / rates[torch.float64 if parameters.dtype == torch.float64 else torch.float32], 1
        ),
        "steps": taken,
        "equal": "yes" if not differing else f"NO: {', '.join(differing)[:80]}",
        "from_cpu": from_cpu(make),
    }


def timed(taker: steps.Steps, count: int, limit: float = SECONDS) -> tuple[float, int]:
    """Seconds a step, of the steps after the first ten, and how many were taken: `count`, or what fits the limit."""
    first = min(10, count // 2)
    for step in range(first):
        taker.take(step)
    synchronize()
    start = time.monotonic()
    for step in range(first, count):
        taker.take(step)
        if step % 8 == 7:
            synchronize()
            if time.monotonic() - start > limit:
                break
    synchronize()
    return (time.monotonic() - start) / max(step + 1 - first, 1), step + 1


def from_cpu(make: Callable[[str], Trainable]) -> float | None:
    """Largest difference of a tensor from a CPU's after some steps, relative to its largest value; None: too slow."""
    programs = make("cpu"), make(DEVICE)
    takers = [
        steps.Steps(program, torch.device(program.tensors[next(iter(program.tensors))].device)) for program in programs
    ]
    start = time.monotonic()
    for step in range(CPU_STEPS):
        for taker in takers:
            taker.take(step)
        if time.monotonic() - start > CPU_SECONDS:
            break
    largest = 0.0
    for name, tensor in programs[0].tensors.items():
        ours, theirs = tensor.double(), programs[1].tensors[name].double().cpu()
        if ours.numel() and torch.isfinite(ours).all():
            largest = max(largest, float((ours - theirs).abs().max() / ours.abs().max().clamp_min(1e-30)))
    return float(f"{largest:.1e}")


def product_rate(dtype: torch.dtype, size: int = 4096) -> float:
    """Operations a second of one large product, TF32 off."""
    size = size if DEVICE == "cuda" else 512
    torch.backends.cuda.matmul.allow_tf32 = False
    a = torch.ones(size, size, dtype=dtype, device=DEVICE)
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
