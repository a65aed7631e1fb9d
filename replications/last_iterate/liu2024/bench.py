"""Speed of the worst case, as ratios within one run, against a plain loop with all rows as a matrix."""

from collections.abc import Callable, Iterator

import numpy as np

from replications.last_iterate.liu2024.experiments.worst_case import dense, descend
from replications.last_iterate.science import hard, schedules
from verifig.benchmarking.bench import Program, Result, paired

TOLERANCE = 1e-12


def runs(members: int, size: int) -> Callable[[], object]:
    """All steps of `members` runs with steps 1/sqrt(t)."""
    steps, (a, b) = np.tile(schedules.inverse_root(size), (members, 1)), hard.coefficients(size)
    return lambda: descend(steps, a, b, TOLERANCE)


PROGRAM = Program(
    about="subgradient descent on the worst case, all steps",
    make=runs,
    member="run",
    width="steps and dimensions",
    widths=(32, 64, 128, 256),
    usual=128,
    together=8,
    operations=lambda size: 3 * size * size,  # products of all rows by cumulative sums, at every step
    members=(1, 4, 16, 64),
)


def bench() -> Iterator[Result]:
    """Four runs at once against one after the other with the rows as a matrix."""
    size = 512
    steps, (a, b) = schedules.inverse_root(size), hard.coefficients(size)
    yield paired(
        f"products by a matrix, one run after the other, over ours, 4 runs, T = {size}",
        lambda: [dense(steps, a, b, TOLERANCE) for _ in range(4)],
        runs(4, size),
        better="higher",
    )
