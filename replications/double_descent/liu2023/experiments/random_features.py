"""Random-feature models trained by exact gradient descent: every panel that needs no iteration."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from replications.double_descent.science import spectral
from replications.double_descent.science.features import Sample, centred_one_hot, error, model, noisy_labels, sample
from replications.double_descent.science.images import images
from verifig.training.run import Run

FIELDS = ("train_mse", "test_mse", "train_error", "test_error")


@dataclass(frozen=True)
class Solver:
    """One way to train the output layer. `rate` is in units of 1/L (L the largest curvature) unless `absolute`."""

    name: str
    steps: float
    rate: float = 1.0
    absolute: bool = False
    momentum: float = 0.0
    output_scale: float = 1.0
    label_noise: float = 0.0


def solvers(settings: Mapping) -> list[Solver]:
    """All solvers of a condition: horizons, step sizes, momenta, initial scales and label noise, one varied at a time."""
    base, noise, scale = settings["steps"], settings["label_noise"], settings["output_scale"]

    def make(name: str, steps: float, **changes) -> Solver:
        return Solver(name, steps, **{"label_noise": noise, "output_scale": scale, **changes})

    result = [make(f"steps {steps:g}", steps) for steps in [*settings["horizons"], math.inf]]
    result += [make(f"rate {rate:g}/L", base, rate=rate) for rate in settings["relative_rates"]]
    result += [make(f"lr {rate:g}", base, rate=rate, absolute=True) for rate in settings["learning_rates"]]
    result += [
        make(f"momentum {momentum:g} steps {steps:g}", steps, momentum=momentum)
        for momentum in settings["momenta"]
        for steps in settings["momentum_horizons"]
    ]
    result += [make(f"output_scale {value:g}", base, output_scale=value) for value in settings["output_scales"]]
    result += [
        make(f"noise {share:g} steps {steps:g}", steps, label_noise=share)
        for share in settings["noise_levels"]
        for steps in [*settings["noise_horizons"], math.inf]
    ]
    result += [
        make(f"min_norm noise {share:g}", math.inf, output_scale=0.0, label_noise=share)
        for share in sorted({noise, *settings["noise_levels"]})
    ]
    return result


def random_features(run: Run) -> dict[str, np.ndarray]:
    """Risks of all solvers by seed and width, for every feature map.

    Arrays: `<condition>.<field>` [seeds, solvers, widths], `<condition>.solvers` (names), `<condition>.widths`,
    `<condition>.condition_number` [seeds, widths].
    """
    data = images(run, run.settings["dataset"])
    conditions: dict[str, list[dict]] = {}
    for member in run.members:
        conditions.setdefault(member["condition"], []).append(member)
    result: dict[str, np.ndarray] = {}
    done = 0
    for name, members in conditions.items():
        parts = []
        for member in members:
            parts.append(run.once(f"{name} {member['seed']}", lambda m=member: one_seed(data, m, run.device)))
            done += 1
            run.progress(done, len(run.members), "models by seed")
        stacked = {f"{name}.{field}": np.stack([part[field] for part in parts]) for field in parts[0]}
        stacked[f"{name}.solvers"] = np.array([solver.name for solver in solvers(members[0])])
        stacked[f"{name}.widths"] = np.array(members[0]["widths"])
        result |= stacked
    return result


def one_seed(data: tuple, settings: Mapping, device: torch.device) -> dict[str, np.ndarray]:
    """Fields [solvers, widths] and condition numbers [widths] of one seed."""
    drawn = sample(data, settings, settings["seed"], device)
    columns = [at_width(drawn, settings, width) for width in settings["widths"]]
    return {field: np.stack([column[field] for column in columns], axis=-1) for field in columns[0]}


def at_width(drawn: Sample, settings: Mapping, width: int) -> dict[str, np.ndarray]:
    """Fields [solvers] of one model: one decomposition, all solvers."""
    z, z_test, start = model(drawn, settings, width)
    decomposition = spectral.decompose(z, drawn.classes)
    projected, along = z_test @ decomposition.right, decomposition.right.T @ start
    outside = z_test @ start - projected @ along  # test outputs of what training never changes
    plan = solvers(settings)
    largest = decomposition.largest_curvature
    rows = []
    for solver in plan:
        labels = noisy_labels(drawn.labels, drawn.classes, solver.label_noise, settings["seed"])
        targets = centred_one_hot(labels, drawn.classes)
        rate = solver.rate if solver.absolute else solver.rate / largest
        factors = spectral.residual_factors(decomposition.curvatures, solver.steps, rate, solver.momentum)
        scale = solver.output_scale
        inside = spectral.coefficients(decomposition, decomposition.left.T @ targets, scale * along, factors)
        train_mse = spectral.train_error(decomposition, targets, scale * along, factors)
        test = projected @ inside + scale * outside
        fitted = decomposition.left @ (decomposition.values[:, None] * inside)
        rows.append(
            torch.stack(
                [
                    train_mse,
                    ((test - centred_one_hot(drawn.test_labels, drawn.classes)) ** 2).mean(),
                    error(fitted, labels),
                    error(test, drawn.test_labels),
                ]
            )
        )
    table = torch.stack(rows).cpu().numpy()
    fields = {field: table[:, k] for k, field in enumerate(FIELDS)}
    return fields | {"condition_number": np.array(decomposition.condition_number)}
