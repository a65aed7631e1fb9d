"""Speed of the batched solver against a loop of SciPy fits over the same starts and resamples, within one run."""

import time
from collections.abc import Iterator

import numpy as np

from replications.scaling_laws import published, theory
from replications.scaling_laws.fitting import inference, law, solver

RESAMPLES, SCIPY_RESAMPLES = 1000, 40
STARTS, SCIPY_STARTS = 1000, 60
ROWS = 240


def bench() -> Iterator[str]:
    """One line a comparison; runs are synthetic, of the size and noise of the Chinchilla runs."""
    data = synthetic_runs()
    counts = inference.resamples(ROWS, RESAMPLES, published.BOOTSTRAP_SEED)
    starts = np.repeat(published.HOFFMANN[None], RESAMPLES, axis=0)
    batched, ours = _timed(lambda: solver.minimise(*data, starts, counts))
    looped, scipys = _timed(
        lambda: [inference.scipy_minimum(*data, published.HOFFMANN, count)[1] for count in counts[:SCIPY_RESAMPLES]]
    )
    ratio = (looped / SCIPY_RESAMPLES) / (batched / RESAMPLES)
    worst = np.abs(np.array(scipys) / ours.objective[:SCIPY_RESAMPLES] - 1).max()
    yield f"{RESAMPLES} bootstraps: a SciPy BFGS loop takes {ratio:.0f} times as long; objectives differ by {worst:.0e} at most"
    chosen = np.random.default_rng(0).choice(len(published.HOFFMANN_GRID), STARTS, replace=False)
    grid = published.HOFFMANN_GRID[chosen]
    batched, ours = _timed(lambda: _staged(data, grid))
    looped, scipys = _timed(
        lambda: [inference.scipy_minimum(*data, start, np.ones(ROWS, int))[1] for start in grid[:SCIPY_STARTS]]
    )
    ratio = (looped / SCIPY_STARTS) / (batched / STARTS)
    gap = np.nanmin(scipys) / ours - 1
    yield f"{STARTS} starts: a SciPy BFGS loop takes {ratio:.0f} times as long; its best objective is {gap:+.0e} of ours"
    eigenvalues = theory.power_spectrum(1024, 1.0)
    rows = np.random.default_rng(1).standard_normal((128, 1024)) * np.sqrt(eigenvalues)
    together, losses = _timed(lambda: theory.nested_losses(rows, eigenvalues))
    sizes = (16, 64, 128)
    singly, reference = _timed(lambda: [_direct(rows[:size], eigenvalues) for size in sizes])
    ratio = singly / len(sizes) * len(rows) / together
    worst = max(abs(losses[size - 1] / value - 1) for size, value in zip(sizes, reference, strict=True))
    yield f"learning curve of 128 sizes: one pseudo-inverse a size takes {ratio:.0f} times as long; losses differ by {worst:.0e}"


def synthetic_runs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, D, L) of 240 runs from the refit with 1 % noise."""
    stream = np.random.default_rng(2)
    N = np.exp(stream.uniform(np.log(5e7), np.log(1.5e10), ROWS))
    D = np.exp(stream.uniform(np.log(3e9), np.log(5e11), ROWS))
    return N, D, law.loss(published.REFIT, N, D) * np.exp(0.01 * stream.standard_normal(ROWS))


def _staged(data, starts: np.ndarray) -> float:
    first = solver.minimise(*data, starts, steps=20)
    best = np.argsort(first.objective)[:64]
    return float(solver.minimise(*data, first.theta[best]).objective.min())


def _direct(rows: np.ndarray, eigenvalues: np.ndarray) -> float:
    projector = np.linalg.pinv(rows) @ rows
    residual = np.sqrt(eigenvalues)[:, None] * (np.eye(len(eigenvalues)) - projector)
    return float((residual**2).sum() / (2 * len(eigenvalues)))


def _timed(function) -> tuple[float, object]:
    """(CPU seconds, result)."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result
