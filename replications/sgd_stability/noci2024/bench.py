"""Speed of the linear networks by moments, as ratios within one run.

Against a plain step of one network by its weights with automatic differentiation and torch.optim.SGD, and against our own
program one network at a time.
"""

from collections.abc import Callable, Iterator

import torch

from replications.sgd_stability.noci2024.experiments import linear
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
STEPS = 20


def networks(members: int, width: int) -> Callable[[], object]:
    """One step of linear networks, of both parametrisations."""
    return linear.Linear(_members(members, width), CPU).step


PROGRAM = Program(
    about="two-layer linear networks by the moments of their weights, d = P = 100, full batch",
    make=networks,
    member="network",
    width="hidden width",
    widths=(64, 256, 1024, 4096),
    usual=1024,
    together=24,
    operations=lambda width: 10 * 100 * 100,  # outputs, gradient, M g, and two outer products
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs and with the plain loop."""
    rows = _members(24, 1024)
    together, alone, plain = linear.Linear(rows, CPU), linear.Linear(rows[:1], CPU), _Plain(rows[0])
    yield paired(
        "one program over single ones, 24 networks, N = 1,024",
        lambda: _run(together),
        lambda: _run(alone),
        work=(24, 1),
    )
    yield paired(
        "a plain autograd step of one network over ours, N = 1,024",
        lambda: _run(plain),
        lambda: _run(together),
        work=(1, 24),
        better="higher",
    )


def _members(count: int, width: int) -> list[dict]:
    values = rulesets.settings(rulesets.load("noci2024"), "linear", "laptop")
    rows = [row for row in members_of(values) if row["condition"] in ("mup_64", "ntp_64")]
    return [row | {"width": width} for row in rows][:count]


def _run(program: object) -> None:
    for _ in range(STEPS):
        program.step()


class _Plain:
    """One network as one would write it first."""

    def __init__(self, member: dict):
        each = linear.problem(member)
        self.x, self.y = each["x"], each["y"]
        self.weights = [each["first"].requires_grad_(), each["second"].requires_grad_()]
        self.scale = 1 / (linear.gamma_of(member) * (member["width"] * member["dimension"]) ** 0.5)
        self.optimiser = torch.optim.SGD(self.weights, linear.rate_of(member))

    def step(self) -> None:
        self.optimiser.zero_grad()
        outputs = self.scale * (self.x @ self.weights[0].T) @ self.weights[1]
        ((outputs - self.y).square().mean() / 2).backward()
        self.optimiser.step()
