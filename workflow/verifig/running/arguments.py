"""Folders and files that the command line names: one meaning for every command."""

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
