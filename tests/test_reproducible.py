"""The smoke scale of two papers, twice (`make prove` runs all at laptop scale): other folder, time zone, locale and order of hashes, the same bytes."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import ROOT, command

PLACES = {
    "one": {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
    "another place": {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"},
}


@pytest.mark.parametrize("slug", ["liu2023", "prieto2025"])
def test_artifacts_statistics_and_verdicts_are_byte_identical(tmp_path, slug):
    def run(place: str) -> dict[str, bytes]:
        out = tmp_path / place
        arguments = ("--scale", "smoke", "--device", "cpu", "--out", str(out))
        result = command(ROOT, "verifig", "run", slug, *arguments, **PLACES[place])
        assert result.returncode == 0, result.stderr
        chosen = [path for pattern in ("*.npz", "*.parquet", "verdicts.json") for path in out.rglob(pattern)]
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in chosen}

    with ThreadPoolExecutor(len(PLACES)) as pool:
        one, another = pool.map(run, PLACES)
    shutil.rmtree(tmp_path)
    assert any(name.endswith(".npz") for name in one)
    assert {name for name in one | another if one.get(name) != another.get(name)} == set()
