"""Optima of the convex programme, with all patterns and with random ones, and of its unconstrained relative; certified, no steps."""

from collections.abc import Mapping

import numpy as np

from replications.convex_relu.bai2023.experiments.problems import regression, stream
from replications.convex_relu.science import laws, networks
from replications.convex_relu.science.patterns import all_patterns, sampled_patterns
from replications.convex_relu.science.programme import convex_two_layer, nonnegative_lasso, projections
from verifig.training.run import Run

VIOLATED = 1e-6  # a projection longer than the penalty by less, relatively, is the solver's tolerance


def exact(run: Run) -> dict[str, np.ndarray]:
    """Arrays of `optimum` [seeds, ...] (see there), of `sampling` [draws, ...], of `orthonormal` and of `profile`."""
    s = run.settings
    parts = [(f"optimum {k}", lambda k=k: optimum(s, k)) for k in range(s["seeds"])]
    parts += [(f"draw {k}", lambda k=k: sampling(s, k)) for k in range(s["draws"])]
    found = []
    for done, (name, compute) in enumerate(parts, 1):
        found.append(run.once(name, compute))
        run.progress(done, len(parts), "problems")
    seeds, draws = found[: s["seeds"]], found[s["seeds"] :]
    stacked = {name: np.stack([each[name] for each in part]) for part in (seeds, draws) for name in part[0]}
    return stacked | orthonormal(s) | profile(s)


def optimum(settings: Mapping, seed: int) -> dict[str, np.ndarray]:
    """One data set with all its patterns.

    Arrays: `value`, `bound` of the optimum; `network` and `network_whole`, the cost of its network with penalty/2 and with
    the penalty; `neurons`; `patterns`, how many there are; `gated`, the optimum without cones, and `gated_network`, its
    network's cost; `largest`, the penalty from which on the network is zero, `start` = |y|^2/2 and the optima `above` and
    `below` it.
    """
    x, y = regression(settings, seed)
    penalty, patterns = settings["penalty"], all_patterns(x)[0]
    best, gated = (convex_two_layer(x, y, penalty, patterns, cones) for cones in (True, False))
    largest = np.linalg.norm(projections(x, patterns, y), axis=1).max()
    found = {
        "value": best.value,
        "bound": best.bound,
        "network": networks.cost(x, y, *best.network(), penalty),
        "network_whole": networks.cost(x, y, *best.network(), 2 * penalty),
        "neurons": len(best.signs),
        "patterns": len(patterns),
        "gated": gated.value,
        "gated_network": networks.cost(x, y, *gated.network(), penalty),
        "largest": largest,
        "start": y @ y / 2,
        "above": convex_two_layer(x, y, 1.001 * largest, patterns).value,
        "below": convex_two_layer(x, y, 0.99 * largest, patterns).value,
    }
    return {name: np.array(value, float) for name, value in found.items()}


def sampling(settings: Mapping, draw: int) -> dict[str, np.ndarray]:
    """Random patterns and random neurons on a data set of their own.

    Arrays: `full`, the optimum with all patterns; `sampled` [counts] with random ones, `sampled_gated` without cones; `mass`
    [counts] of the patterns that would lower it, and `drawn_mass` of those among them that were drawn; `features` [sizes],
    the least cost over output weights alone.
    """
    x, y = regression(settings, "draw", draw)
    penalty, (patterns, shares) = settings["penalty"], all_patterns(x)
    found = {name: [] for name in ("sampled", "sampled_gated", "mass", "drawn_mass", "features")}
    for count in settings["pattern_counts"]:
        chosen = sampled_patterns(x, count, stream("patterns", count, draw))
        best = convex_two_layer(x, y, penalty, chosen)
        found["sampled"].append(best.value)
        found["sampled_gated"].append(convex_two_layer(x, y, penalty, chosen, cones=False).value)
        longest = np.linalg.norm(projections(x, patterns, best.residual), axis=1).reshape(-1, 2).max(1)
        violated = longest > penalty * (1 + VIOLATED)
        drawn = (patterns[:, None] == chosen).all(2).any(1)
        found["mass"].append(shares[violated].sum())
        found["drawn_mass"].append(shares[violated & drawn].sum())
    for size in settings["feature_counts"]:
        found["features"].append(random_features(x, y, penalty, size, stream("features", size, draw)))
    return {"full": np.array(convex_two_layer(x, y, penalty, patterns).value)} | {
        k: np.array(v) for k, v in found.items()
    }


def random_features(x: np.ndarray, y: np.ndarray, penalty: float, size: int, draw: np.random.Generator) -> float:
    """Least 1/2 |(X U)_+ a - y|^2 + penalty |a|_1 over a, with `size` hidden weights fixed, uniform on the unit sphere."""
    hidden = draw.standard_normal((x.shape[1], size))
    kept = np.maximum(x @ (hidden / np.linalg.norm(hidden, axis=0)), 0)
    atoms = np.hstack([kept, -kept])
    weights = nonnegative_lasso(atoms, y, penalty)
    return float(((atoms @ weights - y) ** 2).sum() / 2 + penalty * weights.sum())


def orthonormal(settings: Mapping) -> dict[str, np.ndarray]:
    """Optima on orthonormal inputs with all 2^n patterns, `orthonormal` [sizes, penalties], and `orthonormal_formula`."""
    values, formulas = [], []
    for size in settings["orthonormal_sizes"]:
        draw = stream("orthonormal", size)
        x = np.linalg.qr(draw.standard_normal((size, size)))[0]
        y = 2 * draw.standard_normal(size)
        patterns = (np.arange(2**size)[:, None] >> np.arange(size)) % 2.0
        penalties = settings["orthonormal_penalties"]
        values.append([convex_two_layer(x, y, penalty, patterns).value for penalty in penalties])
        formulas.append([laws.orthonormal_optimum(y, penalty) for penalty in penalties])
    return {"orthonormal": np.array(values), "orthonormal_formula": np.array(formulas)}


def profile(settings: Mapping) -> dict[str, np.ndarray]:
    """For a figure, of the first data set: the certificate |sum_k z_k (x_k . u)_+| by the angle of the unit vector u, and fits.

    Arrays: `angles` [A], `certificate` [A]; `neuron_angles`, `neuron_weights` (|v|, signed) of the optimum; `points` [n, 2] (input, target); `grid` [G], `fit` [G].
    """
    x, y = regression(settings, 0)
    best = convex_two_layer(x, y, settings["penalty"])
    angles = np.linspace(-np.pi, np.pi, 721)
    kept = np.maximum(x @ np.stack([np.cos(angles), np.sin(angles)]), 0)
    hidden, output = best.network()
    grid = np.linspace(-1, 1, 201)
    return {
        "angles": angles,
        "certificate": np.abs(best.residual @ kept),
        "neuron_angles": np.arctan2(hidden[1], hidden[0]),
        "neuron_weights": output * np.linalg.norm(hidden, axis=0),
        "points": np.stack([x[:, 0], y], 1),
        "grid": grid,
        "fit": networks.outputs(np.stack([grid, np.ones_like(grid)], 1), hidden, output),
    }
