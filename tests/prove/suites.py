"""Whole copies of the suite, run from nothing in folders of their own."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT, copy_suite, environment


def copy(target: Path) -> Path:
    """The checkout's sources and downloads, without results."""
    copy_suite(target)
    if (ROOT / "data").is_dir():
        (target / "data").symlink_to(ROOT / "data")
    return target


def start(folder: Path, *arguments: str, log: Path, **more: str) -> subprocess.Popen:
    """`python -m ...` in a copy, in a process group of its own, with its output in a file."""
    with log.open("w") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env=environment(folder, **more),
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def workflow(folder: Path, scale: str, cores: int, log: Path, **more: str) -> subprocess.Popen:
    """The whole workflow at a scale."""
    arguments = ("--cores", str(cores), "--quiet", "all", "--config", f"scale={scale}", "device=cpu")
    return start(folder, "snakemake", *arguments, log=log, **more)


@dataclass(frozen=True)
class Finished:
    """A copy that has run, and the wall time that it took."""

    folder: Path
    seconds: float


def finished(folder: Path, scale: str, cores: int = os.cpu_count() or 1, **more: str) -> Finished:
    """A copy that has run the whole workflow at a scale."""
    begin = time.monotonic()
    log = folder.parent / f"{folder.name}.log"
    code = workflow(copy(folder), scale, cores, log, **more).wait()
    assert code == 0, log.read_text()[-3000:]
    return Finished(folder, time.monotonic() - begin)


def outputs(folder: Path, scale: str) -> dict[str, bytes]:
    """Artifacts, statistics and published figures by name: everything that must not depend on how it was run."""
    root = folder / "results" / scale
    chosen = [path for pattern in ("*.npz", "*.parquet", "*.svg") for path in root.rglob(pattern)]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(chosen)}
