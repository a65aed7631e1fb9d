"""Speed of the networks over a grid of learning rates, as ratios within one run.

Against a plain step of one network with automatic differentiation and torch.optim.SGD, and against our own program one network at a time.
"""

from collections.abc import Callable, Iterator

import torch

from replications.sgd_stability.granziol2022.experiments.grid import expand
from replications.sgd_stability.granziol2022.experiments.rates import Rates
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
STEPS = 20


def networks(members: int, width: int) -> Callable[[], object]:
    """One step of networks under SGD with batches of 8."""
    program = Rates(_members(members, width=width), CPU)
    program.prepare(0)
    return program.step


PROGRAM = Program(
    about="networks of one hidden layer on digits over a grid of learning rates",
    make=networks,
    member="network",
    width="width",
    widths=(8, 16, 32, 64),
    usual=8,
    together=144,
    operations=lambda width: 6 * 8 * 74 * width,
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs and with the plain loop."""
    rows = _members(144)
    together, alone, plain = Rates(rows, CPU), Rates(rows[:1], CPU), _Plain(rows[0])
    yield paired(
        "one program over single ones, 144 networks", lambda: _run(together), lambda: _run(alone), work=(144, 1)
    )
    yield paired(
        "a plain autograd step of one network over ours",
        lambda: _run(plain),
        lambda: _run(together),
        work=(1, 144),
        better="higher",
    )


def _members(count: int, **changes: object) -> list[dict]:
    values = rulesets.settings(rulesets.load("granziol2022"), "rates", "laptop", seeds=count)
    rows = [row | changes for row in members_of(values) if row["condition"] == "sgd_8"]
    return expand(rows)[:count]


def _run(program: object) -> None:
    for step in range(STEPS):
        program.prepare(step)
        program.step()


class _Plain:
    """One network as one would write it first."""

    def __init__(self, member: dict):
        ours = Rates([member], CPU)
        self.batches, self.images = ours.batches, ours.networks.images[0]
        self.labels = ours.networks.targets[0].argmax(1)
        self.model = torch.nn.Sequential(
            torch.nn.Linear(self.images.shape[1], member["width"]),
            torch.nn.ReLU(),
            torch.nn.Linear(member["width"], 10),
        )
        self.optimiser = torch.optim.SGD(self.model.parameters(), member["learning_rate"])

    def prepare(self, step: int) -> None:
        self.batches.prepare(step)

    def step(self) -> None:
        rows = self.batches.rows[0]
        self.optimiser.zero_grad()
        torch.nn.functional.cross_entropy(self.model(self.images[rows]), self.labels[rows]).backward()
        self.optimiser.step()
