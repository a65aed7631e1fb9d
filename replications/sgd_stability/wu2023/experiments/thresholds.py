"""Identities that hold whatever the training does: thresholds in closed form, bounds around them, balance laws."""

import itertools
import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.wu2023.experiments import diagonal, relu
from replications.sgd_stability.wu2023.experiments.dynamics import SLUG, Data
from verifig.curvature import stability
from verifig.curvature.fisher import fisher_metrics
from verifig.training.ensemble import generator
from verifig.training.run import Run

BATCHES = (1, 4, 16)
DIMENSION = 10  # of the population regressions


def thresholds(run: Run) -> dict[str, np.ndarray]:
    """Errors of the closed forms on random instances (one a seed), and population values."""
    instances = [instance(seed) for seed in range(run.settings["seeds"])]
    result = {name: np.array([each[name] for each in instances]) for name in instances[0]}
    result["batches"] = np.array(BATCHES)
    for law in ("gaussian", "sphere"):
        result[law] = np.array([stability.population_threshold(DIMENSION, batch, law) for batch in BATCHES])
    return result | initial_traces(run.settings) | {"balance_law": np.array(balance_law_error())}


def instance(seed: int) -> dict[str, float]:
    """Errors of one random instance with n <= 40 samples and p <= 30 parameters."""
    stream = generator(SLUG, "threshold instance", seed)
    n, p = (int(torch.randint(low, high, (1,), generator=stream)) for low, high in ((5, 41), (3, 31)))
    g = torch.randn(n, p, generator=stream, dtype=torch.float64)
    equal = g.sign() if seed % 2 else g / g.norm(dim=1, keepdim=True)
    heavy = g * torch.rand(n, 1, generator=stream, dtype=torch.float64).add(0.2)
    metrics, equal_metrics = fisher_metrics(heavy), fisher_metrics(equal)
    full = stability.exact_threshold(heavy, n, replacement=False)
    single = stability.exact_threshold(heavy, 1)
    by_batch = [stability.exact_threshold(heavy, batch) for batch in (1, 2, 4, 8)]
    bounds = [2 / heavy.square().sum(1).max().item(), single, 2 * metrics["tr"] / metrics["g4"], 2 / metrics["tr"]]
    return {
        "equal_norm": abs(stability.exact_threshold(equal, 1) * equal_metrics["tr"] / 2 - 1),
        "equal_norm_wrong_loss": abs(stability.exact_threshold(equal * math.sqrt(2), 1) * equal_metrics["tr"] / 2 - 1),
        "full_batch": abs(full * metrics["lmax"] / 2 - 1),
        "sandwich": max(low - high for low, high in itertools.pairwise(bounds)) / single,
        "decrease_with_batch": max(low / high - 1 for low, high in itertools.pairwise(by_batch)),
        "largest_norm_bound": bounds[0] / single,
        "fourth_moment_bound": bounds[2] / single,
        "trace_bound": bounds[3] / single,
        "orthogonal": orthogonal_error(stream),
        "one_dimensional": one_dimensional_error(stream),
        **dict(zip(("radius_below", "radius_above"), spectral_radii(stream), strict=True)),
    }


def orthogonal_error(stream: torch.Generator) -> float:
    """Orthogonal gradients g_i = sqrt(n lambda_i) e_i, batch size 1: eta* against 2 / (n lambda_max)."""
    spectrum = torch.rand(12, generator=stream, dtype=torch.float64) + 0.1
    g = (12 * spectrum).sqrt().diag()
    return abs(stability.exact_threshold(g, 1) * 12 * spectrum.max().item() / 2 - 1)


def one_dimensional_error(stream: torch.Generator) -> float:
    """One parameter, batch size 3: eta* against its closed form."""
    g = torch.randn(25, generator=stream, dtype=torch.float64)
    return abs(stability.exact_threshold(g[:, None], 3) / stability.one_dimensional_threshold(g, 3) - 1)


