"""Speed of training in subspaces, as ratios within one run.

Against a plain loop that trains one subspace at a time by automatic differentiation and torch.optim.Adam, and of explicit projections
against Fastfood.
"""

from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from replications.intrinsic_dimension.li2018.experiments.subspaces import Subspaces
from replications.intrinsic_dimension.science.projections import fastfood
from replications.intrinsic_dimension.science.subspace import Subspace
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
STEPS = 5
LARGEST = 450


def descents(members: int, width: int) -> Callable[[], object]:
    """One step of perceptrons in five subspaces and directly."""
    program = Subspaces(_members(members, width), CPU)
    program.prepare(0)
    return program.step


PROGRAM = Program(
    about="perceptrons on 14x14 images in five nested subspaces and directly, batches of 128",
    make=descents,
    member="seed",
    width="hidden width",
    widths=(8, 16, 32, 64),
    usual=32,
    members=(1, 4, 16),
    together=4,
    operations=lambda width: 6 * 6 * 128 * 206 * width + 4 * 5 * LARGEST * 207 * width,
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs, with the plain loop, and of two ways to apply a projection."""
    rows = _members(4, 32)
    together, alone, plain = Subspaces(rows, CPU), Subspaces(rows[:1], CPU), _Plain(rows[0])
    for program in (together, alone):
        program.prepare(0)
    yield paired("one program over single ones, 4 seeds", lambda: _run(together), lambda: _run(alone), work=(4, 1))
    yield paired(
        "a plain autograd step of one subspace over ours",
        lambda: _run(plain),
        lambda: _run(together),
        work=(1, 4 * len(rows[0]["dimensions"])),
        better="higher",
    )
    stream = torch.Generator().manual_seed(0)
    fast = fastfood([200 * 784, 200, 200 * 200, 200, 2000, 10], 1500, stream)
    matrix, inside = fast.matrix(), torch.randn(5, 1500, generator=stream)
    yield paired("the explicit product over Fastfood, 199,210 x 1,500", lambda: inside @ matrix, lambda: fast(inside))


def _members(count: int, width: int) -> list[dict]:
    values = rulesets.settings(rulesets.load("li2018"), "images", "laptop", seeds=count)
    return [row | {"width": width} for row in members_of(values) if row["condition"] == "middle"]


def _run(program: object) -> None:
    for _ in range(STEPS):
        program.step()


class _Plain:
    """One subspace as one would write it first."""

    def __init__(self, member: dict):
        program = Subspaces([member], CPU)
        self.images, self.labels = program.images[0], program.labels[0]
        module = nn.Sequential(nn.Linear(196, member["width"]), nn.ReLU(), nn.Linear(member["width"], 10))
        self.model = Subspace(module, max(member["dimensions"]))
        self.optimizer = torch.optim.Adam(self.model.parameters(), member["learning_rate"], (0.9, member["beta2"]))
        self.batch = member["batch_size"]

    def step(self) -> None:
        rows = torch.randint(len(self.labels), (self.batch,))
        self.optimizer.zero_grad()
        cross_entropy(self.model(self.images[rows]), self.labels[rows]).backward()
        self.optimizer.step()
