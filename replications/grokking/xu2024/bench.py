"""Speed of the training program, as ratios within one run: against the same descent in all p dimensions."""

import itertools
from collections.abc import Callable, Iterator

import torch

from replications.grokking.xu2024.experiments import clusters, network
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of
from verifig.training.steps import Steps

CPU = torch.device("cpu")


def descent(members: int, width: int) -> Callable[[], object]:
    """One step of all runs, the last time over and over."""
    return _stepper(network.Network(_members(members, width=width), CPU))


PROGRAM = Program(
    about="two-layer ReLU networks on XOR clusters, n = 200, p = 40,000, full batch",
    make=descent,
    member="run",
    width="hidden width",
    widths=(250, 500, 1000, 2000),
    usual=1000,
    together=2,
    operations=lambda width: 2 * 200 * 200 * width,
    products="float32",
    members=(1, 4, 16),
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs and with the plain step."""
    members = _members(2)
    yield paired(
        "one program over a loop of single ones, 2 runs (what a CPU trains side by side)",
        _stepper(network.Network(members, CPU)),
        _in_turn([_stepper(network.Network([member], CPU)) for member in members]),
    )
    yield paired(
        "a plain autograd step in 40,000 dimensions over ours",
        _Plain(members[0]).step,
        _stepper(network.Network(members[:1], CPU)),
        better="higher",
    )


def _members(count: int, **changes) -> list[dict]:
    return members_of(rulesets.settings(rulesets.load("xu2024"), "one_by_one", "laptop", changes, seeds=count))


def _stepper(program: network.Network) -> Callable[[], None]:
    steps, numbers = Steps(program, CPU), itertools.cycle(range(len(program.schedule) - 1))
    return lambda: steps.take(next(numbers))


def _in_turn(steppers: list[Callable[[], None]]) -> Callable[[], None]:
    def step() -> None:
        for stepper in steppers:
            stepper()

    return step


class _Plain:
    """One run as one would write it first: points and weights in R^p, autograd, torch.optim.SGD."""

    def __init__(self, member: dict):
        found, n, p = clusters.draw(member, 0), member["samples"], member["dimension"]
        self.x, self.labels = torch.randn(n, p), found.labels.float()
        self.x[:, :2] = found.points[:n, :2].float()
        self.outer = torch.sign(torch.randn(member["width"])) / member["width"] ** 0.5
        self.weights = (member["initial_std"] * torch.randn(p, member["width"])).requires_grad_()
        self.optimizer = torch.optim.SGD([self.weights], member["learning_rate"])

    def step(self) -> None:
        outputs = (self.x @ self.weights).relu() @ self.outer
        self.optimizer.zero_grad()
        torch.nn.functional.softplus(-self.labels * outputs).mean().backward()
        self.optimizer.step()
