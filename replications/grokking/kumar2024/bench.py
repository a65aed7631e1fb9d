"""Speed of the training programs, as ratios within one run.

Against a plain loop over networks as the paper describes them (all N weight vectors, automatic differentiation,
torch.optim.SGD), per step and network; and against our own program one network at a time.
"""

import math
from collections.abc import Callable, Iterator

import torch

from replications.grokking.kumar2024.experiments import committee, modular
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
STEPS = 20


def regression(members: int, width: int) -> Callable[[], object]:
    """One step of committee machines, at four output scales in turn."""
    return committee.build(_members("committee", members, width=width), CPU).step


PROGRAM = Program(
    about="committee machines by the moments of their weights, D = 30, 120 samples, full batch",
    make=regression,
    member="network",
    width="hidden width",
    widths=(100, 200, 400, 800),
    usual=400,
    together=12,
    operations=lambda width: 4 * 120 * 30 * 31 + 6 * 30 * 31 * 31,  # outputs and push over samples, three of moments
    products="float32",
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs and with the plain loop."""
    cases = {
        "committee machine, N = 400": ("committee", committee.build, _PlainCommittee, 12),
        "addition modulo 23": ("modular", modular.build, _PlainModular, 4),
    }
    for name, (experiment, build, plain, count) in cases.items():
        members = _members(experiment, count)
        together, single, reference = build(members, CPU), build(members[:1], CPU), plain(members[0])
        yield paired(
            f"one program over single ones, {count} networks, {name}",
            lambda program=together: _run(program),
            lambda program=single: _run(program),
            work=(count, 1),
        )
        yield paired(
            f"a plain autograd step of one network over ours, {name}",
            lambda program=reference: _run(program),
            lambda program=together: _run(program),
            work=(1, count),
            better="higher",
        )


def _members(experiment: str, count: int, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("kumar2024"), experiment, "laptop", changes, seeds=math.ceil(count / 3))
    wanted = [m for m in members_of(values) if m["condition"].startswith("alpha_") and m["seed"] < count]
    return (wanted * count)[:count]


def _run(program: object) -> None:
    for _ in range(STEPS):
        program.step()


class _PlainCommittee:
    """One network as one would write it first."""

    def __init__(self, member: dict):
        each = committee.problem(member)
        self.x, self.y, self.alpha, self.epsilon = (
            each["x"].float(),
            each["y"].float(),
            member["alpha"],
            member["epsilon"],
        )
        self.w = torch.randn(member["width"], member["dimension"]).requires_grad_()
        rate = committee.base_rate(member) * member["width"] / member["alpha"] ** 2
        self.optimizer = torch.optim.SGD([self.w], rate)
        self.first = self.outputs().detach()

    def outputs(self) -> torch.Tensor:
        h = self.x @ self.w.T
        return self.alpha * (h + self.epsilon * h.square() / 2).mean(1)

    def step(self) -> None:
        loss = (self.outputs() - self.first - self.y).square().mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


class _PlainModular:
    """One network on dense one-hot inputs."""

    def __init__(self, member: dict):
        p, width = member["modulus"], member["width"]
        (tokens, labels), _ = modular.split(member)
        self.x = torch.nn.functional.one_hot(tokens, 2 * p).sum(1).float()
        self.target = torch.nn.functional.one_hot(labels, p).float()
        self.scale = member["alpha"] / (2 * p * width)
        self.weights = [torch.randn(2 * p, width).requires_grad_(), torch.randn(width, p).requires_grad_()]
        self.optimizer = torch.optim.SGD(self.weights, member["learning_rate"] / member["alpha"] ** 2)

    def step(self) -> None:
        outputs = self.scale * (self.x @ self.weights[0]).square() @ self.weights[1]
        loss = torch.nn.functional.mse_loss(outputs, self.target)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