def spectral_radii(stream: torch.Generator) -> tuple[float, float]:
    """Spectral radius of the second-moment map at 0.999 and 1.001 eta*: the largest and smallest over four samplings."""
    g = torch.randn(12, 4, generator=stream, dtype=torch.float64)
    below, above = [], []
    for batch, replacement in ((1, True), (3, True), (3, False), (1, False)):
        threshold = stability.exact_threshold(g, batch, replacement)
        for factor, radii in ((0.999, below), (1.001, above)):
            radii.append(
                np.abs(np.linalg.eigvals(stability.second_moment_map(g, factor * threshold, batch, replacement))).max()
            )
    return max(below), min(above)


def initial_traces(settings: Mapping) -> dict[str, np.ndarray]:
    """E tr G on the sphere against a sample, and initial traces over many draws against m (sqrt(d) + d) / 2 and 2d/3."""
    d, m, draws = settings["dimension"], settings["width"], settings["draws"]
    row = {"dimension": d, "width": m, "initialisation": "covariance"}
    starts = [relu.initial(row | {"seed": f"trace {k}"}) for k in range(draws)]
    traces = [relu.expected_trace(start["a"], start["w"]) for start in starts]
    x = relu.sphere(settings["samples"], d, generator(SLUG, "trace sample"))
    a, w = starts[0]["a"], starts[0]["w"]
    sampled = sum(_relu_trace(part, a, w) * len(part) for part in x.split(10_000)) / len(x)
    lines = [diagonal.initial({"dimension": 10 * d, "initial_ratio": math.nan, "seed": f"trace {k}"}) for k in range(8)]
    return {
        "relu_trace_error": np.array(sampled / relu.expected_trace(a, w) - 1),
        "relu_initial_trace": np.array(np.mean(traces) / (m * (d**0.5 + d) / 2)),
        "diagonal_initial_trace": np.array(np.mean([line.square().sum() / 3 for line in lines]) / (2 * 10 * d / 3)),
    }


def _relu_trace(x: Tensor, a: Tensor, w: Tensor) -> float:
    h = x @ w
    return ((h.relu() ** 2).sum(1) + (x**2).sum(1) * (((h > 0) * a) ** 2).sum(1)).mean().item()


def balance_law_error(steps: int = 200) -> float:
    """Largest relative violation of (a^2 - b^2)' = (a^2 - b^2) (1 - kappa^2 x^2), kappa = eta e, over clipped SGD steps."""
    stream = generator(SLUG, "balance law")
    x = 2 * torch.rand(20, 30, generator=stream, dtype=torch.float64) - 1
    y = x[:, :3].sum(1)
    row = {
        "seed": 0, "learning_rate": 0.1, "clip": 3.0, "block": 1, "steps": steps, "log_every": steps, "algorithm": "sgd",
        "batch_size": 1, "replacement": True, "tolerance": 0.0, "dtype": "float64",
    }  # fmt: skip
    start = torch.randn(1, 2, 30, generator=stream, dtype=torch.float64)
    data = Data(x[None], y[None], x[None], y[None])
    network = diagonal.Diagonal([row], data, {"theta": start}, torch.device("cpu"))
    worst = 0.0
    for i in torch.randint(20, (steps,), generator=stream):
        a, b = network.parameters["theta"][0].clone()
        error = (a * b) @ x[i] - y[i]
        norm = error.abs() * torch.cat([b * x[i], a * x[i]]).norm()
        kappa = row["learning_rate"] * error * (row["clip"] / norm).clamp(max=1)
        network.sgd_block(i.view(1, 1, 1))
        after = network.parameters["theta"][0].square()
        expected = (a**2 - b**2) * (1 - (kappa * x[i]) ** 2)
        worst = max(worst, ((after[0] - after[1] - expected).abs() / (a**2 + b**2)).max().item())
    return worst
