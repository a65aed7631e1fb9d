"""When training ends before it is done: the time is up, or a signal has come.

A job asks after every step and every finished part, then saves its checkpoint and ends. Where a part takes longer than
there is time to ask, it is cut, and what was finished before it is saved.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator

from verifig.ground.errors import Stopped

RESERVE_SECONDS = 10.0  # of the time given, to save and to end in; a tenth of it if that is less
GRACE_SECONDS = 10.0  # from a signal until a part is cut: Slurm kills 30 s after its own
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Cut(Stopped):
    """It was time to end and no job asked; of one that runs, the part under way is lost, the finished ones are not saved."""


class Stop:
    """Whether it is time to end, and why.

    Args:
        seconds: from now, at which everything must have ended; None: only signals end it.
        clock: seconds, as `time.monotonic`.
    """

    def __init__(self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._end = None if seconds is None else clock() + seconds - min(RESERVE_SECONDS, seconds / 10)
        self._asked: float | None = None
        self._longest = 0.0  # between two questions: a step with what surrounds it, a save among it
        self._over = False
        self._listens = False
        self.signal: int | None = None

    def __call__(self) -> bool:
        """Whether to end now: after one more step it could be too late. Once it is time it stays so."""
        if self._over:
            return True
        now = self._clock()
        if self._asked is not None:
            self._longest = max(self._longest, now - self._asked)
        self._asked = now
        self._over = self.signal is not None or (self._end is not None and now + self._longest >= self._end)
        if self._over:
            self._alarm(0)  # it ends by itself now: let it save in peace
        return self._over

    def begin(self) -> None:
        """Another job begins, whose steps take a time of their own."""
        self._asked, self._longest = None, 0.0

    @property
    def seconds_left(self) -> float:
        """Until the time is up; infinite where there is no such time."""
        return float("inf") if self._end is None else self._end - self._clock()

    @property
    def cause(self) -> str:
        """The signal's name, or that the time is up."""
        return "the time is up" if self.signal is None else signal.Signals(self.signal).name

    @property
    def exit_code(self) -> int:
        """Of the command: 0 where it ended as it was told to, else as a shell counts signals."""
        return 0 if self.signal is None else 128 + self.signal

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Hear signals instead of dying of them; a second Ctrl-C ends at once, nothing saved.

        Only a main thread can listen. A signal that the process was started to ignore stays ignored.

        Raises:
            Cut: within the block, wherever it is, when there is no time left for the part under way.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        heard = {number: self._hear for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}
        before = {number: signal.signal(number, do) for number, do in {**heard, signal.SIGALRM: self._cut}.items()}
        self._listens = True
        if self._end is not None:
            self._alarm(max(self.seconds_left, 1e-3))
        try:
            yield
        finally:
            self._alarm(0)
            self._listens = False
            for number, do in before.items():
                signal.signal(number, do)

    def _hear(self, number: int, frame: object) -> None:
        if self.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        if self.signal is None:
            self.signal = number
            if not self._over:
                self._alarm(min(GRACE_SECONDS, max(self.seconds_left, 1e-3)))

    def _cut(self, number: int, frame: object) -> None:
        self._over = True
        raise Cut("ended between two experiments")

    def _alarm(self, seconds: float) -> None:
        """In so many seconds `_cut`; 0: never."""
        if self._listens:
            signal.setitimer(signal.ITIMER_REAL, seconds)
