"""Minimum-norm fits of random features: test error by sample size at one width, and by width at some sample sizes."""

from collections.abc import Mapping

import numpy as np
import torch

from replications.double_descent.science import spectral
from replications.double_descent.science.features import Sample, centred_one_hot, error, model, noisy_labels, sample
from replications.double_descent.science.images import images
from verifig.training.run import Run


def sample_sizes(run: Run) -> dict[str, np.ndarray]:
    """Test errors of all fits.

    Arrays: `sizes.test_error` [seeds, noise levels, n] at width `sample_width`, `threshold.test_error` [seeds, noise
    levels, n, width / n]; `sizes.n`, `sizes.noise`, `threshold.n`, `threshold.ratios`.
    """
    settings, data = run.settings, images(run, run.settings["dataset"])
    parts = []
    for member in run.members:
        parts.append(run.once(f"seed {member['seed']}", lambda m=member: one_seed(data, m, run.device)))
        run.progress(len(parts), len(run.members), "seeds")
    return {f"{kind}.test_error": np.stack([part[kind] for part in parts]) for kind in ("sizes", "threshold")} | {
        "sizes.n": np.array(settings["sample_sizes"]),
        "sizes.noise": np.array(settings["sample_noise"], float),
        "threshold.n": np.array(settings["threshold_sizes"]),
        "threshold.ratios": np.array(settings["threshold_ratios"], float),
    }


def one_seed(data: tuple, settings: Mapping, device: torch.device) -> dict[str, np.ndarray]:
    """`sizes` [noise levels, n] and `threshold` [noise levels, n, width / n] of one seed."""
    width, ratios = settings["sample_width"], settings["threshold_ratios"]
    fixed = [_min_norm_errors(data, settings, n, width, device) for n in settings["sample_sizes"]]
    moving = [
        [_min_norm_errors(data, settings, n, round(n * ratio), device) for ratio in ratios]
        for n in settings["threshold_sizes"]
    ]
    return {"sizes": np.moveaxis(np.array(fixed), -1, 0), "threshold": np.moveaxis(np.array(moving), -1, 0)}


def _min_norm_errors(data: tuple, settings: Mapping, n: int, width: int, device: torch.device) -> list[float]:
    """Test error by noise level; the test images are the last `sample_test` of the draw, the same for all n."""
    drawn = sample(data, {**settings, "n": n, "test_size": 0}, settings["seed"], device)
    last = slice(-settings["sample_test"], None)
    drawn = Sample(drawn.x, drawn.labels, drawn.x_test[last], drawn.test_labels[last], drawn.classes)
    z, z_test, _ = model(drawn, settings, width)
    decomposition = spectral.decompose(z, drawn.classes)
    result = []
    for share in settings["sample_noise"]:
        labels = noisy_labels(drawn.labels, drawn.classes, share, settings["seed"])
        weights = spectral.ridge_weights(decomposition, centred_one_hot(labels, drawn.classes))
        result.append(float(error(z_test @ weights, drawn.test_labels)))
    return result
