"""Data sets of the paper's theorems, where counts are exact: the worst case of Table 1 by n, and the toy of Theorem 4.1."""

import numpy as np

from replications.sgd_stability.tyurin2024 import theory
from replications.sgd_stability.tyurin2024.experiments.separating import separate
from verifig.training.run import Run


def exact(run: Run) -> dict[str, np.ndarray]:
    """Nothing is drawn.

    Arrays: `solved` [M] of all methods at n = `samples`; `near` [K] and `near_solved` [K, M], the same at other n; `sizes`
    [N] and `by_size` [N, 2] of the two perceptrons; `theta` [2, T, 2] (units of gamma), `loss` and `gradient` [2, T] of
    descent on the toy after one and two steps, at `toy_step_sizes` [T], and `limit` [2, 2], the perceptron's theta.
    """
    s, (base,) = run.settings, run.members
    near, sizes = [s["samples"], *s["near_sizes"]], s["sizes"]
    table = separate(run, [base] * len(near), [theory.worst_case(n) for n in near], [], len(near), name="table")
    none = {"step_sizes": [], "normalised_step_sizes": []}
    family = separate(
        run, [base] * len(sizes), [theory.worst_case(n) for n in sizes], [], len(sizes), name="family", **none
    )
    few = none | {"step_sizes": s["toy_step_sizes"], "steps": 2}
    toy = separate(run, [base], [theory.toy()], [1], 1, name="toy", theta=True, **few)
    return {
        "solved": table["solved"][0, -1],
        "near": np.array(near[1:]),
        "near_solved": table["solved"][1:, -1],
        "sizes": np.array(sizes),
        "by_size": family["solved"][:, -1],
        "theta": toy["theta"][0, :, :-2],
        "limit": toy["theta"][0, :, -2],
        "loss": toy["loss"][0],
        "gradient": toy["gradient"][0],
    }
