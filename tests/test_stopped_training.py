"""A run that is told to end saves its checkpoint and ends; taken up again, it ends with the same bytes."""

import numpy as np
import pytest
from regression import Regression

from verifig.ground.errors import Stopped
from verifig.training import loop
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run

JOB = {"settings": {}, "device": "cpu", "slug": "paper2025", "experiment": "first"}
MEMBERS = [{"k": k} for k in range(4)]


def run(checkpoint: Checkpoint, stop=bool) -> Run:
    return Run(JOB, checkpoint, {}, lambda text: None, costs=lambda: {"cpu_seconds": 7.0}, stop=stop)


def after(calls: int):
    """True from the given call on: what says stop in a run."""
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > calls

    return stop


def trained(run: Run) -> dict[str, np.ndarray]:
    return loop.train(run, MEMBERS, lambda members: Regression(), 12, [0, 5, 12], chunk=2)


@pytest.mark.parametrize("calls", [0, 1, 4, 5, 11, 12, 13, 20, 23])
def test_a_stopped_run_goes_on_where_it_was(tmp_path, calls):
    whole = trained(run(Checkpoint(None, "key")))
    path = tmp_path / "c"
    with pytest.raises(Stopped, match=r"paper2025\.first ended before it was done; its checkpoint is saved"):
        trained(run(Checkpoint(path, "key"), after(calls)))
    stored = Checkpoint(path, "key")
    assert stored.facts == {"cpu_seconds": 7.0}
    assert int(stored[f"train {2 * (calls // 12)}-2 in progress"]["step"]) == calls % 12 + 1
    resumed = trained(run(stored))
    assert list(resumed) == list(whole)
    for name, values in whole.items():
        np.testing.assert_array_equal(resumed[name], values, err_msg=name)


def test_a_run_may_be_stopped_at_every_step(tmp_path):
    path, whole, stops = tmp_path / "c", trained(run(Checkpoint(None, "key"))), 0
    while True:
        try:
            resumed = trained(run(Checkpoint(path, "key"), lambda: True))
            break
        except Stopped:
            stops += 1
    assert stops == 2 * 12
    np.testing.assert_array_equal(resumed["outputs"], whole["outputs"])


def test_a_finished_part_is_kept_when_the_run_is_stopped(tmp_path):
    path, computed = tmp_path / "c", []

    def part():
        computed.append(1)
        return {"x": [1, 2, 3]}

    with pytest.raises(Stopped):
        run(Checkpoint(path, "key"), lambda: True).once("part", part)
    again = run(Checkpoint(path, "key")).once("part", part)
    assert again["x"].tolist() == [1, 2, 3]
    assert computed == [1]


@pytest.mark.parametrize(("seconds", "due"), [(0.0, True), (1e9, False)])
def test_a_checkpoint_is_due_when_it_is_old_or_the_run_must_end(tmp_path, monkeypatch, seconds, due):
    monkeypatch.setattr("verifig.training.checkpoint.SECONDS", seconds)
    path = tmp_path / "c"
    going, ending = run(Checkpoint(path, "key")), run(Checkpoint(path, "key"), lambda: True)
    assert (going.due, ending.due) == (due, True)
    going.once("part", lambda: {"x": 1})
    assert path.exists() == due
    going.save()
    assert "part" in Checkpoint(path, "key")
    with pytest.raises(Stopped):
        ending.save_if_due()
    assert run(Checkpoint(None, "key")).due is False
    assert run(Checkpoint(None, "key"), lambda: True).due is True
