"""The worked example of replications/README.md, "A paper in an afternoon", word for word: its files, its commands, its verdicts."""

import re
import shlex

from conftest import ROOT, command, snakemake

from verifig.ground.files import read_json

SECTION = (ROOT / "replications/README.md").read_text(encoding="utf-8").partition("## A paper in an afternoon\n")[2]
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", SECTION, re.M | re.S)


def done(suite, line: str):
    """One printed command in a copy of the suite."""
    match shlex.split(line):
        case ["python", "-m", *words]:
            result = command(suite, *words)
        case ["snakemake", *words]:
            result = snakemake(suite, *words)
        case ["rm", name]:
            (suite / name).unlink()
            return ""
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_an_empty_folder_becomes_a_judged_page(suite):
    said, written = {}, set()
    for language, block in BLOCKS:
        if not language:
            said |= {line: done(suite, line) for line in block.splitlines()}
            continue
        first, _, rest = block.partition("\n")
        path = suite / first.removeprefix("# ")
        assert path.parent.is_dir(), first
        path.write_text(rest, encoding="utf-8")
        written.add(path)
    folder = suite / "replications/quadratics/polyak1964"
    left = [path.name for path in folder.rglob("*.*") if path.suffix != ".pyc" and path not in written]
    assert left == ["__init__.py", "__init__.py"]  # and the Snakefile, of the template
    assert not any(
        "REPLACE" in path.read_text(encoding="utf-8") for path in folder.rglob("*.*") if path.suffix != ".pyc"
    )
    verdicts = read_json(suite / "results/laptop/polyak1964/verdicts.json")["claims"]
    assert {claim["id"]: claim["verdict"] for claim in verdicts} == {
        "PK-1": "reproduced",
        "PK-2": "reproduced",
        "PK-CT": "caught",
    }
    assert (
        "ok, 2 claims, 1 control, statistics measured at laptop scale"
        in said["python -m verifig claims check polyak1964"]
    )
    page = (suite / "results/laptop/polyak1964/page/index.html").read_text(encoding="utf-8")
    assert "Heavy ball on quadratics" in page
    assert "a step with memory is worth" in page
    for tool in (("ruff", "check"), ("ruff", "format", "--check")):
        result = command(suite, *tool, "--config", str(suite / "pyproject.toml"), str(folder))
        assert result.returncode == 0, result.stdout
