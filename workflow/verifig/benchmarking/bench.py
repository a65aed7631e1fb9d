"""Benchmarks: ratios within one run, so that a figure does not depend on the machine's speed.

A paper brings `replications/<slug>/bench.py` with `PROGRAM`, its main training program (see `growth`), and
`bench()`, which yields a `Result` for each comparison with a plain reference.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Literal

import numpy as np

from verifig.ground import numbers

LEAST = 0.05  # seconds that one timing takes at least: shorter functions are called several times
Clock = Callable[[], float]


@dataclass(frozen=True)
class Result:
    """One measured figure.

    Args:
        name: what was measured, unique within the paper.
        value: in `unit`.
        spread: range between the quartiles of the rounds, in units of the value; 0 where there are no rounds.
        unit: "times" (a ratio of two times), "share" (of the machine's own rate), or absolute, "MiB" and "GFLOP/s".
        better: the direction of improvement; "neither" is for information and never a regression.
        aim: what we want to reach, met or not.
        note: how the results compared, where the two sides must agree.
        series, at: a point of a curve (see `growth`), and where on the curve.
        predicted: what the operation count alone would give.
    """

    name: str
    value: float
    spread: float = 0.0
    unit: Literal["times", "share", "MiB", "GFLOP/s"] = "times"
    better: Literal["lower", "higher", "neither"] = "lower"
    aim: float | None = None
    note: str = ""
    series: str = ""
    at: int = 0
    predicted: float | None = None

    @property
    def met(self) -> bool:
        """Whether the aim, if there is one, is met."""
        return self.aim is None or (self.value >= self.aim if self.better == "higher" else self.value <= self.aim)

    def text(self, spread: bool = False) -> str:
        """The value with its unit, and with its spread where asked for: `1.64 ± 0.02×`."""
        scale = 100 if self.unit == "share" else 1
        value, around = numbers.text(scale * self.value), ""
        if spread and self.spread:
            around = f" ± {scale * self.value * self.spread:,.{len(value.partition('.')[2])}f}"
        return value + around + {"share": " %", "times": "×"}.get(self.unit, f" {self.unit}")

    def to_json(self) -> dict:
        """Fields other than their defaults, numbers with four digits."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        required = {field.name for field in fields(self) if field.default is MISSING}
        defaults = {field.name: field.default for field in fields(self)}
        return {
            name: float(f"{value:.4g}") if isinstance(value, float) else value
            for name, value in values.items()
            if name in required or value != defaults[name]
        }


@dataclass(frozen=True)
class Program:
    """The main training program of a paper, as a function of the number of members and of a width.

    Args:
        about: what is trained, for people.
        make: (members, width) -> a function that takes one step of all members; it is called again and again.
        member: what a member is ("model", "resample").
        width: what the width is ("hidden width", "rows").
        widths: at least three, ascending.
        usual: the width at which the number of members grows.
        together: the number of members at which the width grows.
        operations: floating-point operations of one member's step at a width (for a solver anything in proportion).
        products: dtype of its matrix products where they are what costs; then `operations` must be their number.
        members: numbers of members, ascending from 1.
    """

    about: str
    make: Callable[[int, int], Callable[[], object]]
    member: str
    width: str
    widths: Sequence[int]
    usual: int
    operations: Callable[[int], float]
    together: int = 4
    products: Literal["float32", "float64"] | None = None
    members: Sequence[int] = (1, 4, 16, 64, 256)


def seconds(functions: Sequence[Callable[[], object]], rounds: int, clock: Clock = time.process_time) -> np.ndarray:
    """Processor seconds a call [rounds, functions], taken in turn so that a drifting machine hits all functions.

    A function is called once to warm up; a short one once more, to see how many calls make up `LEAST` seconds.
    """
    calls = []
    for function in functions:
        warm = _timed(function, 1, clock)
        once = warm if warm > LEAST else _timed(function, 1, clock)
        calls.append(math.ceil(LEAST / max(once, 1e-5)))
    rounds_taken = [[_timed(*pair, clock) for pair in zip(functions, calls, strict=True)] for _ in range(rounds)]
    return np.array(rounds_taken)


def _timed(function: Callable[[], object], calls: int, clock: Clock) -> float:
    """Seconds a call."""
    start = clock()
    for _ in range(calls):
        function()
    return (clock() - start) / calls


def median(ratios: np.ndarray) -> tuple[float, float]:
    """Median over rounds, and the range between the quartiles in units of it: [rounds] -> (value, spread)."""
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    return float(middle), float((high - low) / middle)


def paired(
    name: str,
    first: Callable[[], object],
    second: Callable[[], object],
    *,
    work: tuple[float, float] = (1, 1),
    rounds: int = 5,
    clock: Clock = time.process_time,
    **fields,
) -> Result:
    """How many times as long the first function takes as the second: the median of the rounds' ratios.

    Args:
        work: how much work each does; seconds are compared for one unit of it.
        fields: the other fields of the `Result`.
    """
    taken = seconds((first, second), rounds, clock) / np.array(work)
    return Result(name, *median(taken[:, 0] / taken[:, 1]), **fields)


def product(dtype: str, size: int = 1024) -> tuple[Callable[[], object], int]:
    """A large matrix product on the current threads, and its floating-point operations: the machine's own rate."""
    import torch

    a, b = (torch.randn(size, size, dtype=getattr(torch, dtype)) for _ in range(2))
    return lambda: a @ b, 2 * size**3
