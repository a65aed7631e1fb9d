"""Stage train: run one experiment of a rule set and write its artifact and provenance."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from verifig.ground.costs import Stopwatch, describe
from verifig.ground.errors import RunError
from verifig.ground.keys import key
from verifig.ground.paths import DATA
from verifig.planning import datasets, provenance
from verifig.training import artifacts
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run, execute

OUT_OF_MEMORY = re.compile(r"out of memory|can't allocate memory|not enough memory", re.IGNORECASE)


def train(
    job: Mapping,
    artifact: Path,
    record: Path,
    checkpoint: Path | None = None,
    data_dir: Path = DATA,
    log: Callable[[str], None] = print,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Run `job` (see `jobs.train`) and write `artifact` (.npz) and its provenance `record`.

    An interrupted run continues from `checkpoint`, which is deleted at the end. Only `training.run.execute` and
    what it imports is part of the job's key: nothing here decides a number.
    """
    kept = Checkpoint(checkpoint, key(job))
    watch = Stopwatch(kept.facts.get("wall_seconds", 0.0), kept.facts.get("cpu_seconds", 0.0))
    processor = describe(job["device"])
    log(f"{job['slug']}.{job['experiment']} at {job['scale']} scale on {processor}, {job['threads']} thread(s)")
    if kept.resumed:
        log(f"resumed after {kept.facts['cpu_seconds']:.0f} CPU seconds")
    run = Run(job, kept, datasets.files(job, data_dir), log, watch.read, on_progress)
    try:
        arrays = execute(run)
    except (MemoryError, RuntimeError) as error:  # torch has no class of its own for the memory of a CPU
        if not (isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error))):
            raise
        smaller = " or ".join(name for name in ("chunk", "batch_size", "width", "seeds") if name in job["settings"])
        raise RunError(
            f"{job['slug']}.{job['experiment']}: out of memory on {processor}; a smaller {smaller} needs less "
            f"(python -m verifig list {job['slug']} {job['experiment']})"
        ) from error
    artifacts.write(artifact, arrays, {"key": key(job), "job": job})
    costs = watch.read()
    if job["device"] == "cuda":
        import torch

        costs["peak_gpu_memory_mb"] = round(torch.cuda.max_memory_allocated() / 2**20, 1)
    provenance.write(record, job, [artifact], {"device_name": processor, **costs, **run.facts})
    kept.remove()
    log(f"done in {costs['wall_seconds']:.1f} s, {costs['cpu_seconds']:.1f} CPU s, {costs['peak_memory_mb']:.0f} MB")
