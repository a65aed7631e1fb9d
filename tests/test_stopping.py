"""When it is time to end: the clock, signals, and parts that take too long."""

import os
import signal
import time

import pytest
from unfinished_work import ticking

from verifig.ground.errors import Stopped
from verifig.running import stopping
from verifig.running.stopping import Cut, Stop


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def asked(stop: Stop, clock: Clock, *steps: float) -> list[bool]:
    """What it says after steps of so many seconds."""
    said = []
    for step in steps:
        clock.now += step
        said.append(stop())
    return said


def test_without_a_time_nothing_ends_it():
    clock = Clock()
    stop = Stop(None, clock)
    assert asked(stop, clock, 0, 1e9) == [False, False]
    assert (stop.seconds_left, stop.exit_code) == (float("inf"), 0)


def test_it_ends_while_there_is_time_to_save():
    clock = Clock()
    stop = Stop(540, clock)
    assert asked(stop, clock, 10, *[10] * 50) == [False] * 51  # 510 s
    assert asked(stop, clock, 10) == [True], "one more step of 10 s would leave less than the reserve of 10 s"
    assert (stop.cause, stop.exit_code) == ("the time is up", 0)


def test_a_tenth_of_a_short_time_is_kept_to_save():
    clock = Clock()
    stop = Stop(20, clock)
    assert stop.seconds_left == 18
    assert asked(stop, clock, 17.9, 0.2) == [False, True]


def test_the_longest_step_of_a_job_counts_and_not_that_of_another():
    clock = Clock()
    stop = Stop(540, clock)
    assert asked(stop, clock, 0, 300) == [False, True], "another part of 300 s would not end in time"
    stop = Stop(540, clock)
    assert asked(stop, clock, 0, 200) == [False, False]
    stop.begin()
    assert asked(stop, clock, 150, 10, 10) == [False] * 3, "what comes before the first question is no step"


def test_once_it_is_time_it_stays_so():
    clock = Clock()
    stop = Stop(540, clock)
    assert asked(stop, clock, 531, -500) == [True, True]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_heard_and_the_old_handlers_come_back(number, code):
    before = [signal.getsignal(each) for each in (*stopping.SIGNALS, signal.SIGALRM)]
    stop = Stop()
    with stop.listening():
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop()
    assert (stop.cause, stop.exit_code) == (number.name, code)
    assert [signal.getsignal(each) for each in (*stopping.SIGNALS, signal.SIGALRM)] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_second_ctrl_c_ends_at_once():
    stop = Stop()
    with stop.listening():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert stop.exit_code == 130


def test_a_part_in_which_nothing_asks_is_cut_after_a_signal(monkeypatch):
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.01)
    stop = Stop()
    with stop.listening():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Cut):
            time.sleep(30)
    assert stop()


def test_a_part_in_which_nothing_asks_is_cut_when_the_time_is_up():
    stop = Stop(0.02)
    with pytest.raises(Stopped), stop.listening():
        time.sleep(30)
    assert stop.cause == "the time is up"


def test_who_ends_by_itself_is_not_cut(monkeypatch):
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.01)
    stop = Stop()
    with stop.listening():
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop()
        time.sleep(0.05)  # as long as it takes to save


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        stop = ticking()
        with stop.listening():
            os.kill(os.getpid(), signal.SIGINT)
            assert not stop()
    finally:
        signal.signal(signal.SIGINT, before)
