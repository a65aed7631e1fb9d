"""Exact facts about the minimisers: oracles that every scale checks, and the curves of the collapse diagram."""

import numpy as np

from replications.neural_collapse.dang2023 import closed_form, metrics
from verifig.training.run import Run
from verifig.training.seeds import derive

CASES = {
    # name: (class sizes, depth, weight decays, feature decay, bias)
    **{f"balanced{m}": ((100,) * 4, m, 5e-4, 5e-4, False) for m in (1, 2, 3, 6, 9)},
    **{f"bias{m}": ((100,) * 4, m, 5e-4, 5e-4, True) for m in (1, 2, 3, 6, 9)},
    **{f"imbalanced{m}": ((200, 100, 50, 50), m, 5e-4, 5e-4, False) for m in (1, 2, 3, 6, 9)},
    "unequal": ((7, 5, 3, 2, 1), 3, (1e-3, 3e-3, 2e-3), 2e-3, False),
}
WIDTH = 16  # at least the number of classes; the closed forms do not depend on it
MINORITY = ((200, 100, 50, 50), 50)


def theory(run: Run) -> dict[str, np.ndarray]:
    """Stationarity, optimality and scaling of the closed forms; thresholds; metrics on exact geometries.

    Returns by case [cases]: largest absolute gradient, objective minus f*, and the least rise of the objective over
    `perturbations` random ones; the relative change under the scaling law; the thresholds by depth; misfits.
    """
    draws = run.settings["perturbations"]
    rows = np.array([_case(*case, draws) for case in CASES.values()])
    depths = np.arange(1, 10)
    total = sum(MINORITY[0])
    eye, simplex = np.eye(4), closed_form.simplex(4)
    return {
        "cases": np.array(list(CASES)),
        "gradient": rows[:, 0],
        "objective_error": rows[:, 1],
        "least_rise": rows[:, 2],
        "scaling_error": np.array(max(_scaling(depth) for depth in depths)),
        "depths": depths,
        "threshold": np.array([closed_form.collapse_threshold(m) for m in depths]),
        "spinodal": np.array([closed_form.spinodal(m) for m in depths]),
        "critical_decay": np.array([closed_form.critical_decay(MINORITY[1], total, m) for m in depths]),
        "of_misfit": np.array(
            [metrics.misfit(eye, eye), metrics.misfit(eye, simplex), metrics.misfit(simplex, simplex)]
        ),
        "nonzero": np.array([[_survivors(lam, m) for lam in run.settings["decays"]] for m in depths]),
        "decays": np.array(run.settings["decays"]),
    }


def _case(sizes, depth, weight_decay, feature_decay, bias, draws) -> tuple[float, float, float]:
    rng = np.random.default_rng(derive("neural_collapse", "theory", str(sizes), depth, bias))
    weights, features, b = closed_form.minimiser(sizes, depth, weight_decay, feature_decay, WIDTH, rng, bias)
    problem = (sizes, weight_decay, feature_decay)
    value, gradients = closed_form.objective(weights, features, b, *problem)
    free = gradients if bias else gradients[:-1]
    best = closed_form.solve(sizes, depth, weight_decay, feature_decay, bias).objective
    rises = []
    for size in np.geomspace(1e-4, 0.1, draws):
        moved = [w + size * rng.standard_normal(w.shape) for w in weights]
        shift = features + size * rng.standard_normal(features.shape)
        rises.append(closed_form.objective(moved, shift, b, *problem)[0] - value)
    return max(np.abs(g).max() for g in free), abs(value - best), min(rises)


def _scaling(depth: int, factor: int = 10) -> float:
    """Largest relative change of the solution under n_k -> n_k / q, lam_H -> q lam_H."""
    large = closed_form.solve((200, 100, 50, 50), depth, 5e-4, 5e-4)
    small = closed_form.solve((20, 10, 5, 5), depth, 5e-4, 5e-4 * factor)
    pairs = [(large.x, small.x), (large.classifier, small.classifier), (large.feature, small.feature)]
    pairs.append((np.array([large.objective]), np.array([small.objective])))
    return max(float(np.abs(a / b - 1).max()) for a, b in pairs)


def _survivors(decay: float, depth: int) -> int:
    """Classes that are not zero at the global minimum of the imbalanced problem."""
    return int((closed_form.solve(MINORITY[0], depth, decay, decay).x > 0).sum())
