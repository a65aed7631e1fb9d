"""`verifig watch`: what training jobs have measured so far, running or finished, on a terminal and as a figure."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from verifig.ground import numbers, paths
from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.paths import COURSE
from verifig.pages import sparklines
from verifig.planning import course
from verifig.planning.course import Kept
from verifig.planning.curves import Curves, curves, fields, sentence
from verifig.running.leftovers import runs

SECONDS = 1.0  # between two looks at the files
SAID_SECONDS = 15.0  # between two lines where there is no terminal
SILENT_SECONDS = 600.0  # after which a job on another machine no longer counts as running


@dataclass(frozen=True)
class Watched:
    """A training job by what it keeps of what it measures."""

    kept: Kept

    @property
    def title(self) -> str:
        return self.kept.title

    @property
    def curves(self) -> Curves:
        return curves(self.kept.rows)

    @property
    def finished(self) -> bool:
        """Whether its artifact is there: the record beside it has the same key."""
        path = self.kept.path
        record = path.with_name(path.name.removesuffix(COURSE) + ".provenance.json")
        try:
            return read_json(record).get("key") == self.kept.head["key"]
        except (InputError, AttributeError):
            return False

    @property
    def running(self) -> bool:
        """Whether the process that writes the file is there; one of another machine is if it has written lately."""
        if self.finished:
            return False
        if self.kept.head["host"] == os.uname().nodename:
            return runs(self.kept.head["process"])
        return self.kept.age < SILENT_SECONDS

    def state(self) -> str:
        """`prieto2025.delay53 at laptop scale: running, 35 % done, last values 2 s ago`."""
        share = f"{100 * self.kept.rows[-1].share:.0f} % done" if self.kept.rows else "no values yet"
        state = "finished" if self.finished else f"ended before it was done, {share}"
        if self.running:
            state = f"running, {share}" + (
                f", last values {numbers.seconds(self.kept.age)} ago" if self.kept.rows else ""
            )
        return f"{self.title} at {self.kept.head['scale']} scale: {state}"


def watch(
    target: str,
    experiment: str | None,
    scale: str,
    results: Path,
    once: bool = False,
    names: Sequence[str] | None = None,
    plot: Path | None = None,
) -> int:
    """Show jobs by condition until all have ended; Ctrl-C ends it before.

    Args:
        target: a results folder, any folder in it, a file of a job, or a paper.
        scale: of a paper.
        results: where to look for a paper.
        once: show what there is now, and end.
        names: of the fields to show.
        plot: a figure to write at the end.

    Raises:
        InputError: there is nothing to show, or no such field.
    """
    where, chosen = place(target, experiment, scale, results)
    found = look(where, chosen)
    require(found, names, where)
    console = Console(highlight=False)
    try:
        if not once:
            _follow(console, where, chosen, found, names)
    except KeyboardInterrupt:
        pass
    found = look(where, chosen)
    if once or not console.is_terminal:
        console.print(_shown(found, names))
    if plot is not None:
        from verifig.pages import drawn_curves

        drawn_curves.save({each.title: each.curves for each in found if each.kept.rows}, plot, names)
        print(f"wrote {plot}")
    return 0


def place(target: str, experiment: str | None, scale: str, results: Path) -> tuple[Path, str | None]:
    """The folder that is meant, and the experiment in it, None: all.

    Raises:
        InputError: it is neither there nor a paper.
    """
    path = Path(target).expanduser()
    if path.is_dir():
        return path, experiment
    if path.is_file():
        return path.parent, path.name.partition(".")[0]
    if "/" in target or target.startswith("~"):
        raise InputError(f"{target} does not exist")
    paths.ruleset_dir(target)
    return paths.Layout(results, scale, target).folder, experiment


def look(where: Path, experiment: str | None) -> list[Watched]:
    """The jobs in a folder or below it, the one written to last at the end."""
    return [Watched(kept) for kept in course.below(where, experiment)]


def require(found: Sequence[Watched], names: Sequence[str] | None, where: Path) -> None:
    """Raise unless there is something to show, or will be.

    Raises:
        InputError: nothing was or will be measured, or a field that is not among what was.
    """
    if not found:
        raise InputError(f"{where} holds nothing to watch: jobs keep there what they measure while they train")
    known = fields({f"{each.title} {name}": entry for each in found for name, entry in each.curves.items()})
    if not known and not any(each.running for each in found):
        titles = ", ".join(each.title for each in found)
        raise InputError(f"{titles}: nothing was measured on the way; what came of it is in the artifact")
    if unknown := [name for name in names or () if known and name not in known]:
        raise InputError(f"unknown field {unknown[0]!r}: choose from {', '.join(known)}")


def _follow(console: Console, where: Path, experiment: str | None, found: list[Watched], names) -> None:
    """Until no job runs; on a terminal a table that is renewed, elsewhere a line every now and then."""
    if not console.is_terminal:
        said = 0.0
        while any(each.running for each in found):
            if time.monotonic() - said >= SAID_SECONDS:
                said = time.monotonic()
                for each in found:
                    if each.running and each.kept.rows:
                        print(f"{each.title}: {100 * each.kept.rows[-1].share:.0f} %, {sentence(each.kept.rows[-1])}")
                sys.stdout.flush()
            time.sleep(SECONDS)
            found = look(where, experiment)
        return
    with Live(_shown(found, names), console=console, auto_refresh=False, vertical_overflow="crop") as live:
        while any(each.running for each in found):
            time.sleep(SECONDS)
            found = look(where, experiment)
            live.update(_shown(found, names, console.height), refresh=True)
        live.update(_shown(found, names), refresh=True)


def _shown(found: Sequence[Watched], names: Sequence[str] | None, height: int | None = None) -> Group:
    """Each job with its table; with a height, those that run, and as many conditions as there is room for."""
    parts: list[object] = []
    running = [each for each in found if each.running]
    room = None if height is None else max((height - 2 * len(found)) // max(len(running), 1) - 3, 3)
    for each in found:
        parts.append(Text(each.state()))
        if each.kept.rows and (height is None or each.running):
            parts.append(sparklines.table(each.curves, names, room))
    return Group(*parts)
