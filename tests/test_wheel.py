"""The wheel holds everything: the library, the rule sets with their data, templates and schemas."""

import json
import subprocess
import sys
import tomllib
import zipfile

import forks
import pytest
from conftest import ROOT, copy_suite, environment

from verifig.planning import jobs
from verifig.running import alone


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel unpacked into a folder that stands for site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    suite = copy_suite(folder / "suite")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        ".",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "-w",
        str(folder),
    ]
    done = subprocess.run(build, cwd=suite, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("verifig-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def verifig(installed, tmp_path):
    """Run the installed command in another folder."""

    def run(*arguments):
        env = environment(tmp_path) | {"PYTHONPATH": str(installed)}
        done = forks.run(tmp_path, ["verifig", *arguments], env)
        return done.returncode, done.stdout + done.stderr

    return run


def test_every_file_that_a_rule_set_reads_is_there(installed):
    for folder, name in (
        ("replications", "replications"),
        ("workflow/verifig", "verifig"),
        ("workflow/schemas", "verifig/schemas"),
    ):
        for path in (ROOT / folder).rglob("*"):
            inner = path.relative_to(ROOT / folder)
            if (path.suffix in (".py", ".yaml", ".json", ".j2", ".css", ".js") or path.name == "overview.md") and not {
                "tests",
                "__pycache__",
            } & set(inner.parts):
                assert (installed / name / inner).exists(), inner


def test_rule_sets_are_listed(verifig):
    code, said = verifig("list")
    assert code == 0, said
    assert "prieto2025         Grokking at the edge of numerical stability" in said
    assert "condition adamw_wd4: weight_decay=4.0" in verifig("list", "prieto2025", "delay53")[1]


def test_an_experiment_runs_is_judged_and_reported(verifig, tmp_path):
    code, said = verifig("run", "prieto2025", "delay53", "--scale", "smoke", "--stage", "report", "--out", "out")
    assert code == 0, said
    assert (tmp_path / "out/smoke/prieto2025/verdicts.json").exists()
    assert (tmp_path / "out/smoke/prieto2025/page/index.html").exists()


def test_installed_and_from_a_checkout_a_job_is_the_same(installed, tmp_path):
    """So that packs travel between both."""
    code = (
        "import json; from verifig.planning import jobs; print(json.dumps(jobs.all_jobs('prieto2025', 'smoke', 'cpu')))"
    )
    (tmp_path / "show.py").write_text(code)
    env = environment(tmp_path) | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "show.py"], cwd=tmp_path, env=env, text=True, capture_output=True, check=True
    )
    assert json.loads(done.stdout) == json.loads(json.dumps(jobs.all_jobs("prieto2025", "smoke", "cpu")))


def test_a_rule_set_s_own_command_works(verifig, tmp_path):
    rows = [(n, d, 1.7 + 400 / n**0.34 + 410 / d**0.28) for n in (1e8, 1e9, 1e10) for d in (1e9, 1e10, 1e11)]
    (tmp_path / "runs.csv").write_text("N,D,L\n" + "".join(f"{n},{d},{loss}\n" for n, d, loss in rows))
    code, said = verifig("fit-scaling-law", "runs.csv", "--bootstraps", "0")
    assert code == 0, said
    assert "fitted to 9 runs" in said


@pytest.mark.parametrize("command", [("new", "toys/toy"), ("publish",), ("record",), ("bench",)])
def test_what_needs_a_checkout_says_so(verifig, command):
    code, said = verifig(*command)
    assert (code, said.count("\n")) == (2, 1)
    assert "needs a checkout of the suite's repository" in said


def test_the_console_script_is_the_module_s_entry(installed):
    (entries,) = installed.glob("verifig-*.dist-info/entry_points.txt")
    assert "verifig = verifig.__main__:main" in entries.read_text()


def test_the_extra_run_names_every_package_that_a_stage_asks_for():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {name.replace("-", "_").replace("markdown_it_py", "markdown_it") for name in extras["run"]}
    assert {name for names in alone.PACKAGES.values() for name in names} <= named


@pytest.mark.parametrize("example", sorted((ROOT / "docs/instruments").glob("*.py")), ids=lambda path: path.stem)
def test_an_example_of_the_instruments_runs_elsewhere_in_seconds(example, installed, tmp_path):
    env = environment(tmp_path) | {"PYTHONPATH": str(installed), "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    clock = "import atexit, sys, time; atexit.register(lambda: print('took', time.process_time(), file=sys.stderr)); "
    run = f"{clock}import runpy, torch; torch.set_num_threads(1); runpy.run_path({str(example)!r})"
    done = forks.run(tmp_path, ["-c", run], env)
    assert done.returncode == 0, done.stderr
    assert float(done.stderr.rpartition("took ")[2]) < 60  # 10 at most where it was measured; a slow machine has room
    assert not done.stdout or "nan" not in done.stdout.lower()
    assert list(tmp_path.iterdir()) == []  # an example leaves nothing behind
