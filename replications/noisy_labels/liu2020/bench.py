"""Speed of the perceptrons with noisy labels, as ratios within one run.

Against a plain step of one perceptron as a training loop would have it first, with automatic differentiation, `elr_loss` and
torch.optim.SGD, and against our own program one perceptron at a time; the same for the linear model.
"""

from collections.abc import Callable, Iterator

import torch

from replications.noisy_labels.liu2020.experiments import images, linear
from replications.noisy_labels.liu2020.mixture import examples, signs
from replications.noisy_labels.science.elr import Targets, elr_loss
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of
from verifig.training.steps import Steps

CPU = torch.device("cpu")
STEPS = 20


def perceptrons(members: int, width: int) -> Callable[[], object]:
    """One minibatch of perceptrons with the regularisation."""
    rows = _members("images", "sym40_elr")[:1]
    chosen = [rows[0] | {"seed": seed, "hidden": [width], "n": 400, "test_size": 10} for seed in range(members)]
    return _stepping(images.Classifiers(chosen, CPU))


PROGRAM = Program(
    about="perceptrons of one hidden layer on 196 pixels with early-learning regularisation, a minibatch of 100",
    make=perceptrons,
    member="perceptron",
    width="hidden width",
    widths=(32, 64, 128, 256),
    usual=128,
    together=12,
    operations=lambda width: 2 * 100 * width * (2 * 196 + 3 * 10),  # products forward and back
    products="float32",
    members=(1, 4, 16, 64),
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs and with plain loops."""
    rows = _members("images", "sym40_ce", "sym40_elr")[:12]
    together, alone = (images.Classifiers(chosen, CPU) for chosen in (rows, rows[-1:]))
    yield paired(
        "one program over single ones, 12 perceptrons",
        _repeated(_stepping(together)),
        _repeated(_stepping(alone)),
        work=(12, 1),
    )
    yield paired(
        "a plain autograd step of one perceptron over ours",
        _repeated(_PlainImages(images.Classifiers(rows[-1:], CPU)).step),
        _repeated(_stepping(images.Classifiers(rows, CPU))),
        work=(1, 12),
        better="higher",
    )
    lines = _members("linear", "ce", "elr", "elr_weak", "elr_slow", "kl")
    yield paired(
        "a plain autograd step of one linear model over ours",
        _repeated(_PlainLinear(lines[0]).step),
        _repeated(linear.Descent(lines, CPU).step),
        work=(1, len(lines)),
        better="higher",
    )


def _members(experiment: str, *conditions: str) -> list[dict]:
    values = rulesets.settings(rulesets.load("liu2020"), experiment, "laptop")
    return [member for member in members_of(values) if member["condition"] in conditions]


def _stepping(program: images.Classifiers) -> Callable[[], None]:
    """Steps one after the other, with the host's part."""
    taker, number = Steps(program, CPU), iter(range(10**9))
    return lambda: taker.take(next(number))


def _repeated(step: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        for _ in range(STEPS):
            step()

    return run


class _PlainImages:
    """One perceptron as one would write it first, on the program's own examples."""

    def __init__(self, program: images.Classifiers):
        self.x, self.labels = program.images[program.train_rows[0]], program.observed[0]
        self.model = torch.nn.Sequential(torch.nn.Linear(196, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
        self.targets = Targets(len(self.labels), 10)
        self.optimiser = torch.optim.SGD(self.model.parameters(), 0.05, momentum=0.9)

    def step(self) -> None:
        rows = torch.randint(len(self.x), (100,))
        logits = self.model(self.x[rows])
        self.optimiser.zero_grad()
        elr_loss(logits, self.labels[rows], self.targets.update(rows, logits)).backward()
        self.optimiser.step()


class _PlainLinear:
    """One linear model with two logits as one would write it first."""

    def __init__(self, member: dict):
        self.x = examples(torch.randn(member["n"], member["p"]), member["sigma"])
        self.labels = (signs(member["n"], member["wrong"]) < 0).long()
        self.theta = torch.zeros(member["p"], 1, requires_grad=True)
        self.targets, self.rows = Targets(member["n"], 2), torch.arange(member["n"])
        self.optimiser = torch.optim.SGD([self.theta], member["learning_rate"])

    def step(self) -> None:
        true = self.x @ self.theta
        logits = torch.cat([true, torch.zeros_like(true)], 1)
        self.optimiser.zero_grad()
        elr_loss(logits, self.labels, self.targets.update(self.rows, logits)).backward()
        self.optimiser.step()
