"""Bad input and damaged files in bulk: one sentence that names key and value, exit code 2, never a traceback.

The generators of `make test` (configuration, settings, claims, command lines; altered artifacts, tables and records; CSV
files for `fit-scaling-law`) with fresh random examples, ten times as many of each.
"""

import re
import subprocess
import sys

from conftest import ROOT

FITTING = "replications/scaling_laws/besiroglu2024/tests/test_besiroglu2024_command.py"
TESTS = (
    "tests/test_bad_input.py",
    "tests/test_damage.py",
    f"{FITTING}::test_one_bad_cell_is_named_by_column_and_line",
    f"{FITTING}::test_any_bytes_are_a_table_or_one_sentence",
)
COUNT = re.compile(r"^\S+::test_(\w+):$|^ +- (\d+) passing, \d+ failing", re.MULTILINE)


def test_ten_times_as_many(show):
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *TESTS, "--hypothesis-profile=thorough"]
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
