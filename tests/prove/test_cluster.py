"""The smoke scale through a real Slurm gives the local results.

`tests/slurm/run.sh` starts a single-node Slurm (Debian or Ubuntu, root), runs the smoke scale of the suite through
`profiles/slurm`, every job a Slurm job, and compares statistics and verdicts with those of a local run.
"""

import os
import re
import shutil
import subprocess

import pytest
from conftest import ROOT


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="starting a Slurm needs root")
@pytest.mark.skipif(shutil.which("apt-get") is None, reason="the script installs Slurm with apt-get")
def test_smoke_scale(show):
    result = subprocess.run([str(ROOT / "tests/slurm/run.sh")], cwd=ROOT, text=True, capture_output=True, check=False)
    assert result.returncode == 0, (result.stdout + result.stderr)[-3000:]
    through = re.search(r"(\d+) jobs went through Slurm", result.stdout)
    assert "statistics and verdicts are the same, byte for byte" in result.stdout
    seconds = re.findall(r"(local|slurm) run: done (\d+) s", result.stdout)
    show(**{"jobs through Slurm": int(through[1]), "statistics and verdicts": "equal bytes"})
    show(**{f"seconds until the {kind} run was done": int(value) for kind, value in seconds})
