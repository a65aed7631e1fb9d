"""The training loop: when it records, how it divides members into chunks, what it keeps and takes up again."""

import itertools

import numpy as np
import pytest
import torch
from tape import Tape

from verifig.training import loop, steps
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run
from verifig.training.trainable import Trainable


class Adding(Trainable):
    """Member k adds k each step, so that its record says who it is and how many steps were taken."""

    def __init__(self, members, made: list):
        super().__init__()
        self.rates = torch.tensor([float(member["k"]) for member in members])
        self.tensors = {"sum": torch.zeros(len(members))}
        self.steps = 0
        made.append(self)

    def step(self):
        self.steps += 1
        self.tensors["sum"] += self.rates

    def record(self):
        return {"sum": self.tensors["sum"], "pair": torch.stack([self.rates, -self.rates], 1)}


class Stopped(Exception):
    pass


class Setting:
    """A run on a device that may be made up (its tensors lie on the CPU); remembers what was made, reported and said."""

    def __init__(self, device: str = "cpu", checkpoint: Checkpoint | None = None):
        self.made: list[Adding] = []
        self.reported: list[tuple[int, int]] = []
        self.said: list[str] = []
        job = {"settings": {}, "device": device}
        self.run = Run(job, checkpoint or Checkpoint(None, "key"), {}, self.said.append)
        self.run.on_progress = lambda done, total: self.reported.append((done, total))

    def train(self, ks=range(5), steps=4, log_at=(0, 2, 4), make=None, **options) -> dict[str, np.ndarray]:
        members = [{"k": k} for k in ks]
        return loop.train(
            self.run, members, make or (lambda chosen: Adding(chosen, self.made)), steps, log_at, **options
        )

    @property
    def sizes(self) -> list[int]:
        return [len(program.rates) for program in self.made]


# ---- records -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log_at", "taken_at"),
    [
        ([0, 2, 4], [0, 2, 4]),
        ([4, 2, 0, 2], [0, 2, 4]),
        ([-1, 1, 3, 5, 9], [1, 3]),
        ([4], [4]),
        ([0], [0]),
        ([1, 2, 3, 4], [1, 2, 3, 4]),
    ],
)
@pytest.mark.parametrize("chunk", [1, 2, 5, 9])
def test_records_are_taken_after_the_named_numbers_of_steps(log_at, taken_at, chunk):
    records = Setting().train([3, 1, 4], log_at=log_at, chunk=chunk)
    assert records["sum"].tolist() == [[k * step for step in taken_at] for k in (3, 1, 4)]
    assert records["pair"].tolist() == [[[k, -k]] * len(taken_at) for k in (3, 1, 4)]


def test_records_are_copies():
    class Growing(Adding):
        def record(self):
            return {"sum": self.tensors["sum"]}

    setting = Setting()
    records = setting.train([1], make=lambda members: Growing(members, setting.made))
    assert records["sum"].tolist() == [[0, 2, 4]]


def test_no_step_is_taken_beyond_the_last():
    setting = Setting()
    assert setting.train([2], steps=0)["sum"].tolist() == [[0]]
    setting.train([2], steps=3, log_at=[1], name="three")
    assert [program.steps for program in setting.made] == [0, 3]
    with pytest.raises(NotImplementedError):
        Trainable().step()
    with pytest.raises(NotImplementedError):
        Trainable().record()


@pytest.mark.parametrize(
    ("steps", "every", "points"), [(10, 5, [0, 5, 10]), (10, 4, [0, 4, 8, 10]), (3, 7, [0, 3]), (2, 1, [0, 1, 2]), (0, 3, [0])]
)  # fmt: skip
def test_log_points(steps, every, points):
    assert loop.log_points(steps, every) == points


def test_smaller_records_are_padded_with_nan():
    class Layers(Adding):
        """Member k has k layers."""

        def __init__(self, members, made):
            super().__init__(members, made)
            self.layers = members[0]["k"]

        def record(self):
            angles = (self.steps + torch.arange(self.layers)).expand(len(self.rates), self.layers)
            return {
                "angle": angles,
                "square": angles[:, :, None] * angles[:, None, :],
                "steps": self.rates * self.steps,
            }

    setting = Setting()

    def train(ks):
        made = setting.made
        options = {
            "signature": lambda member: member["k"],
            "name": str(ks),
            "make": lambda chosen: Layers(chosen, made),
        }
        return setting.train(ks, steps=1, log_at=[0, 1], chunk=2, **options)

    nan = np.nan
    found = train([2, 1, 3, 1])
    one, two, three = [[0, nan, nan], [1, nan, nan]], [[0, 1, nan], [1, 2, nan]], [[0, 1, 2], [1, 2, 3]]
    np.testing.assert_array_equal(found["angle"], [two, one, three, one])
    assert found["square"].shape == (4, 2, 3, 3)
    np.testing.assert_array_equal(found["square"][0, 1], [[1, 2, nan], [2, 4, nan], [nan] * 3])
    assert found["steps"].tolist() == [[0, 2], [0, 1], [0, 3], [0, 1]]
    assert [found[name].dtype for name in ("angle", "square", "steps")] == [np.float64, np.float64, np.float32]
    equal = train([2, 2])
    assert equal["angle"].dtype == np.int64, "where no record is smaller, all are as they were taken"
    assert equal["angle"].tolist() == [[[0, 1], [1, 2]]] * 2


