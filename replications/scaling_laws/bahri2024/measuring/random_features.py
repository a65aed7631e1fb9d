"""Random features and kernels: losses against theory, exponents by draw or group."""

import itertools

import numpy as np
import pandas as pd
from scipy import stats

from replications.scaling_laws.bahri2024 import theory
from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

EXPERIMENT = "kernels"
GROUPS = 8  # groups of draws, one exponent each
FIRST_RANK, LAST_RANK = 16, 256  # ranks between which the exponent of a spectrum is fitted


def measure(artifact: Artifact, out: Tables) -> None:
    """B1-B6 as far as they ran."""
    settings = members_of(artifact.meta["job"]["settings"])[0]
    out.per_seed(EXPERIMENT, "duality_error", artifact["duality"])
    out.curve("b_duality", pd.DataFrame({"difference": artifact["duality"]}))
    _variance(artifact, settings, out)
    _power_laws(artifact, settings, out)
    _mnist(artifact, settings, out)
    _kernels(artifact, settings, out)
    _oracles(settings, out)


def grouped(values: np.ndarray, groups: int = GROUPS) -> np.ndarray:
    """Means over equal groups of consecutive units: [units, ...] -> [groups, ...]; the rest is left out."""
    size = len(values) // groups
    return values[: size * groups].reshape(groups, size, *values.shape[1:]).mean(1)


def _variance(artifact: Artifact, settings, out: Tables) -> None:
    """B4: excess over P/(D - P - 1) by draw, exponent by group over D >= 8 P."""
    parameters, samples, excess = (
        settings["variance_parameters"],
        artifact["variance_sizes"],
        artifact["variance_excess"],
    )
    expected = theory.relative_excess(parameters, samples)
    for k, size in enumerate(samples):
        condition = {"D_over_P": size / parameters}
        out.per_seed(EXPERIMENT, "excess_over_expected", excess[:, k] / expected[k], condition)
    far = samples >= 8 * parameters
    out.per_seed(EXPERIMENT, "variance_exponent", theory.slope(samples[far], grouped(excess)[:, far]))
    # the limit left out: the exponent of the loss itself
    out.per_seed(EXPERIMENT, "exponent_without_limit", theory.slope(samples[far], 1 + grouped(excess)[:, far]))
    out.exact(EXPERIMENT, "expected_exponent", theory.slope(samples[far], expected[far]))
    out.curve("b_variance", long_table(samples, grouped(excess), expected))


def long_table(x: np.ndarray, values: np.ndarray, expected: np.ndarray | float) -> pd.DataFrame:
    """values [units, points] over x [points] as a long table with the theory's value beside each."""
    return melt({"value": values, "expected": expected}, seed=range(len(values)), x=x)


def _power_laws(artifact: Artifact, settings, out: Tables) -> None:
    """B2: loss over theory by draw; B3: exponent by group."""
    frames, samples = [], settings["sample_sizes"]
    for k, alpha in enumerate(settings["alphas"]):
        losses, expected = artifact["power_losses"][k], artifact["power_expected"][k]
        for j, size in enumerate(samples):
            out.per_seed(EXPERIMENT, "loss_over_theory", losses[:, j] / expected[j], {"alpha": alpha, "D": size})
        slopes = theory.slope(samples, grouped(losses))
        out.per_seed(EXPERIMENT, "data_exponent", slopes, {"alpha": alpha})
        exact = theory.slope(samples, expected)
        out.per_seed(EXPERIMENT, "data_exponent_minus_theory", slopes - exact, {"alpha": alpha})
        out.exact(EXPERIMENT, "theory_exponent", exact, {"alpha": alpha})
        frames.append(long_table(samples, losses, expected).assign(alpha=alpha))
    out.curve("b_power", pd.concat(frames))


