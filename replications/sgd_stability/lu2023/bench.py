"""Speed of the training program, as ratios within one run: against one network after the other, and a plain autograd step."""

import itertools
from collections.abc import Callable, Iterator

import torch

from replications.sgd_stability.lu2023.experiments.oscillation import Oscillation, draw, expand
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of
from verifig.training.steps import Steps

CPU = torch.device("cpu")
STEPS = 32


def networks(members: int, width: int) -> Callable[[], object]:
    """One step of all networks, on one sample each."""
    return _stepper(_rows(members, width=width))


PROGRAM = Program(
    about="two-layer networks on two patches of 64 components, single samples",
    make=networks,
    member="network",
    width="neurons of each sign",
    widths=(8, 16, 32, 64),
    usual=8,
    together=64,
    operations=lambda width: 2 * width * 64 * 2 * 4,
    products="float32",
)


def bench() -> Iterator[Result]:
    """One program over single ones, and a plain step over ours."""
    rows = _rows(16)
    yield paired(
        "16 networks in turn over one program",
        _in_turn([_stepper([row]) for row in rows]),
        _stepper(rows),
        better="higher",
    )
    yield paired("a plain autograd step over ours, one network", _plain(rows[0]), _stepper(rows[:1]), better="higher")


def _rows(count: int, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("lu2023"), "rates", "laptop", {}, seeds=count)
    mixed = [member | changes for member in members_of(values) if member["condition"] == "mixed"]
    return [row | {"rate": 0.01} for row in expand(mixed) if row["rate"] == values["rates"][0]][:count]


def _stepper(rows: list[dict]) -> Callable[[], None]:
    steps, numbers = Steps(Oscillation(rows, CPU), CPU), itertools.count()

    def run() -> None:
        for _ in range(STEPS):
            steps.take(next(numbers))

    return run


def _in_turn(calls: list[Callable[[], None]]) -> Callable[[], None]:
    return lambda: [call() for call in calls] and None


def _plain(row: dict) -> Callable[[], None]:
    """One network with autograd and torch.optim."""
    inputs, labels, _ = (torch.from_numpy(part).float() for part in draw(row))
    weights = torch.randn(2, row["width"], row["dimension"]).mul_(row["initial_std"]).requires_grad_()
    optimizer = torch.optim.SGD([weights], row["rate"] * row["width"])

    def run() -> None:
        for k in range(STEPS):
            x, y = inputs[k % len(inputs)], labels[k % len(inputs)]
            halves = torch.relu(weights @ x.T).square().sum((1, 2)) / row["width"]
            loss = (halves[0] - halves[1] - y).square()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run
