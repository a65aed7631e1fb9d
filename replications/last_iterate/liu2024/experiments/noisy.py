"""Stochastic gradient descent where errors are known exactly: a quadratic, and a sharp function, the norm."""

from collections.abc import Iterator

import numpy as np

from replications.last_iterate.science import THEME, laws, schedules
from verifig.training.run import Run
from verifig.training.seeds import derive

SCHEDULES = {name: getattr(schedules, name) for name in ("inverse_root", "constant", "linear_decay")}
BLOCK = 50  # steps whose noise is drawn at once


def draws(name: str, groups: int, shape: tuple[int, ...], steps: int, block: int = BLOCK) -> Iterator[np.ndarray]:
    """Standard normal noise of each step [groups, *shape], a stream for each group; whatever the block."""
    streams = [np.random.default_rng(derive(THEME, name, group)) for group in range(groups)]
    for first in range(0, steps, block):
        size = (min(block, steps - first), *shape)
        yield from np.stack([stream.standard_normal(size) for stream in streams], 1)


def quadratic(multiple: float, steps: int, groups: int, runs: int) -> np.ndarray:
    """Mean of F(x_T) = x_T^2 / 2 over the runs of each group [groups], with mu = sigma = 1 as in `laws.quadratic_errors`."""
    x = np.ones((groups, runs))
    for t, noise in enumerate(draws("quadratic", groups, (runs,), steps)):
        x -= multiple / (t + 2) * (x + noise)
    return (x**2).mean(1) / 2


def sharp(dimension: int, steps: int, groups: int, runs: int) -> np.ndarray:
    """Mean of F(x_{T+1}) = |x_{T+1}| over the runs of each group, by step sizes [3, groups]; from a start of norm 1.

    The noise has variance 1 summed over coordinates, and is the same for all step sizes.
    """
    x = np.zeros((len(SCHEDULES), groups, runs, dimension))
    x[..., 0] = 1
    sizes = np.stack([f(steps) for f in SCHEDULES.values()])[:, None, None, None, :]
    for t, noise in enumerate(draws(f"sharp {dimension}", groups, (runs, dimension), steps)):
        norm = np.linalg.norm(x, axis=-1, keepdims=True)
        x -= sizes[..., t] * (x / np.maximum(norm, np.finfo(float).tiny) + noise / dimension**0.5)
    return np.linalg.norm(x, axis=-1).mean(-1)


def noisy(run: Run) -> dict[str, np.ndarray]:
    """Errors F, not scaled.

    Arrays: `exact` [multiples, steps + 1] of the quadratic; `checked` [groups] of its runs; `sharp` [dimensions, horizons, 3, groups].
    """
    s, (groups, horizons) = run.settings, (run.settings["seeds"], run.settings["horizons"])
    total = 1 + len(s["dimensions"])
    checked = run.once(
        "quadratic",
        lambda: {"F": quadratic(s["checked_multiple"], s["checked_steps"], groups, s["checked_runs"])},
    )
    run.progress(1, total, "parts")
    found = []
    for number, (dimension, runs) in enumerate(zip(s["dimensions"], s["runs"], strict=True)):
        part = run.once(
            f"sharp {dimension}",
            lambda d=dimension, n=runs: {"F": np.stack([sharp(d, steps, groups, n) for steps in horizons])},
        )
        found.append(part["F"])
        run.progress(2 + number, total, "parts")
    return {
        "exact": np.stack([laws.quadratic_errors(multiple, s["steps"]) for multiple in s["multiples"]]),
        "checked": checked["F"],
        "sharp": np.stack(found),
    }
