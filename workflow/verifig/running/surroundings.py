"""What the place that starts the suite must not decide: the drawing backend, characters that a terminal lacks, the code."""

import os
import shlex
import sys
from pathlib import Path

from verifig.ground import paths


def settle() -> None:
    """Draw to files whatever backend a notebook has named, and replace characters that a terminal cannot show.

    Matplotlib refuses to load where MPLBACKEND names a module that this interpreter lacks, as in `!make reports`.
    """
    os.environ["MPLBACKEND"] = "svg"
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def quote_interpreter() -> None:
    """Snakemake puts the interpreter's path into shell commands as it is: quote one with blanks or quotes."""
    if not sys.executable.startswith(("'", '"')):
        sys.executable = shlex.quote(sys.executable)


def other_checkout() -> str | None:
    """A sentence if the working folder is a checkout, but not the one whose code runs (an environment of another clone)."""
    here = Path.cwd()
    if (here / "workflow" / "verifig" / "ground" / "paths.py").is_file() and here.resolve() != paths.ROOT:
        return f"note: this is the code of {paths.ROOT}, not of this checkout: `make setup` here, and use its .venv"
    return None
