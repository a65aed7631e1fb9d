"""Every command that a document or a page prints is run, verbatim: dry, at smoke scale, or up to its first work.

A command that this test does not know how to run fails it.
"""

import argparse
import functools
import itertools
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from conftest import JOB, ROOT, command, environment, snakemake

from verifig import cli
from verifig.ground import paths
from verifig.ground.errors import InputError
from verifig.judging import claims
from verifig.pages import sweeping
from verifig.running import alone, leftovers, slices, sweeps, together

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted(ROOT.glob("replications/**/README.md")),
    *sorted(ROOT.glob("replications/*/*/report.py")),
    *sorted((ROOT / "profiles").rglob("*.yaml")),
]
PROGRAMS = ("make", "snakemake", "python", "pip", "verifig", "tests/slurm/run.sh", "git", "bash", "pytest", ".")
# what stands for the reader's own choice
CHOICES = {
    "<slug>": "prieto2025",
    "<paper>": "prieto2025",
    "<theme>": "grokking",
    "<experiment>": "delay53",
    "<claim>": "EN-10",
}


def printed(text: str) -> list[str]:
    """Commands in fenced blocks without a language, and in code spans that start with a program and name something.

    Those of the worked example belong to test_afternoon.py, which runs them one after the other.
    """
    text = text.partition("## A paper in an afternoon\n")[0]
    text = re.sub(r"\n#[ \t]?", "\n", "\n" + text)  # Markdown in the comments of a notebook
    found = []
    for language, block in re.findall(r"^```([\w-]*)\n(.*?)^```", text, re.M | re.S):
        if language in ("", "sh", "bash", "console"):
            found += [line.removeprefix("$ ") for line in block.splitlines()]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    found += [span for span in spans if span.split()[0] in PROGRAMS and (" " in span or "/" in span)]
    found += re.findall(r"^  ((?:pip|snakemake) .*)$", prose, re.M)  # in the comments of a profile
    return [line for line in (re.sub(r"\s+#.*", "", line).strip() for line in found) if line]


PRINTED = list(
    dict.fromkeys(
        (path.relative_to(ROOT).as_posix(), line) for path in DOCUMENTS for line in printed(path.read_text("utf-8"))
    )
)


def test_commands_are_found_where_they_stand():
    by_document = {
        name: [line for _, line in lines] for name, lines in itertools.groupby(PRINTED, lambda pair: pair[0])
    }
    assert "snakemake -s replications/grokking/prieto2025/Snakefile" in by_document["README.md"]
    assert "make new paper=<theme>/<paper>" in by_document["README.md"]
    assert "make lint" in by_document["CONTRIBUTING.md"]
    assert any(line.startswith("python -m verifig run <slug>") for line in by_document["replications/README.md"])
    for slug in paths.slugs():
        assert any(
            "verifig" in line for line in by_document[f"{paths.name_in_suite(paths.ruleset_dir(slug))}/README.md"]
        ), slug


@pytest.mark.parametrize(("document", "line"), PRINTED)
def test_every_printed_command_works(document, line, request):
    words = shlex.split(chosen(line))
    match words:
        case ["make", *given]:
            (target,) = (word for word in given if "=" not in word)
            _make(target, [word for word in given if "=" in word], request)
        case ["snakemake", *arguments]:
            _snakemake(arguments, request)
        case ["python", "-m", "verifig", *arguments] | ["verifig", *arguments]:
            _verifig(arguments, request, document)
        case ["python", "-m", "pytest", *arguments]:
            assert [path for path in arguments if not path.startswith("-")], line
            assert all((ROOT / path).exists() for path in arguments if not path.startswith("-"))
        case ["pip", "install" | "wheel", *arguments]:
            _pip(arguments)
        case ["tests/slurm/run.sh"]:
            assert subprocess.run(["bash", "-n", ROOT / words[0]], check=False).returncode == 0
            assert (ROOT / words[0]).stat().st_mode & 0o100
        case [".", ".venv/bin/activate"]:
            assert "VENV ?= .venv" in (ROOT / "Makefile").read_text()
        case _:
            pytest.fail(f"{document} prints `{line}`, and this test does not know how to run it")


def chosen(line: str) -> str:
    """A command with the reader's choices made, optional words left out."""
    line = re.sub(r"\s*\[<[^]]*\]", "", line)
    for placeholder, choice in CHOICES.items():
        line = line.replace(placeholder, choice)
    return line


# ---- make ----------------------------------------------------------------------------------------------------------


