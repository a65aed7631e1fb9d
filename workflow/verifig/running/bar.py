"""A progress bar on a terminal (if rich is there); elsewhere the log lines do."""

import contextlib
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def bar(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Gives what is to be told of `done` of `total`, or None where no bar is shown."""
    progress = _progress() if sys.stderr.isatty() else None
    if progress is None:
        yield None
        return
    with progress:
        task = progress.add_task(title, total=None)
        shown = [-1]

        def advance(done: int, total: int) -> None:
            if done * 200 // max(total, 1) != shown[0]:
                shown[0] = done * 200 // max(total, 1)
                progress.update(task, completed=done, total=total)

        yield advance


def _progress():
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:
        return None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
