"""Shared by the tests: a throw-away copy of the suite's sources, and commands run in it."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import forks
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
SOME = ("grokking", "double_descent", "sgd_stability")  # themes with the papers on which most tests of the workflow run


JOB = re.compile(r"^(\w+)\s+\d+$", re.MULTILINE)  # a line of the table of jobs that Snakemake prints


def copy_suite(target: Path, themes: Collection[str] | None = None) -> Path:
    """Copy the checkout's sources without results: what a fresh clone holds.

    Args:
        themes: those to copy, without the published pages (None: all, with them).
    """
    target.mkdir(parents=True)
    left_out = [] if themes is None else [path.parent.name for path in ROOT.glob("replications/*/theme.yaml")]
    left_out = [name for name in left_out if name not in themes] + ([] if themes is None else ["reports"])
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", *left_out)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir() and name not in left_out:
            shutil.copytree(source, target / name, ignore=ignore)
        elif source.is_file():
            (target / name).parent.mkdir(exist_ok=True)
            shutil.copy(source, target / name)
    return target


@pytest.fixture
def suite(tmp_path) -> Path:
    """A copy of the checkout with some themes, without results: quicker to copy and to plan than all."""
    return copy_suite(tmp_path / "suite", SOME)


@pytest.fixture
def whole_suite(tmp_path) -> Path:
    """A copy of the checkout without results."""
    return copy_suite(tmp_path / "suite")


@pytest.fixture(scope="session")
def done(tmp_path_factory) -> Path:
    """A copy whose smoke scale of prieto2025 has run, by its configuration; tests that change it change it back.

    It runs once for all workers of pytest-xdist, each of which gets a copy.
    """
    own = tmp_path_factory.mktemp("done") / "suite"
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return run_smoke(own)
    shared = tmp_path_factory.getbasetemp().parent / "done"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            run_smoke(own).rename(shared)
    return Path(shutil.copytree(shared, own))


def run_smoke(folder: Path) -> Path:
    """Make a copy and run the smoke scale of prieto2025 in it."""
    copy_suite(folder, SOME)
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


def command(folder: Path, *arguments: str, fresh: bool = False, **more: str) -> subprocess.CompletedProcess:
    """Run `python -m ...` in a folder with the library of that folder; output as text.

    Args:
        fresh: in a process of its own rather than in a fork (see forks.py), as always where there are more variables.
    """
    env = environment(folder, **more)
    if not (fresh or more):
        return forks.run(folder, arguments, env)
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
