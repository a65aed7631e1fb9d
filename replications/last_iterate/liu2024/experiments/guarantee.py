"""Where the bound of Zamani and Glineur is attained, and random piecewise linear problems on which it must hold."""

from typing import NamedTuple

import numpy as np

from replications.last_iterate.science import THEME, schedules
from verifig.training.run import Run
from verifig.training.seeds import derive

SCHEDULES = {name: getattr(schedules, name) for name in ("inverse_root", "constant", "tight_decay")}


class Problem(NamedTuple):
    """f(x) = max over i of g_i . x, whose minimum 0 is attained at 0, from a start of norm 1.

    Attributes:
        rows: g_i [m, d], the largest of norm 1.
        weights: positive [m], with which the rows add up to 0.
        start: x_1 [d].
        steps: N.
    """

    rows: np.ndarray
    weights: np.ndarray
    start: np.ndarray
    steps: int


def attained(steps: int, dimension: int) -> np.ndarray:
    """The gap of f(x) = max_i x_i in R^dimension to the point with all coordinates -1/sqrt(N + 1), over the bound, by step sizes [3]."""
    x, sizes = np.zeros((len(SCHEDULES), dimension)), np.stack([f(steps) for f in SCHEDULES.values()])
    for t in range(steps):
        x[np.arange(len(x)), x.argmax(1)] -= sizes[:, t]
    return (x.max(1) + schedules.guarantee(steps)) / schedules.guarantee(steps)


def draw(seed: int, dimensions: tuple[int, int], steps: tuple[int, int]) -> Problem:
    """A random problem: d and N uniform in their ranges, d + 1 to 3 d rows, normal but for the last, which makes 0 a minimiser."""
    stream = np.random.default_rng(derive(THEME, "problem", seed))
    d, number = (int(stream.integers(low, high + 1)) for low, high in (dimensions, steps))
    m = d + int(stream.integers(1, 2 * d + 1))
    rows, weights, start = stream.standard_normal((m, d)), stream.exponential(size=m), stream.standard_normal(d)
    rows[-1] = -(weights[:-1] @ rows[:-1]) / weights[-1]
    return Problem(rows / np.linalg.norm(rows, axis=1).max(), weights, start / np.linalg.norm(start), number)


def solved(problem: Problem, overlong: float) -> np.ndarray:
    """f at the last iterate over the bound, by step sizes [4]; the last are those of the bound times `overlong`."""
    sizes = np.stack([f(problem.steps) for f in SCHEDULES.values()])
    sizes = np.vstack([sizes, overlong * sizes[-1:]])
    x = np.tile(problem.start, (len(sizes), 1))
    for t in range(problem.steps):
        x -= sizes[:, t, None] * problem.rows[(x @ problem.rows.T).argmax(1)]
    return (x @ problem.rows.T).max(1) / schedules.guarantee(problem.steps)


def guarantee(run: Run) -> dict[str, np.ndarray]:
    """Gaps over the bound.

    Arrays: `attained`, `touched` [sizes, 3] in N + 1 dimensions and in N; `ratio` [problems, 4]; `steps`, `dimension` [problems];
    `residual` [problems], the norm of the rows' weighted sum.
    """
    s, ratios, facts = run.settings, [], []
    for seed in range(s["seeds"]):
        problem = draw(seed, s["dimensions"], s["step_range"])
        ratios.append(solved(problem, s["overlong"]))
        left = np.linalg.norm(problem.weights @ problem.rows) / problem.weights.sum()
        facts.append((problem.steps, len(problem.start), left))
        run.progress(seed + 1, s["seeds"], "problems")
    steps, dimension, residual = zip(*facts, strict=True)
    return {
        "attained": np.stack([attained(size, size + 1) for size in s["sizes"]]),
        "touched": np.stack([attained(size, size) for size in s["sizes"]]),
        "ratio": np.stack(ratios),
        "steps": np.array(steps),
        "dimension": np.array(dimension),
        "residual": np.array(residual),
    }
