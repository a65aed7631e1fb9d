"""Speed of the training program, as ratios within one run.

Against a loop of single programs, and against a plain step as the paper describes it (dense one-hot inputs, evaluation
of the test set at every step, torch.optim).
"""

import itertools
from collections.abc import Callable, Iterator

import torch

from replications.grokking.prieto2025.experiments import modular
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

STEPS = 5
CASES = {
    # name: (modulus, width, train fraction, members, aim for the plain step)
    "p = 53, width 128": (53, 128, 0.6, 16, 3.0),
    "p = 113, width 200": (113, 200, 0.4, 4, 1.5),
}


def addition(members: int, width: int) -> Callable[[], object]:
    """One epoch of addition modulo 53."""
    return modular.build(_members(53, width, 0.6, members), torch.device("cpu")).step


def operations(modulus: int, width: int, fraction: float) -> int:
    """Of the matrix products of an epoch: two layers, forward and twice backward (the first layer is a table)."""
    return 6 * int(fraction * modulus**2) * width * (width + modulus)


PROGRAM = Program(
    about="addition modulo 53, full batch of 1,685 pairs, AdamW",
    make=addition,
    member="network",
    width="hidden width",
    widths=(64, 128, 256, 512),
    usual=128,
    together=1,
    operations=lambda width: operations(53, width, 0.6),
    products="float32",
)


def bench() -> Iterator[Result]:
    """Comparisons with a loop and with the plain step."""
    for name, (modulus, width, fraction, count, aim) in CASES.items():
        members = _members(modulus, width, fraction, count)
        together = modular.build(members, torch.device("cpu"))
        singles = [modular.build([member], torch.device("cpu")) for member in members]
        plain = [_Plain(member) for member in members[:4]]
        yield paired(
            f"one program over a loop of single ones, {count} members, {name}",
            lambda: _run([together]),
            lambda: _run(singles),
        )
        yield paired(
            f"a plain step over ours, {name}",
            lambda: _run(plain),
            lambda: _run(singles[: len(plain)]),
            better="higher",
            aim=aim,
        )


def _members(modulus: int, width: int, fraction: float, count: int) -> list[dict]:
    size = {"modulus": modulus, "width": width, "train_fraction": fraction}
    ruleset = rulesets.load("prieto2025")
    values = rulesets.settings(ruleset, "delay53", "laptop", size, seeds=count)
    return [member for member in members_of(values) if member["condition"] == "adamw"]


def _run(programs: list) -> None:
    for program in programs:
        for _ in range(STEPS):
            program.step()


class _Plain:
    """One model as the paper describes its training."""

    def __init__(self, member: dict):
        modulus, width = member["modulus"], member["width"]
        (tokens, self.labels), (test_tokens, self.test_labels) = modular.split(member)
        self.x, self.x_test = (
            torch.nn.functional.one_hot(t, 2 * modulus).sum(1).float() for t in (tokens, test_tokens)
        )
        sizes = (2 * modulus, width, width, modulus)
        layers = [torch.nn.Linear(a, b, bias=False) for a, b in itertools.pairwise(sizes)]
        self.model = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
        self.optimizer = torch.optim.AdamW(self.model.parameters(), 0.01, (0.9, 0.99), 1e-25, weight_decay=0)

    def step(self) -> None:
        logits = self.model(self.x)
        loss = torch.nn.functional.nll_loss(torch.log_softmax(logits, -1), self.labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            self.accuracy = (self.model(self.x_test).argmax(-1) == self.test_labels).float().mean()
