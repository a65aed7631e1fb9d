"""What `make` shows of a run (`snakemake --logger verifig`): steps done; of a failed job its rule, log and the sentence in it.

Snakemake itself either prints ten lines for every job or, with `--quiet rules`, hides which one failed. It finds this
plugin by its name on PYTHONPATH.
"""

import sys
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

STARTS = (LogEvent.JOB_INFO, LogEvent.GROUP_INFO, LogEvent.SHELLCMD)


class LogHandler(LogHandlerBase):
    """Snakemake's messages without those on starting jobs; failed jobs on two lines each, and again at the end."""

    def __post_init__(self) -> None:
        self.failed: list[str] = []

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        if event in STARTS:
            return
        if event == LogEvent.JOB_ERROR:
            self.failed.append(failure(record.rule_name, [Path(name) for name in record.log]))
        print(self.failed[-1] if event == LogEvent.JOB_ERROR else self.format(record), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Name the failed jobs once more: jobs beside them may have written much since."""
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