def _make(target, variables, request) -> None:
    """Its recipe, as make would run it: every Snakemake line plans jobs, every verifig line is understood."""
    folder = request.getfixturevalue("fresh")
    done = subprocess.run(
        ["make", "-n", target, *variables],
        cwd=folder,
        env=environment(folder),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    recipe = done.stdout.splitlines()
    assert recipe
    for line in recipe:
        if line.startswith(".venv/bin/python -m snakemake"):
            arguments = shlex.split(line)[3:]
            if not {"--lint", "--unlock"} & set(arguments):
                assert any("_train_" in rule for rule in planned(folder, *arguments)), line
        elif line.startswith(".venv/bin/python -m verifig"):
            cli.parser().parse_args(shlex.split(line)[3:])
        elif line.startswith(".venv/bin/"):
            assert line.split()[0].removeprefix(".venv/bin/") in ("python", "ruff", "snakefmt"), line


# ---- snakemake -----------------------------------------------------------------------------------------------------


def _snakemake(arguments, request) -> None:
    if "--report" in arguments:
        done = request.getfixturevalue("done")
        result = snakemake(done, *arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        assert (done / arguments[arguments.index("--report") + 1]).stat().st_size > 10_000
        return
    rules = planned(request.getfixturevalue("fresh"), *arguments)
    assert any("train_" in rule for rule in rules), rules
    assert any(rule.endswith("report") for rule in rules), rules


@functools.cache
def planned(folder: Path, *arguments: str) -> frozenset[str]:
    """Rules that a Snakemake command would run, as it is printed; only `-n` is added."""
    result = command(folder, "snakemake", *arguments, "-n")
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    return frozenset(JOB.findall(said.rpartition("Job stats:")[2].partition("total")[0]))


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Path:
    """A clean copy, of a few papers to be quick; test_workflow.py plans all.

    Slurm's plugin need not be installed: without it its options in the profile are unknown.
    """
    from conftest import copy_suite

    folder = copy_suite(tmp_path_factory.mktemp("printed") / "suite")
    config = folder / "config/config.yaml"
    config.write_text(config.read_text().replace("papers: []", "papers: [wu2023, prieto2025, double_descent]"))
    profile = folder / "profiles/slurm/profile.yaml"
    kept = [line for line in profile.read_text().splitlines() if not line.startswith(("executor:", "slurm-"))]
    profile.write_text("\n".join(kept) + "\n")
    return folder


# ---- verifig -------------------------------------------------------------------------------------------------------


def _verifig(arguments, request, document) -> None:
    options = cli.parser().parse_args(arguments if len(arguments) > 1 else fill(arguments, document))
    handler = {
        "_list": lambda options, arguments, request: _read_only(ROOT, arguments),
        "_claims": lambda options, arguments, request: _read_only(ROOT, arguments),
        "_gallery": lambda options, arguments, request: None,  # test_gallery.py makes one
        "_verdicts": lambda options, arguments, request: _read_only(request.getfixturevalue("done"), arguments),
        "_explain": _explain,
        "_watch": _watch,
        "_compare": _compare,
        "_runs": lambda options, arguments, request: None,  # test_runs.py lists and removes some
        "_run": _run,
        "_paper": _paper,
        "_prepare": _prepare,
        "_check": _scale_only,
        "_record": _scale_only,
        "_publish": _scale_only,
        "_pack": _pack,
        "_unpack": _pack,
        "_bench": _bench,
        "_new": lambda options, arguments, request: None,  # test_workflow.py creates one and runs it
        "_fit": _fit,
        "_predict": _predict,
    }.get(options.command.__name__)
    assert handler, f"{document} prints `verifig {shlex.join(arguments)}`, and this test does not know how to run it"
    handler(options, arguments, request)


def fill(arguments, document) -> list[str]:
    """A command named without what it needs (`python -m verifig run`) is completed by a rule set and a folder."""
    needs = {"run": ["prieto2025", "--out", "/tmp/x"], "new": ["toys/toy"], "explain": ["EN-10"]}
    return [*arguments, *needs.get(arguments[0], [])] if arguments else ["list"]


def _read_only(folder, arguments) -> None:
    """Run as printed: verdicts are asked for where the smoke scale of a paper has run."""
    result = command(folder, "verifig", *arguments)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


def _explain(options, arguments, request) -> None:
    slug, _, name = options.claim.rpartition("/")
    known = {claim["id"] for found in ([slug] if slug else paths.slugs()) for claim in claims.load(found)}
    assert name in known


def _watch(options, arguments, request) -> None:
    """As printed but for the folder: where the jobs of Snakemake are finished."""
    done = request.getfixturevalue("done")
    words = [f"{done}/results" if word.startswith("/tmp/") else word for word in arguments]
    result = command(done, "verifig", *words)
    assert result.returncode == 0, result.stderr
    assert "at smoke scale: finished" in result.stdout


def _compare(options, arguments, request) -> None:
    """As printed but for the folders: of a run with itself."""
    done, tmp_path = request.getfixturevalue("done"), request.getfixturevalue("tmp_path")
    words = [f"{done}/results" if word.startswith("/tmp/") else word for word in arguments]
    words = [str(tmp_path / word) if word.endswith((".svg", ".png")) else word for word in words]
    result = command(done, "verifig", *words)
    assert result.returncode == 0, result.stderr
    assert "no differences in" in result.stdout
    assert options.plot is None or (tmp_path / options.plot).exists()


def _run(options, arguments, request) -> None:
    """Up to the first training job: settings, folder and jobs are real, work and downloads are not."""
    monkeypatch, tmp_path = request.getfixturevalue("monkeypatch"), request.getfixturevalue("tmp_path")
    trained, finished = [], []
    monkeypatch.setattr(alone.downloads, "fetch", lambda *given: None)
    monkeypatch.setattr(leftovers, "sweep", lambda layout: None)
    monkeypatch.setattr(slices, "_train", lambda training, stop, data_dir: trained.append(training.job))
    monkeypatch.setattr(together, "deal", lambda *given: None)
    monkeypatch.setattr(sweeps, "ROOT", tmp_path)
    monkeypatch.setattr(alone, "finish", lambda *given: finished.append(given))
    monkeypatch.setattr(sweeping, "tell", lambda *given: None)
    monkeypatch.setattr(alone.folders, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    folders = [word.partition("=")[2] for word in arguments if "folder" in word and "=/" in word]
    try:
        options.command(options)
    except InputError as error:
        refusal = str(error)
    else:
        assert trained, "no training job"
        assert options.stage == "train" or finished
        return
    # only for data that a reader must have
    fetched = re.search(r"needs the data \w+: run `python -m verifig prepare --scale \w+`", refusal)
    assert fetched or any(folder in refusal for folder in folders), refusal


def _paper(options, arguments, request) -> None:
    """The forecast of what it would train, in a folder without results."""
    result = command(ROOT, "verifig", *arguments, "--forecast", "--out", str(request.getfixturevalue("tmp_path")))
    assert result.returncode == 0, result.stderr
    assert re.search(r"^paper scale on \w+: \d+ experiments to train, about", result.stdout, re.M)


def _prepare(options, arguments, request) -> None:
    result = command(request.getfixturevalue("done"), "verifig", *arguments)
    assert result.returncode == 0, result.stderr
    assert re.search("others to run, start-up included about|everything is up to date", result.stdout)


def _scale_only(options, arguments, request) -> None:
    """What it does is tested in test_standing.py; here: the names in it exist."""
    assert options.scale in (None, *paths.SCALES) if hasattr(options, "scale") else True
    assert set(getattr(options, "slug", None) or []) <= set(paths.slugs())


def _pack(options, arguments, request) -> None:
    """As printed but for scale and folder: there are no results of the paper scale here."""
    done = request.getfixturevalue("done")
    words = [word.replace("paper", "smoke").replace("/tmp/", f"{done}/") for word in arguments]
    result = command(done, "verifig", *words)
    assert result.returncode == 0, result.stderr
    assert re.search("packed [1-9]|unpacked [1-9]", result.stdout)


def _bench(options, arguments, request) -> None:
    assert all((paths.ruleset_dir(slug) / "bench.py").exists() for slug in options.slug)


def _fit(options: argparse.Namespace, arguments, request) -> None:
    """On a table whose columns have the names in the command."""
    tmp_path, monkeypatch = request.getfixturevalue("tmp_path"), request.getfixturevalue("monkeypatch")
    monkeypatch.chdir(tmp_path)
    rows = [(n, d, 1.7 + 400 / n**0.34 + 410 / d**0.28) for n in (1e8, 1e9, 1e10) for d in (1e9, 1e10, 1e11)]
    lines = [options.columns or "N,D,L", *(f"{n},{d},{loss}" for n, d, loss in rows)]
    Path(options.file).write_text("\n".join(lines) + "\n")
    options.bootstraps = 20 if options.predict or options.runs_for else 0
    assert not options.command(options)
    assert options.plot is None or Path(options.plot).exists()
    assert options.page is None or Path(options.page).exists()


def _predict(options: argparse.Namespace, arguments, request) -> None:
    """On a family of two models and a target."""
    request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))
    rows = [(f"m{n:g}", n, d, 1.7 + 400 / n**0.34 + 410 / d**0.28) for n in (1e8, 1e9, 1e10) for d in (1e9, 1e10, 1e11)]
    lines = [options.columns, *(",".join(map(str, row)) for row in rows)]
    Path(options.file).write_text("\n".join(lines) + "\n")
    assert not options.command(options)


# ---- pip -----------------------------------------------------------------------------------------------------------


def _pip(arguments) -> None:
    """Extras that are named exist, plugins are pinned; test_wheel.py builds and tries the wheel."""
    import tomllib

    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for word in arguments:
        extras = re.findall(r"\[(.*?)\]", word)
        assert all(extra in known for names in extras for extra in names.split(",")), word
        assert word.startswith((".", "snakemake-executor-plugin-", "verifig", "--")), word
