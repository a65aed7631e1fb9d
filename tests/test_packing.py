"""Packs: artifacts travel between machines and nothing wrong gets in."""

import json
import zipfile

import pytest
from conftest import ROOT

from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.keys import key
from verifig.ground.paths import Layout
from verifig.planning import jobs
from verifig.running import packing
from verifig.running.stages.train import train


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """Smoke artifacts of grokking, packed."""
    folder = tmp_path_factory.mktemp("pack")
    layout = Layout(folder / "results", "smoke", "prieto2025")
    for name in ("thresholds", "edge113"):
        job = jobs.train("prieto2025", name, "smoke", "cpu")
        train(job, layout.artifact(name), layout.provenance(name), log=lambda text: None)
    packing.pack(folder / "results", "smoke", "prieto2025", folder / "p.zip")
    return folder / "p.zip"


def forged(record: dict, **changes) -> str:
    """The text of a record with changes and the right seal."""
    record = {name: value for name, value in record.items() if name != "seal"} | changes
    return json.dumps(record | {"seal": key(record)})


def rewrite(pack, target, change) -> None:
    """A pack with changed members: `change` maps a name and its bytes to a new pair, or None to drop it."""
    with zipfile.ZipFile(pack) as source, zipfile.ZipFile(target, "w") as archive:
        for info in source.infolist():
            if changed := change(info.filename, source.read(info)):
                archive.writestr(*changed)


def test_what_was_packed_is_judged_elsewhere(pack, tmp_path):
    packing.unpack(pack, tmp_path)
    verdicts = read_json(Layout(tmp_path, "smoke", "prieto2025").verdicts)["claims"]
    by_id = {claim["id"]: claim["verdict"] for claim in verdicts}
    assert by_id["OR-1"] == "reproduced"


def test_a_gpu_s_record_is_accepted(pack, tmp_path):
    """Device and versions may differ: the key is that of the job as recorded."""

    def on_gpu(name, contents):
        if not name.endswith(".json"):
            return name, contents
        record = json.loads(contents)
        record["job"] |= {"device": "cuda", "versions": {"torch": "2.13.0+cu130"}}
        return name, forged(record, key=key(record["job"]))

    rewrite(pack, tmp_path / "gpu.zip", on_gpu)
    packing.unpack(tmp_path / "gpu.zip", tmp_path / "out", "measure")
    assert (tmp_path / "out/smoke/prieto2025/statistics.parquet").exists()


def flip(name, contents):
    return (
        (name, contents[:-9] + bytes([contents[-9] ^ 1]) + contents[-8:])
        if name.endswith("edge113.npz")
        else (name, contents)
    )


def other_settings(name, contents):
    if not name.endswith("edge113.provenance.json"):
        return name, contents
    record = json.loads(contents)
    record["job"]["settings"]["width"] = 999
    return name, forged(record, key=key(record["job"]))


def altered(name, contents):
    return name, contents.replace(b'"cpu"', b'"gpu"') if name.endswith(".json") else contents


def forged_key(name, contents):
    return name, forged(json.loads(contents), key="0" * 64) if name.endswith(".json") else contents


def forged_job(name, contents):
    return name, forged(json.loads(contents), job=[]) if name.endswith(".json") else contents


def no_json(name, contents):
    return name, b"{" if name.endswith(".json") else contents


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (flip, "edge113.npz is missing or corrupted"),
        (
            lambda name, contents: None if name.endswith("edge113.npz") else (name, contents),
            "edge113.npz is missing or corrupted",
        ),
        (altered, "is damaged or was altered"),
        (forged_key, "the key is not that of the job"),
        (forged_job, "the key is not that of the job"),
        (no_json, "is not valid JSON"),
        (other_settings, "settings differs from this checkout"),
        (lambda name, contents: ("../../" + name, contents), "is not the name of an artifact"),
        (lambda name, contents: ("/etc/" + name, contents), "is not the name of an artifact"),
        (lambda name, contents: (name.replace("edge113", "delay53"), contents), "the record is of prieto2025.edge113"),
    ],
)
def test_nothing_wrong_gets_in(pack, tmp_path, change, sentence):
    rewrite(pack, tmp_path / "bad.zip", change)
    with pytest.raises(InputError, match=sentence):
        packing.unpack(tmp_path / "bad.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_no_pack_is_refused(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"PK not really")
    for name in ("x.zip", "missing.zip"):
        with pytest.raises(InputError):
            packing.unpack(tmp_path / name, tmp_path / "out")
    with pytest.raises(InputError, match="holds no finished artifacts"):
        packing.pack(tmp_path, "paper", "prieto2025", tmp_path / "y.zip")
    assert (ROOT / "workflow").is_dir()
