"""Subgradient descent on the problem of Harvey et al. by horizon: the last iterate and averages under four step sizes, and controls."""

import numpy as np

from replications.last_iterate.science import THEME, hard, schedules
from verifig.training.run import Run
from verifig.training.seeds import derive

SCHEDULES = ("inverse_root", "constant", "linear_decay", "late_decay")
NORMALISED = ("inverse_root", "constant", "tight_decay")


def step_sizes(name: str, horizon: int) -> np.ndarray:
    """Step sizes [horizon]; `late_decay` is linear decay that would end after twice as many steps."""
    if name == "late_decay":
        return schedules.linear_decay(horizon, 2 * horizon)
    return getattr(schedules, name)(horizon)


def descend(
    steps: np.ndarray, a: np.ndarray, b: np.ndarray, tolerance: float, order: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """K runs at once from 0, with projection on the unit ball.

    Args:
        steps: step sizes [K, T].
        a, b: coefficients [T], or [K, T].
        tolerance: rows within it of the maximum are taken as ties.
        order: [K, T + 1], ranks by which ties are broken; None: the smallest index.

    Returns:
        `last`: x_{T+1} [K, T]; `before`, `after`: means of the iterates x_1 ... x_T and x_2 ... x_{T+1} [K, T]; `suffix`: the mean of
        the last T - T/2 of the latter; `norm`: the largest norm of an iterate before projection [K]; `in_order` [K]: row t was returned at
        every step t.
    """
    count, size = steps.shape
    a, b = np.broadcast_to(a, steps.shape), np.broadcast_to(b, steps.shape)
    ranks, runs, columns = np.arange(size + 1) if order is None else order, np.arange(count), np.arange(size)
    x, total, suffix = (np.zeros(steps.shape) for _ in range(3))
    norm, in_order = np.zeros(count), np.ones(count, bool)
    for t in range(size):
        products = hard.values(x, a, b)
        ties = products >= products.max(-1, keepdims=True) - tolerance
        active = np.where(ties, ranks, size + 1).argmin(-1)
        in_order &= active == t
        gradient = np.where(columns < active[:, None], a, 0.0)
        inner = active < size
        gradient[runs[inner], active[inner]] = -b[runs[inner], active[inner]]
        x = x - steps[:, t, None] * gradient
        length = np.linalg.norm(x, axis=-1)
        x /= np.maximum(length, 1)[:, None]
        norm = np.maximum(norm, length)
        total += x
        if t >= size // 2:
            suffix += x
    means = {"before": (total - x) / size, "after": total / size, "suffix": suffix / (size - size // 2)}
    return {"last": x, "norm": norm, "in_order": in_order} | means


def dense(steps: np.ndarray, a: np.ndarray, b: np.ndarray, tolerance: float) -> float:
    """f at the last iterate of the same with all rows as a matrix; steps [T]. With tolerance 0 rounding decides among ties."""
    matrix, x = hard.rows(a, b), np.zeros(len(a))
    for step in steps:
        products = matrix @ x
        x = x - step * matrix[np.argmax(products >= products.max() - tolerance)]
        x /= max(1, np.linalg.norm(x))
    return float((matrix @ x).max())


def at(horizon: int, shuffles: int, tolerance: float) -> dict[str, np.ndarray]:
    """All runs of one horizon T; values of f, not scaled.

    Returns:
        `last`, `average`, `suffix`, `closed`, `norm`, `in_order` by step sizes [4]; `normalised`, with rows of norm 1 at most [3];
        `identity`, `identity_before` []: largest distance of linear decay's last iterate from averages of constant steps; `hull` []: what is
        left of the rows' weighted sum; `shuffled` [shuffles].
    """
    a, b = hard.coefficients(horizon)
    largest = hard.largest_norm(a, b)
    steps = np.stack([step_sizes(name, horizon) for name in SCHEDULES])
    plain = descend(steps, a, b, tolerance)
    value = lambda x: hard.values(x, a, b).max(-1)  # noqa: E731
    scaled = descend(np.stack([step_sizes(n, horizon) for n in NORMALISED]), a / largest, b / largest, tolerance)
    constants, decayed = SCHEDULES.index("constant"), plain["last"][SCHEDULES.index("linear_decay")]
    found = {
        "last": value(plain["last"]),
        "average": value(plain["after"]),
        "suffix": value(plain["suffix"]),
        "closed": hard.last_value(steps),
        "norm": plain["norm"],
        "in_order": plain["in_order"],
        "normalised": value(scaled["last"]) / largest,
        "identity": np.abs(plain["after"][constants] - decayed).max(),
        "identity_before": np.abs(plain["before"][constants] - decayed).max(),
        "hull": np.linalg.norm(hard.hull_weights(a, b) @ hard.rows(a, b)),
    }
    if shuffles:
        streams = [np.random.default_rng(derive(THEME, "order", horizon, seed)) for seed in range(shuffles)]
        order = np.stack([stream.permutation(horizon + 1) for stream in streams])
        found["shuffled"] = value(descend(np.tile(steps[:1], (shuffles, 1)), a, b, tolerance, order)["last"])
    return {name: np.asarray(array) for name, array in found.items()}


def worst_case(run: Run) -> dict[str, np.ndarray]:
    """Arrays of `at` by horizon [H, ...] with `horizons` [H], `shuffled` [seeds, shuffled horizons]; `dense` [D, 2] without and with tolerance.

    `long` [L, 4]: the closed form at `long_horizons` [L].
    """
    s, found = run.settings, []
    horizons, tolerance = s["horizons"], s["tie_tolerance"]
    work = horizons[-1] ** 2
    for horizon in horizons:
        shuffles = s["seeds"] if horizon in s["shuffled_horizons"] else 0
        found.append(run.once(f"T = {horizon}", lambda h=horizon, n=shuffles: at(h, n, tolerance)))
        run.progress(horizon**2, work, "steps times coordinates")
    result = {name: np.stack([each[name] for each in found]) for name in found[0] if name != "shuffled"}
    pairs = [
        [dense(schedules.inverse_root(size), *hard.coefficients(size), each) for each in (0.0, tolerance)]
        for size in s["dense_horizons"]
    ]
    long = [[hard.last_value(step_sizes(name, size)) for name in SCHEDULES] for size in s["long_horizons"]]
    return result | {
        "shuffled": np.stack([each["shuffled"] for each in found if "shuffled" in each], 1),
        "dense": np.array(pairs),
        "long": np.array(long),
    }
