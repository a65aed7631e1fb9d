"""Places where people work: odd paths, notebooks, proxies, locales, other interpreters, hidden files of others."""

import hashlib
import http.server
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import jupytext
import pytest
from conftest import ROOT, SOME, copy_suite, environment

from verifig.ground.errors import InputError, RunError
from verifig.ground.files import atomic
from verifig.ground.keys import key
from verifig.ground.paths import Layout, name_in_suite, ruleset_dir
from verifig.planning import datasets, downloads, jobs, rulesets, userconfig
from verifig.running import leftovers, packs
from verifig.running.stages.train import train
from verifig.training import data

PAPER = "simon2024"  # one experiment at smoke scale


def snakemake(suite: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess:
    """Snakemake by the interpreter of the suite's own .venv."""
    command = [str(suite / ".venv" / "bin" / "python"), "-m", "snakemake", "--cores", "2", *arguments]
    return subprocess.run(
        command, cwd=suite, env=environment(suite, **more), text=True, capture_output=True, check=False
    )


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> Path:
    """The smoke scale of a paper, run in a path with blanks and quotes from a notebook's surroundings."""
    suite = copy_suite(tmp_path_factory.mktemp("My Papers") / 'it\'s "mine"', SOME)
    (suite / ".venv").symlink_to(sys.prefix)
    surroundings = {"MPLBACKEND": "module://no_such_backend", "PYTHONIOENCODING": "iso-8859-1", "LC_ALL": "C"}
    result = snakemake(suite, PAPER, "--config", "scale=smoke", **surroundings)
    assert result.returncode == 0, result.stdout + result.stderr
    return suite


def test_a_path_with_blanks_and_quotes_and_a_notebook_s_backend(odd):
    assert (odd / "results" / "smoke" / PAPER / "page" / "index.html").exists()


def test_a_locale_without_our_symbols(odd):
    command = [sys.executable, "-m", "verifig", "verdicts", PAPER, "--scale", "smoke"]
    env = environment(odd, PYTHONIOENCODING="iso-8859-1", LC_ALL="C")
    result = subprocess.run(command, cwd=odd, env=env, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    assert b"2 of 2 of its statements hold" in result.stdout


@pytest.fixture(scope="module")
def declared(odd) -> dict[str, tuple[list[str], str]]:
    """By rule: the inputs that it declares, and its first output."""
    planned = snakemake(odd, "-n", "-F", "--config", "scale=smoke", f"papers=['{PAPER}']").stdout
    blocks = re.findall(r"^rule (\w+):\n    input: (.*)\n    output: (.*)$", planned, re.MULTILINE)
    return {rule: (inputs.split(", "), outputs.split(", ")[0]) for rule, inputs, outputs in blocks}


@pytest.mark.parametrize("rule", [f"{PAPER}_measure", f"{PAPER}_judge", f"{PAPER}_report", "site"])
def test_a_rule_reads_only_what_it_declares(odd, declared, tmp_path, rule):
    """With nothing but the declared inputs of the rule in an empty results folder, it makes its outputs."""
    inputs, target = declared[rule]
    suite = copy_suite(tmp_path / "suite", SOME)
    (suite / ".venv").symlink_to(sys.prefix)
    for name in inputs:
        (suite / name).parent.mkdir(parents=True, exist_ok=True)
        if (odd / name).is_dir():
            shutil.copytree(odd / name, suite / name)
        else:
            shutil.copy2(odd / name, suite / name)
    result = snakemake(suite, target, "--allowed-rules", rule, "--config", "scale=smoke", f"papers=['{PAPER}']")
    assert result.returncode == 0, result.stdout + result.stderr
    assert (suite / target).exists()


def test_downloads_are_inputs_of_the_jobs_that_read_them_and_of_no_other(tmp_path):
    job = {"data": {"mnist_5k": "x", "chinchilla": "y"}}
    names = [name for name in job["data"] if name not in data.EMBEDDED]
    file = datasets.path("besiroglu2024", names[0], tmp_path)
    assert datasets.folder_of("besiroglu2024", names[0], file) == tmp_path


# ---- the configuration ---------------------------------------------------------------------------------------------


def test_the_data_folder_means_one_thing_from_everywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert userconfig.load({"data": "~/sets"}).data == tmp_path / "home" / "sets"
    assert userconfig.load({"data": "sets"}).data == ROOT / "sets"
    assert userconfig.load({"data": "/sets"}).data == Path("/sets")


# ---- downloads -----------------------------------------------------------------------------------------------------


class CutOff(http.server.BaseHTTPRequestHandler):
    """Promises chunks and breaks off."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"ff\r\nabc")
        self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture
def cut_off():
    server = http.server.HTTPServer(("127.0.0.1", 0), CutOff)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/file.csv"
    server.shutdown()


@pytest.fixture
def no_http():
    """A proxy that answers something else than HTTP."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listener.accept()
        connection.recv(1000)
        connection.sendall(b"220 mail ready\r\n")
        connection.close()

    threading.Thread(target=answer, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def downloaded(url: str, folder: Path) -> str:
    return downloads._download(url, "0" * 64, folder / "file.csv")


def test_a_download_cut_off_is_unreachable_data(cut_off, tmp_path):
    assert downloaded(cut_off, tmp_path).startswith("not reachable")
    assert list(tmp_path.iterdir()) == []


def test_proxies_that_answer_no_http_or_are_mistyped(no_http, tmp_path, monkeypatch):
    for proxy in (no_http, "http://127.0.0.1:port", "localhost"):
        monkeypatch.setenv("http_proxy", proxy)
        assert downloaded("http://example.invalid/file.csv", tmp_path).startswith("not reachable"), proxy
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_takes_for_ever_ends(cut_off, tmp_path, monkeypatch):
    class Slow:
        def read(self, count):
            return b"x"

    monkeypatch.setattr(downloads, "LONGEST_SECONDS", 0)
    with open(tmp_path / "file", "wb") as stream, pytest.raises(TimeoutError, match="not finished after 0 s"):
        downloads._copy(Slow(), stream)


# ---- packs, hidden files, memory -----------------------------------------------------------------------------------


def test_a_pack_is_accepted_where_its_data_is_not(monkeypatch):
    """Measuring needs no data, so the digest recorded in the pack is compared with the pinned one."""
    job = jobs.train("besiroglu2024", "chinchilla", "smoke", "cpu", data_dir=Path("/nowhere"))
    assert set(job["data"].values()) == {None}
    pinned = rulesets.load("besiroglu2024").downloads["chinchilla"].sha256

    def verify(digest: str) -> None:
        packed = job | {"data": {"chinchilla": digest}}
        record = {
            "job": packed,
            "key": key(packed),
            "outputs": {"chinchilla.npz": hashlib.sha256(b"").hexdigest()},
        }
        monkeypatch.setattr(packs.jobs, "train", lambda *arguments, **more: dict(job))
        packs._finished("chinchilla", record, {}, ("smoke", "besiroglu2024", "chinchilla"))

    verify(pinned)
    with pytest.raises(InputError, match="data differs"):
        verify("0" * 64)


def test_the_sweep_takes_half_written_files_of_dead_processes_and_nothing_else(tmp_path):
    layout = Layout(tmp_path, "smoke", PAPER)
    layout.folder.mkdir(parents=True)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    kept = [".git", ".notes", f".relu.npz.{os.getpid()}.abc_123.part", ".relu.npz.part"]
    for name in (*kept, f".relu.npz.{dead.pid}.abc_123.part"):
        (layout.folder / name).write_text("")
    leftovers.sweep(layout)
    assert sorted(path.name for path in layout.folder.iterdir()) == sorted(kept)


def test_what_is_being_written_carries_its_process(tmp_path):
    with atomic(tmp_path / "a.npz") as temporary:
        assert leftovers.WRITTEN_BY.fullmatch(temporary.name)[1] == str(os.getpid())


def test_out_of_memory_is_one_sentence_that_names_a_smaller_setting(tmp_path, monkeypatch):
    from replications.sgd_stability.wu2023.experiments import thresholds

    job = jobs.train("wu2023", "thresholds", "smoke", "cpu")

    def greedy(run):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(thresholds, job["program"], greedy)
    with pytest.raises(RunError, match=r"wu2023\.thresholds: out of memory on .*; a smaller .*seeds needs less"):
        train(job, tmp_path / "a.npz", tmp_path / "a.provenance.json", log=lambda text: None)


# ---- notebooks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", sorted(ROOT.glob("replications/*/*/report.py")), ids=lambda path: path.parent.name)
def test_reports_open_as_notebooks_and_round_trip(source):
    text = source.read_text(encoding="utf-8")
    notebook = jupytext.read(source)
    assert notebook.metadata["jupytext"]["text_representation"]["format_name"] == "percent"
    assert len(notebook.cells) > 5
    body = text.partition("# ---\n")[2].partition("# ---\n")[2]
    assert jupytext.writes(notebook, fmt="py:percent").partition("# ---\n")[2].partition("# ---\n")[2] == body


def test_a_notebook_in_its_own_folder_finds_results_and_leaves_them_alone(odd, tmp_path):
    script = (
        "import os; from pathlib import Path; from verifig.pages.page import Page\n"
        f"page = Page('{PAPER}'); print(page.layout.folder); print(page._drawn)"
    )
    results = odd / "results" / "laptop"
    shutil.copytree(odd / "results" / "smoke", results)
    folder = odd / name_in_suite(ruleset_dir(PAPER))
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment(odd), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found, drawn = done.stdout.split("\n")[:2]
    assert Path(found) == results / PAPER
    assert not Path(drawn).is_relative_to(odd)


# ---- setting up ----------------------------------------------------------------------------------------------------


def set_up(folder: Path, python: str = sys.executable) -> subprocess.CompletedProcess:
    (folder / "envs").mkdir(exist_ok=True)
    shutil.copy(ROOT / "envs" / "setup.sh", folder / "envs")
    (folder / "envs" / "requirements.lock").write_text("# nothing\n")
    os.utime(folder / "envs" / "requirements.lock", (0, 0))
    command = ["sh", "envs/setup.sh", python, ".venv"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_set_up_refuses_an_old_or_missing_interpreter_in_one_sentence(tmp_path):
    lie = "import sys; sys.version_info = (3, 9, 1); sys.version = '3.9.1 (stand-in)'; exec(sys.stdin.read())"
    old = script(tmp_path / "old", f"exec {shlex.quote(sys.executable)} -c {shlex.quote(lie)}")
    for python, words in ((old, "is Python 3.9.1, 3.11 or newer is needed"), ("no-such-python", "is not there")):
        result = set_up(tmp_path, python)
        assert result.returncode == 2
        assert words in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
        assert not (tmp_path / ".venv").exists()


def test_set_up_mends_an_environment_whose_interpreter_is_gone_and_is_silent_when_all_is_well(tmp_path):
    assert set_up(tmp_path).returncode == 0
    again = set_up(tmp_path)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    for name in ("python", "python3"):
        (tmp_path / ".venv" / "bin" / name).unlink(missing_ok=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    mended = set_up(tmp_path)
    assert mended.returncode == 0, mended.stderr
    assert "made by another Python" in mended.stdout
    show = "import sys; print([path for path in sys.path if path.startswith(sys.argv[1])])"
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    command = [str(moved / ".venv" / "bin" / "python"), "-c", show, str(moved)]
    assert str(moved) in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_another_clone_s_code_does_not_run_silently(tmp_path):
    """A second clone, used with the environment of the first."""
    suite = copy_suite(tmp_path / "suite")
    command = [sys.executable, "-m", "verifig", "list"]
    foreign = subprocess.run(command, cwd=suite, env=environment(ROOT), text=True, capture_output=True, check=False)
    assert foreign.returncode == 0, foreign.stderr
    assert f"this is the code of {ROOT}, not of this checkout" in foreign.stderr
    own = subprocess.run(command, cwd=suite, env=environment(suite), text=True, capture_output=True, check=False)
    assert (own.returncode, own.stderr) == (0, "")
