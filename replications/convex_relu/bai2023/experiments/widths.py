"""Adam on networks of several widths from many initial weights, beside the optimum of the convex programme."""

import numpy as np

from replications.convex_relu.bai2023.experiments.problems import regression
from replications.convex_relu.bai2023.experiments.training import Networks
from replications.convex_relu.science.programme import convex_two_layer
from verifig.training import loop
from verifig.training.run import Run


def widths(run: Run) -> dict[str, np.ndarray]:
    """Arrays: `cost` [members, log points, inits]; `optimum`, `doubled` (at twice the penalty) and `gated` (no cones) [seeds];
    `points` (steps)."""
    s = run.settings
    data = [regression(s, seed) for seed in range(max(member["seed"] for member in run.members) + 1)]

    def optima() -> dict[str, np.ndarray]:
        return {
            "optimum": np.array([convex_two_layer(*each, s["penalty"]).value for each in data]),
            "doubled": np.array([convex_two_layer(*each, 2 * s["penalty"]).value for each in data]),
            "gated": np.array([convex_two_layer(*each, s["penalty"], cones=False).value for each in data]),
        }

    points = sorted({point for point in s["log_points"] if point <= s["steps"]} | {0, s["steps"]})
    found = loop.train(
        run,
        run.members,
        lambda chunk: Networks(chunk, [data[member["seed"]] for member in chunk], run.device),
        s["steps"],
        points,
        signature=lambda member: (member["neurons"], member["inits"], member["learning_rate"]),
        chunk=s["chunk"],
    )
    return run.once("optima", optima) | {"cost": found["cost"], "points": np.array(points)}
