"""A progress bar on a terminal (if rich is there), with the last values below; elsewhere the log lines do."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from verifig.planning.course import Row
from verifig.planning.curves import curves

TABLE_SECONDS = 2.0  # between two drawings of the values
MOST_CONDITIONS = 8


@dataclass(frozen=True)
class Shown:
    """What is to be told: `advance` how much of how much is done, `measured` all that was measured so far."""

    advance: Callable[[int, int], None]
    measured: Callable[[Sequence[Row]], None]


@contextlib.contextmanager
def bar(title: str) -> Iterator[Shown | None]:
    """Gives what is to be told of a job in training, or None where no bar is shown."""
    progress = _progress() if sys.stderr.isatty() else None
    if progress is None:
        yield None
        return
    with progress:
        task = progress.add_task(title, total=None)
        shown, last, drawn = [-1], [()], [0.0]

        def advance(done: int, total: int) -> None:
            if done * 200 // max(total, 1) != shown[0]:
                shown[0] = done * 200 // max(total, 1)
                progress.update(task, completed=done, total=total)

        def measured(rows: Sequence[Row]) -> None:
            last[0] = rows
            if time.monotonic() - drawn[0] >= TABLE_SECONDS:
                progress.draw(rows)
                drawn[0] = time.monotonic()

        yield Shown(advance, measured)
        progress.draw(last[0])


def _progress():
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:
        return None
    from verifig.pages import sparklines

    class WithValues(Progress):
        """The bar, and a table of last values below it."""

        table = None

        def draw(self, rows: Sequence[Row]) -> None:
            if rows:
                self.table = sparklines.table(curves(rows), most=MOST_CONDITIONS)

        def get_renderables(self):
            yield from super().get_renderables()
            if self.table is not None:
                yield self.table

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return WithValues(*columns, console=Console(stderr=True))
