"""The two ways in which a command may end early, each with one clear sentence."""

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """Something the user gave is wrong (configuration, option, file): exit code 2, before any work."""


class RunError(Exception):
    """Work that was asked for correctly could not be completed: exit code 1."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`, did you mean 'x'?` for a name close to a known one (upper and lower case alike), else an empty text."""
    by_lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.6)
    return f", did you mean {by_lower[close[0]]!r}?" if close else ""
