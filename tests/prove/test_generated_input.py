"""Bad input in bulk: one sentence that names key and value, exit code 2, never a traceback.

The generators of tests/test_bad_input.py with fresh random examples, ten times as many as in `make test`.
"""

import re
import subprocess
import sys

from conftest import ROOT

COUNT = re.compile(
    r"^tests/test_bad_input\.py::test_(\w+):$|^ +- during generate phase .*?(\d+) passing examples", re.M
)


def test_ten_times_as_many(show):
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/test_bad_input.py", "--hypothesis-profile=thorough"]
        + ["--hypothesis-show-statistics", "-p", "no:cacheprovider"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    name, counts = "", {}
    for found in COUNT.finditer(result.stdout):
        name = found[1] or name
        if found[2]:
            counts[name.replace("_", " ")] = int(found[2])
    show(**counts, total=sum(counts.values()))
    assert sum(counts.values()) > 10_000
