"""Closed forms and bounds of the scores on random instances, one a seed."""

import itertools

import numpy as np
import torch
from torch import nn

from replications.data_pruning.paul2021.experiments.digits import SLUG
from replications.data_pruning.science import models, scores
from verifig.training.ensemble import generator
from verifig.training.run import Run


def identities(run: Run) -> dict[str, np.ndarray]:
    """Errors of one random instance a seed, by name [seeds]."""
    found = [instance(run.settings, seed) for seed in range(run.settings["seeds"])]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def instance(settings: dict, seed: int) -> dict[str, float]:
    """One random perceptron with two hidden layers, random examples and random probabilities, in float64."""
    stream = generator(SLUG, "identities", seed)
    sizes, count, classes = (7, 6, 5, 4), 12, 4
    inputs = torch.randn(count, sizes[0], generator=stream, dtype=torch.float64)
    labels = torch.randint(classes, (count,), generator=stream)
    shapes = [*itertools.pairwise(sizes)]
    weights = [torch.randn(shape, generator=stream, dtype=torch.float64) for shape in shapes]
    biases = [torch.randn(1, width, generator=stream, dtype=torch.float64) for width in sizes[1:]]
    el2n, grand = scores.perceptron_scores(weights, biases, inputs, labels)
    by_gradient = models.grand(perceptron(weights, biases), [(inputs, labels)])
    last = models.grand(perceptron(weights[:1], biases[:1]), [(inputs, labels)])
    softmax_regression = models.el2n(perceptron(weights[:1], biases[:1]), [(inputs, labels)])
    untrained = scores.el2n(torch.zeros(count, classes, dtype=torch.float64), labels)
    return {
        "closed_form_error": relative(grand, by_gradient),
        "softmax_regression_error": relative(softmax_regression * (inputs.square().sum(1) + 1).sqrt(), last),
        "uniform_error": relative(untrained, torch.full_like(untrained, scores.uniform_el2n(classes))),
        "permutation_error": (el2n - permuted(weights, biases, inputs, labels, stream)).abs().max().item(),
        **bounds(settings["draws"], stream),
    }


def perceptron(weights: list[torch.Tensor], biases: list[torch.Tensor]) -> nn.Module:
    """The same network as a module."""
    layers: list[nn.Module] = []
    for weight, bias in zip(weights, biases, strict=True):
        linear = nn.Linear(*weight.shape, dtype=weight.dtype)
        linear.weight.data.copy_(weight.T)
        linear.bias.data.copy_(bias[0])
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def permuted(weights, biases, inputs, labels, stream: torch.Generator) -> torch.Tensor:
    """EL2N with the classes permuted together with the outputs, in another order of the examples, brought back."""
    classes = torch.randperm(weights[-1].shape[1], generator=stream)
    order = torch.randperm(len(labels), generator=stream)
    moved = scores.perceptron_scores(
        [*weights[:-1], weights[-1][:, classes]],
        [*biases[:-1], biases[-1][:, classes]],
        inputs[order],
        classes.argsort()[labels[order]],
    )[0]
    return moved[order.argsort()]


def bounds(draws: int, stream: torch.Generator) -> dict[str, float]:
    """Over random outputs of ten classes: the least EL2N over its lower bound, and the largest over its upper bound."""
    logits = 2 * torch.randn(draws, 10, generator=stream, dtype=torch.float64)
    labels = torch.randint(10, (draws,), generator=stream)
    low, high = scores.el2n_bounds(logits.softmax(1).gather(1, labels[:, None])[:, 0], 10)
    found = scores.el2n(logits, labels)
    return {"over_lower": (found / low).min().item(), "over_upper": (found / high).max().item()}


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Largest relative error."""
    return ((found - expected).abs() / expected.abs()).max().item()