# ---- what runs on a GPU ----------------------------------------------------------------------------------------------


def test_whether_steps_were_captured_is_recorded(monkeypatch):
    cpu = Setting()
    cpu.train()
    assert "captured" not in cpu.run.facts
    elsewhere = Setting("cuda")
    elsewhere.train()
    assert elsewhere.run.facts["captured"] is False, "its tensors are not on the GPU"

    monkeypatch.setitem(steps.CAPTURES, "cpu", Tape)
    monkeypatch.setattr(loop, "Steps", lambda program, device, log: steps.Steps(program, torch.device("cpu"), log))
    setting = Setting("cuda")
    records = setting.train([1, 2], steps=6, log_at=[0, 6], make=lambda members: Adding(members, setting.made))
    assert records["sum"].tolist() == [[0, 6], [0, 12]]
    assert setting.made[0].steps == steps.WARM_UP + 1, "called to warm up and to be recorded, then replayed"
    assert setting.run.facts["captured"] is True

    class Reading(Adding):
        def step(self):
            float(self.tensors["sum"][0])
            super().step()

    reading = Setting("cuda")
    reading.train([1, 2], steps=6, make=lambda members: Reading(members, reading.made))
    assert reading.run.facts["captured"] is False
    assert "cannot be captured" in reading.said[0]
    reading.train([3], name="again")
    assert reading.run.facts["captured"] is False, "not all of the run was"


# ---- chunks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("device", "chunk", "sizes"),
    [("cpu", 1, [1] * 5), ("cpu", 2, [2, 2, 1]), ("cpu", 3, [3, 2]), ("cpu", 8, [5]), ("cuda", 2, [5])],
)
def test_members_train_in_chunks_on_a_cpu_and_at_once_on_a_gpu(device, chunk, sizes):
    setting = Setting(device)
    records = setting.train(chunk=chunk)
    assert setting.sizes == sizes
    assert setting.run.facts["chunk"] == max(*sizes, chunk if device == "cpu" else 0)
    assert records["sum"][:, -1].tolist() == [0, 4, 8, 12, 16]


def test_one_at_a_time_where_nothing_is_said():
    setting = Setting()
    setting.train()
    assert setting.sizes == [1] * 5


def test_members_of_one_signature_train_together_and_come_back_in_their_order():
    setting = Setting()
    records = setting.train([5, 2, 3, 4, 7], chunk=2, signature=lambda member: member["k"] % 2)
    assert [program.rates.tolist() for program in setting.made] == [[5, 3], [7], [2, 4]]
    assert records["sum"][:, -1].tolist() == [20, 8, 12, 16, 28]
    gpu = Setting("cuda")
    gpu.train([5, 2, 3, 4, 7], signature=lambda member: member["k"] % 2)
    assert [program.rates.tolist() for program in gpu.made] == [[5, 3, 7], [2, 4]]
    assert gpu.run.facts["chunk"] == 2, "the smallest"


@pytest.mark.parametrize(
    ("device", "fits", "sizes", "said"), [("cpu", 2, [2, 2, 1], [2]), ("cuda", 2, [2, 2, 1], [2]), ("cuda", 1, [1] * 5, [2, 1]), ("cuda", 4, [2, 2, 1], [2])]
)  # fmt: skip
def test_a_chunk_that_does_not_fit_is_halved(device, fits, sizes, said):
    setting = Setting(device)

    def make(members):
        if len(members) > fits:
            raise torch.OutOfMemoryError("too large")
        return Adding(members, setting.made)

    records = setting.train(chunk=5, make=make)
    assert setting.sizes == sizes
    assert setting.run.facts["chunk"] == sizes[0]
    assert setting.said[: len(said)] == [f"out of GPU memory: continuing with {n} members at a time" for n in said]
    assert records["sum"][:, -1].tolist() == [0, 4, 8, 12, 16]


def test_a_single_member_that_does_not_fit_is_an_error():
    def make(members):
        raise torch.OutOfMemoryError("too large")

    setting = Setting("cuda")
    with pytest.raises(torch.OutOfMemoryError):
        setting.train(make=make)
    assert len([text for text in setting.said if "out of GPU memory" in text]) == 2, "5, 2, and then 1"


# ---- what is reported ------------------------------------------------------------------------------------------------


def test_progress_counts_steps_of_members():
    setting = Setting()
    setting.train([1, 2, 3], steps=2, chunk=2)
    assert setting.reported == [(0, 6), (2, 6), (4, 6), (5, 6), (6, 6)]
    assert setting.run.facts["steps"] == 6
    setting.train([1, 2, 3], steps=5, name="again")
    assert setting.run.facts["steps"] == 21, "of all trainings of the run"
    assert [text.split(", ")[0] for text in setting.said] == ["6/6 member steps", "15/15 member steps"]


