"""Bahri et al., Figure 2: random features and kernels in closed form; nothing is trained."""

import math
from collections.abc import Mapping

import numpy as np
import torch

from replications.scaling_laws.bahri2024 import theory
from verifig.training import data
from verifig.training.ensemble import generator
from verifig.training.run import Run
from verifig.training.seeds import derive

MNIST_SIDE = 28


def kernels(run: Run) -> dict[str, np.ndarray]:
    """Duality, data scaling of power-law spectra, the variance-limited regime, MNIST features, infinite-width kernels."""
    settings = run.members[0]
    result = run.once("duality", lambda: duality(settings["dualities"]))
    result |= run.once("variance", lambda: variance_limited(settings))
    result |= run.once("power laws", lambda: _power_laws(run, settings))
    images = data.embedded("mnist_5k")[0]
    for pool in settings["feature_pools"]:
        part = run.once(f"features {pool}", lambda pool=pool: mnist_features(images, pool, settings))
        result |= {f"features_{pool}_{name}": array for name, array in part.items()}
    for pool, depth in settings["kernel_settings"]:
        part = run.once(
            f"kernel {pool} {depth}", lambda pool=pool, depth=depth: infinite_width(images, pool, depth, settings)
        )
        result |= {f"kernel_{pool}_{depth}_{name}": array for name, array in part.items()}
    return result


def _stream(*names: object) -> np.random.Generator:
    return np.random.default_rng(derive("scaling_laws", *names))


def duality(count: int) -> dict[str, np.ndarray]:
    """Relative change of the loss when data and projection matrices are swapped, for random D, P, S and spectra."""
    differences = []
    for trial in range(count):
        draw = _stream("duality", trial)
        size = int(draw.integers(20, 80))
        samples, parameters = (int(n) for n in draw.choice(np.arange(2, size - 1), 2, replace=False))
        eigenvalues = theory.power_spectrum(size, draw.uniform(0.2, 1.5))
        inputs, projection = draw.standard_normal((samples, size)), draw.standard_normal((parameters, size))
        straight = theory.loss_of(inputs, projection, eigenvalues)
        differences.append(abs(theory.loss_of(projection, inputs, eigenvalues) / straight - 1))
    return {"duality": np.array(differences)}


def variance_limited(settings: Mapping) -> dict[str, np.ndarray]:
    """L(D, P)/L(P) - 1 for P fixed features and growing D, nested data: [draws, sizes] with `variance_sizes`."""
    size, parameters = settings["variance_features"], settings["variance_parameters"]
    samples = [2 * parameters * 2**k for k in range(6)]
    eigenvalues = theory.power_spectrum(size, 1.0)
    excess = np.empty((settings["variance_draws"], len(samples)))
    for draw in range(settings["variance_draws"]):
        stream = _stream("variance-limited", draw)
        projection = stream.standard_normal((parameters, size))
        inputs = stream.standard_normal((samples[-1], size)) * np.sqrt(eigenvalues)
        excess[draw] = _excess(inputs, projection, eigenvalues, samples)
    return {"variance_excess": excess, "variance_sizes": np.array(samples)}


def _excess(inputs, projection, eigenvalues, samples) -> list[float]:
    """Relative excess loss of least squares on P projected features, for the first D rows of `inputs` [most, S]."""
    covariance = projection * eigenvalues  # P C
    gram = covariance @ projection.T  # P C P'
    trace = eigenvalues.sum()
    floor = trace - np.trace(np.linalg.solve(gram, (covariance * eigenvalues) @ projection.T))
    projected = inputs @ projection.T
    result, start = [], 0
    normal, cross = np.zeros_like(gram), np.zeros((len(gram), len(eigenvalues)))
    for stop in samples:
        part = projected[start:stop]
        normal, cross, start = normal + part.T @ part, cross + part.T @ inputs[start:stop], stop
        weights = np.linalg.solve(normal, cross)  # [P, S]: what the student gives each feature of the teacher
        loss = trace - 2 * (covariance * weights).sum() + (weights * (gram @ weights)).sum()
        result.append(loss / floor - 1)
    return result


def _power_laws(run: Run, settings: Mapping) -> dict[str, np.ndarray]:
    """L(D) of lambda_i = i^-(1+alpha) with P = S [alphas, draws, sizes] and kappa(D)/(2 S) [alphas, sizes]."""
    size, draws = settings["features"], settings["draws"]
    samples, alphas = np.array(settings["sample_sizes"]), settings["alphas"]
    losses = np.empty((len(alphas), draws, len(samples)))
    for draw in range(draws):
        run.progress(draw, draws, "draws")
        rows = torch.randn(
            int(samples.max()), size, dtype=torch.float64, generator=generator("scaling_laws", "power laws", draw)
        )
        for k, alpha in enumerate(alphas):
            eigenvalues = torch.from_numpy(theory.power_spectrum(size, alpha))
            losses[k, draw] = nested_losses(rows * eigenvalues.sqrt(), eigenvalues)[samples - 1]
    expected = [[theory.expected_loss(theory.power_spectrum(size, a), D) for D in samples] for a in alphas]
    return {"power_losses": losses, "power_expected": np.array(expected)}


