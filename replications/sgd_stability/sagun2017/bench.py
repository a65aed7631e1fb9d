"""Speed of training and of exact spectra, as ratios within one run.

Against a plain step of one network with automatic differentiation and torch.optim.SGD, and against the Hessian of one network as one would
write it first, with torch.func.hessian.
"""

from collections.abc import Callable, Iterator

import torch
from torch.nn.functional import cross_entropy

from replications.sgd_stability.sagun2017.experiments import networks, problem, spectra
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
STEPS = 20


def descents(members: int, width: int) -> Callable[[], object]:
    """One step of networks with five classes."""
    return networks.Descent(_members(members, width), CPU).step


PROGRAM = Program(
    about="two-layer ReLU networks on 300 images of 8x8, five classes, full batch",
    make=descents,
    member="network",
    width="hidden width",
    widths=(4, 8, 16, 32),
    usual=8,
    together=6,
    operations=lambda width: 6 * 300 * (64 * width + 5 * width),
)


def bench() -> Iterator[Result]:
    """Comparisons with single programs, with the plain loop and with the plain Hessian."""
    rows = _members(6, 8)
    together, alone, plain = networks.Descent(rows, CPU), networks.Descent(rows[:1], CPU), _Plain(rows[:1])
    yield paired("one program over single ones, 6 networks", lambda: _run(together), lambda: _run(alone), work=(6, 1))
    yield paired(
        "a plain autograd step of one network over ours",
        lambda: _run(plain),
        lambda: _run(together),
        work=(1, 6),
        better="higher",
    )
    found, data = spectra.networks_of(together.model), (together.images.double(), together.labels)
    yield paired(
        "torch.func.hessian of one network over spectra of H and H - G of six",
        lambda: _hessian(found, data),
        lambda: spectra.spectra(found, data),
        work=(1, 6),
        better="higher",
    )


def _members(count: int, width: int) -> list[dict]:
    values = rulesets.settings(rulesets.load("sagun2017"), "networks", "laptop", seeds=count)
    return [row | {"width": width} for row in members_of(values) if row["condition"] == "classes_5"]


def _run(program: object) -> None:
    for _ in range(STEPS):
        program.step()


def _hessian(found, data) -> None:
    def loss(flat):
        return cross_entropy(found.outputs(flat, {}, data[0][0]), data[1][0])

    torch.linalg.eigvalsh(torch.func.hessian(loss)(found.flat()[0]))


class _Plain:
    """One network as one would write it first."""

    def __init__(self, members: list[dict]):
        member = members[0]
        images, labels = problem.images_of(members)
        self.images, self.labels = images[0], labels[0]
        self.model = torch.nn.Sequential(
            torch.nn.Linear(images.shape[2], member["width"]),
            torch.nn.ReLU(),
            torch.nn.Linear(member["width"], member["classes"]),
        )
        self.optimiser = torch.optim.SGD(self.model.parameters(), member["learning_rate"])

    def step(self) -> None:
        self.optimiser.zero_grad()
        cross_entropy(self.model(self.images), self.labels).backward()
        self.optimiser.step()
