"""The ways in which a command may end early, each with one clear sentence."""


class InputError(Exception):
    """Something the user gave is wrong (configuration, option, file): exit code 2, before any work."""


class RunError(Exception):
    """Work that was asked for correctly could not be completed: exit code 1."""


class Stopped(Exception):
    """Work ended before it was done, its checkpoint saved: the same command goes on."""
