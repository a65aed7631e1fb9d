"""Packs of unfinished work: it goes on elsewhere with the same bytes, and nothing wrong gets in."""

import io
import json
import zipfile

import numpy as np
import pytest
from test_packing import rewrite
from unfinished_work import SCALE, SLUG, begin, finish, forge, job, layout

from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.keys import key
from verifig.planning import unfinished
from verifig.running import alone, folders, packing, packs

CHECKPOINT = f"{SCALE}/{SLUG}/edge113.npz.ckpt"


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    """The artifact of edge113, left alone."""
    return finish(tmp_path_factory.mktemp("whole"), "edge113").read_bytes()


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A finished experiment and an unfinished one, packed."""
    folder = tmp_path_factory.mktemp("pack")
    finish(folder, "thresholds")
    begin(folder, "edge113", 77)
    packing.pack(folder, SCALE, SLUG, folder / "p.zip")
    return folder / "p.zip"


def packed(pack, name: str = CHECKPOINT) -> bytes:
    with zipfile.ZipFile(pack) as archive:
        return archive.read(name)


def changed(pack, tmp_path, contents: bytes, name: str = CHECKPOINT):
    """The pack with another checkpoint."""

    def change(member, before):
        return (name, contents) if member == CHECKPOINT else (member, before)

    rewrite(pack, tmp_path / "changed.zip", change)
    return tmp_path / "changed.zip"


def forged(pack, tmp_path, job=None, **facts):
    """The pack with the checkpoint of another job, or with other facts."""
    (tmp_path / "forged.ckpt").write_bytes(packed(pack))
    forge(tmp_path / "forged.ckpt", job, **facts)
    return changed(pack, tmp_path, (tmp_path / "forged.ckpt").read_bytes())


def test_unfinished_work_goes_on_elsewhere(pack, tmp_path, whole, capsys):
    packing.unpack(pack, tmp_path)
    place = layout(tmp_path)
    said = capsys.readouterr().out
    assert "unpacked 1 finished experiment and the unfinished edge113 (38 % done) of prieto2025 at smoke scale" in said
    goes_on = (
        f"edge113 goes on with python -m verifig run prieto2025 edge113 --scale smoke --stage train --out {tmp_path}"
    )
    assert goes_on in said
    assert place.checkpoint("edge113").read_bytes() == packed(pack)
    by_id = {claim["id"]: claim for claim in read_json(place.verdicts)["claims"]}
    assert by_id["OR-1"]["verdict"] == "reproduced", "what is finished is judged"
    assert alone.run(SLUG, ["thresholds", "edge113"], SCALE, {}, None, "cpu", "judge", tmp_path) == 0
    said = capsys.readouterr().out
    assert "thresholds: finished before, kept" in said
    assert "resumed after" in said
    assert place.artifact("edge113").read_bytes() == whole
    assert sorted(path.suffix for path in place.folder.glob("edge113*")) == [".json", ".jsonl", ".npz"]


def test_it_is_said_what_is_packed(tmp_path, capsys):
    begin(tmp_path, "edge113", 30)
    packing.pack(tmp_path, SCALE, SLUG, tmp_path / "p.zip")
    assert "packed the unfinished edge113 (15 % done) into" in capsys.readouterr().out
    packing.unpack(tmp_path / "p.zip", tmp_path / "out")
    assert not layout(tmp_path / "out").statistics.exists(), "there is nothing to judge"


def test_what_cannot_go_on_is_left_out_of_a_pack(tmp_path, capsys):
    for name in ("edge113", "delay53", "thresholds"):
        begin(tmp_path, name, 1) if name != "thresholds" else finish(tmp_path, name)
    place = layout(tmp_path)
    forge(place.checkpoint("edge113"), job("edge113") | {"code": {}})
    place.checkpoint("delay53").write_bytes(place.checkpoint("delay53").read_bytes()[:-100])
    place.checkpoint("unheard_of").write_bytes(b"")
    packing.pack(tmp_path, SCALE, SLUG, tmp_path / "p.zip")
    said = capsys.readouterr().out
    assert "edge113.npz.ckpt: code differs from this checkout" in said
    assert "delay53.npz.ckpt is not a readable checkpoint" in said
    assert said.count("left out: ") == 3
    assert "packed 1 finished experiment into" in said
    place.artifact("thresholds").unlink()
    place.provenance("thresholds").unlink()
    with pytest.raises(InputError, match="holds no finished artifacts and no unfinished work"):
        packing.pack(tmp_path, SCALE, SLUG, tmp_path / "q.zip")
    assert not (tmp_path / "q.zip").exists()


def test_a_gpu_s_work_is_laid_down_and_it_is_said_where_it_goes_on(pack, tmp_path, capsys):
    on_gpu = job("edge113") | {"device": "cuda", "versions": {"torch": "2.11.0+cu130", "numpy": "2.5.2"}}
    packing.unpack(forged(pack, tmp_path, on_gpu), tmp_path / "out")
    said = capsys.readouterr().out
    assert "edge113.npz.ckpt is unfinished work (38 % done) that does not go on here (device cuda, here cpu; " in said
    assert "torch 2.11.0+cu130, here " in said
    path = layout(tmp_path / "out").checkpoint("edge113")
    assert unfinished.read(path).key == key(on_gpu)
    with pytest.raises(InputError, match="does not go on here"):
        alone.run(SLUG, ["edge113"], SCALE, {}, None, "cpu", "train", tmp_path / "out")
    assert unfinished.read(path).key == key(on_gpu)


def arrays(contents: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(contents), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def zipped(contents: dict[str, np.ndarray]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **contents)
    return stream.getvalue()


def other_key(contents: bytes) -> bytes:
    found = arrays(contents)
    meta = json.loads(str(found["__meta__"])) | {"key": "0" * 64}
    return zipped(found | {"__meta__": np.array(json.dumps(meta))})


def other_facts(**facts):
    def change(contents: bytes) -> bytes:
        found = arrays(contents)
        meta = json.loads(str(found["__meta__"]))
        meta["facts"] |= facts
        return zipped(found | {"__meta__": np.array(json.dumps(meta))})

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda contents: contents[:-100], "edge113.npz.ckpt is not a readable checkpoint"),
        (lambda contents: contents[:5000] + bytes([contents[5000] ^ 1]) + contents[5001:], "not a readable checkpoint"),
        (lambda contents: b"\x80\x04N.", "not a readable checkpoint"),
        (lambda contents: b"", "not a readable checkpoint"),
        (lambda contents: zipped(arrays(contents) | {"stray|x": np.zeros(3)}), "not a readable checkpoint"),
        (lambda contents: zipped({"a": np.zeros(3)}), "not a readable checkpoint"),
        (other_facts(job=None), "not a readable checkpoint"),
        (other_facts(done=-1), "not a readable checkpoint"),
        (other_facts(cpu_seconds="1"), "not a readable checkpoint"),
        (other_facts(wall_seconds=float("nan")), "not a readable checkpoint"),
        (other_facts(job={}), "the key is not that of the job"),
        (other_key, "the key is not that of the job"),
    ],
)
def test_no_damaged_checkpoint_gets_in(pack, tmp_path, change, sentence):
    bad = changed(pack, tmp_path, change(packed(pack)))
    with pytest.raises(InputError, match=sentence):
        packing.unpack(bad, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"settings": {}}, "settings differs from this checkout"),
        ({"code": {}}, "code differs from this checkout"),
        ({"data": {"mnist": "0" * 64}}, "data differs from this checkout"),
        ({"module": "os", "program": "system"}, "program differs from this checkout"),
        ({"experiment": "delay53"}, "the checkpoint is of prieto2025.delay53 at smoke scale"),
        ({"scale": "paper"}, "the checkpoint is of prieto2025.edge113 at paper scale"),
    ],
)
def test_no_checkpoint_of_other_work_gets_in(pack, tmp_path, change, sentence):
    bad = forged(pack, tmp_path, job("edge113") | change)
    with pytest.raises(InputError, match=sentence):
        packing.unpack(bad, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (f"{SCALE}/{SLUG}/delay53.npz.ckpt", "the checkpoint is of prieto2025.edge113"),
        (f"../{CHECKPOINT}", "is not the name of an artifact"),
        (f"/etc/{CHECKPOINT}", "is not the name of an artifact"),
        (f"{CHECKPOINT}.part", "is not the name of an artifact"),
    ],
)
def test_no_renamed_checkpoint_gets_in(pack, tmp_path, name, sentence):
    with pytest.raises(InputError, match=sentence):
        packing.unpack(changed(pack, tmp_path, packed(pack), name), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_that_unpacks_to_too_much_is_refused(pack, tmp_path, monkeypatch):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays(packed(pack)), bomb=np.zeros(10**6))
    bad = changed(pack, tmp_path, stream.getvalue())
    monkeypatch.setattr(packs, "LARGEST", 10**6)
    with pytest.raises(InputError, match=r"edge113.npz.ckpt unpacks to more than"):
        packing.unpack(bad, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_pack_of_nothing_is_refused(pack, tmp_path):
    rewrite(pack, tmp_path / "bare.zip", lambda name, contents: (name, contents) if name.endswith(".npz") else None)
    with pytest.raises(InputError, match=r"bare\.zip holds neither an artifact with its record nor a checkpoint"):
        packing.unpack(tmp_path / "bare.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


# ---- folders that hold something -----------------------------------------------------------------------------------


def test_what_is_further_on_there_stays(pack, tmp_path, capsys):
    there = begin(tmp_path, "edge113", 100)
    before = there.read_bytes()
    packing.unpack(pack, tmp_path, "train")
    assert there.read_bytes() == before
    assert "edge113 is further on there already (50 % done)" in capsys.readouterr().out


def test_what_is_not_as_far_there_is_replaced(pack, tmp_path):
    there = begin(tmp_path, "edge113", 20)
    packing.unpack(pack, tmp_path, "train")
    assert there.read_bytes() == packed(pack)


def test_what_is_finished_there_stays(pack, tmp_path, capsys, whole):
    artifact = finish(tmp_path, "edge113")
    packing.unpack(pack, tmp_path, "train")
    assert artifact.read_bytes() == whole
    assert not layout(tmp_path).checkpoint("edge113").exists()
    assert "edge113 is finished there already" in capsys.readouterr().out


def test_unfinished_work_of_another_job_is_not_replaced(pack, tmp_path):
    there = begin(tmp_path, "edge113", 20)
    forge(there, job("edge113") | {"device": "cuda"})
    before = there.read_bytes()
    with pytest.raises(InputError, match=r"edge113.npz.ckpt is unfinished work of another job: remove it, or choose"):
        packing.unpack(pack, tmp_path, "train")
    assert there.read_bytes() == before
    assert not layout(tmp_path).artifact("thresholds").exists()


def test_the_workflow_s_results_take_a_part_but_no_verdicts_on_it(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "ROOT", tmp_path)
    results = tmp_path / "results"
    with pytest.raises(InputError, match=r"this run is not what it would make \(not run: "):
        packing.unpack(pack, results)
    assert not results.exists()
    packing.unpack(pack, results, "train")
    assert layout(results).artifact("thresholds").exists()
    assert layout(results).checkpoint("edge113").exists()
    assert not layout(results).verdicts.exists()
    with pytest.raises(InputError, match="this run is not what it would make"):
        alone.run(SLUG, ["edge113"], SCALE, {"width": 16}, None, "cpu", "train", results)
