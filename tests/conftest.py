"""Shared by the tests: a throw-away copy of the suite's sources, and commands run in it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

# the same examples every time; `--hypothesis-profile=thorough`: fresh ones, and ten times as many
hypothesis.settings.register_profile("suite", derandomize=True, database=None, max_examples=250)
hypothesis.settings.register_profile("thorough", database=None, max_examples=2500)
hypothesis.settings.load_profile("suite")

ROOT = Path(__file__).resolve().parents[1]
COPIED = (
    "Snakefile",
    "pyproject.toml",
    "config",
    "profiles",
    "workflow",
    "replications",
    "tests/made_up.py",
    "reports",
    "envs",
    "README.md",
    "CONTRIBUTING.md",
    "Makefile",
    "setup.py",
)


JOB = re.compile(r"^(\w+)\s+\d+$", re.MULTILINE)  # a line of the table of jobs that Snakemake prints


def copy_suite(target: Path) -> Path:
    """Copy the checkout's sources without results: what a fresh clone holds."""
    target.mkdir(parents=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignore)
        elif source.exists():
            (target / name).parent.mkdir(exist_ok=True)
            shutil.copy(source, target / name)
    return target


@pytest.fixture
def suite(tmp_path) -> Path:
    """A copy of the checkout without results."""
    return copy_suite(tmp_path / "suite")


@pytest.fixture(scope="session")
def done(tmp_path_factory) -> Path:
    """A copy whose smoke scale of grokking has run, by its configuration; tests that change it change it back."""
    folder = copy_suite(tmp_path_factory.mktemp("done") / "suite")
    config = folder / "config/config.yaml"
    text = config.read_text().replace("scale: laptop", "scale: smoke").replace("papers: []", "papers: [prieto2025]")
    config.write_text(text.replace("device: auto", "device: cpu"))
    result = snakemake(folder)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard():
    """Also where the tests run in the background: a shell starts such processes, and theirs, deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """This process' environment with the library of a folder, and without a data mirror."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VERIFIG_DATA_MIRROR")}
    return kept | {"PYTHONPATH": f"{folder / 'workflow'}{os.pathsep}{folder}", "PYTHONDONTWRITEBYTECODE": "1"} | more


def command(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess:
    """Run `python -m ...` in a folder with the library of that folder; output as text."""
    env = environment(folder, **more)
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=env, text=True, capture_output=True, check=False
    )


def snakemake(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess:
    """Run Snakemake in a folder on two cores."""
    return command(folder, "snakemake", "--cores", "2", *arguments, **more)


def planned_rules(folder: Path, *arguments: str, **more: str) -> set[str]:
    """Rules that Snakemake would run."""
    result = snakemake(folder, "-n", *arguments, **more)
    assert result.returncode == 0, result.stdout + result.stderr
    table = (result.stdout + result.stderr).rpartition("Job stats:")[2].partition("total")[0]
    return set(JOB.findall(table)) - {"all"}
