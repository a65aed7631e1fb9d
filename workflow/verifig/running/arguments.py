"""What the command line gives, with one meaning for every command: folders, files, minutes, and the line itself."""

import argparse
import math
import shlex
import sys
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.paths import CHECKOUT, ROOT, SCALES


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


def scale_option(command: argparse.ArgumentParser) -> None:
    """`--scale`; `checked_scale` reads it."""
    command.add_argument("--scale", help=f"one of {', '.join(SCALES)} (default: as in config/config.yaml)")


def checked_scale(options: argparse.Namespace) -> str:
    """The scale asked for, else the configured one.

    Raises:
        InputError: unknown scale.
    """
    from verifig.planning import userconfig

    chosen = options.scale or userconfig.load().scale
    if chosen not in SCALES:
        raise InputError(f"unknown scale {chosen!r}: choose from {', '.join(SCALES)}")
    return chosen


def results_option(command: argparse.ArgumentParser) -> None:
    """`--results`: where results are read."""
    what = "results folder (default: the checkout's results)"
    command.add_argument("--results", type=path, default=results(), help=what)


def figure(text: str) -> Path:
    """A figure of the user's, to be written.

    Raises:
        InputError: its name does not say that it is one.
    """
    found = path(text)
    if found.suffix not in (".svg", ".png"):
        raise InputError(f"--plot {text} must end in .svg or .png")
    return found


def names(text: str) -> list[str]:
    """Names with commas between: `test_loss,test_accuracy`."""
    return [name.strip() for name in text.split(",") if name.strip()]


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
