"""The same numbers, wherever and however the suite runs.

The whole laptop scale once more, from nothing: in another folder, one job at a time instead of one a core, in another
time zone and locale. Every artifact, statistic and figure is compared, byte for byte, with that of the run
in this checkout.
"""

import pytest
from conftest import ROOT

from prove import suites

OTHER = {"TZ": "Asia/Kathmandu", "LC_ALL": "C"}


def test_laptop_scale(tmp_path, show):
    expected = suites.outputs(ROOT, "laptop")
    if not expected:
        pytest.fail("results/laptop is empty: run `make check` first")
    other = suites.finished(tmp_path / "another place" / "suite", "laptop", cores=1, **OTHER)
    found = suites.outputs(other.folder, "laptop")
    for kind in ("npz", "parquet", "svg"):
        names = [name for name in expected if name.endswith(kind)]
        equal = sum(found.get(name) == expected[name] for name in names)
        show(**{f".{kind} of equal bytes": f"{equal} of {len(names)}"})
    assert {name for name in expected | found if expected.get(name) != found.get(name)} == set()
