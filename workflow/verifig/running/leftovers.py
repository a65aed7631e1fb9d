"""What a killed run leaves behind in a results folder."""

import os
import re

from verifig.ground.files import PART
from verifig.ground.paths import Layout

WRITTEN_BY = re.compile(rf"\..+\.(\d+)\.\w+{re.escape(PART)}")  # see files.atomic


def remove_checkpoint(layout: Layout, experiment: str) -> None:
    """Remove the checkpoint of a finished job that was killed before it could do so."""
    layout.checkpoint(experiment).unlink(missing_ok=True)


def remove_course(layout: Layout, experiment: str) -> None:
    """Remove what a job has measured as it went, whose artifact goes too."""
    layout.course(experiment).unlink(missing_ok=True)


def sweep(layout: Layout) -> None:
    """Remove files that were only half written by a process that is no more; other hidden files are not the suite's."""
    for path in layout.folder.glob(f".*{PART}") if layout.folder.is_dir() else ():
        if (found := WRITTEN_BY.fullmatch(path.name)) and not runs(int(found[1])):
            path.unlink(missing_ok=True)


def runs(process: int) -> bool:
    """Whether a process of this machine still runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
