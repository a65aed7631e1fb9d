"""Steps that are captured and replayed: the same numbers, and what cannot be captured says why."""

from contextlib import nullcontext
from types import SimpleNamespace
from unittest.mock import MagicMock, call

import pytest
import torch
from regression import Regression
from tape import Refused, Tape, assert_replays

from verifig.training import steps
from verifig.training.batches import Epochs
from verifig.training.ensemble import generator
from verifig.training.optim import SGD, Adam
from verifig.training.trainable import Trainable

CPU = torch.device("cpu")


def taken(program: Trainable, first: int, last: int, log=print) -> Trainable:
    taker = steps.Steps(program, CPU, log)
    for step in range(first, last):
        taker.take(step)
    return program


@pytest.fixture
def captures(monkeypatch):
    """CPU steps are recorded and replayed; returns the tapes made."""
    tapes = []

    class Kept(Tape):
        def __init__(self, call, generators):
            super().__init__(call, generators)
            tapes.append(self)

    monkeypatch.setitem(steps.CAPTURES, "cpu", Kept)
    return tapes


@pytest.mark.parametrize("optimizer", [Adam, SGD])
def test_replayed_steps_equal_called_ones_bit_for_bit(captures, monkeypatch, optimizer):
    replayed = taken(Regression(optimizer), 0, 40)
    assert len(captures) == 2, "one graph for the full batches, one for the short ones"
    monkeypatch.delitem(steps.CAPTURES, "cpu")
    called = taken(Regression(optimizer), 0, 40)
    for name, tensor in called.state().items():
        assert (replayed.state()[name] == tensor).all(), name


def test_a_replayed_run_resumes_bit_for_bit(captures):
    whole = taken(Regression(), 0, 40)
    half = taken(Regression(), 0, 23)
    rest = Regression()
    rest.load(half.state())
    taken(rest, 23, 40)
    for name, tensor in whole.state().items():
        assert (rest.state()[name] == tensor).all(), name


def test_a_gpu_is_waited_for_every_few_steps(captures, monkeypatch):
    """What was asked for and not yet done would otherwise grow without end."""
    program, waited = Regression(), []
    monkeypatch.setattr(steps.CAPTURES["cpu"], "wait", lambda: waited.append(program.taken + 1))
    taken(program, 0, 100)
    assert waited == [32, 64, 96]
    monkeypatch.setenv("VERIFIG_CAPTURE", "0")
    taken(Regression(), 0, 40)
    assert waited == [32, 64, 96]


def test_a_step_is_called_aside_until_it_is_captured(captures, monkeypatch):
    called = []

    def aside(call):
        called.append(1)
        call()

    monkeypatch.setattr(steps.CAPTURES["cpu"], "aside", aside)
    taken(Regression(), 0, 40)
    assert len(called) == 2 * steps.WARM_UP, "three times in each phase"


def test_running_out_of_memory_while_capturing_is_not_the_program_s_fault(captures, monkeypatch):
    class Full(Tape):
        def __init__(self, call, generators):
            raise torch.OutOfMemoryError("too large")

    monkeypatch.setitem(steps.CAPTURES, "cpu", Full)
    with pytest.raises(torch.OutOfMemoryError):
        taken(Regression(), 0, 40)


class Reading(Trainable):
    """A step that reads its own counter on the host."""

    def __init__(self, eager: str = ""):
        super().__init__()
        self.eager = eager
        self.tensors = {"count": torch.zeros(1, dtype=torch.int64), "x": torch.zeros(1)}

    def step(self) -> None:
        self.tensors["x"] += int(self.tensors["count"])
        self.tensors["count"] += 1


def test_a_step_that_reads_on_the_host_runs_one_by_one_and_says_why(captures):
    said = []
    program = taken(Reading(), 0, 10, said.append)
    assert program.tensors["x"].item() == sum(range(10)), "no step is lost or taken twice"
    assert len(said) == 1
    assert "cannot be captured" in said[0]
    assert "_local_scalar_dense" in said[0]


def test_a_program_that_says_it_cannot_is_not_captured(captures):
    said = []
    program = taken(Reading("reads its counter"), 0, 10, said.append)
    assert program.tensors["x"].item() == 45
    assert not captures
    assert not said


