"""Stage train: run one experiment of a rule set and write its artifact and provenance."""

import functools
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from verifig.ground.costs import Stopwatch, describe
from verifig.ground.errors import RunError, Stopped
from verifig.ground.keys import key
from verifig.ground.paths import DATA
from verifig.planning import datasets, joining, provenance
from verifig.planning.course import Course, Row
from verifig.planning.curves import sentence
from verifig.planning.unfinished import Progress
from verifig.running.stopping import Cut
from verifig.training import artifacts
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run, execute

LAST_VALUES_SECONDS = 15.0
OUT_OF_MEMORY = re.compile(r"out of memory|can't allocate memory|not enough memory", re.IGNORECASE)


def train(
    job: Mapping,
    artifact: Path,
    record: Path,
    checkpoint: Path | None = None,
    data_dir: Path = DATA,
    log: Callable[[str], None] = print,
    on_progress: Callable[[int, int], None] | None = None,
    stop: Callable[[], bool] = bool,
    course: Path | None = None,
    on_rows: Callable[[Sequence[Row]], None] | None = None,
) -> None:
    """Run `job` (see `jobs.train`) and write `artifact` (.npz) and its provenance `record`.

    An interrupted run continues from `checkpoint`, which is deleted at the end. Only `training.run.execute` and
    what it imports is part of the job's key: nothing here decides a number.

    Args:
        stop: asked after every step and every finished part whether to save the checkpoint and end.
        course: where to keep what is measured as it comes (see `planning.course`).
        on_rows: is given all that is kept there whenever it grows; where nothing listens, the log gets the last values every now and then.

    Raises:
        Stopped: it was time to end, and the checkpoint is saved.
        RunError: there is not enough memory.
    """
    kept = Checkpoint(checkpoint, key(job))
    watch = Stopwatch(kept.facts.get("wall_seconds", 0.0), kept.facts.get("cpu_seconds", 0.0))
    processor = describe(job["device"])
    log(f"{job['slug']}.{job['experiment']} at {job['scale']} scale on {processor}, {job['threads']} thread(s)")
    if kept.resumed:
        log(f"resumed after {kept.facts['cpu_seconds']:.0f} CPU seconds")
    progress = Progress(kept.facts, on_progress)
    records = kept.facts.get("records", 0)
    measured = Course(course, job, key(job), records, lambda: progress.share, on_rows or LastValues(log))
    processors = list(dict.fromkeys([*kept.facts.get("processors", []), processor]))

    def facts() -> dict:
        """What is kept with the checkpoint: the costs so far, and what `planning.unfinished` reads."""
        measured.flush()
        counts = progress.facts | {"records": measured.records}
        return watch.read() | counts | {"processors": processors, "job": job}

    files = datasets.files(job, data_dir)
    kind = Together if "together" in job else Run
    run = kind(job, kept, files, log, costs=facts, on_progress=progress, on_record=measured, stop=stop)
    try:
        arrays = execute(run)
        measured.flush()
        artifacts.write(artifact, arrays, {"key": key(job), "job": job})
        costs = watch.read()
        if job["device"] == "cuda":
            import torch

            costs["peak_gpu_memory_mb"] = round(torch.cuda.max_memory_allocated() / 2**20, 1)
        provenance.write(record, job, [artifact], {"device_name": ", ".join(processors), **costs, **run.facts})
        kept.remove()
    except Cut:
        kept.save(facts())
        raise Stopped(
            f"{job['slug']}.{job['experiment']} was cut in the middle of a part; what was finished before is saved"
        ) from None
    except (MemoryError, RuntimeError) as error:  # torch has no class of its own for the memory of a CPU
        if not (isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error))):
            raise
        smaller = " or ".join(name for name in ("chunk", "batch_size", "width", "seeds") if name in job["settings"])
        raise RunError(
            f"{job['slug']}.{job['experiment']}: out of memory on {processor}; a smaller {smaller} needs less "
            f"(python -m verifig list {job['slug']} {job['experiment']})"
        ) from error
    log(f"done in {costs['wall_seconds']:.1f} s, {costs['cpu_seconds']:.1f} CPU s, {costs['peak_memory_mb']:.0f} MB")


class Together(Run):
    """A run of several jobs as one (see `planning.joining`): its program is given the members of all."""

    @functools.cached_property
    def members(self) -> list[dict]:
        return joining.distinct(self.job["together"])


class LastValues:
    """A log line with the last values, at most every few seconds."""

    def __init__(self, log: Callable[[str], None]):
        self._log, self._spoke = log, time.monotonic()

    def __call__(self, rows: Sequence[Row]) -> None:
        if time.monotonic() - self._spoke >= LAST_VALUES_SECONDS:
            self._spoke = time.monotonic()
            self._log(sentence(rows[-1]))
