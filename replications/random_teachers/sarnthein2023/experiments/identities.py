"""Exact facts that need no training: closed forms, invariances, limits, optimiser and probe oracles."""

from collections.abc import Mapping

import numpy as np
import torch

from replications.random_teachers.sarnthein2023.experiments import convnets, probes, tickets
from replications.random_teachers.sarnthein2023.experiments.distil import optimizers, targets
from replications.random_teachers.sarnthein2023.experiments.landscape import orthonormal_coordinates, plane_point
from replications.random_teachers.sarnthein2023.experiments.network import (
    Network,
    delta,
    distillation_loss,
    divergence,
    mix,
    step_zero_divergence,
)
from verifig.training.ensemble import generator
from verifig.training.run import Run

ALPHAS = (0.0, 1e-3, 0.2, 0.5, 0.8, 1.0)


def identities(run: Run) -> dict[str, np.ndarray]:
    """Errors of identities (0 where they hold) and measured over predicted values."""
    settings = run.members[0]
    result = _locality() | _copies(settings) | _invariances(settings) | _first_step(settings) | _plane(settings)
    for name, weight_norm in (("plain", False), ("weight_norm", True)):
        ratios = [_step_zero(settings | {"weight_norm": weight_norm}, seed) for seed in range(settings["seeds"])]
        result[f"step_zero_{name}"] = np.array(ratios)
    result |= {"one_hot_ridge": _one_hot_ridge(), "remaining": np.array(_remaining())}
    result |= {f"parameters_{name}": convnets.parameter_count(name) for name in ("vgg11", "resnet18")}
    return {name: np.asarray(value, float) for name, value in result.items()}


def _locality() -> dict[str, float]:
    variance = [((1 - a) ** 2 + a**2) / delta(a) ** 2 for a in ALPHAS]
    teacher, fresh = (torch.randn(1000, generator=generator("random_teachers", "mix", name)) for name in "ab")
    ends = (mix(teacher, fresh, 0.0) - teacher).abs().max() + (mix(teacher, fresh, 1.0) - fresh).abs().max()
    return {"locality_variance": max(abs(v - 1) for v in variance), "locality_ends": float(ends)}


def _pair(settings: Mapping, dtype: str | None = None) -> tuple[Network, Network, torch.Tensor]:
    """A teacher, an independent student and Gaussian inputs [1, N, pixels]."""
    settings = dict(settings) | {"dtype": dtype or settings["dtype"]}
    teacher, student = (Network(settings, 1).initialise(purpose, [0]) for purpose in ("teacher", "fresh"))
    stream = generator("random_teachers", "identities")
    inputs = torch.randn(1, 256, settings["input_size"], generator=stream, dtype=torch.float64)
    return teacher, student, inputs.to(teacher.parameters.flat)


def _gradient(network: Network, inputs: torch.Tensor, goals: torch.Tensor) -> tuple[float, torch.Tensor]:
    keep: dict = {}
    loss, slope = distillation_loss(network(inputs, keep), goals)
    grads = network.parameters.like()
    network.backward(slope, keep, grads)
    return float(loss), grads


def _copies(settings: Mapping) -> dict[str, float]:
    """A student equal to its teacher: no divergence, no gradient, loss equal to the teacher's entropy."""
    teacher, student, inputs = _pair(settings)
    goals = targets(teacher, inputs, settings)
    loss, own = _gradient(teacher, inputs, goals)
    _, other = _gradient(student, inputs, goals)
    entropy = float(-(goals.double() * goals.double().log()).sum(-1).mean())
    return {
        "copy_divergence": float(divergence(teacher(inputs), teacher(inputs)).abs()),
        "copy_gradient": float(own.norm() / other.norm()),
        "copy_loss_minus_entropy": abs(loss - entropy),
    }


