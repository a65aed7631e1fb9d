"""Interrupted training resumes and ends with the same bytes; checkpoints of other jobs are ignored."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from conftest import ROOT

from verifig.ground.keys import key
from verifig.planning import jobs
from verifig.running.stages.train import train
from verifig.training import artifacts, loop
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run
from verifig.training.trainable import Trainable

OVERRIDES = {"modulus": 13, "width": 16, "epochs": 120, "seeds": 2}


def job() -> dict:
    return jobs.train("prieto2025", "delay53", "laptop", "cpu", overrides=OVERRIDES)


class Walk(Trainable):
    """A random walk: all state lies in one tensor and one generator."""

    def __init__(self, members):
        super().__init__()
        self.tensors = {"x": torch.zeros(len(members))}
        self.generators = {"noise": torch.Generator().manual_seed(5)}

    def step(self):
        self.tensors["x"] += torch.randn(len(self.tensors["x"]), generator=self.generators["noise"])

    def record(self):
        return {"x": self.tensors["x"]}


def walk(checkpoint: Checkpoint, stop_at: int | None = None, out_of_memory_above: int | None = None) -> dict:
    """Train 5 members in chunks of 2; optionally fail at a step, or refuse chunks that are too large."""
    made = []

    class Failing(Walk):
        def step(self):
            super().step()
            made.append(1)
            if stop_at is not None and len(made) == stop_at:
                raise KeyboardInterrupt

    def make(members):
        if out_of_memory_above is not None and len(members) > out_of_memory_above:
            raise torch.OutOfMemoryError("too large")
        return Failing(members)

    run = Run({"settings": {}, "device": "cpu"}, checkpoint, {}, lambda text: None)
    members = [{"k": k} for k in range(5)]
    return loop.train(run, members, make, 20, [0, 7, 20], chunk=2)


@pytest.mark.parametrize("stop_at", [1, 19, 20, 21, 33, 59])
def test_a_loop_interrupted_anywhere_ends_the_same(tmp_path, monkeypatch, stop_at):
    monkeypatch.setattr("verifig.training.checkpoint.SECONDS", 0.0)
    whole = walk(Checkpoint(None, "k"))
    with pytest.raises(KeyboardInterrupt):
        walk(Checkpoint(tmp_path / "c", "k"), stop_at)
    resumed = walk(Checkpoint(tmp_path / "c", "k"))
    assert whole["x"].shape == (5, 3)
    np.testing.assert_array_equal(resumed["x"], whole["x"])


def test_running_out_of_memory_halves_the_chunk():
    records = walk(Checkpoint(None, "k"), out_of_memory_above=1)
    assert records["x"].shape == (5, 3)


def test_a_checkpoint_of_another_job_or_a_damaged_one_is_ignored(tmp_path):
    first = Checkpoint(tmp_path / "c", "one")
    first.keep("part", {"x": np.arange(3)})
    first.save({})
    assert "part" in Checkpoint(tmp_path / "c", "one")
    assert "part" not in Checkpoint(tmp_path / "c", "two")
    (tmp_path / "c").write_bytes((tmp_path / "c").read_bytes()[:50])
    assert "part" not in Checkpoint(tmp_path / "c", "one")


SCRIPT = """
import json, sys
from pathlib import Path
from verifig.running.stages.train import train
folder = Path(sys.argv[1])
train(json.loads((folder / "job.json").read_text()), folder / "a.npz", folder / "a.provenance.json", folder / "a.ckpt", log=lambda t: print(t, flush=True))
"""


def start(folder) -> subprocess.Popen:
    env = os.environ | {"PYTHONPATH": f"{ROOT / 'workflow'}{os.pathsep}{ROOT}", "VERIFIG_CHECKPOINT_SECONDS": "0.05"}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_kill_9_and_resume_give_the_same_bytes(tmp_path):
    """A whole training process killed twice in the middle, then finished, against one that was left alone."""
    import json

    reference, killed = tmp_path / "reference", tmp_path / "killed"
    for folder in (reference, killed):
        folder.mkdir()
        (folder / "job.json").write_text(json.dumps(job()))
    train(job(), reference / "a.npz", reference / "a.provenance.json", log=lambda text: None)
    chance = random.Random(3)
    for _ in range(2):
        process = start(killed)
        deadline = time.monotonic() + 60
        while not (killed / "a.ckpt").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.05, 0.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (killed / "a.npz").exists()
    process = start(killed)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "resumed after" in output
    assert (killed / "a.npz").read_bytes() == (reference / "a.npz").read_bytes()
    assert not (killed / "a.ckpt").exists()


def test_an_artifact_carries_its_key_and_refuses_objects(tmp_path):
    artifacts.write(tmp_path / "a.npz", {"x": np.arange(3)}, {"key": key(job())})
    assert artifacts.read(tmp_path / "a.npz").meta["key"] == key(job())
    with pytest.raises(TypeError, match="Python objects"):
        artifacts.write(tmp_path / "b.npz", {"x": np.array([object()])}, {})
    assert not (tmp_path / "b.npz").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz"]
