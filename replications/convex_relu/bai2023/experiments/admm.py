"""The alternating direction method of multipliers on the programme with all patterns, by the ratio of its two step sizes."""

import numpy as np

from replications.convex_relu.bai2023.experiments.problems import regression
from replications.convex_relu.bai2023.experiments.splitting import Splitting
from replications.convex_relu.science.patterns import all_patterns
from replications.convex_relu.science.programme import convex_two_layer
from verifig.training import loop
from verifig.training.run import Run


def admm(run: Run) -> dict[str, np.ndarray]:
    """Arrays [members, log points] `programme`, `network_cost`, `apart`, `slack_apart`, `outside` (see `Splitting.record`);
    `optimum` [seeds]; `points` (iterations)."""
    s = run.settings
    data = [regression(s, seed) for seed in range(max(member["seed"] for member in run.members) + 1)]
    patterns = [all_patterns(x)[0] for x, _ in data]
    points = np.unique(np.geomspace(1, s["steps"], s["curve_points"]).round().astype(int))
    points = sorted({*points.tolist(), *(point for point in s["log_points"] if point <= s["steps"])})
    found = loop.train(
        run,
        run.members,
        lambda chunk: Splitting(
            chunk, [data[m["seed"]] for m in chunk], [patterns[m["seed"]] for m in chunk], run.device
        ),
        s["steps"],
        points,
        chunk=s["chunk"],
    )
    optima = run.once(
        "optima", lambda: {"optimum": np.array([convex_two_layer(*each, s["penalty"]).value for each in data])}
    )
    return found | optima | {"points": np.array(points)}
