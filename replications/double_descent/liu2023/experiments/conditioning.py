"""Condition numbers at the threshold, and identities that check the instruments."""

import math

import numpy as np
import torch
from torch import Tensor

from replications.double_descent.liu2023.experiments import function_space
from replications.double_descent.science import THEME, spectral
from replications.double_descent.science.features import (
    centred_one_hot,
    feature_maps,
    first_layer,
    model,
    noisy_labels,
    sample,
)
from replications.double_descent.science.images import images
from verifig.training.ensemble import generator
from verifig.training.run import Run

LOSS_FLOOR = 1e-16


def conditioning(run: Run) -> dict[str, np.ndarray]:
    """Condition numbers at W = n by feature map over many draws, then the identities.

    Arrays: `kappa.<condition>` [draws], and what `gaussian_identities`, `smallest_curvature`, `against_iteration`,
    `float32_solution` return.
    """
    s = run.settings
    data = images(run, s["dataset"])
    names = sorted(s["conditions"])
    result: dict[str, np.ndarray] = {}
    for done, name in enumerate(names):
        member = {**s, **s["conditions"][name]}
        part = run.once(f"map {name}", lambda m=member: {"kappa": threshold_kappa(data, m, run.device)})
        result[f"kappa.{name}"] = part["kappa"]
        run.progress(done + 1, len(names), "feature maps")
    plain = {**s, **s["conditions"][s["reference"]]}
    result |= run.once("gaussian", lambda: gaussian_identities(s))
    result |= run.once("smallest curvature", lambda: smallest_curvature(s))
    result |= run.once("iteration", lambda: against_iteration(data, plain, run.device))
    return result | run.once("float32", lambda: float32_solution(data, plain, run.device))


def threshold_kappa(data: tuple, settings, device: torch.device) -> np.ndarray:
    """Condition number at W = n for `kappa_draws` draws of images and weights; draws are shared by the maps."""
    found = []
    for seed in range(settings["kappa_draws"]):
        drawn = sample(data, {**settings, "test_size": 1}, f"kappa {seed}", device)
        weights = first_layer(drawn.x.shape[1], settings["n"], settings["feature_scale"], f"kappa {seed}", device)
        z, _ = feature_maps(drawn.x, drawn.x_test, weights, settings)
        found.append(spectral.condition_number(torch.linalg.svdvals(z)))
    return np.array(found)


def gaussian_identities(settings) -> dict[str, np.ndarray]:
    """Bai-Yin limit of the condition number, and the exact risks of ordinary least squares, on Gaussian matrices.

    `bai_yin.kappa` [draws, aspect ratios] at n rows; `ols.train` and `ols.excess` [draws, widths], noise variance 1.
    """
    n, draws = settings["gaussian_rows"], settings["gaussian_draws"]
    kappa = []
    for seed in range(draws):
        stream = generator(THEME, "bai-yin", seed)
        shapes = [(n, round(n * ratio)) for ratio in settings["aspect_ratios"]]
        z = [torch.randn(*shape, generator=stream, dtype=torch.float64) for shape in shapes]
        kappa.append([spectral.condition_number(torch.linalg.svdvals(part)) for part in z])
    ols = [ols_risks(settings["n"], settings["ols_widths"], seed) for seed in range(settings["ols_draws"])]
    return {
        "bai_yin.kappa": np.array(kappa),
        "bai_yin.ratios": np.array(settings["aspect_ratios"], float),
        "ols.train": np.array([train for train, _ in ols]),
        "ols.excess": np.array([excess for _, excess in ols]),
        "ols.widths": np.array(settings["ols_widths"]),
    }


def ols_risks(n: int, widths: list[int], seed: int) -> tuple[list[float], list[float]]:
    """Train MSE and exact excess risk of least squares on pure noise, one pair a width; expectations 1 - W/n, W/(n-W-1)."""
    stream = generator(THEME, "least squares", seed)
    z = torch.randn(n, max(widths), generator=stream, dtype=torch.float64)
    noise = torch.randn(n, 1, generator=stream, dtype=torch.float64)
    train, excess = [], []
    for width in widths:
        parts = spectral.decompose(z[:, :width], 1)
        weights = spectral.ridge_weights(parts, noise)
        train.append(float(((z[:, :width] @ weights - noise) ** 2).mean()))
        excess.append(float((weights**2).sum()))
    return train, excess


def smallest_curvature(settings) -> dict[str, np.ndarray]:
    """(1 - alpha lambda+)^(2T) of Kuzborskij et al. (2021): lambda+ the smallest positive eigenvalue of X^T X / n.

    Rows of X are truncated normal on [-1, 1]; n = 20. `curvature.factor` [draws, dimensions, horizons].
    """
    n, dimensions = settings["curvature_rows"], settings["curvature_dimensions"]
    horizons = torch.tensor(settings["curvature_horizons"], dtype=torch.float64)
    rows = []
    for seed in range(settings["curvature_draws"]):
        stream = generator(THEME, "smallest curvature", seed)
        uniform = torch.rand(n, max(dimensions), generator=stream, dtype=torch.float64)
        x = truncated_normal(uniform)
        values = torch.stack([(torch.linalg.svdvals(x[:, :d])[min(n, d) - 1]) ** 2 / n for d in dimensions])
        rows.append(((1 - settings["curvature_rate"] * values)[:, None] ** (2 * horizons)).numpy())
    return {
        "curvature.factor": np.stack(rows),
        "curvature.dimensions": np.array(dimensions),
        "curvature.horizons": horizons.numpy(),
    }


