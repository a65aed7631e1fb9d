"""What the command line gives, with one meaning for every command: folders, files, minutes, and the line itself."""

import math
import shlex
import sys
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.paths import CHECKOUT, ROOT


def path(text: str) -> Path:
    """A file or folder of the user's: `~` is the home folder, a relative path is relative to where one stands.

    Raises:
        InputError: the home folder of an unknown user.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InputError(f"{text}: there is no such home folder") from None


def results() -> Path:
    """Where the workflow keeps its results: in the checkout; of an installed package, where one stands."""
    return Path("results") if not CHECKOUT or Path.cwd() == ROOT else ROOT / "results"


def minutes(text: str) -> float:
    """A time of the user's, in minutes.

    Raises:
        InputError: it is not a number above 0.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise InputError(f"--minutes {text!r} must be a number of minutes above 0")
    return value


def this_command() -> str:
    """The command that runs now, as one would type it."""
    return f"python -m verifig {shlex.join(sys.argv[1:])}"
