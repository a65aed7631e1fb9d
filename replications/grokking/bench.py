"""Speed of the training program, as ratios within one run.

Against a loop of single programs; against a plain step as the paper describes it (dense one-hot inputs, evaluation of
the test set at every step, torch.optim); and the share of this machine's own matrix-product rate.
"""

import itertools
from collections.abc import Iterator

import torch

from replications.grokking.experiments import modular_arithmetic
from verifig import rulesets
from verifig.bench import matmul_rate, paired

STEPS = 5
CASES = {
    # name: (modulus, width, train fraction, members)
    "p = 53, width 128": (53, 128, 0.6, 16),
    "p = 113, width 200": (113, 200, 0.4, 4),
}


def bench() -> Iterator[str]:
    """One line a comparison."""
    rate = matmul_rate()
    yield f"this machine's rate of large float32 matrix products, one thread: {rate / 1e9:.0f} GFLOP/s"
    for name, (modulus, width, fraction, count) in CASES.items():
        members = _members(modulus, width, fraction, count)
        together = modular_arithmetic.build(members, torch.device("cpu"))
        singles = [modular_arithmetic.build([member], torch.device("cpu")) for member in members]
        plain = [_Plain(member) for member in members[:4]]
        batch, loop = paired(lambda: _run([together]), lambda: _run(singles))
        yield f"{name}, {count} members: one program takes {batch / loop:.2f} of a loop over single programs"
        single, reference = paired(lambda: _run(singles[: len(plain)]), lambda: _run(plain))
        yield f"{name}: a plain reference step takes {reference / single:.1f} times as long as ours"
        rows = int(fraction * modulus**2)
        flop = 6 * rows * width * (width + modulus) * STEPS * len(plain)
        yield f"{name}: {flop / single / rate:.0%} of the machine's matrix-product rate"


def _members(modulus: int, width: int, fraction: float, count: int) -> list[dict]:
    size = {"modulus": modulus, "width": width, "train_fraction": fraction}
    ruleset = rulesets.load("grokking")
    values = rulesets.settings(ruleset, "delay53", "laptop", size, seeds=count)
    return [member for member in rulesets.members(values) if member["condition"] == "adamw"]


def _run(programs: list) -> None:
    for program in programs:
        for _ in range(STEPS):
            program.step()


class _Plain:
    """One model as the paper describes its training."""

    def __init__(self, member: dict):
        modulus, width = member["modulus"], member["width"]
        (tokens, self.labels), (test_tokens, self.test_labels) = modular_arithmetic.split(member)
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
