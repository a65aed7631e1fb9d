"""Whether noisy labels of the linear model are linearly separable, by linear programming, at and around two thresholds."""

import numpy as np
from scipy.optimize import linprog

from replications.noisy_labels.liu2020.closed_form import paper_threshold, separability_threshold
from replications.noisy_labels.liu2020.mixture import clouds, examples, signs
from verifig.training.run import Run

LEAST = 1e-7  # a margin below it is the solver's rounding


def separable(x: np.ndarray, labels: np.ndarray) -> bool:
    """Whether some theta has labels_i theta . x_i > 0 for all i.

    The smallest margin is maximised over theta in [-1, 1]^p, which always has a solution; 0 means that there is none.

    Args:
        x: [n, p]; labels: [n] of +1 and -1.
    """
    n, p = x.shape
    above = np.hstack([-labels[:, None] * x, np.ones((n, 1))])  # margin - labels_i theta . x_i <= 0
    bounds = [(-1, 1)] * p + [(0, 1)]
    found = linprog(-np.eye(p + 1)[-1], A_ub=above, b_ub=np.zeros(n), bounds=bounds, method="highs")
    if found.status != 0:
        raise ArithmeticError(f"the linear program ended with status {found.status}: {found.message}")
    return bool(found.x[-1] > LEAST)


def _draw(purpose: str, seed: int, n: int, aspect: float, wrong: float, sigma: float) -> bool:
    x = examples(clouds(purpose, seed, n, round(n * aspect)), sigma)
    return separable(x.double().numpy(), signs(n, wrong).double().numpy())


def separability(run: Run) -> dict[str, np.ndarray]:
    """Arrays `paper` [seeds, shares]: beyond the paper's threshold; `sharp` [seeds, shares, multiples] of the sharp one.

    Also `sharp_threshold`, `paper_threshold` [shares] and the grids.
    """
    settings = run.settings
    sigma, shares, multiples = settings["sigma"], settings["shares"], settings["multiples"]
    sharp = [separability_threshold(w, sigma) for w in shares]

    def one(seed: int) -> dict[str, np.ndarray]:
        above = [
            _draw(f"beyond {w:g}", seed, settings["paper_n"], paper_threshold(w) + settings["margin"], w, sigma)
            for w in shares
        ]
        around = [
            [_draw(f"sharp {w:g} {m:g}", seed, settings["n"], m * h, w, sigma) for m in multiples]
            for w, h in zip(shares, sharp, strict=True)
        ]
        return {"paper": np.array(above), "sharp": np.array(around)}

    found = []
    for seed in range(settings["seeds"]):
        found.append(run.once(f"seed {seed}", lambda seed=seed: one(seed)))
        run.progress(seed + 1, settings["seeds"], "seeds")
    return {name: np.stack([each[name] for each in found]) for name in found[0]} | {
        "shares": np.array(shares),
        "multiples": np.array(multiples),
        "sharp_threshold": np.array(sharp),
        "paper_threshold": np.array([paper_threshold(w) for w in shares]),
    }
