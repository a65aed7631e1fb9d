"""Speed of the training programs, as ratios within one run.

Batched direct optimisation against one problem at a time, and against a plain step as the authors' scripts take it
(autograd, torch.optim, one problem, NC1 at every iteration); class columns against all samples; networks.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from replications.neural_collapse.dang2023.experiments.linear import FreeFeatures
from replications.neural_collapse.dang2023.experiments.networks import Networks
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of
from verifig.training.trainable import Trainable

CPU = torch.device("cpu")
STEPS = 50


def free_features(members: int, width: int) -> Callable[[], object]:
    """One iteration of direct optimisation, three layers."""
    chosen = _members("direct", ("of3",), seeds=members)
    return FreeFeatures([member | {"width": width} for member in chosen], CPU).step


PROGRAM = Program(
    about="direct optimisation of free features, M = 3, four classes of ten samples",
    make=free_features,
    member="problem",
    width="width d",
    widths=(32, 64, 128, 256),
    usual=64,
    operations=lambda width: 6 * 40 * width * (2 * width + 4),
    products="float64",
)


def bench() -> Iterator[Result]:
    """Comparisons with single problems, with plain iterations, and of the two forms of the columns."""
    for depth in (1, 3, 6):
        members = _members("direct", (f"of{depth}", f"etf{depth}"))
        together, singles = FreeFeatures(members, CPU), [FreeFeatures([member], CPU) for member in members]
        name = f"one program over one problem at a time, {len(members)} problems, M = {depth}"
        yield paired(name, lambda: _run([together]), lambda: _run(singles))
        for measured, text in ((False, "no metrics"), (True, "NC1 by pseudo-inverse every time")):
            plain = [_Plain(member, measured) for member in members[:2]]
            name = f"a plain iteration ({text}) over ours, M = {depth}"
            yield paired(name, lambda: _run(plain), lambda: _run(singles[:2]), better="higher")
    sweep = [m | {"weight_decay": 0.01, "feature_decay": 0.01} for m in _members("sweep", ("staircase",))]
    columns = FreeFeatures(sweep, CPU)
    samples = FreeFeatures([member | {"class_columns": False} for member in sweep], CPU)
    yield paired("one column a class over all 400 samples", lambda: _run([columns]), lambda: _run([samples]))
    networks = _members("networks", ("of1", "gof1"))
    pixels = torch.randn(5000, 784)
    labels = torch.arange(10).repeat_interleave(500)
    together = Networks(networks[:3], pixels, labels, CPU)
    singles = [Networks([member], pixels, labels, CPU) for member in networks[:3]]
    name = "one program over one network at a time, 3 networks"
    yield paired(name, lambda: _run([together], 10), lambda: _run(singles, 10))


def _members(experiment: str, conditions: Sequence[str], seeds: int | None = None) -> list[dict]:
    ruleset = rulesets.load("dang2023")
    found = members_of(rulesets.settings(ruleset, experiment, "laptop", seeds=seeds))
    return [member | {"start_decay": 0.01} for member in found if member["condition"] in conditions]


def _run(programs: list, steps: int = STEPS) -> None:
    for program in programs:
        for step in range(steps):
            program.prepare(step)
            program.step()


class _Plain(Trainable):
    """One problem with autograd and torch.optim; `measured` adds NC1 by pseudo-inverse at every iteration."""

    def __init__(self, member: dict, measured: bool):
        super().__init__()
        self.member, self.measured, sizes = member, measured, member["sizes"]
        self.labels, classes, width = np.repeat(np.arange(len(sizes)), sizes), len(sizes), member["width"]
        self.truth = torch.eye(classes, dtype=torch.float64)[:, self.labels]
        inner = [width] * member["depth"] + [classes]
        shapes = [(inner[m + 1], inner[m]) for m in range(member["depth"])] + [(width, sum(sizes))]
        draws = [member["init"] * torch.randn(shape, dtype=torch.float64) for shape in shapes]
        *self.weights, self.features = (torch.nn.Parameter(draw) for draw in draws)
        self.bias = torch.nn.Parameter(torch.zeros(classes, 1, dtype=torch.float64))
        parameters = [*self.weights, self.features, self.bias]
        self.optimizer = torch.optim.SGD(parameters, member["learning_rate"], member["momentum"])

    def step(self) -> None:
        output = self.features
        for weight in self.weights:
            output = weight @ output
        loss = ((output + self.bias - self.truth) ** 2).sum() / (2 * len(self.labels))
        loss = loss + self.member["weight_decay"] / 2 * sum((weight**2).sum() for weight in self.weights)
        loss = loss + self.member["feature_decay"] / 2 * (self.features**2).sum()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if self.measured:
            self._metrics()

    @torch.no_grad()
    def _metrics(self) -> None:
        features, members = self.features, self.truth.T
        means = features @ members / members.sum(0)
        within, centred = features - means @ self.truth, means - features.mean(1, keepdim=True)
        between = centred @ centred.T / len(self.truth)
        self.nc1 = torch.trace(within @ within.T / len(members) @ torch.linalg.pinv(between)) / len(self.truth)
