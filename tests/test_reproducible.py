"""The smoke scale of a paper, twice (`make prove` runs all at laptop scale): other folder, time zone, locale and order of hashes, the same bytes."""

from pathlib import Path

from conftest import ROOT, command

ELSEWHERE = {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"}


def made(results: Path) -> dict[str, bytes]:
    """Artifacts, statistics and verdicts below a results folder, by name."""
    folder = results / "smoke/prieto2025"
    chosen = [path for pattern in ("*.npz", "*.parquet", "verdicts.json") for path in folder.rglob(pattern)]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in chosen}


def test_artifacts_statistics_and_verdicts_are_byte_identical(done, tmp_path):
    """By Snakemake in a copy, and by `verifig run` elsewhere."""
    arguments = ("--scale", "smoke", "--device", "cpu", "--out", str(tmp_path))
    result = command(ROOT, "verifig", "run", "prieto2025", *arguments, **ELSEWHERE)
    assert result.returncode == 0, result.stderr
    one, another = made(done / "results"), made(tmp_path)
    assert any(name.endswith(".npz") for name in one)
    assert {name for name in one | another if one.get(name) != another.get(name)} == set()