def _mnist(artifact: Artifact, settings, out: Tables) -> None:
    """B5: exponents of data, of parameters and of theory, paired by draw."""
    samples, pools, slopes, frames = settings["mnist_sizes"], settings["feature_pools"], {}, []
    theories = {pool: theory.slope(samples, artifact[f"features_{pool}_theory"]) for pool in pools}
    for pool in pools:
        data, parameters = (artifact[f"features_{pool}_{name}"] for name in ("data", "parameters"))
        slopes[pool] = theory.slope(samples, data)
        by_parameters = theory.slope(samples, parameters)
        name = {"pool": pool}
        out.per_seed(EXPERIMENT, "mnist_data_exponent", slopes[pool], name)
        out.per_seed(EXPERIMENT, "mnist_parameter_exponent", by_parameters, name)
        out.exact(EXPERIMENT, "mnist_theory_exponent", theories[pool], name)
        out.per_seed(EXPERIMENT, "mnist_data_minus_parameters", slopes[pool] - by_parameters, name)
        out.per_seed(EXPERIMENT, "mnist_data_minus_theory", slopes[pool] - theories[pool], name)
        other = pools[(pools.index(pool) + 1) % len(pools)]
        out.per_seed(EXPERIMENT, "mnist_data_minus_other_theory", slopes[pool] - theories[other], name)
        for kind, losses in (("data", data), ("parameters", parameters)):
            frame = long_table(samples, losses, artifact[f"features_{pool}_theory"])
            frames.append(frame.assign(pool=pool, kind=kind, theory_exponent=theories[pool]))
    for first, second in itertools.pairwise(pools):
        out.per_seed(EXPERIMENT, "mnist_pooling_gain", slopes[second] - slopes[first], {"pools": f"{first} {second}"})
    out.curve("b_mnist", pd.concat(frames))


def spectral_exponent(spectrum: np.ndarray) -> float:
    """alpha_K of eigenvalues i^-(1 + alpha_K), fitted over FIRST_RANK ... LAST_RANK (or half the spectrum)."""
    last = min(LAST_RANK, len(spectrum) // 2)
    ranks = np.arange(FIRST_RANK, last + 1)
    return float(theory.slope(ranks, spectrum[ranks - 1]) - 1)


def _kernels(artifact: Artifact, settings, out: Tables) -> None:
    """B6: rank correlation of spectral and data exponents by draw, over all settings and within each depth."""
    samples, points, spectra = settings["kernel_sizes"], [], []
    exponents = {}
    for pool, depth in settings["kernel_settings"]:
        key = f"kernel_{pool}_{depth}"
        spectrum, losses = artifact[f"{key}_spectrum"], artifact[f"{key}_losses"]
        exponents[pool, depth] = spectral_exponent(spectrum), theory.slope(samples, losses)
        from_spectrum = theory.slope(samples, artifact[f"{key}_theory"])
        name = {"pool": pool, "depth": depth}
        out.exact(EXPERIMENT, "spectral_exponent", exponents[pool, depth][0], name)
        out.per_seed(EXPERIMENT, "kernel_data_exponent", exponents[pool, depth][1], name)
        out.exact(EXPERIMENT, "kernel_theory_exponent", from_spectrum, name)
        for draw, value in enumerate(exponents[pool, depth][1]):
            points.append((pool, depth, draw, exponents[pool, depth][0], value, from_spectrum))
        ranks = np.unique(np.geomspace(1, len(spectrum), 60).astype(int))
        spectra.append(pd.DataFrame({"pool": pool, "depth": depth, "rank": ranks, "value": spectrum[ranks - 1]}))
    columns = ["pool", "depth", "seed", "spectral", "data", "theory"]
    out.curve("b_kernel_points", pd.DataFrame(points, columns=columns))
    out.curve("b_spectra", pd.concat(spectra))
    depths = sorted({depth for _, depth in exponents})
    sets = {"all": list(exponents)} | {f"depth {d}": [key for key in exponents if key[1] == d] for d in depths}
    for name, keys in sets.items():
        if len(keys) < 3:
            continue
        spectral = [exponents[key][0] for key in keys]
        data = np.array([exponents[key][1] for key in keys])
        ranks = [rank_correlation(spectral, column) for column in data.T]
        out.per_seed(EXPERIMENT, "rank_correlation", ranks, {"set": name})


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's coefficient; NaN where a value is undefined or all are equal."""
    if not np.isfinite([*first, *second]).all() or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(stats.spearmanr(first, second).statistic)


def _oracles(settings, out: Tables) -> None:
    """kappa: its equation, its value without data, and its asymptote."""
    spectrum = theory.power_spectrum(settings["features"], 1.0)
    worst = 0.0
    for samples in settings["sample_sizes"]:
        kappa = theory.kappa(spectrum, samples)
        worst = max(worst, abs((spectrum / (kappa + samples * spectrum)).sum() - 1))
    out.exact(EXPERIMENT, "kappa_equation_error", worst)
    out.exact(EXPERIMENT, "kappa_without_data_error", abs(theory.kappa(spectrum, 0) / spectrum.sum() - 1))
    long = theory.power_spectrum(200_000, 1.0)
    out.exact(EXPERIMENT, "kappa_asymptote_error", abs(theory.kappa(long, 100) / theory.kappa_asymptotic(1.0, 100) - 1))
