"""What holds whatever is learned: Eq. 6 against samples, the spectrum of the first kernel, and the descent by moments."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.grokking.kumar2024.experiments import formulas
from replications.grokking.kumar2024.experiments.committee import (
    SLUG,
    Committee,
    base_rate,
    log_points,
    moments_change,
    problem,
)
from verifig.training.ensemble import generator
from verifig.training.run import Run

PART = 20_000  # inputs at a time
BASE = {"labels": "target", "rate_alpha": None, "dtype": "float64"}


def identities(run: Run) -> dict[str, np.ndarray]:
    """Of each seed: Eq. 6 and samples at log points, the spectrum by epsilon, errors of the closed forms."""
    settings = run.settings
    points = log_points(settings["steps"], settings["log_points"])
    found: list[dict[str, np.ndarray]] = []
    for seed in range(settings["seeds"]):
        member = dict(settings) | BASE | {"seed": seed}
        found.append(run.once(f"seed {seed}", lambda member=member: instance(member, points)))
        run.progress(seed + 1, settings["seeds"], "seeds")
    result = {name: np.stack([each[name] for each in found]) for name in found[0]}
    return result | {"steps": np.array(points), "epsilons": np.array(settings["epsilons"])}


def instance(member: Mapping, points: list[int]) -> dict[str, np.ndarray]:
    """All of one seed."""
    quadratic, linear = spectrum(member)
    return sampled_losses(member, points) | {
        "quadratic_eigenvalue": quadratic,
        "linear_eigenvalue": linear,
        "initial_loss_error": np.array(initial_loss_error(member)),
        "first_step_error": np.array(first_step_error(member)),
        "descent_error": np.array(descent_error(member)),
    }


def sampled_losses(member: Mapping, points: list[int]) -> dict[str, np.ndarray]:
    """Terms of Eq. 6 [points, 3] and the squared error of fresh inputs [points] along the training of an uncentred predictor."""
    program = Committee([member | {"centred": False}], [problem(member)], torch.device("cpu"))
    beta, terms, predictors = program.sets["beta"][0], [], []
    for step in range(points[-1] + 1):
        if step in points:
            change = program.offset + moments_change(program.tensors["moved"], program.start)
            linear, quadratic = (part[0] for part in formulas.predictor(change, program.alpha, program.epsilon))
            predictors.append((linear, quadratic))
            terms.append([term.item() for term in formulas.loss_terms(linear, quadratic, beta)])
        program.step()
    sampled, error = sample(member, beta, predictors)
    return {"terms": np.array(terms), "sampled": sampled.numpy(), "standard_error": error.numpy()}


def sample(member: Mapping, beta: Tensor, predictors: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Mean squared error [predictors] over `draws` fresh inputs, the same for all, and its standard error."""
    stream, draws, size = generator(SLUG, "fresh", member["seed"]), member["draws"], len(beta)
    total = torch.zeros(2, len(predictors), dtype=torch.float64)  # of squared errors and their squares
    for first in range(0, draws, PART):
        x = torch.randn(min(PART, draws - first), size, generator=stream, dtype=torch.float64) / size**0.5
        target = (x @ beta).square() / 2
        errors = torch.stack([(formulas.outputs(x, *each) - target).square() for each in predictors])
        total += torch.stack([errors.sum(1), errors.square().sum(1)])
    mean, square = total / draws
    return mean, ((square - mean.square()) / draws).sqrt()


def spectrum(member: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """Mean eigenvalue, quadratic and linear, [epsilons] of the kernel of Eq. 5 over a sample of inputs.

    The kernel is an inner product of features x and epsilon x_i x_j; its eigenvalues are those of their second moment.
    In order: |x|^2 and the D linear ones together, then D (D + 1) / 2 - 1 quadratic ones.
    """
    size = member["spectrum_dimension"]
    stream = generator(SLUG, "spectrum", size, member["seed"])
    x = torch.randn(member["spectrum_draws"], size, generator=stream, dtype=torch.float64) / size**0.5
    first, second = torch.triu_indices(size, size)
    products = x[:, first] * x[:, second] * torch.where(first == second, 1.0, 2**0.5)
    quadratic, linear = [], []
    for epsilon in member["epsilons"]:
        features = torch.cat([x, epsilon * products], 1)
        values = torch.linalg.eigvalsh(features.T @ features / len(x)).flip(0)
        quadratic.append(values[size + 1 :].mean().item())
        linear.append(((values[: size + 1].sum() - radial_eigenvalue(epsilon, size)) / size).item())
    return np.array(quadratic), np.array(linear)


def radial_eigenvalue(epsilon: float, dimension: int) -> float:
    """Of the kernel of Eq. 5 on |x|^2."""
    return epsilon**2 * (dimension + 2) / dimension**2


def initial_loss_error(member: Mapping) -> float:
    """Eq. 6 at mean 0 and M = 1 over its closed form, minus 1."""
    size, alpha, epsilon = member["dimension"], member["alpha"], member["epsilon"]
    moments = torch.eye(size + 1, dtype=torch.float64)
    linear, quadratic = formulas.predictor(moments, alpha, epsilon)
    found = formulas.population_loss(linear, quadratic, problem(member)["beta"]).item()
    return abs(found / formulas.initial_loss(alpha, epsilon, size) - 1)


def first_step_error(member: Mapping) -> float:
    """Largest relative distance, over two large alphas, of the first step's change of outputs from that of the first kernel."""
    each, worst = problem(member), 0.0
    kernel = formulas.tangent_kernel(each["test_x"], each["x"], each["moments"], member["epsilon"])
    expected = kernel @ each["y"] * (2 * member["base_rate"] / member["samples"])
    for alpha in (1e3, 1e6):
        program = Committee([member | {"alpha": alpha, "centred": True}], [each], torch.device("cpu"))
        program.step()
        change = moments_change(program.tensors["moved"], program.start)
        found = formulas.outputs(each["test_x"], *formulas.predictor(change, program.alpha, program.epsilon))[0]
        worst = max(worst, ((found - expected).norm() / expected.norm()).item())
    return worst


def descent_error(member: Mapping, steps: int = 200) -> float:
    """Largest relative distance of outputs after `steps` between the moments and all N weight vectors, step by step."""
    each, alpha, epsilon = problem(member), member["alpha"], member["epsilon"]
    program = Committee([member | {"centred": True}], [each], torch.device("cpu"))
    size, width = member["dimension"], member["width"]
    stream = generator(SLUG, "init", size, width, member["seed"])
    w = torch.randn(width, size, generator=stream, dtype=torch.float64)
    rate = base_rate(member) * width / alpha**2
    h = w @ each["x"].T
    first = (h + epsilon * h.square() / 2).mean(0)
    for _ in range(steps):
        h = w @ each["x"].T
        error = alpha * ((h + epsilon * h.square() / 2).mean(0) - first) - each["y"]
        w = w - rate * (1 + epsilon * h) * error @ each["x"] * (2 * alpha / (width * member["samples"]))
        program.step()
    change = moments_change(program.tensors["moved"], program.start)
    direct = formulas.outputs(each["x"], *formulas.predictor(formulas.moments(w) - each["moments"], alpha, epsilon))
    found = formulas.outputs(each["x"], *formulas.predictor(change, program.alpha, program.epsilon))[0]
    return ((found - direct).norm() / direct.norm()).item()
