"""Besiroglu et al.: the refit of Chinchilla's third method, its uncertainty, and why the original stopped early."""

from collections.abc import Mapping

import numpy as np
from scipy import optimize

from replications.scaling_laws.besiroglu2024 import published
from replications.scaling_laws.besiroglu2024.fitting import inference, law, solver
from replications.scaling_laws.science import hoffmann
from verifig.training.run import Run
from verifig.training.seeds import derive

KEPT_BEST = 64  # starts that are followed to the end


def chinchilla(run: Run) -> dict[str, np.ndarray]:
    """Everything that the 245 digitised runs determine; see the keys of the result."""
    table = hoffmann.runs(run.path("chinchilla"))
    N, D, L = (table[name].to_numpy(float) for name in ("N", "D", "L"))
    settings = run.members[0]
    kept = inference.keep_all_but_highest(L, settings["highest_dropped"])
    data = N[kept], D[kept], L[kept]
    result = {"N": N, "D": D, "L": L, "C": table["C"].to_numpy(float), "kept": kept}
    result |= run.once("grid", lambda: _grid(data, settings["grid_steps"]))
    huber = result["theta_huber"]
    result |= run.once("robust", lambda: _point_fits(data, (N, D, L), huber, settings["sabotaged_delta"]))
    result |= run.once("bootstrap", lambda: _bootstrap(run, settings, data))
    result |= run.once("early stopping", lambda: _early_stopping(settings, data, huber))
    return result


def _grid(data, steps: int) -> dict[str, np.ndarray]:
    """Hoffmann et al.'s 4,500 starts: all for some steps, the best to the end."""
    first = solver.minimise(*data, published.HOFFMANN_GRID, steps=steps)
    best = np.argsort(first.objective, kind="stable")[:KEPT_BEST]
    last = solver.minimise(*data, first.theta[best])
    winner = int(np.argmin(last.objective))
    return {
        "grid_objective": first.objective,
        "theta_huber": last.theta[winner],
        "objective_huber": np.array(last.objective[winner]),
        "grid_share": np.array(np.mean(first.objective <= last.objective[winner] * (1 + 1e-6))),
    }


def _point_fits(data, everything, huber: np.ndarray, wrong_delta: float) -> dict[str, np.ndarray]:
    """Least absolute deviations, the number of outliers left out, and the fits of the controls."""
    ablated = []
    for count in published.ABLATED:
        kept = inference.keep_all_but_highest(everything[2], count)
        ablated.append(solver.minimise(*(column[kept] for column in everything), _starts(huber)))
    wrong = solver.minimise(*data, _starts(huber), delta=wrong_delta)
    return {
        "theta_lad": inference.least_absolute_deviations(*data, huber),
        "theta_lad_all": inference.least_absolute_deviations(*everything, _best(ablated[0])),
        "theta_ablated": np.stack([_best(minima) for minima in ablated]),
        "theta_wrong_delta": _best(wrong),
    }


def _starts(theta: np.ndarray) -> np.ndarray:
    return np.stack([theta, published.HOFFMANN])


def _best(minima: solver.Minima) -> np.ndarray:
    return minima.theta[np.argmin(minima.objective)]


def _bootstrap(run: Run, settings: Mapping, data) -> dict[str, np.ndarray]:
    """The authors' resamples; each minimised from Hoffmann et al.'s parameters."""
    counts = inference.resamples(len(data[0]), settings["bootstraps"], published.BOOTSTRAP_SEED)
    starts = np.repeat(published.HOFFMANN[None], len(counts), axis=0)
    run.progress(0, len(counts), "bootstraps")
    minima = solver.minimise(
        *data, starts, counts, on_chunk=lambda done, total: run.progress(done, total, "bootstraps")
    )
    run.facts["steps"] = int(minima.steps.sum())
    checks = [
        inference.scipy_minimum(*data, published.HOFFMANN, count)[1] / value
        for count, value in zip(counts, minima.objective[: settings["solver_checks"]], strict=False)
    ]
    return {
        "bootstrap_theta": minima.theta,
        "bootstrap_converged": minima.converged,
        "scipy_over_ours": np.array(checks),
    }


def _early_stopping(settings: Mapping, data, huber: np.ndarray) -> dict[str, np.ndarray]:
    """SciPy's L-BFGS-B with its default tolerances on the mean, the sum and a scaled sum of the Huber losses.

    Its `ftol` compares the decrease with max(|f|, 1), and here f is about 1e-3 (sum) or 4e-6 (mean).
    """
    rows = len(data[0])
    stream = np.random.RandomState(0)
    subsets = [stream.choice(rows, size=int(0.8 * rows), replace=False) for _ in range(settings["subsamples"])]
    result: dict[str, np.ndarray] = {}
    for name, factor in (("mean", None), ("sum", 1.0), ("scaled", 1e3)):
        fits = [default_lbfgs(tuple(column[s] for column in data), published.HOFFMANN, factor)[0] for s in subsets]
        result[f"subsample_{name}"] = np.array(fits)
        end, trace = default_lbfgs(data, published.HOFFMANN, factor)
        result[f"trace_{name}"], result[f"end_{name}"] = trace, end
    weights = np.stack([np.bincount(subset, minlength=rows) for subset in subsets])
    starts = np.repeat(huber[None], len(subsets), axis=0)
    result["subsample_converged"] = solver.minimise(*data, starts, weights).theta
    chosen = np.random.default_rng(derive("scaling_laws", "random starts")).choice(
        len(published.HOFFMANN_GRID), settings["random_starts"], replace=False
    )
    for name, factor in (("mean", None), ("sum", 1.0)):
        ends = [default_lbfgs(data, published.HOFFMANN_GRID[start], factor)[0] for start in chosen]
        result[f"random_{name}_objective"] = law.objective(np.array(ends), *data)
    return result


def default_lbfgs(data, start: np.ndarray, factor: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Minimise `factor` times the sum (None: the mean) by L-BFGS-B; (theta [5], sum objective by iteration)."""
    mean, scale = factor is None, factor or 1.0
    path = [np.asarray(start, float)]
    with np.errstate(over="ignore", invalid="ignore"):
        found = optimize.minimize(
            lambda theta: scale * law.objective(theta, *data, mean=mean),
            start,
            jac=lambda theta: scale * law.gradient(theta, *data, mean=mean),
            method="L-BFGS-B",
            callback=lambda theta: path.append(theta.copy()),
        )
    return found.x, law.objective(np.array(path), *data)