def nested_losses(rows: torch.Tensor, eigenvalues: torch.Tensor) -> np.ndarray:
    """`theory.nested_losses` on the job's threads: rows [D, S] in the eigenbasis -> losses [D].

    NaN from the row on that the rows before it determine to working precision.
    """
    factor, independent = _factor(rows @ rows.T)
    weighted = ((rows * eigenvalues) @ rows.T)[:independent, :independent]
    solved = torch.linalg.solve_triangular(factor, weighted, upper=False)
    explained = torch.linalg.solve_triangular(factor, solved.T, upper=False).diagonal().cumsum(0)
    losses = np.full(len(rows), np.nan)
    losses[:independent] = ((eigenvalues.sum() - explained) / (2 * len(eigenvalues))).numpy()
    return losses


def _factor(gram: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Cholesky factor of the largest leading part that is positive definite, and its size."""
    factor, failed_at = torch.linalg.cholesky_ex(gram)
    size = len(gram) if failed_at == 0 else int(failed_at) - 1
    return factor[:size, :size], size


def pooled(images: np.ndarray, pool: int) -> torch.Tensor:
    """Average-pooled images [n, (28 / pool)^2] float64."""
    squares = torch.from_numpy(images).view(-1, 1, MNIST_SIDE, MNIST_SIDE)
    return torch.nn.functional.avg_pool2d(squares, pool).flatten(1)


def relu_features(inputs: torch.Tensor, size: int, depth: int, stream: torch.Generator) -> torch.Tensor:
    """Outputs of the last of `depth` random ReLU layers of width `size` (He initialisation): [n, size]."""
    hidden = inputs
    for _ in range(depth):
        weight = torch.randn(hidden.shape[1], size, dtype=torch.float64, generator=stream)
        hidden = torch.relu(hidden @ weight * math.sqrt(2 / hidden.shape[1]))
    return hidden


def mnist_features(images: np.ndarray, pool: int, settings: Mapping) -> dict[str, np.ndarray]:
    """Losses by number of images and by number of projected features [draws, sizes], spectrum [S] and theory [sizes].

    The 5,000 images are the population, so the covariance is exact.
    """
    size, samples = settings["mnist_features"], np.array(settings["mnist_sizes"])
    stream = generator("scaling_laws", "mnist features")
    features = relu_features(pooled(images, pool), size, settings["feature_depth"], stream)
    eigenvalues, vectors = torch.linalg.eigh(features.T @ features / len(features))
    eigenvalues = eigenvalues.clamp_min(0)
    basis = features @ vectors
    by_data, by_parameters = [], []
    for draw in range(settings["mnist_draws"]):
        names = generator("scaling_laws", "mnist draw", draw)
        chosen = torch.randperm(len(features), generator=names)[: int(samples.max())]
        projection = torch.randn(int(samples.max()), size, dtype=torch.float64, generator=names)
        by_data.append(nested_losses(basis[chosen], eigenvalues)[samples - 1])
        by_parameters.append(nested_losses(projection * eigenvalues.sqrt(), eigenvalues)[samples - 1])
    spectrum = eigenvalues.flip(0).numpy()
    return {
        "data": np.array(by_data),
        "parameters": np.array(by_parameters),
        "spectrum": spectrum,
        "theory": np.array([theory.expected_loss(spectrum, D) for D in samples]),
    }


def relu_kernel(inputs: torch.Tensor, depth: int) -> torch.Tensor:
    """Kernel [n, n] of an infinitely wide ReLU network with `depth` hidden layers (arc-cosine recursion, gain 2)."""
    kernel = inputs @ inputs.T / inputs.shape[1]
    for _ in range(depth):
        scale = kernel.diagonal().sqrt()
        norms = scale[:, None] * scale
        cosine = (kernel / norms).clamp(-1, 1)
        angle = torch.arccos(cosine)
        kernel = norms * ((1 - cosine**2).sqrt() + (math.pi - angle) * cosine) / math.pi
    return kernel


def infinite_width(images: np.ndarray, pool: int, depth: int, settings: Mapping) -> dict[str, np.ndarray]:
    """L(D) of kernel regression [draws, sizes] on a population of images, its spectrum and the theory from it."""
    population, samples = settings["population"], np.array(settings["kernel_sizes"])
    order = torch.randperm(len(images), generator=generator("scaling_laws", "kernel population"))[:population]
    kernel = relu_kernel(pooled(images, pool)[order], depth)
    losses = []
    for draw in range(settings["kernel_draws"]):
        stream = generator("scaling_laws", "kernel draw", draw)
        rows = kernel[torch.randperm(population, generator=stream)[: int(samples.max())]]
        columns = torch.randperm(population, generator=generator("scaling_laws", "kernel draw", draw))[: len(rows)]
        factor, independent = _factor(rows[:, columns])
        explained = torch.linalg.solve_triangular(factor, rows[:independent], upper=False).square().sum(1).cumsum(0)
        found = np.full(len(rows), np.nan)
        found[:independent] = ((kernel.diagonal().sum() - explained) / (2 * population)).numpy()
        losses.append(found[samples - 1])
    spectrum = torch.linalg.eigvalsh(kernel).flip(0).clamp_min(0).numpy() / population
    theory_losses = [theory.expected_loss(spectrum, D) * population for D in samples]
    return {"losses": np.array(losses), "spectrum": spectrum, "theory": np.array(theory_losses)}