def truncated_normal(uniform: Tensor) -> Tensor:
    """Standard normal truncated to [-1, 1], from uniform numbers in [0, 1]."""
    low = torch.special.ndtr(torch.tensor(-1.0, dtype=uniform.dtype))
    return torch.special.ndtri(low + uniform * (1 - 2 * low))


def against_iteration(data: tuple, settings, device: torch.device) -> dict[str, np.ndarray]:
    """Largest relative differences of losses between closed forms and iterations, for each of `check_seeds` seeds.

    Losses below 1e-16 (residuals at the rounding of numbers of order 1) count as 1e-16.

    `oracle.descent`, `oracle.momentum`: train and test MSE; `oracle.sgd`: function-space SGD with a full batch;
    `oracle.null_space`: change of the weights outside the row space; `oracle.minimum_norm`: train MSE of pinv.
    """
    worst: dict[str, list[float]] = {}
    for seed in range(settings["check_seeds"]):
        member = {**settings, "seed": f"check {seed}"}
        drawn = sample(data, member, member["seed"], device)
        labels = noisy_labels(drawn.labels, drawn.classes, settings["label_noise"], member["seed"])
        targets = centred_one_hot(labels, drawn.classes)
        wanted = centred_one_hot(drawn.test_labels, drawn.classes)
        for width in settings["check_widths"]:
            z, z_test, start = model(drawn, member, width)
            found = _differences(z, z_test, start, targets, wanted, settings["check_steps"])
            for name, value in found.items():
                worst.setdefault(f"oracle.{name}", []).append(value)
    table = {name: np.array(values).reshape(-1, len(settings["check_widths"])) for name, values in worst.items()}
    return {name: values.max(1) for name, values in table.items()}


def _differences(z, z_test, start, targets, wanted, steps: int) -> dict[str, float]:
    """Relative differences of one model (see `against_iteration`)."""
    parts = spectral.decompose(z, targets.shape[1])
    rate = 1 / parts.largest_curvature

    def losses(weights: Tensor) -> Tensor:
        return torch.stack([((z @ weights - targets) ** 2).mean(), ((z_test @ weights - wanted) ** 2).mean()])

    result = {}
    for name, momentum in (("descent", 0.0), ("momentum", 0.9)):
        factors = spectral.residual_factors(parts.curvatures, steps, rate, momentum)
        closed = spectral.trained_weights(parts, targets, start, factors)
        iterated = spectral.gradient_descent(z, targets, start, steps, rate, momentum)
        result[name] = _relative(losses(closed), losses(iterated))
        change = iterated - start
        outside = change - parts.right @ (parts.right.T @ change)
        result["null_space"] = max(result.get("null_space", 0.0), float(outside.norm() / change.norm()))
    stream = [generator(THEME, "full batch")]
    _, dual = function_space.sgd((z @ z.T)[None], (z @ start - targets)[None], rate, len(z), steps, stream)
    full = start + z.T @ dual[0]
    plain = spectral.trained_weights(parts, targets, start, spectral.residual_factors(parts.curvatures, steps, rate))
    result["sgd"] = _relative(losses(full), losses(plain))
    result["minimum_norm"] = float(losses(spectral.ridge_weights(parts, targets))[0]) if z.shape[1] > len(z) else 0.0
    return result


def _relative(found: Tensor, expected: Tensor) -> float:
    return float(((found - expected) / expected.clamp_min(LOSS_FLOOR)).abs().max())


def float32_solution(data: tuple, settings, device: torch.device) -> dict[str, np.ndarray]:
    """Test MSE of the ridge solution at W = 4 n over that of the SVD: by normal equations in float64 and in float32."""
    ratios: dict[str, list[float]] = {"normal.float64": [], "normal.float32": []}
    width = 4 * settings["n"]
    for seed in range(settings["check_seeds"]):
        member = {**settings, "seed": f"check {seed}"}
        drawn = sample(data, member, member["seed"], device)
        labels = noisy_labels(drawn.labels, drawn.classes, settings["label_noise"], member["seed"])
        targets, wanted = (centred_one_hot(part, drawn.classes) for part in (labels, drawn.test_labels))
        z, z_test, _ = model(drawn, member, width)
        exact = spectral.ridge_weights(spectral.decompose(z, drawn.classes), targets, settings["ridge"])
        reference = ((z_test @ exact - wanted) ** 2).mean()
        for name in ratios:
            precision = getattr(torch, name.partition(".")[2])
            try:
                weights = spectral.normal_equations(z.to(precision), targets.to(precision), settings["ridge"]).double()
            except torch.linalg.LinAlgError:  # singular in this precision
                ratios[name].append(math.nan)
                continue
            ratios[name].append(float(((z_test @ weights - wanted) ** 2).mean() / reference))
    return {name: np.array(values) for name, values in ratios.items()}