def _invariances(settings: Mapping) -> dict[str, float]:
    """Logits do not change with the scale of the bottleneck and, under weight normalisation, of an output's weights."""
    network, _, inputs = _pair(dict(settings) | {"weight_norm": True}, "float64")
    before = network(inputs)
    for name in ("h3", "b_h3"):
        network.views[name].mul_(7.0)
    bottleneck = (network(inputs) - before).abs().max()
    network.views["v"][..., 0].mul_(100.0)
    return {"bottleneck_scale": float(bottleneck), "output_scale": float((network(inputs) - before).abs().max())}


def _first_step(settings: Mapping) -> dict[str, float]:
    """Adam's first update is learning_rate g / (|g| + eps), hence at most the learning rate."""
    teacher, student, inputs = _pair(settings, "float64")
    _, grads = _gradient(student, inputs, targets(teacher, inputs, settings))
    flat, before = student.parameters.flat, student.parameters.flat.clone()
    worst, largest = 0.0, 0.0
    for group, optimizer in optimizers(student, [settings]).items():
        columns, rate = student.groups[group], settings[f"{group}_learning_rate"]
        optimizer.step(flat[:, columns], grads[:, columns])
        moved, slope = before[:, columns] - flat[:, columns], grads[:, columns]
        worst = max(worst, float((moved / rate - slope / (slope.abs() + settings["eps"])).abs().max()))
        largest = max(largest, float(moved.abs().max() / rate))
    return {"adam_first_step": worst, "adam_largest_step": largest}


def _plane(settings: Mapping) -> dict[str, float]:
    """Corners of the plane are its three models; orthonormal coordinates preserve distances."""
    first, second, _ = _pair(settings, "float64")
    third = Network(dict(settings) | {"dtype": "float64"}, 1).initialise("third", [0]).parameters.flat[0]
    origin, other = first.parameters.flat[0], second.parameters.flat[0]
    axes = origin, other - origin, third - origin
    corners = plane_point(*axes, torch.tensor([[0, 0], [1, 0], [0, 1]], dtype=torch.float64))
    shift, map_ = orthonormal_coordinates(*axes)
    places = torch.tensor([[0.3, -0.7], [1.2, 0.4]], dtype=torch.float64)
    flat_distance = torch.dist(*(shift + map_ @ place for place in places))
    return {
        "plane_corners": float((corners - torch.stack([origin, other, third])).abs().max()),
        "plane_distances": float((flat_distance - torch.dist(*plane_point(*axes, places))).abs()),
    }


def _step_zero(settings: Mapping, seed: int) -> float:
    """KL of two independent networks with many outputs over its closed form."""
    teacher, student = (
        Network(settings, 1).initialise(purpose, [seed]) for purpose in ("identity teacher", "identity student")
    )
    stream = generator("random_teachers", "identities", seed)
    inputs = torch.randn(1, 64, settings["input_size"], generator=stream).to(teacher.parameters.flat)
    predicted = step_zero_divergence(settings["output_std"], settings["bottleneck"], settings["weight_norm"])
    return float(divergence(teacher(inputs), student(inputs))) / predicted


def _one_hot_ridge() -> float:
    """Accuracy of the ridge probe with a vanishing penalty on linearly independent one-hot features."""
    features, labels = torch.eye(40)[None], torch.arange(40) % 10
    return float(probes.ridge(features, labels, features, labels, penalty=1e-9))


def _remaining() -> list[float]:
    """Share of weights left after 3, 6, 9 and 12 pruning rounds of 20 %, minus 0.8^r."""
    weights = torch.randn(100_000, generator=generator("random_teachers", "pruning"))
    mask, errors = torch.ones_like(weights), []
    for number in range(1, 13):
        smaller = tickets.prune(weights, mask, 0.2)
        if not bool((smaller <= mask).all()):
            raise AssertionError("masks must be nested")
        mask = smaller
        if number % 3 == 0:
            errors.append(float(mask.mean()) - 0.8**number)
    return errors
