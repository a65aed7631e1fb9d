"""Artifact -> statistics and curves: fits, uncertainty, likelihood, policy, early stopping, exact identities; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from replications.scaling_laws.besiroglu2024 import published
from replications.scaling_laws.besiroglu2024.fitting import law, solver
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.seeds import derive

EXPERIMENT = "chinchilla"
NAMES = ("A", "B", "E", "alpha", "beta")
COMPUTE = np.logspace(18, 28, 81)
NORMAL_DRAWS = 10_000


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """C1-C12, their controls and oracles, and the tables behind the figures; without the data nothing."""
    if EXPERIMENT not in artifacts:
        return
    artifact = artifacts[EXPERIMENT]
    kept = artifact["kept"].astype(bool)
    everything = artifact["N"], artifact["D"], artifact["L"]
    data = tuple(column[kept] for column in everything)
    _rows(artifact, kept, out)
    _fits(artifact, data, out)
    _uncertainty(artifact, out)
    _likelihood(artifact, data, everything, out)
    _residuals(artifact, data, out)
    _policy(artifact, out)
    _early_stopping(artifact, out)
    _identities(artifact, data, everything, out)


def _rows(artifact: Artifact, kept: np.ndarray, out: Tables) -> None:
    out.exact(EXPERIMENT, "rows", len(kept))
    out.exact(EXPERIMENT, "rows_kept", kept.sum())
    if not kept.all():
        ratios = (artifact["D"] / artifact["N"])[~kept]
        out.exact(EXPERIMENT, "largest_dropped_tokens_per_parameter", ratios.max())
    frame = {name: artifact[name] for name in ("N", "D", "L", "C")}
    out.curve("c_data", pd.DataFrame(frame | {"kept": kept}))
    huber, lad = artifact["theta_huber"], artifact["theta_lad"]
    out.curve("c_theta", pd.DataFrame({"huber": huber, "lad": lad, "hoffmann": published.HOFFMANN}))


def _fits(artifact: Artifact, data, out: Tables) -> None:
    """Coefficients of every fit; the objective is always the Huber sum on the kept rows."""
    fits = {
        "huber": artifact["theta_huber"],
        "lad": artifact["theta_lad"],
        "lad_all_rows": artifact["theta_lad_all"],
        "wrong_delta": artifact["theta_wrong_delta"],
        "hoffmann": published.HOFFMANN,
        "hoffmann_rounded": published.HOFFMANN_ROUNDED,
        "published": published.REFIT,
    }
    fits |= {
        f"without_{count}": theta for count, theta in zip(published.ABLATED, artifact["theta_ablated"], strict=True)
    }
    records = []
    for name, theta in fits.items():
        values = dict(zip(NAMES, law.coefficients(theta), strict=True)) | {"a": law.compute_exponent(theta)}
        for coefficient, value in values.items():
            out.exact(EXPERIMENT, "coefficient", value, {"fit": name, "name": coefficient})
        out.exact(EXPERIMENT, "objective", law.objective(theta, *data), {"fit": name})
        absolute = np.abs(np.log(data[2]) - law.log_loss(theta, data[0], data[1])).sum()
        out.exact(EXPERIMENT, "absolute_deviation", absolute, {"fit": name})
        records.append({"fit": name, **values, "objective": law.objective(theta, *data), "absolute": absolute})
    out.curve("c_fits", pd.DataFrame(records))
    out.exact(EXPERIMENT, "share_of_starts", float(artifact["grid_share"]))
    out.curve("c_grid", pd.DataFrame({"objective": artifact["grid_objective"]}))


def _uncertainty(artifact: Artifact, out: Tables) -> None:
    """Bootstrap standard errors, t tests and the joint test against Hoffmann et al., and the sample size needed."""
    out.exact(EXPERIMENT, "converged", artifact["bootstrap_converged"].mean())
    theta = artifact["bootstrap_theta"]
    values = np.column_stack([law.coefficients(theta), law.compute_exponent(theta)])
    errors = values.std(0, ddof=1)
    rows = int(artifact["kept"].sum())
    centre, target = law.coefficients(published.REFIT), law.coefficients(published.HOFFMANN)
    for k, name in enumerate([*NAMES, "a"]):
        out.exact(EXPERIMENT, "standard_error", errors[k], {"name": name})
    for k, name in enumerate(NAMES):
        t = abs(centre[k] - target[k]) / errors[k]
        out.exact(EXPERIMENT, "p_value", 2 * stats.t.sf(t, rows - 5), {"name": name})
    for name, point in (("published", published.REFIT), ("huber", artifact["theta_huber"])):
        difference = published.HOFFMANN - point
        out.exact(EXPERIMENT, "chi_square", joint_distance(difference, theta), {"fit": name})
    low, high = np.quantile(values[:, 5], [0.1, 0.9])
    out.exact(EXPERIMENT, "exponent_low", low)
    out.exact(EXPERIMENT, "exponent_high", high)
    out.exact(EXPERIMENT, "runs_needed", rows * ((high - low) / 0.001) ** 2)
    out.curve("c_bootstrap", pd.DataFrame(values, columns=[*NAMES, "a"]))


def joint_distance(difference: np.ndarray, resampled: np.ndarray) -> float:
    """Squared Mahalanobis length of `difference` [5] under the covariance of `resampled` [resamples, 5]."""
    return float(difference @ np.linalg.solve(np.cov(resampled, rowvar=False), difference))


def _likelihood(artifact: Artifact, data, everything, out: Tables) -> None:
    points = {
        "hoffmann_rounded": published.HOFFMANN_ROUNDED,
        "hoffmann": published.HOFFMANN,
        "huber": artifact["theta_huber"],
        "lad": artifact["theta_lad"],
    }
    values = {name: law.log_likelihood(theta, *data)[0] for name, theta in points.items()}
    for name, value in values.items():
        out.exact(EXPERIMENT, "log_likelihood", value, {"fit": name})
        wrong = law.log_likelihood(points[name], *everything)[0]
        out.exact(EXPERIMENT, "log_likelihood", wrong, {"fit": name, "rows": "all"})
    ratio = 2 * (values["lad"] - values["hoffmann"])
    out.exact(EXPERIMENT, "likelihood_ratio", ratio)
    out.exact(EXPERIMENT, "likelihood_ratio_p", stats.chi2.sf(ratio, 5))
    out.curve("c_likelihood", pd.DataFrame({"fit": list(values), "log_likelihood": list(values.values())}))


def _residuals(artifact: Artifact, data, out: Tables) -> None:
    N, D, L = data
    frames, squares, errors = [], {}, {}
    for name, theta in (
        ("hoffmann_rounded", published.HOFFMANN_ROUNDED),
        ("hoffmann", published.HOFFMANN),
        ("lad", artifact["theta_lad"]),
    ):
        errors[name] = L - law.loss(theta, N, D)
        squares[name] = float(np.mean(errors[name] ** 2))
        out.exact(EXPERIMENT, "mean_residual", errors[name].mean(), {"fit": name})
        out.exact(EXPERIMENT, "mean_square_residual", squares[name], {"fit": name})
        frames.append(pd.DataFrame({"fit": name, "N": N, "D": D, "residual": errors[name]}))
    out.exact(EXPERIMENT, "mean_square_ratio", squares["hoffmann_rounded"] / squares["lad"])
    test = stats.ttest_ind(errors["hoffmann"], errors["lad"])
    out.exact(EXPERIMENT, "residual_t", test.statistic)
    out.exact(EXPERIMENT, "residual_p", test.pvalue)
    out.exact(EXPERIMENT, "rounding_bias", 1e11 ** (published.HOFFMANN[4] - published.HOFFMANN_ROUNDED[4]) - 1)
    out.curve("c_residuals", pd.concat(frames))


def _policy(artifact: Artifact, out: Tables) -> None:
    """Optimal tokens per parameter by compute, with 80 % bands from the bootstrap and from normal draws."""
    theta = artifact["bootstrap_theta"]
    flop = published.CHINCHILLA_FLOP
    draws = np.random.default_rng(derive("scaling_laws", "normal draws")).multivariate_normal(
        published.REFIT, np.cov(theta, rowvar=False), NORMAL_DRAWS
    )
    limits = {}
    for name, sample in (("bootstrap", theta), ("normal", draws[(draws[:, 3:] > 0).all(1)])):
        values = law.tokens_per_parameter(sample, COMPUTE[:, None])
        limits[name] = np.quantile(values, [0.1, 0.5, 0.9], axis=1)
    low, high = np.quantile(law.tokens_per_parameter(theta, flop), [0.1, 0.9])
    out.exact(EXPERIMENT, "tokens_per_parameter_low", low)
    out.exact(EXPERIMENT, "tokens_per_parameter_high", high)
    out.exact(EXPERIMENT, "tokens_per_parameter_width", high - low)
    points = {
        "published": (published.REFIT, None),
        "lad": (artifact["theta_lad"], None),
        "huber": (artifact["theta_huber"], None),
        "lad_all_rows": (artifact["theta_lad_all"], None),
        "hoffmann": (published.HOFFMANN, None),
        "hoffmann_published_exponent": (published.HOFFMANN, published.HOFFMANN_EXPONENT),
    }
    frame = {"C": COMPUTE}
    for name, (point, exponent) in points.items():
        ratio = law.tokens_per_parameter(point, flop, exponent)
        out.exact(EXPERIMENT, "tokens_per_parameter", ratio, {"fit": name})
        frame[name] = law.tokens_per_parameter(point, COMPUTE, exponent)
    for name, rows in limits.items():
        frame |= {f"{name}_{part}": row for part, row in zip(("low", "median", "high"), rows, strict=True)}
    out.curve("c_policy", pd.DataFrame(frame))


def _early_stopping(artifact: Artifact, out: Tables) -> None:
    frames = []
    for name in ("mean", "sum", "scaled", "converged"):
        exponents = law.compute_exponent(artifact[f"subsample_{name}"])
        low, middle, high = np.quantile(exponents, [0.1, 0.5, 0.9])
        out.exact(EXPERIMENT, "subsample_width", high - low, {"fit": name})
        out.exact(EXPERIMENT, "subsample_median", middle, {"fit": name})
        out.exact(EXPERIMENT, "subsample_low", low, {"fit": name})
        out.exact(EXPERIMENT, "subsample_high", high, {"fit": name})
        frames.append(pd.DataFrame({"fit": name, "a": exponents}))
    out.curve("c_subsamples", pd.concat(frames))
    frames = []
    for name in ("mean", "sum", "scaled"):
        trace = artifact[f"trace_{name}"]
        out.exact(EXPERIMENT, "iterations", len(trace) - 1, {"fit": name})
        out.exact(EXPERIMENT, "stopped_at_a", law.compute_exponent(artifact[f"end_{name}"]), {"fit": name})
        frames.append(pd.DataFrame({"fit": name, "iteration": np.arange(len(trace)), "objective": trace}))
    out.curve("c_traces", pd.concat(frames))
    best = float(artifact["objective_huber"])
    for name in ("mean", "sum"):
        reached = artifact[f"random_{name}_objective"] <= 1.01 * best
        out.exact(EXPERIMENT, "share_of_random_starts", reached.mean(), {"fit": name})


def _identities(artifact: Artifact, data, everything, out: Tables) -> None:
    """Exact facts about the law and the solver that hold whatever the data (oracles)."""
    N, D, L = data
    theta = artifact["theta_huber"]
    for name, point in (
        ("hoffmann", published.HOFFMANN),
        ("hoffmann_rounded", published.HOFFMANN_ROUNDED),
        ("lad", artifact["theta_lad"]),
    ):
        out.exact(EXPERIMENT, "objective_all_rows", law.objective(point, *everything), {"fit": name})
    moved = theta.copy()
    moved[0] += theta[3] * np.log(1e6)
    order = np.random.default_rng(derive("scaling_laws", "order")).permutation(len(N))
    base = law.objective(theta, N, D, L)
    out.exact(EXPERIMENT, "unit_change", abs(law.objective(moved, 1e6 * N, D, L) / base - 1))
    out.exact(EXPERIMENT, "order_change", abs(law.objective(theta, N[order], D[order], L[order]) / base - 1))
    best_N, best_D = law.policy(theta, COMPUTE)
    out.exact(EXPERIMENT, "budget_error", np.abs(best_N * best_D * 6 / COMPUTE - 1).max())
    step = 1e-4
    nearby = [law.loss(theta, best_N * factor, best_D / factor) for factor in (np.exp(-step), 1.0, np.exp(step))]
    out.exact(EXPERIMENT, "policy_slope", np.abs((nearby[2] - nearby[0]) / (2 * step)).max())
    synthetic = law.loss(theta, N, D)
    starts = np.stack([published.HOFFMANN, theta + 0.1])
    found = solver.minimise(N, D, synthetic, starts)
    best = found.theta[np.argmin(found.objective)]
    out.exact(EXPERIMENT, "recovery_error", np.abs(best - theta).max())
    out.exact(EXPERIMENT, "scipy_disagreement", np.abs(artifact["scipy_over_ours"] - 1).max())
