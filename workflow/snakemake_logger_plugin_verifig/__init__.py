"""What `make` shows of a run (`snakemake --logger verifig`): steps done, and the last losses and accuracies of what trains;
of a failed job its rule, log and the sentence in it.

Snakemake itself either prints ten lines for every job or, with `--quiet rules`, hides which one failed. It finds this
plugin by its name on PYTHONPATH.
"""

import sys
import threading
import time
from collections.abc import Iterable
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from verifig.ground.paths import COURSE
from verifig.planning import course
from verifig.planning.curves import sentence

SECONDS = 30.0  # between two looks at what trains
STARTS = (LogEvent.JOB_INFO, LogEvent.GROUP_INFO, LogEvent.SHELLCMD)


class LogHandler(LogHandlerBase):
    """Snakemake's messages without those on starting jobs, but with what these measure as they train; failed jobs on two
    lines each, and again at the end.
    """

    def __post_init__(self) -> None:
        self.failed: list[str] = []
        self.training = Training()

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            self.training.begin(record.jobid, record.output)
        if event in (LogEvent.JOB_FINISHED, LogEvent.JOB_ERROR):
            self.training.end(getattr(record, "job_id", None) or getattr(record, "jobid", None))
        if event in STARTS:
            return
        if event == LogEvent.JOB_ERROR:
            self.failed.append(failure(record.rule_name, [Path(name) for name in record.log]))
        print(self.failed[-1] if event == LogEvent.JOB_ERROR else self.format(record), file=sys.stderr, flush=True)
        if event == LogEvent.PROGRESS:
            self.training.say()

    def close(self) -> None:
        """Name the failed jobs once more: jobs beside them may have written much since."""
        self.training.over.set()
        if self.failed:
            print("\n".join(["", *self.failed]), file=sys.stderr, flush=True)
            self.failed = []
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        return True

    @property
    def writes_to_file(self) -> bool:
        return False

    @property
    def has_filter(self) -> bool:
        return False

    @property
    def has_formatter(self) -> bool:
        return False

    @property
    def needs_rulegraph(self) -> bool:
        return False


def failure(rule: str, logs: list[Path]) -> str:
    """`FAILED rule, log file` and the sentence in the log: its last line, where a failing job says what is wrong."""
    said = [
        line for log in logs if log.exists() for line in log.read_text(errors="replace").splitlines() if line.strip()
    ]
    return f"FAILED {rule}, log {', '.join(map(str, logs)) or 'none'}\n  {said[-1].strip() if said else 'the log is empty'}"


class Training:
    """Says the last values of the training jobs that run, when a job ends and now and then between."""

    def __init__(self, seconds: float = SECONDS):
        self.over, self._seconds = threading.Event(), seconds
        self._begun: dict[int, tuple[float, Path]] = {}  # by job, when, and where it keeps what it measures
        self._said: dict[Path, str] = {}
        self._thread: threading.Thread | None = None

    def begin(self, job: int, outputs: Iterable[str]) -> None:
        """A job begins: one that writes an artifact trains."""
        artifacts = [Path(name) for name in outputs if str(name).endswith(".npz")]
        if artifacts:
            self._begun[job] = time.time(), artifacts[0].with_suffix(COURSE)
            if self._thread is None:
                self._thread = threading.Thread(target=self._tick, daemon=True)
                self._thread.start()

    def end(self, job: int) -> None:
        self._begun.pop(job, None)

    def say(self) -> None:
        """A line a job that has measured something since the last time."""
        for begun, path in list(self._begun.values()):
            kept = course.read(path)
            if kept is None or not kept.rows or time.time() - kept.age < begun:  # it is of an earlier run
                continue
            last = kept.rows[-1]
            said = f"  {kept.title} {100 * last.share:.0f} %: {sentence(last)}"
            if self._said.get(path) != said:
                self._said[path] = said
                print(said, file=sys.stderr, flush=True)

    def _tick(self) -> None:
        while not self.over.wait(self._seconds):
            self.say()
