"""Speed of the training program, as ratios within one run: small networks against whole ones under masks, and one by one."""

from collections.abc import Callable, Iterator

import torch

from replications.sparse_training.farahani2024.experiments import search
from replications.sparse_training.science import digits
from replications.sparse_training.science.masked import Masked, Start, sparse_start
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of
from verifig.training.steps import Steps

CPU = torch.device("cpu")


def training(members: int, width: int) -> Callable[[], object]:
    """Minibatch steps of sub-networks of a quarter of the units, one after another."""
    chosen = _members(members, width=width, keep=width // 4)
    return _stepper(chosen, [search.candidate(m, search.whole(m), 0) for m in chosen])


PROGRAM = Program(
    about="networks of a quarter of the units of two hidden layers, 196 inputs, minibatches of 100",
    make=training,
    member="run",
    width="hidden width",
    widths=(64, 128, 256, 512),
    usual=64,
    together=16,
    operations=lambda width: 6 * 100 * (196 * (width // 4) + (width // 4) ** 2 + 10 * (width // 4)),
    products="float32",
    members=(1, 4, 16),
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs and with whole networks under a mask."""
    members = _members(16)
    starts = [search.candidate(member, search.whole(member), 0) for member in members]
    yield paired(
        "one program over a loop of single ones, 16 runs (what a CPU trains side by side)",
        _stepper(members, starts),
        _in_turn([_stepper([member], [begun]) for member, begun in zip(members, starts, strict=True)]),
    )
    yield paired(
        "whole networks under a mask over small networks, 16 runs",
        _stepper(members, [_masked(member) for member in members]),
        _stepper(members, starts),
        better="higher",
    )


def _members(count: int, **changes) -> list[dict]:
    settings = dict(rulesets.settings(rulesets.load("farahani2024"), "nodes", "laptop", {}, seeds=count))
    return members_of(settings | {"conditions": {"random": {"picks": "first"}}} | changes)


def _masked(member: dict) -> Start:
    """The whole network under a mask that leaves the first quarter of each hidden layer's units."""
    weights, keep, last = search.whole(member), member["keep"], member["hidden_layers"]
    masks = [torch.zeros_like(weight, dtype=torch.bool) for weight in weights]
    for layer, mask in enumerate(masks):
        mask[: keep if layer else None, : keep if layer < last else None] = True
    return sparse_start(weights, masks, rescale=False)


def _stepper(members: list[dict], starts: list[Start]) -> Callable[[], None]:
    program = Masked(members, starts, digits.split(), CPU)
    steps, taken = Steps(program, CPU), iter(range(10**9))
    return lambda: steps.take(next(taken))


def _in_turn(steppers: list[Callable[[], None]]) -> Callable[[], None]:
    def step() -> None:
        for stepper in steppers:
            stepper()

    return step
