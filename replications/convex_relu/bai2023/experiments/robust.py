"""Training against the worst inputs of a box as a convex programme, and attacks on the networks that it gives."""

from collections.abc import Mapping

import numpy as np

from replications.convex_relu.bai2023.experiments import worst_case
from replications.convex_relu.bai2023.experiments.problems import stream
from replications.convex_relu.bai2023.experiments.robust_splitting import RobustSplitting
from replications.convex_relu.science.patterns import sampled_patterns
from verifig.training import loop
from verifig.training.run import Run


def clouds(member: Mapping, part: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [count, d + 1] and labels: x_1 = y + .6 N, the others .15 y + .3 N, and a bias."""
    draw = stream("clouds", part, member["dimension"], member["seed"])
    y = draw.choice([-1.0, 1.0], count)
    x = 0.15 * y[:, None] + 0.3 * draw.standard_normal((count, member["dimension"]))
    x[:, 0] = y + 0.6 * draw.standard_normal(count)
    return np.hstack([x, np.ones((count, 1))]), y


def candidates(member: Mapping, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the pattern of ones and random ones, those whose robust cone holds more than 0 [P, n], and a vector inside each [P, d]."""
    drawn = sampled_patterns(x, member["patterns"], stream("robust patterns", member["dimension"], member["seed"]))
    patterns = np.unique(np.vstack([np.ones(len(x)), drawn]), axis=0)[::-1]  # ones first
    found = [worst_case.interior(x, pattern, member["radius"]) for pattern in patterns]
    kept = [row for row, (room, _) in enumerate(found) if room > worst_case.LEAST]
    return patterns[kept], np.array([found[row][1] for row in kept])


def robust(run: Run) -> dict[str, np.ndarray]:
    """Arrays [members]: see `attack`; and `seeds`, those of the members."""
    s = run.settings
    made = {}
    for m in run.members:
        x, y = clouds(m, "train", m["n"])
        made[m["condition"], m["seed"]] = (x, y, *candidates(m, x))

    def make(chunk: list[Mapping]) -> RobustSplitting:
        own = [made[m["condition"], m["seed"]] for m in chunk]
        return RobustSplitting(chunk, [each[:2] for each in own], [each[2] for each in own], run.device)

    found = loop.train(
        run, run.members, make, s["steps"], [s["steps"]], signature=lambda m: m["condition"], chunk=s["chunk"]
    )
    ends = []
    for row, m in enumerate(run.members):
        own = made[m["condition"], m["seed"]]
        ends.append(run.once(f"attack {row}", lambda row=row, m=m, own=own: attack(m, *own, _of(found, row, own))))
    stacked = {name: np.stack([each[name] for each in ends]) for name in ends[0]}
    return stacked | {"seeds": np.array([m["seed"] for m in run.members])}


def _of(found: Mapping[str, np.ndarray], row: int, own: tuple) -> dict[str, np.ndarray]:
    """Records of one member, without what fills up blocks, examples and inputs."""
    (n, d), count = own[0].shape, len(own[2])
    end = {name: values[row, -1] for name, values in found.items()}
    return {
        "vectors": end["vectors"][:, :count, :d].reshape(-1, d),
        "weights": end["weights"][:n],
        "moves": end["moves"][:n, : d - 1],
        "multipliers": end["multipliers"][:, :count, :n].reshape(-1, n),
    }


def attack(member: Mapping, x, y, patterns: np.ndarray, inner: np.ndarray, end: Mapping) -> dict[str, np.ndarray]:
    """One trained network.

    Arrays: `cost` of its vectors, moved into their cones, and `bound` of the optimum; `hinge`, the programme's worst-case
    loss, `hinge_attacked`, that which attacks on the training inputs find, `hinge_grid`, a grid (in the plane, else NaN), and
    `hinge_far` and `hinge_far_attacked`, the first two with `attack_radius` in place of the radius; `cones`, how many
    patterns were left; `kinked`, the share of the vectors' length that is not on the pattern of ones; `clean` and `attacked`,
    accuracies on test inputs.
    """
    problem = worst_case.Robust(x, y, patterns, member["radius"], member["penalty"])
    vectors = problem.feasible(end["vectors"], inner)
    signs, far = problem.signs, member["attack_radius"]
    how = {"steps": member["attack_steps"], "restarts": member["restarts"]}

    def lowest(inputs: np.ndarray, labels: np.ndarray, radius: float) -> np.ndarray:
        draw = stream("attack", member["seed"])
        return worst_case.attacked(inputs, labels, vectors, signs, how | {"radius": radius}, draw)

    def hinge(margins: np.ndarray) -> float:
        return float(np.maximum(1 - margins, 0).mean())

    test_x, test_y = clouds(member, "test", member["test_size"])
    lengths = np.linalg.norm(vectors, axis=1)
    bent = np.tile((patterns == 0).any(1), 2)
    grid = np.nan
    if member["dimension"] == 2:
        grid = hinge(worst_case.on_grid(x, y, vectors, signs, member["radius"], member["grid"]))
    found = {
        "cost": problem.cost(vectors),
        "bound": problem.bound(end["weights"], end["moves"], end["multipliers"]),
        "hinge": problem.hinge(vectors),
        "hinge_attacked": hinge(lowest(x, y, member["radius"])),
        "hinge_grid": grid,
        "hinge_far": worst_case.Robust(x, y, patterns, far, member["penalty"]).hinge(vectors),
        "hinge_far_attacked": hinge(lowest(x, y, far)),
        "cones": len(patterns),
        "kinked": lengths[bent].sum() / max(lengths.sum(), np.finfo(float).tiny),
        "clean": (test_y * worst_case.outputs(test_x, vectors, signs) > 0).mean(),
        "attacked": (lowest(test_x, test_y, far) > 0).mean(),
    }
    return {name: np.array(value, float) for name, value in found.items()}
