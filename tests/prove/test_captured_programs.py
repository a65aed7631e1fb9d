"""Are steps that a GPU replays those that a CPU takes? Every program of every paper, at smoke scale, bit for bit.

Without a GPU a stand-in records a step's operations and replays them, so that whatever a program decides on the host
while it is recorded is what every replay uses.
"""

import json
import os
import subprocess
import sys

from conftest import ROOT, environment


def test_every_program_replays(tmp_path, show):
    script = [sys.executable, ROOT / "tests/gpu/programs.py", "smoke", "30"]
    env = environment(ROOT, OUT=str(tmp_path))
    env["PYTHONPATH"] += f"{os.pathsep}{ROOT / 'tests'}"
    subprocess.run(script, cwd=ROOT, env=env, check=True, capture_output=True)
    found = json.loads((tmp_path / "programs-smoke.json").read_text(encoding="utf-8"))
    rows = found["rows"]
    assert [row for row in rows if "failed" in row] == []
    assert [row for row in rows if row["equal"] != "yes"] == []
    recorded = [row for row in rows if row["captured_us"] is not None]
    show(device=found["device"], programs=len(rows), recorded=len(recorded), **{"equal bit for bit": len(rows)})
