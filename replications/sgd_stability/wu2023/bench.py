"""Speed of the training programs, as ratios within one run.

Against a plain loop over runs with automatic differentiation and torch.optim.SGD, per step and run; and against our own
program one run at a time. With them, as the theme's papers use it, the library's curvature against plain forms.
"""

import itertools
import math
from collections.abc import Callable, Iterator

import torch

from replications.sgd_stability.wu2023.experiments import diagonal, dynamics, own
from replications.sgd_stability.wu2023.experiments import relu as relu_network
from verifig.benchmarking import curvature
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of
from verifig.training.steps import Steps

CPU = torch.device("cpu")
BLOCKS = 4  # of 25 steps
CASES = {
    "ReLU network, d = m = 100": ("relu", relu_network),
    "diagonal network, d = 1,000": ("diagonal", diagonal),
}


def relu(members: int, width: int) -> Callable[[], object]:
    """One block of SGD on ReLU networks; five learning rates a seed."""
    rows = _rows("relu", seeds=math.ceil(members / 5))[:members]
    program, numbers = relu_network.build([row | {"width": width} for row in rows], CPU), itertools.count()
    blocks = Steps(program, CPU)
    return lambda: blocks.take(next(numbers))


PROGRAM = Program(
    about="two-layer ReLU networks, SGD with batch size 1, blocks of 25 steps, d = 100",
    make=relu,
    member="run",
    width="hidden width",
    widths=(50, 100, 200, 400),
    usual=100,
    together=25,
    operations=lambda width: width * 25 * (4 * 100 + 25 + 10),  # two products, the corrections, elementwise
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs and with the plain loop."""
    for name, (experiment, module) in CASES.items():
        rows = _rows(experiment)
        together = module.build(rows, CPU)
        alone = module.build(rows[:1], CPU)
        plain = _Plain(module.build(rows[:1], CPU), rows[0])
        yield paired(
            f"one program over single ones, {len(rows)} runs, {name}",
            lambda: _run(together),
            lambda: _run(alone),
            work=(len(rows), 1),
        )
        yield paired(
            f"a plain autograd step of one run over ours, {name}",
            plain.run,
            lambda: _run(together),
            work=(1, len(rows)),
            better="higher",
        )
    yield from curvature.bench()


def _rows(experiment: str, seeds: int | None = None) -> list[dict]:
    ruleset = rulesets.load("wu2023")
    values = rulesets.settings(ruleset, experiment, "laptop", {"test_size": 10}, seeds)
    return [row for row in dynamics.expand(members_of(values)) if row["condition"] == "sgd"]


def _run(program: dynamics.Dynamics) -> None:
    own.train(program, BLOCKS * program.block)


class _Plain:
    """One run as one would write it first: autograd, clip_grad_norm_, torch.optim.SGD."""

    def __init__(self, program: dynamics.Dynamics, row: dict):
        self.x, self.y, self.clip = program.data.x[0], program.data.y[0], row["clip"]
        self.parameters = [value[0].clone().requires_grad_() for value in program.parameters.values()]
        self.optimizer = torch.optim.SGD(self.parameters, row["learning_rate"])
        self.steps = BLOCKS * row["block"]

    def run(self) -> None:
        for i in torch.randint(len(self.x), (self.steps,)).tolist():
            if len(self.parameters) == 2:
                output = (self.x[i] @ self.parameters[1]).relu() @ self.parameters[0]
            else:
                output = self.x[i] @ (self.parameters[0][0] * self.parameters[0][1])
            self.optimizer.zero_grad()
            ((output - self.y[i]) ** 2 / 2).backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, self.clip)
            self.optimizer.step()
        if not math.isfinite(sum(value.sum().item() for value in self.parameters)):
            raise FloatingPointError("the reference diverged")
