"""Stage train: run one experiment of a rule set and write its artifact and provenance."""

import importlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from verifig import artifacts, provenance
from verifig.checkpoint import Checkpoint
from verifig.device import describe, prepare_torch
from verifig.errors import RunError
from verifig.keys import key
from verifig.paths import DATA
from verifig.run import Run

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

    An interrupted run continues from `checkpoint`, which is deleted at the end. The program is the function of the
    rule set's `experiments` named by the job; it gets a `Run` and returns arrays by name.
    """
    device = prepare_torch(job["device"], job["threads"], job["settings"].get("tf32", False))
    module = importlib.import_module(f"replications.{job['slug']}.experiments")
    run = Run(job, device, Checkpoint(checkpoint, key(job)), log, Path(data_dir), on_progress)
    log(
        f"{job['slug']}.{job['experiment']} at {job['scale']} scale on {describe(job['device'])}, {job['threads']} thread(s)"
    )
    try:
        arrays = getattr(module, job["program"])(run)
    except (MemoryError, RuntimeError) as error:  # torch has no class of its own for the memory of a CPU
        if not (isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error))):
            raise
        smaller = " or ".join(name for name in ("chunk", "batch_size", "width", "seeds") if name in job["settings"])
        raise RunError(
            f"{job['slug']}.{job['experiment']}: out of memory on {describe(job['device'])}; a smaller {smaller} needs less "
            f"(python -m verifig list {job['slug']} {job['experiment']})"
        ) from error
    artifacts.write(artifact, arrays, {"key": key(job), "job": job})
    costs = run.stopwatch.read()
    if device.type == "cuda":
        import torch

        costs["peak_gpu_memory_mb"] = round(torch.cuda.max_memory_allocated() / 2**20, 1)
    provenance.write(record, job, [artifact], {"device_name": describe(job["device"]), **costs, **run.facts})
    run.checkpoint.remove()
    log(f"done in {costs['wall_seconds']:.1f} s, {costs['cpu_seconds']:.1f} CPU s, {costs['peak_memory_mb']:.0f} MB")