def test_a_run_that_goes_on_says_how_fast_it_is_now(monkeypatch):
    monkeypatch.setattr("verifig.training.run.time.monotonic", itertools.count(0, 10).__next__)
    setting = Setting()
    for done in (0, 90, 91, 92):
        setting.run.progress(done, 100)
    assert setting.said == ["91/100 steps, 0/s, 90 s left", "92/100 steps, 0/s, 80 s left"]


def test_what_is_measured_is_told_as_it_comes():
    setting, told = Setting(), []
    setting.run.on_record = lambda members, steps, record: told.append(
        ([member["k"] for member in members], steps, record["sum"].tolist())
    )
    setting.train([1, 2, 3], chunk=2)
    assert told == [
        *(([1, 2], steps, [steps, 2.0 * steps]) for steps in (0, 2, 4)),
        *(([3], steps, [3.0 * steps]) for steps in (0, 2, 4)),
    ]


# ---- what is kept and taken up again -----------------------------------------------------------------------------------


def test_a_finished_chunk_is_not_trained_again():
    checkpoint = Checkpoint(None, "key")
    first = Setting(checkpoint=checkpoint).train(chunk=2)
    again = Setting(checkpoint=checkpoint)
    np.testing.assert_array_equal(again.train(chunk=2)["sum"], first["sum"])
    assert again.made == []
    assert again.reported == [(0, 20)]
    other = Setting(checkpoint=checkpoint)
    other.train(chunk=2, name="other")
    assert other.sizes == [2, 2, 1]


def interrupted_at(path, step: int, log_at) -> Setting:
    """A run of one chunk that stops in the middle of a step, its checkpoint written after each step before."""

    class Stopping(Adding):
        def step(self):
            if self.steps + 1 == step:
                raise Stopped
            super().step()

    setting = Setting(checkpoint=Checkpoint(path, "key"))
    with pytest.raises(Stopped):
        setting.train([1, 2], steps=5, log_at=log_at, chunk=2, make=lambda members: Stopping(members, setting.made))
    return setting


@pytest.mark.parametrize("log_at", [[0, 2, 5], [2, 3], [5]])
@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_training_goes_on_where_it_was(tmp_path, monkeypatch, step, log_at):
    monkeypatch.setattr("verifig.training.checkpoint.SECONDS", 0.0)
    interrupted_at(tmp_path / "c", step, log_at)
    setting = Setting(checkpoint=Checkpoint(tmp_path / "c", "key"))
    records = setting.train([1, 2], steps=5, log_at=log_at, chunk=2)
    assert records["sum"].tolist() == [log_at, [2 * point for point in log_at]]
    assert setting.made[0].steps == 5 - (step - 1), "no step is taken twice"
    assert setting.reported == [(0, 10), *((2 * k, 10) for k in range(step, 6))]
    assert "train 0-2 in progress" not in setting.run.checkpoint
    assert "train 0-2" in setting.run.checkpoint


def test_nothing_is_written_before_it_is_due(tmp_path):
    interrupted_at(tmp_path / "c", 4, [0, 5])
    assert not (tmp_path / "c").exists()


def test_steps_taken_are_counted_also_after_an_interruption(tmp_path, monkeypatch):
    class Counting(Adding):
        def prepare(self, step):
            assert self.taken == step
            if self.taken == fail_at:
                raise Stopped

        def record(self):
            return {"taken": torch.full((len(self.rates),), self.taken)}

    def train(path) -> list:
        setting = Setting(checkpoint=Checkpoint(path, "key"))
        found = setting.train([1, 2], log_at=[0, 1, 4], chunk=2, make=lambda members: Counting(members, []))
        return found["taken"].tolist()

    monkeypatch.setattr("verifig.training.checkpoint.SECONDS", 0.0)
    fail_at = 3
    with pytest.raises(Stopped):
        train(tmp_path / "c")
    fail_at = None
    assert train(tmp_path / "c") == train(None) == [[0, 1, 4]] * 2


def test_a_state_holds_all_that_changes_and_does_not_change_itself():
    class Walk(Trainable):
        def __init__(self):
            super().__init__()
            self.tensors = {"x": torch.zeros(2, 3)}
            self.generators = {"noise": torch.Generator().manual_seed(5)}

        def step(self):
            self.tensors["x"] += torch.rand(2, 3, generator=self.generators["noise"])

    walk = Walk()
    assert Trainable().state() == {}
    walk.step()
    before, state = walk.tensors["x"].clone(), walk.state()
    walk.step()
    after, kept = walk.tensors["x"].clone(), walk.tensors["x"]
    assert sorted(state) == ["generator noise", "tensor x"]
    np.testing.assert_array_equal(state["tensor x"], before.numpy())
    walk.load(state)
    assert torch.equal(walk.tensors["x"], before)
    assert walk.tensors["x"] is kept, "views into it stay valid"
    walk.step()
    assert torch.equal(walk.tensors["x"], after)
