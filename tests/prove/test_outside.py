"""Where people work: odd paths, a storage plug-in, no network, notebooks, installed packages, an old interpreter.

Whole runs of the smoke scale in a path with blanks and quotes, and through a storage plug-in that stages every file into
an empty folder, give the bytes of an ordinary run. With a proxy that answers no HTTP everything that needs no download
runs. Every report is executed cell by cell by a Jupyter kernel in its own folder and leaves the results alone. The
wheel, the source distribution and an editable install, each put by pip into a fresh environment, list, train, judge and
report in another folder. The last case needs the package index, and about 3 GB.
"""

import hashlib
import json
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import ROOT, copy_suite, environment
from opened import agrees, opened

from prove import suites
from verifig.ground.paths import name_in_suite, ruleset_dir, slugs
from verifig.planning import rulesets

STAGED = ("persistence", "software-deployment", "sources", "source-cache")  # shared; all else goes through the storage


def run(command: list[str], folder: Path, **more: str) -> subprocess.CompletedProcess:
    """A command in a folder of its own, its output kept; fails with its last lines."""
    result = subprocess.run(
        command, cwd=folder, env=environment(folder, **more), text=True, capture_output=True, check=False
    )
    assert result.returncode == 0, (result.stdout + result.stderr)[-3000:]
    return result


def installed(folder: Path, *packages: str, python: str = sys.executable) -> Path:
    """Packages from the index in a folder of their own."""
    target = folder / "packages"
    run([python, "-m", "pip", "install", "--quiet", "--target", str(target), *packages], folder)
    return target


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_a_path_with_blanks_and_quotes(smoke_suite, tmp_path, show):
    done = suites.finished(tmp_path / "My Papers" / 'it\'s "mine"', "smoke", MPLBACKEND="module://no_such_backend")
    ours, theirs = suites.outputs(done.folder, "smoke"), suites.outputs(smoke_suite.folder, "smoke")
    assert ours == theirs
    show(**{"files": len(ours), "bytes": "equal"})


@pytest.mark.skipif(shutil.which("rsync") is None, reason="snakemake-storage-plugin-fs copies by rsync")
def test_a_storage_plug_in_with_an_empty_working_folder(smoke_suite, tmp_path, show):
    suite = suites.copy(tmp_path / "suite")
    plugin = installed(tmp_path, "--no-deps", "snakemake-storage-plugin-fs", "sysrsync", "toml")
    storage = ["--default-storage-provider", "fs", "--default-storage-prefix", str(tmp_path / "store")]
    staging = ["--local-storage-prefix", str(tmp_path / "local"), "--shared-fs-usage", *STAGED]
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--config", "scale=smoke", "device=cpu", *storage]
    path = f"{environment(suite)['PYTHONPATH']}:{plugin}"
    run([*command, *staging], suite, PYTHONPATH=path)
    assert not (suite / "results").exists()
    ours, theirs = suites.outputs(tmp_path / "store", "smoke"), suites.outputs(smoke_suite.folder, "smoke")
    assert ours.keys() <= theirs.keys()
    assert all(theirs[name] == content for name, content in ours.items())
    show(**{"files": len(ours), "bytes": "equal"})


def test_a_proxy_that_answers_no_http(tmp_path, show):
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        while True:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(b"220 mail ready\r\n")
            connection.close()

    threading.Thread(target=answer, daemon=True).start()
    proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    suite = tmp_path / "suite"
    copy_suite(suite)
    proxies = {"http_proxy": proxy, "https_proxy": proxy}
    said = run([sys.executable, "-m", "verifig", "prepare", "--scale", "smoke"], suite, **proxies).stdout
    run([sys.executable, "-m", "snakemake", "--cores", "2", "--config", "scale=smoke"], suite, **proxies)
    checked = [sys.executable, "-m", "verifig", "check", "--scale", "smoke", "--without-data"]
    run(checked, suite, **proxies)
    lacking = [name for slug in slugs() for name in rulesets.load(slug).downloads if f"{name}: not" in said]
    assert lacking
    show(**{"downloads said to be unreachable": len(lacking), "check": "passed without them"})


@pytest.mark.parametrize("slug", slugs())
def test_a_notebook_kernel(smoke_suite, tmp_path, show, slug):
    """The report, opened as a notebook in its own folder; the smoke results stand for the laptop's, as a what-if's would."""
    suite = suites.copy(tmp_path / "suite")
    shutil.copytree(smoke_suite.folder / "results" / "smoke", suite / "results" / "laptop")
    before = digests(suite / "results")
    kernel = installed(tmp_path, "ipykernel", "nbclient")
    code = (
        "import json, jupytext, nbclient; notebook = jupytext.read('report.py');"
        " nbclient.NotebookClient(notebook, timeout=300, kernel_name='python3').execute();"
        " print(json.dumps([len(cell.get('outputs', [])) for cell in notebook.cells if cell.cell_type == 'code']))"
    )
    path = f"{environment(suite)['PYTHONPATH']}:{kernel}"
    done = run([sys.executable, "-c", code], suite / name_in_suite(ruleset_dir(slug)), PYTHONPATH=path)
    outputs = json.loads(done.stdout.splitlines()[-1])
    assert sum(outputs) >= 5
    assert digests(suite / "results") == before
    show(**{"code cells": len(outputs), "with output": sum(map(bool, outputs)), "results": "untouched"})


