"""Damaged outputs: whatever happens to the bytes of an artifact, a table or a record, nothing wrong is used."""

import contextlib
import json
import os
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.keys import key
from verifig.measuring import tables
from verifig.planning import provenance
from verifig.training import artifacts

MANY = settings(deadline=None, suppress_health_check=list(HealthCheck))
JOB = {"stage": "train", "slug": "toy", "experiment": "walk", "settings": {"rate": 0.1}}
ARRAYS = {"loss": np.linspace(1, 0, 50), "names": np.array(["a", "b"])}
FRAME = pd.DataFrame({"x": np.arange(40.0), "name": ["a", "b"] * 20})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An artifact, a table and the record of both."""
    folder = tmp_path_factory.mktemp("whole")
    artifacts.write(folder / "walk.npz", ARRAYS, {"key": key(JOB), "job": JOB})
    tables.write(folder / "statistics.parquet", FRAME)
    provenance.write(folder / "walk.provenance.json", JOB, [folder / "walk.npz", folder / "statistics.parquet"], {})
    assert provenance.problem(folder / "walk.provenance.json", key(JOB)) is None
    return folder


@st.composite
def damage(draw):
    """A function that changes bytes: cut, flipped bits, a piece put in, taken out or zeroed."""
    where, size = draw(st.floats(0, 1, exclude_max=True)), draw(st.integers(1, 64))
    kind = draw(st.sampled_from(["cut", "flip", "insert", "remove", "zero"]))
    piece = draw(st.binary(min_size=1, max_size=64))

    def change(contents: bytes) -> bytes:
        start = int(where * len(contents))
        stop = min(start + size, len(contents))
        if kind == "cut":
            return contents[:start]
        if kind == "flip":
            return contents[:start] + bytes([contents[start] ^ piece[0]]) + contents[start + 1 :]
        if kind == "insert":
            return contents[:start] + piece + contents[start:]
        return contents[:start] + (b"" if kind == "remove" else bytes(stop - start)) + contents[stop:]

    return change


def damaged(whole, name, change):
    """A copy of the folder with one file changed, or None if the change changed nothing."""
    before = (whole / name).read_bytes()
    if (after := change(before)) == before:
        return None
    folder = Path(tempfile.mkdtemp(dir=whole.parent))
    for path in whole.iterdir():
        if path.name != name:
            os.link(path, folder / path.name)
    (folder / name).write_bytes(after)
    return folder


@MANY
@given(st.sampled_from(["walk.npz", "statistics.parquet"]), damage())
def test_altered_outputs_are_never_used(whole, name, change):
    """The record's checksum tells; a reader without the record gives the arrays or one sentence."""
    if (folder := damaged(whole, name, change)) is None:
        return
    assert "corrupted" in provenance.problem(folder / "walk.provenance.json", key(JOB))
    read = artifacts.read if name.endswith("npz") else tables.read
    with contextlib.suppress(InputError):
        read(folder / name)


@MANY
@given(damage())
def test_altered_records_never_vouch_for_anything_else(whole, change):
    """A record that still passes says the same as before (white space may differ)."""
    name = "walk.provenance.json"
    if (folder := damaged(whole, name, change)) is None:
        return
    if provenance.problem(folder / name, key(JOB)) is None:
        assert read_json(folder / name) == read_json(whole / name)


@MANY
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["key", "outputs", "job", "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_json_that_is_no_record_is_a_problem(whole, value):
    path = whole.parent / "any.provenance.json"
    path.write_text(json.dumps(value))
    assert provenance.problem(path, key(JOB))