def test_capturing_can_be_switched_off(captures, monkeypatch):
    monkeypatch.setenv("VERIFIG_CAPTURE", "0")
    assert not steps.Steps(Regression(), CPU).captured
    taken(Regression(), 0, 10)
    assert not captures


def test_a_graph_knows_the_streams_on_its_device(monkeypatch):
    """And only those: one on the host is drawn from before the step. (torch refuses others while it captures.)"""
    graph, captured = MagicMock(), []
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: graph)
    monkeypatch.setattr(torch.cuda, "graph", lambda found: nullcontext(captured.append(found)))
    there = SimpleNamespace(device=torch.device("cuda"))
    made = steps.CudaGraph(lambda: captured.append("called"), {"host": generator("host"), "dropout": there})
    assert captured == [graph, "called"]
    assert graph.register_generator_state.call_args_list == [call(there)]
    made.replay()
    graph.replay.assert_called_once_with()


def test_a_program_whose_tensors_lie_elsewhere_is_not_captured(monkeypatch):
    """Some programs of a run on a GPU compute on its host."""
    monkeypatch.setitem(steps.CAPTURES, "meta", Tape)
    meta, program = torch.device("meta"), Trainable()
    program.tensors = {"x": torch.zeros(2), "y": torch.zeros(2)}
    assert not steps.Steps(program, meta).captured
    program.tensors["y"] = torch.zeros(2, device=meta)
    assert steps.Steps(program, meta).captured
    assert not steps.Steps(program, CPU).captured


def test_the_tape_refuses_unknown_generators_and_replays_what_it_was_told():
    place = torch.zeros(2)
    with pytest.raises(Refused, match="generator"):
        Tape(lambda: place.add_(torch.rand(2)), {})
    rate = [1.0]
    tape = Tape(lambda: place.add_(rate[0]), {})
    assert (place == 0).all(), "recording changes nothing"
    rate[0] = 5.0
    tape.replay()
    assert (place == 1).all(), "a Python number is baked in, as in a graph"


def test_rows_of_batches():
    def draw(epoch: int) -> torch.Tensor:
        return torch.arange(10) + 100 * epoch

    kept, dropped = Epochs(draw, 10, 4, CPU), Epochs(draw, 10, 4, CPU, last="dropped")
    found = [(kept.prepare(step), kept.rows.tolist()) for step in range(4)]
    assert found == [(4, [0, 1, 2, 3]), (4, [4, 5, 6, 7]), (2, [8, 9]), (4, [100, 101, 102, 103])]
    found = [(dropped.prepare(step), dropped.rows.tolist()) for step in range(3)]
    assert found == [(4, [0, 1, 2, 3]), (4, [4, 5, 6, 7]), (4, [100, 101, 102, 103])]
    assert kept.per_epoch == 3
    assert dropped.per_epoch == 2
    of_members = Epochs(lambda epoch: torch.stack([torch.arange(6), torch.arange(6).flip(0)]), 6, 3, CPU, members=2)
    of_members.prepare(0)
    assert of_members.prepare(1) == 3
    assert of_members.rows.tolist() == [[3, 4, 5], [2, 1, 0]]
    larger = Epochs(lambda epoch: torch.arange(3), 3, 8, CPU)
    assert larger.prepare(5) == 3
    assert larger.per_epoch == 1


def test_assert_replays_notices_a_number_that_changes():
    class Counting(Trainable):
        def __init__(self):
            super().__init__()
            self.tensors, self.count = {"x": torch.zeros(2)}, 0

        def step(self) -> None:
            self.count += 1
            self.tensors["x"] += self.count

        def record(self) -> dict[str, torch.Tensor]:
            return {"x": self.tensors["x"]}

    with pytest.raises(AssertionError, match="x"):
        assert_replays(Counting)
    with pytest.raises(AssertionError, match="no step was recorded"):
        assert_replays(Reading)
    assert_replays(Regression)


def test_a_program_that_is_not_on_the_device_is_not_captured(captures, monkeypatch):
    monkeypatch.setitem(steps.CAPTURES, "cuda", steps.CAPTURES["cpu"])
    assert not steps.Steps(Regression(), torch.device("cuda")).captured
    assert steps.Steps(Regression(), CPU).captured
