"""Speed of the batched solver against a loop of SciPy fits over the same starts and resamples, within one run."""

from collections.abc import Callable, Iterator

import numpy as np

from replications.scaling_laws.besiroglu2024 import published
from replications.scaling_laws.besiroglu2024.fitting import inference, law, solver
from verifig.benchmarking.bench import Program, Result, paired

RESAMPLES, SCIPY_RESAMPLES = 1000, 40
STARTS, SCIPY_STARTS = 1000, 60
ROWS = 240


def bootstrap(members: int, rows: int) -> Callable[[], object]:
    """Fits of bootstrap resamples of synthetic runs, to convergence."""
    data = synthetic_runs(rows)
    counts = inference.resamples(rows, members, published.BOOTSTRAP_SEED)
    return lambda: solver.minimise(*data, np.repeat(published.HOFFMANN[None], members, axis=0), counts)


def operations(rows: int) -> float:
    """In proportion: every step of a fit is a sum over rows; fits to fewer rows take more steps."""
    counts = inference.resamples(rows, 64, published.BOOTSTRAP_SEED)
    starts = np.repeat(published.HOFFMANN[None], len(counts), axis=0)
    return rows * float(solver.minimise(*synthetic_runs(rows), starts, counts).steps.mean())


PROGRAM = Program(
    about="bootstrap fits of the law to convergence",
    make=bootstrap,
    member="resample",
    width="rows",
    widths=(60, 240, 960, 3840),
    usual=240,
    together=64,
    operations=operations,
)


def bench() -> Iterator[Result]:
    """Comparisons with SciPy fits; runs have the size and noise of Chinchilla's."""
    data = synthetic_runs(ROWS)
    counts = inference.resamples(ROWS, RESAMPLES, published.BOOTSTRAP_SEED)
    starts = np.repeat(published.HOFFMANN[None], RESAMPLES, axis=0)
    first = counts[:SCIPY_RESAMPLES]
    ours = solver.minimise(*data, starts[: len(first)], first).objective
    worst = np.abs(np.array(_scipy(data, starts, first)) / ours - 1).max()
    yield paired(
        f"a loop of SciPy fits over ours, {RESAMPLES:,} bootstraps",
        lambda: _scipy(data, starts, first),
        lambda: solver.minimise(*data, starts, counts),
        work=(SCIPY_RESAMPLES, RESAMPLES),
        rounds=3,
        better="higher",
        note=f"objectives differ by {worst:.0e} at most",
    )
    chosen = np.random.default_rng(0).choice(len(published.HOFFMANN_GRID), STARTS, replace=False)
    grid, all_rows = published.HOFFMANN_GRID[chosen], np.ones((SCIPY_STARTS, ROWS), int)
    gap = np.nanmin(_scipy(data, grid, all_rows)) / _staged(data, grid) - 1
    yield paired(
        f"a loop of SciPy fits over ours, {STARTS:,} starts",
        lambda: _scipy(data, grid, all_rows),
        lambda: _staged(data, grid),
        work=(SCIPY_STARTS, STARTS),
        rounds=3,
        better="higher",
        note=f"its best objective is {gap:+.0e} of ours",
    )


def _scipy(data, starts: np.ndarray, counts: np.ndarray) -> list[float]:
    """Objectives of one SciPy fit for each row of `counts`."""
    pairs = zip(starts, counts, strict=False)
    return [inference.scipy_minimum(*data, start, count)[1] for start, count in pairs]


def synthetic_runs(rows: int = ROWS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, D, L) of some runs from the refit with 1 % noise."""
    stream = np.random.default_rng(2)
    N = np.exp(stream.uniform(np.log(5e7), np.log(1.5e10), rows))
    D = np.exp(stream.uniform(np.log(3e9), np.log(5e11), rows))
    return N, D, law.loss(published.REFIT, N, D) * np.exp(0.01 * stream.standard_normal(rows))


def _staged(data, starts: np.ndarray) -> float:
    first = solver.minimise(*data, starts, steps=20)
    best = np.argsort(first.objective)[:64]
    return float(solver.minimise(*data, first.theta[best]).objective.min())
