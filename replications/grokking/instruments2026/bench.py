"""Speed of the training program, as ratios within one run.

Against a loop of single programs, and against a plain step (dense one-hot inputs, autograd, torch.optim.AdamW).
"""

from collections.abc import Callable, Iterator

import torch

from replications.grokking.instruments2026.experiments import watched
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
STEPS = 20


def addition(members: int, width: int) -> Callable[[], object]:
    """One step of sums modulo 23."""
    return watched.build(_members(members, width), CPU).step


PROGRAM = Program(
    about="two-layer networks with squared hidden units, cross-entropy on sums modulo 23, half of the pairs",
    make=addition,
    member="network",
    width="hidden width",
    widths=(64, 128, 256, 512),
    usual=128,
    together=10,
    operations=lambda width: (
        3 * 2 * 264 * width * 23
    ),  # the output layer forward and twice backward; the first is a table
)


def bench() -> Iterator[Result]:
    """Comparisons with a loop and with the plain step."""
    rows = _members(10, 128)
    together, singles = watched.build(rows, CPU), [watched.build([row], CPU) for row in rows]
    plain = [_Plain(row) for row in rows[:2]]
    yield paired("one program over a loop of single ones, 10 networks", lambda: _run([together]), lambda: _run(singles))
    yield paired(
        "a plain step over ours", lambda: _run(plain), lambda: _run(singles[: len(plain)]), better="higher", aim=1.2
    )


def _members(count: int, width: int) -> list[dict]:
    values = rulesets.settings(rulesets.load("instruments2026"), "together", "laptop", {"width": width}, seeds=count)
    return [member for member in members_of(values) if member["condition"] == "decay"]


def _run(programs: list) -> None:
    for _ in range(STEPS):
        for program in programs:
            program.step()


class _Plain:
    """One network as one would write it first."""

    def __init__(self, member: dict):
        (tokens, self.labels), _ = watched.split(member)
        inputs = 2 * member["modulus"]
        self.inputs = torch.nn.functional.one_hot(tokens, inputs).sum(1).float()
        self.hidden = torch.nn.Linear(inputs, member["width"], bias=False)
        self.output = torch.nn.Linear(member["width"], member["modulus"], bias=False)
        weights = [*self.hidden.parameters(), *self.output.parameters()]
        self.optimizer = torch.optim.AdamW(
            weights, member["learning_rate"], (member["beta1"], member["beta2"]), weight_decay=member["weight_decay"]
        )

    def step(self) -> None:
        self.optimizer.zero_grad()
        torch.nn.functional.cross_entropy(self.output(self.hidden(self.inputs).square()), self.labels).backward()
        self.optimizer.step()
