"""Speed of the training programs, as ratios within one run.

Against a loop of single programs, and against a plain step as the paper describes it (dense one-hot inputs, autograd,
torch.optim.Adam).
"""

from collections.abc import Callable, Iterator

import torch

from replications.grokking.tian2025.experiments import modular
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
STEPS = 20


def addition(members: int, width: int) -> Callable[[], object]:
    """One step of sums modulo 23."""
    return modular.build(_members(members, width), CPU).step


PROGRAM = Program(
    about="two-layer networks with squared hidden units, sums modulo 23, 60 % of the pairs",
    make=addition,
    member="network",
    width="hidden width",
    widths=(64, 128, 256, 512),
    usual=256,
    together=6,
    operations=lambda width: (
        3 * 2 * 317 * width * 23
    ),  # the output layer forward and twice backward; the first is a table
)


def bench() -> Iterator[Result]:
    """Comparisons with a loop and with the plain step."""
    rows = _members(6, 256)
    together, singles = modular.build(rows, CPU), [modular.build([row], CPU) for row in rows]
    plain = [_Plain(row) for row in rows[:2]]
    yield paired("one program over a loop of single ones, 6 networks", lambda: _run([together]), lambda: _run(singles))
    yield paired(
        "a plain step over ours", lambda: _run(plain), lambda: _run(singles[: len(plain)]), better="higher", aim=1.2
    )


def _members(count: int, width: int) -> list[dict]:
    values = rulesets.settings(rulesets.load("tian2025"), "grok", "laptop", {"width": width}, seeds=count)
    return [member for member in members_of(values) if member["condition"] == "decay"]


def _run(programs: list) -> None:
    for _ in range(STEPS):
        for program in programs:
            program.step()


class _Plain:
    """One network as one would write it first."""

    def __init__(self, member: dict):
        (tokens, self.labels), _ = modular.split(member)
        self.modulus = member["modulus"]
        self.inputs = torch.nn.functional.one_hot(tokens, 2 * self.modulus).sum(1).float()
        self.hidden = torch.nn.Linear(2 * self.modulus, member["width"], bias=False)
        self.output = torch.nn.Linear(member["width"], self.modulus, bias=False)
        weights = [*self.hidden.parameters(), *self.output.parameters()]
        self.optimizer = torch.optim.Adam(weights, member["learning_rate"], weight_decay=member["weight_decay"])

    def step(self) -> None:
        outputs = self.output(self.hidden(self.inputs).square())
        z = outputs - outputs.mean(1, keepdim=True)
        chosen = z.gather(1, self.labels[:, None])[:, 0]
        self.optimizer.zero_grad()
        (z.square().sum(1) - 2 * chosen + 1 - 1 / self.modulus).mean().backward()
        self.optimizer.step()
