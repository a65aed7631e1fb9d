"""Known vulnerabilities among the pinned dependencies, by pip-audit.

pip-audit runs in an environment of its own over envs/requirements.lock. A package that the advisory service does not
answer for counts as not audited, not as clean.
"""

import json
import subprocess
import sys

import pytest
from conftest import ROOT


def test_lock(tmp_path, show):
    tool = tmp_path / "tool"
    subprocess.run([sys.executable, "-m", "venv", str(tool)], check=True)
    install = [str(tool / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "pip-audit"]
    if subprocess.run(install, check=False).returncode:
        pytest.skip("pip-audit cannot be installed: no package index")
    lock = ROOT / "envs" / "requirements.lock"
    options = ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    result = subprocess.run(
        [str(tool / "bin/pip-audit"), "-r", str(lock), *options], text=True, capture_output=True, check=False
    )
    packages = json.loads(result.stdout)["dependencies"]
    audited = [package for package in packages if "skip_reason" not in package]
    vulnerable = [package["name"] for package in audited if package["vulns"]]
    show(packages=len(packages), audited=len(audited), vulnerable=len(vulnerable))
    if not audited:
        pytest.skip("the advisory service answers for none of the pinned versions from here")
    assert vulnerable == []