@pytest.mark.parametrize("slug", slugs())
@pytest.mark.parametrize("which", ["smoke", "published"])
def test_a_downloaded_page(smoke_suite, tmp_path, show, which, slug):
    """Beside a copy of the suite that has no results; each line that a cell shows is one of the page."""
    made = {"smoke": smoke_suite.folder / "results" / "smoke" / slug / "page", "published": ROOT / "reports" / slug}
    suite, page = copy_suite(tmp_path / "suite"), tmp_path / "My Downloads" / slug
    shutil.copytree(made[which], page)
    counts = agrees(opened(page, suite), page)
    kernel = installed(tmp_path, "ipykernel", "nbclient")
    code = (
        f"import nbclient, nbformat; notebook = nbformat.read('{slug}.ipynb', as_version=4);"
        " nbclient.NotebookClient(notebook, timeout=300, kernel_name='python3').execute();"
        " print(sum(len(cell.get('outputs', [])) for cell in notebook.cells))"
    )
    done = run([sys.executable, "-c", code], page, PYTHONPATH=f"{environment(suite)['PYTHONPATH']}:{kernel}")
    assert int(done.stdout.splitlines()[-1]) > 0
    show(**counts)


@pytest.mark.parametrize("form", ["wheel", "source distribution", "editable"])
def test_pip_into_a_fresh_environment(tmp_path, show, form):
    suite = suites.copy(tmp_path / "suite")
    run([sys.executable, "-m", "venv", str(tmp_path / "env")], tmp_path)
    python = str(tmp_path / "env" / "bin" / "python")
    if form == "editable":
        what = ["-e", f"{suite}[run]"]
    else:
        flag = "--wheel" if form == "wheel" else "--sdist"
        tool = installed(tmp_path, "build")
        run([sys.executable, "-m", "build", flag, "--outdir", str(tmp_path / "made"), "."], suite, PYTHONPATH=str(tool))
        (made,) = (tmp_path / "made").iterdir()
        what = [f"{made}[run]"]
    run([python, "-m", "pip", "install", "--quiet", *what], tmp_path, PYTHONPATH="")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    verifig = str(tmp_path / "env" / "bin" / "verifig")
    listed = run([verifig, "list"], elsewhere, PYTHONPATH="").stdout
    assert all(slug in listed for slug in slugs())
    more = ["--scale", "smoke", "--stage", "report", "--out", "out"]
    run([verifig, "run", "prieto2025", "delay53", *more], elsewhere, PYTHONPATH="")
    assert (elsewhere / "out/smoke/prieto2025/page/index.html").exists()
    rows = [(n, d, 1.7 + 400 / n**0.34 + 410 / d**0.28) for n in (1e8, 1e9, 1e10) for d in (1e9, 1e10, 1e11)]
    (elsewhere / "runs.csv").write_text("N,D,L\n" + "".join(f"{n},{d},{loss}\n" for n, d, loss in rows))
    fitted = run([verifig, "fit-scaling-law", "runs.csv", "--bootstraps", "0"], elsewhere, PYTHONPATH="").stdout
    assert "fitted to 9 runs" in fitted
    show(**{"rule sets listed": len(slugs()), "experiment": "judged and reported", "fit-scaling-law": "fits"})


@pytest.mark.parametrize("version", ["3.9.1", "3.10.12"])
def test_make_with_an_old_interpreter(tmp_path, show, version):
    """A stand-in that says that it is old."""
    suite = tmp_path / "suite"
    copy_suite(suite)
    numbers = tuple(map(int, version.split(".")))
    lie = f"import sys; sys.version_info = {numbers}; sys.version = '{version} (stand-in)'; exec(sys.stdin.read())"
    old = tmp_path / "python"
    old.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c \"{lie}\"\n")
    old.chmod(0o755)
    command = ["make", f"PYTHON={old}", "setup"]
    done = subprocess.run(command, cwd=suite, env=environment(suite), text=True, capture_output=True, check=False)
    assert done.returncode == 2
    (sentence,) = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert f"is Python {version}, 3.11 or newer is needed" in sentence
    assert not (suite / ".venv").exists()
    show(**{"refused": "in one sentence"})
