"""How the cost of a training program grows: time with members, time with the width, and peak memory with members."""

import importlib
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from verifig.benchmarking.bench import Clock, Program, Result, median, product, seconds
from verifig.ground import paths
from verifig.ground.costs import peak_memory

ROUNDS = 5
STEPS = 2  # before memory is read: the second allocates what the first one freed
AT_ONCE = 2  # processes measured side by side: memory does not depend on what else runs
MIB = 2**20


def by_members(program: Program, clock: Clock = time.process_time) -> Iterator[Result]:
    """Time of a step per member, in units of that of one member alone."""
    steps = [program.make(count, program.usual) for count in program.members]
    each = seconds(steps, ROUNDS, clock) / np.array(program.members)
    for column, count in enumerate(program.members):
        yield _point(f"time per {program.member}, {count} together", "members", count, each[:, column] / each[:, 0])


def by_width(program: Program, clock: Clock = time.process_time) -> Iterator[Result]:
    """Time of a step in units of that at the smallest width; and the share of the machine's rate of matrix products."""
    steps = [program.make(program.together, width) for width in program.widths]
    operations = np.array([program.operations(width) for width in program.widths])
    if program.products:
        multiply, size = product(program.products)
        taken = seconds([multiply, *steps], ROUNDS, clock)
        rate, taken = size / taken[:, 0], taken[:, 1:]
    else:
        rate, taken = None, seconds(steps, ROUNDS, clock)
    for column, width in enumerate(program.widths):
        name, ratios = f"time at {program.width} {width:,}", taken[:, column] / taken[:, 0]
        yield _point(name, "width", width, ratios, predicted=float(operations[column] / operations[0]))
    if rate is None:
        return
    for column, width in enumerate(program.widths):
        name = f"share of the rate of {program.products} products, {program.width} {width:,}"
        shares = program.together * operations[column] / taken[:, column] / rate
        yield _point(name, "share", width, shares, unit="share", better="higher")
    value, spread = median(rate / 1e9)
    yield Result(f"rate of {program.products} products", value, spread, unit="GFLOP/s", better="neither")


def _point(name: str, series: str, at: int, ratios: np.ndarray, **fields) -> Result:
    """A point of a curve; the one that the others are relative to is for information."""
    if np.all(ratios == 1):
        fields["better"] = "neither"
    return Result(name, *median(ratios), series=series, at=at, **fields)


def memory(slug: str, program: Program) -> Iterator[Result]:
    """Peak memory at each number of members, each in a fresh process; at 0 members that of the libraries alone."""
    context = multiprocessing.get_context("spawn")
    counts = (0, *program.members)
    with ProcessPoolExecutor(AT_ONCE, mp_context=context, max_tasks_per_child=1) as pool:
        for count, peak in zip(counts, pool.map(_peak, [slug] * len(counts), counts), strict=True):
            name = (
                f"peak memory, {count} {program.member}{'s' * (count > 1)}" if count else "peak memory, libraries alone"
            )
            better = "lower" if count else "neither"
            yield Result(name, peak, unit="MiB", better=better, series="memory", at=count)


def _peak(slug: str, members: int) -> float:
    """Peak memory of this process, in MiB, after some steps of a paper's program."""
    from verifig.training.device import prepare_torch

    prepare_torch("cpu", 1)
    program = importlib.import_module(f"{paths.package(slug)}.bench").PROGRAM
    if members:
        step = program.make(members, program.usual)
        for _ in range(STEPS):
            step()
    return peak_memory() / MIB
