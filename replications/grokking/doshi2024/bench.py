"""Speed of the training program, as ratios within one run.

Against a plain step as one would write it (dense one-hot inputs, autograd, torch.optim.AdamW), and against the theme's
network without memory that stays.
"""

from collections.abc import Callable, Iterator

import torch

from replications.grokking.doshi2024.experiments import corrupted
from replications.grokking.doshi2024.experiments.data import draw
from replications.grokking.science.tasks import table
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
STEPS = 10


def addition(members: int, width: int) -> Callable[[], object]:
    """One step of addition modulo 31, half of the labels random."""
    return corrupted.build(_members(members, modulus=31, width=width), CPU).step


PROGRAM = Program(
    about="addition modulo 31, full batch of 480 pairs, AdamW",
    make=addition,
    member="network",
    width="hidden width",
    widths=(64, 128, 256, 512),
    usual=128,
    together=8,
    operations=lambda width: 6 * 480 * width * 31,
    products="float32",
)


def bench() -> Iterator[Result]:
    """A comparison with the plain step."""
    member = _members(1)[0]
    ours, plain = corrupted.build([member], CPU), _Plain(member)
    yield paired(
        "a plain autograd step over ours, p = 59, N = 300",
        lambda: _run(plain.step),
        lambda: _run(ours.step),
        better="higher",
        aim=1.5,
    )


def _members(count: int, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("doshi2024"), "decay", "laptop", changes, seeds=count)
    return [member for member in members_of(values) if member["condition"] == "wd5"][:count]


def _run(step: Callable[[], None]) -> None:
    for _ in range(STEPS):
        step()


class _Plain:
    """One network as one would write it first."""

    def __init__(self, member: dict):
        problem, p = draw(member), member["modulus"]
        pairs = table(p, "add")[0][problem.rows] + torch.tensor([0, p])
        self.x = torch.nn.functional.one_hot(pairs, 2 * p).sum(1).float()
        self.y = torch.nn.functional.one_hot(problem.given[problem.rows], p).float()
        self.first = torch.nn.Linear(2 * p, member["width"], bias=False)
        self.second = torch.nn.Linear(member["width"], p, bias=False)
        weights = [self.first.weight, self.second.weight]
        self.optimizer = torch.optim.AdamW(weights, 0.01, (0.9, 0.98), weight_decay=member["weight_decay"])

    def step(self) -> None:
        loss = torch.nn.functional.mse_loss(self.second(self.first(self.x).square()), self.y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
