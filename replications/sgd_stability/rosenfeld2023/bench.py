"""Speed of the toy by moments, as ratios within one run.

Against a plain step of one toy on its samples with automatic differentiation and torch.optim.SGD, and against our own program one
toy at a time.
"""

from collections.abc import Callable, Iterator

import torch

from replications.sgd_stability.rosenfeld2023.experiments import toy
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
STEPS = 20


def toys(members: int, dimension: int) -> Callable[[], object]:
    """One step of toys with opposing outliers."""
    return toy.Toy(_members(members, dimension=dimension), CPU).step


PROGRAM = Program(
    about="linear networks of one hidden unit by the moments of 1,000 samples",
    make=toys,
    member="toy",
    width="dimension",
    widths=(20, 40, 80, 160),
    usual=20,
    together=72,
    operations=lambda dimension: 2 * (dimension + 1) ** 2,
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs and with the plain loop."""
    rows = _members(72)
    together, alone, plain = toy.Toy(rows, CPU), toy.Toy(rows[:1], CPU), _Plain(rows[0])
    yield paired("one program over single ones, 72 toys", lambda: _run(together), lambda: _run(alone), work=(72, 1))
    yield paired(
        "a plain autograd step of one toy over ours",
        lambda: _run(plain),
        lambda: _run(together),
        work=(1, 72),
        better="higher",
    )


def _members(count: int, **changes: object) -> list[dict]:
    values = rulesets.settings(rulesets.load("rosenfeld2023"), "edge", "laptop", seeds=count)
    rows = [row for row in members_of(values) if row["condition"] == "opposing_0.1"]
    return [row | changes for row in rows]


def _run(program: object) -> None:
    for _ in range(STEPS):
        program.step()


class _Plain:
    """One toy as one would write it first."""

    def __init__(self, member: dict):
        each = toy.problem(member)
        self.z, self.y = each["z"], each["y"]
        self.w = each["first"].requires_grad_()
        self.c = torch.tensor(toy.FIRST["c"], dtype=torch.float64, requires_grad=True)
        self.optimiser = torch.optim.SGD([self.w, self.c], member["learning_rate"])

    def step(self) -> None:
        self.optimiser.zero_grad()
        ((self.c * (self.z @ self.w) - self.y).square().mean() / 2).backward()
        self.optimiser.step()
