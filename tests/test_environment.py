"""One lock for every way of installing."""

import re

import yaml
from conftest import ROOT

from verifig.ground.version import __version__

ENVS = ROOT / "envs"


def pins(name: str) -> dict[str, str]:
    lines = (ENVS / name).read_text(encoding="utf-8").splitlines()
    found = (re.fullmatch(r"([A-Za-z0-9_.-]+)==(\S+)", line.strip()) for line in lines)
    return {match[1].lower().replace("_", "-"): match[2] for match in found if match}


def test_the_lock_resolves_every_direct_dependency_as_pinned():
    direct, locked = pins("requirements.in"), pins("requirements.lock")
    assert direct
    assert {name: locked.get(name) for name in direct} == direct


def test_the_lock_suits_machines_with_and_without_a_gpu():
    assert not [version for version in pins("requirements.lock").values() if "+" in version]
    assert not [name for name in pins("requirements.lock") if name.startswith(("nvidia", "cuda"))]


def test_conda_and_container_install_the_lock():
    environment = yaml.safe_load((ENVS / "environment.yaml").read_text(encoding="utf-8"))
    listed = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert dict(line.lower().replace("_", "-").split("==") for line in listed) == pins("requirements.lock")
    assert "pip install --no-cache-dir -r /tmp/requirements.lock" in (ENVS / "Containerfile").read_text(
        encoding="utf-8"
    )


def test_versions_are_stated_once_and_agree():
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"version: {__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_continuous_integration_runs_what_the_readme_says():
    workflows = [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / ".github/workflows").glob("*.yml")
    ]
    said = str([step.get("run") for each in workflows for job in each["jobs"].values() for step in job["steps"]])
    assert "make test" in said
    assert "make check" in said
    assert "make lint" in said
