"""A process that has imported what tests need, and forks for every run of pytest: a run costs its tests alone.

It reads one run a line, {"arguments", "limit", "log", "traced", "watched"}, and answers with pytest's exit code, or -1
where a run did not end within `limit` seconds. A run with `traced`, a path, writes there for every test {"seconds",
"lines": {file: lines that it ran}} of the watched files.
"""

import inspect
import json
import os
import signal
import sys
import time
from pathlib import Path

import hypothesis  # noqa: F401 (these and the next: what is imported here is not imported by each run)
import pandas as pd  # noqa: F401
import pytest
import scipy.optimize
import scipy.stats  # noqa: F401
import torch  # noqa: F401


class Traced:
    """A plugin of pytest: which lines of some files every test runs, those of its fixtures included, and its time."""

    def __init__(self, target: Path, watched: list[str]):
        self.target, self.watched = target, {str(Path(name).resolve()): name for name in watched}
        self.lines: dict[str, set[int]] = {}  # of what is running now
        self.fixtures: dict[str, dict] = {}
        self.found: dict[str, dict] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        outer, self.lines = self.lines, {}
        try:
            return (yield)
        finally:
            merge(self.fixtures.setdefault(fixturedef.argname, {}), self.lines)
            self.lines = merge(outer, self.lines)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.lines, begin = {}, time.perf_counter()
        sys.settrace(self._call)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            for name in item.fixturenames:  # also what was set up for a test before
                merge(self.lines, self.fixtures.get(name, {}))
            lines = {name: sorted(numbers) for name, numbers in self.lines.items()}
            self.found[item.nodeid] = {"seconds": time.perf_counter() - begin, "lines": lines}

    def pytest_sessionfinish(self):
        self.target.write_text(json.dumps(self.found))

    def _call(self, frame, event, argument):
        code = frame.f_code  # what a module or class runs when it is imported belongs to no test
        counts = code.co_filename in self.watched and code.co_flags & inspect.CO_OPTIMIZED
        return self._line(frame, event, argument) if counts else None

    def _line(self, frame, _event, _argument):
        self.lines.setdefault(self.watched[frame.f_code.co_filename], set()).add(frame.f_lineno)
        return self._line


def merge(lines: dict[str, set[int]], more: dict[str, set[int]]) -> dict[str, set[int]]:
    """Add lines by file."""
    for name, numbers in more.items():
        lines.setdefault(name, set()).update(numbers)
    return lines


def forked(run: dict) -> int:
    """Run pytest in a child; its exit code, -1 after the limit."""
    child = os.fork()
    if child == 0:
        os.setsid()
        log = os.open(run["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        plugins = [Traced(Path(run["traced"]), run["watched"])] if run["traced"] else []
        try:
            code = int(pytest.main(run["arguments"], plugins))
        except BaseException:  # whatever a planted bug does is noticed
            code = 1
        sys.stdout.flush()
        os._exit(code)
    end = time.monotonic() + (run["limit"] or float("inf"))
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    for text in sys.stdin:
        print(forked(json.loads(text)), file=answers)
