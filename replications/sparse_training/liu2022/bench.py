"""Speed of the training program, as ratios within one run: against a loop of single networks and against torch's prune."""

from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn.utils import prune

from replications.sparse_training.liu2022.experiments.starts import start
from replications.sparse_training.science import digits
from replications.sparse_training.science.masked import Masked
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of
from verifig.training.steps import Steps

CPU = torch.device("cpu")


def training(members: int, width: int) -> Callable[[], object]:
    """Minibatch steps of sparse networks, one after another."""
    return _stepper(_members(members, width=width))


PROGRAM = Program(
    about="masked networks of two hidden layers on 196 inputs, minibatches of 100, ERK density 0.1",
    make=training,
    member="run",
    width="hidden width",
    widths=(64, 128, 256, 512),
    usual=128,
    together=12,
    operations=lambda width: 6 * 100 * (196 * width + width**2 + 10 * width),
    products="float32",
    members=(1, 4, 12),
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs and with the plain step."""
    members = _members(12)
    yield paired(
        "one program over a loop of single ones, 12 runs (what a CPU trains side by side)",
        _stepper(members),
        _in_turn([_stepper([member]) for member in members]),
    )
    yield paired(
        "12 modules with torch's pruning, one after the other, over ours",
        _in_turn([_Plain(member).step for member in members]),
        _stepper(members),
        better="higher",
    )


def _members(count: int, **changes) -> list[dict]:
    changes = {"conditions": {"er_10_64": {}}, "width": 64, "density": 0.1} | changes
    settings = dict(rulesets.settings(rulesets.load("liu2022"), "ratios", "laptop", {}, seeds=count)) | changes
    return members_of(settings)


def _stepper(members: list[dict]) -> Callable[[], None]:
    sets = digits.split()
    program = Masked(members, [start(member, *sets[0]) for member in members], sets, CPU)
    steps, taken = Steps(program, CPU), iter(range(10**9))
    return lambda: steps.take(next(taken))


def _in_turn(steppers: list[Callable[[], None]]) -> Callable[[], None]:
    def step() -> None:
        for stepper in steppers:
            stepper()

    return step


class _Plain:
    """One run as one would write it first: a module with torch's pruning, autograd, torch.optim.SGD."""

    def __init__(self, member: dict):
        (self.images, self.labels), _ = digits.split()
        begun = start(member, self.images, self.labels)
        linear = [nn.Linear(*weight.shape) for weight in begun.weights]
        for layer, weight, mask in zip(linear, begun.weights, begun.masks, strict=True):
            layer.weight.data = weight.T.contiguous()
            prune.custom_from_mask(layer, "weight", mask.T.float())
        self.net = nn.Sequential(linear[0], nn.ReLU(), linear[1], nn.ReLU(), linear[2])
        self.optimizer = torch.optim.SGD(self.net.parameters(), member["learning_rate"], member["momentum"])
        self.size = member["batch_size"]

    def step(self) -> None:
        rows = torch.randint(len(self.labels), (self.size,))
        self.optimizer.zero_grad()
        nn.functional.cross_entropy(self.net(self.images[rows]), self.labels[rows]).backward()
        self.optimizer.step()
