"""Minimum-norm fits of random features: test error by sample size at one width, and by width at some sample sizes.

For the controls the same fits with a ridge, the same samples at a width far from any of their numbers, and Gaussian
features, whose risk is known in closed form.
"""

from collections.abc import Mapping

import numpy as np
import torch

from replications.double_descent.science import THEME, spectral
from replications.double_descent.science.features import Sample, centred_one_hot, error, model, noisy_labels, sample
from replications.double_descent.science.images import images
from verifig.training.ensemble import generator
from verifig.training.run import Run

FITS = ("test_error", "ridge_error", "train_mse")  # of the minimum-norm fit, of the ridge's, of the minimum-norm fit


def sample_sizes(run: Run) -> dict[str, np.ndarray]:
    """Errors of all fits.

    Arrays: `sizes.<fit>` [seeds, noise levels, n] at width `sample_width`, `far.<fit>` the same at `far_width`,
    `threshold.<fit>` [seeds, noise levels, n, width / n], for each of `FITS`; `linear.risk` [seeds, draws, n];
    `sizes.n`, `sizes.noise`, `threshold.n`, `threshold.ratios`, `linear.n`.
    """
    settings, data = run.settings, images(run, run.settings["dataset"])
    parts = []
    for member in run.members:
        parts.append(run.once(f"seed {member['seed']}", lambda m=member: one_seed(data, m, run.device)))
        run.progress(len(parts), len(run.members), "seeds")
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]} | {
        "sizes.n": np.array(settings["sample_sizes"]),
        "sizes.noise": np.array(settings["sample_noise"], float),
        "threshold.n": np.array(settings["threshold_sizes"]),
        "threshold.ratios": np.array(settings["threshold_ratios"], float),
        "linear.n": np.array(settings["linear_sizes"]),
    }


def one_seed(data: tuple, settings: Mapping, device: torch.device) -> dict[str, np.ndarray]:
    """The arrays of `sample_sizes` that differ by seed, of one seed."""
    sizes, ratios = settings["sample_sizes"], settings["threshold_ratios"]
    tables = {
        "sizes": [_fits(data, settings, n, settings["sample_width"], device) for n in sizes],
        "far": [_fits(data, settings, n, settings["far_width"], device) for n in sizes],
        "threshold": [
            [_fits(data, settings, n, round(n * ratio), device) for ratio in ratios]
            for n in settings["threshold_sizes"]
        ],
    }
    found = {kind: np.moveaxis(np.array(table), (-2, -1), (0, 1)) for kind, table in tables.items()}
    by_name = {f"{kind}.{name}": fit for kind, fits in found.items() for name, fit in zip(FITS, fits, strict=True)}
    return by_name | {"linear.risk": _linear_risks(settings)}


def _fits(data: tuple, settings: Mapping, n: int, width: int, device: torch.device) -> list[list[float]]:
    """Each of `FITS` by noise level; the test images are the last `sample_test` of the draw, the same for all n."""
    drawn = sample(data, {**settings, "n": n, "test_size": 0}, settings["seed"], device)
    last = slice(-settings["sample_test"], None)
    drawn = Sample(drawn.x, drawn.labels, drawn.x_test[last], drawn.test_labels[last], drawn.classes)
    z, z_test, _ = model(drawn, settings, width)
    decomposition = spectral.decompose(z, drawn.classes)
    result = []
    for share in settings["sample_noise"]:
        labels = noisy_labels(drawn.labels, drawn.classes, share, settings["seed"])
        targets = centred_one_hot(labels, drawn.classes)
        weights = spectral.ridge_weights(decomposition, targets)
        ridged = spectral.ridge_weights(decomposition, targets, settings["ridge"] * width)
        errors = [float(error(z_test @ each, drawn.test_labels)) for each in (weights, ridged)]
        result.append([*errors, float(((z @ weights - targets) ** 2).mean())])
    return list(zip(*result, strict=True))


def _linear_risks(settings: Mapping) -> np.ndarray:
    """||a - b||^2 [draws, n] of minimum-norm weights a: Gaussian features Z, targets Z b + noise, ||b|| = 1, variance 1.

    This is the risk on a new sample, beyond its noise.
    """
    width, draws = settings["linear_width"], settings["linear_draws"]
    true = torch.full((width, 1), width**-0.5, dtype=torch.float64)
    risks = []
    for n in settings["linear_sizes"]:
        stream = generator(THEME, "linear model", width, n, settings["seed"])
        z = torch.randn(draws, n, width, generator=stream, dtype=torch.float64)
        targets = z @ true + torch.randn(draws, n, 1, generator=stream, dtype=torch.float64)
        pairs = zip(z, targets, strict=True)
        fits = [spectral.ridge_weights(spectral.decompose(part, 1), wanted) for part, wanted in pairs]
        risks.append([float(((fit - true) ** 2).sum()) for fit in fits])
    return np.array(risks).T
