"""Speed of training on subsets and of GraNd, as ratios within one run.

Against a plain step of one network with automatic differentiation and torch.optim.SGD, our own program one network at a time, and gradients
of single examples.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from replications.data_pruning.paul2021.experiments import digits
from replications.data_pruning.paul2021.experiments.pruning import Retrained
from replications.data_pruning.science import models, scores, subsets
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
STEPS = 20
SCORED = 200  # digits whose GraNd is compared


def networks(members: int, width: int) -> Callable[[], object]:
    """One step of networks, each on a half of the digits of its own."""
    program = _program(members, width=width)
    program.prepare(0)
    return program.step


PROGRAM = Program(
    about="perceptrons with one hidden layer, each on its own half of the digits",
    make=networks,
    member="network",
    width="width",
    widths=(16, 32, 64, 128),
    usual=64,
    together=16,
    operations=lambda width: 4 * 100 * 206 * width + 2 * 100 * 10 * width,
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs, with the plain loop, and with gradients of single examples."""
    together, alone = _program(16), _program(1)
    plain = _Plain(alone)
    yield paired("one program over single ones, 16 networks", lambda: _run(together), lambda: _run(alone), work=(16, 1))
    yield paired(
        "a plain autograd step of one network over ours",
        lambda: _run(plain),
        lambda: _run(together),
        work=(1, 16),
        better="higher",
    )
    weights, biases = alone.layers()
    inputs, labels = plain.images[:SCORED], plain.labels[:SCORED]
    one = [part[0] for part in weights], [part[0] for part in biases]
    yield paired(
        "GraNd by a loop of gradients over the closed form",
        lambda: _looped(plain.model, inputs, labels),
        lambda: scores.perceptron_scores(*one, inputs, labels),
        better="higher",
    )
    yield paired(
        "GraNd by vectorised gradients over the closed form",
        lambda: models.grand(plain.model, [(inputs, labels)]),
        lambda: scores.perceptron_scores(*one, inputs, labels),
        better="higher",
    )


def _program(count: int, **changes: object) -> Retrained:
    values = rulesets.settings(rulesets.load("paul2021"), "pruning", "laptop", seeds=count)
    rows = [row | changes for row in members_of(values) if row["condition"] == "random_50"][:count]
    rows = [row | {"names": ("bench", place)} for place, row in enumerate(rows)]
    data = digits.load(rows[0])
    total = len(data.labels)
    chosen = [torch.arange(place, place + subsets.kept(total, 0.5)) for place in range(count)]
    return Retrained(rows, data, chosen, np.tile(data.labels.numpy(), (count, 1)), CPU)


def _run(program: object) -> None:
    for step in range(STEPS):
        program.prepare(step)
        program.step()


def _looped(model: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    norms = []
    for example, label in zip(inputs, labels, strict=True):
        model.zero_grad()
        torch.nn.functional.cross_entropy(model(example[None]), label[None]).backward()
        norms.append(sum(weight.grad.square().sum() for weight in model.parameters()).sqrt())
    return torch.stack(norms)


class _Plain:
    """One network as one would write it first."""

    def __init__(self, ours: Retrained):
        self.batches, self.images, self.labels = ours.batches, ours.images[ours.chosen[0]], ours.labels[0]
        width = ours.model.parameters.views["w1"].shape[2]
        self.model = torch.nn.Sequential(
            torch.nn.Linear(self.images.shape[1], width), torch.nn.ReLU(), torch.nn.Linear(width, 10)
        )
        self.optimiser = torch.optim.SGD(self.model.parameters(), 0.05, momentum=0.9)

    def prepare(self, step: int) -> None:
        self.batches.prepare(step)

    def step(self) -> None:
        rows = self.batches.rows[0]
        self.optimiser.zero_grad()
        torch.nn.functional.cross_entropy(self.model(self.images[rows]), self.labels[rows]).backward()
        self.optimiser.step()
