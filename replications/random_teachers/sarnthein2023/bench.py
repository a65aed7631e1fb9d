"""Speed of the distillation program, as ratios within one run.

One batched program against a loop of single ones; against a plain step as the released code makes it (teacher
recomputed at every step, automatic differentiation, torch.optim); batched probes against a loop.
"""

import itertools
import math
from collections.abc import Callable, Iterator

import torch

from replications.random_teachers.sarnthein2023.experiments import distil as distillation
from replications.random_teachers.sarnthein2023.experiments import network, probes
from replications.random_teachers.sarnthein2023.experiments.sources import Labelled, labelled
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training import data
from verifig.training.members import members_of
from verifig.training.steps import Steps
from verifig.training.trainable import Trainable

CPU = torch.device("cpu")
STEPS = 20
CASES = {"head width 128": ("plain", "full", 8), "head width 256": ("kick", "local", 8)}


def distil(members: int, width: int) -> Callable[[], object]:
    """One batch of distillation."""
    chosen = _members("plain", "full", members)
    return _taking(_program([member | {"head_width": width} for member in chosen], _task()))


def operations(width: int) -> int:
    """Of the matrix products of a batch: every layer forward and twice backward, the first without its inputs."""
    member = _members("plain", "full", 1)[0]
    layers = network.sizes(member | {"head_width": width, "input_size": 196})
    products = sum(3 * fan_in * fan_out for fan_in, fan_out in layers.values()) - math.prod(layers["e1"])
    return 2 * member["batch_size"] * products


PROGRAM = Program(
    about="distillation from a random teacher, batches of 64, Adam",
    make=distil,
    member="student",
    width="head width",
    widths=(64, 128, 256, 512),
    usual=128,
    operations=operations,
    products="float32",
)


def bench() -> Iterator[Result]:
    """Comparisons with a loop and with the plain step, and of the probes."""
    task = _task()
    for name, (experiment, condition, count) in CASES.items():
        members = _members(experiment, condition, count)
        together, *singles = (_program(chosen, task) for chosen in (members, *([member] for member in members)))
        yield paired(
            f"one program over a loop of single ones, {count} members, {name}",
            _running([together]),
            _running(singles),
        )
        plain = _Plain(singles[0])
        yield paired(
            f"a plain step that recomputes the teacher over ours, {name}",
            _running([plain]),
            _running(singles[:1]),
            better="higher",
        )
    embedded = together.student.embed(task.train[None]), together.student.embed(task.test[None])
    yield _probes(embedded, task, probes.LinearProbe(60))


def _task() -> Labelled:
    return labelled(data.embedded).to(CPU, torch.float32)


def _members(experiment: str, condition: str, count: int) -> list[dict]:
    values = rulesets.settings(rulesets.load("sarnthein2023"), experiment, "laptop", seeds=count)
    return [member for member in members_of(values) if member["condition"] == condition]


def _program(members: list[dict], task: Labelled) -> distillation.Distiller:
    return distillation.Distiller(members, task, data.embedded, CPU)


def _taking(program: Trainable) -> Callable[[], None]:
    """A function that takes the program's next step whenever it is called."""
    steps, numbers = Steps(program, CPU), itertools.count()
    return lambda: steps.take(next(numbers))


def _running(programs: list[Trainable]) -> Callable[[], None]:
    """A function that takes the next steps of each program."""
    functions = [_taking(program) for program in programs]

    def run() -> None:
        for take in functions:
            for _ in range(STEPS):
                take()

    return run


def _probes(embedded: tuple, task: Labelled, probe: probes.LinearProbe) -> Result:
    def fit(train: torch.Tensor, test: torch.Tensor) -> None:
        probes.linear(train, task.train_labels, test, task.test_labels, probe)

    rows = range(len(embedded[0]))
    return paired(
        f"linear probe, one program over a loop, {len(rows)} models",
        lambda: fit(*embedded),
        lambda: [fit(*(part[k : k + 1] for part in embedded)) for k in rows],
        rounds=3,
    )


class _Plain(Trainable):
    """One student trained as the paper describes it, in plain torch."""

    def __init__(self, program: distillation.Distiller):
        super().__init__()
        self.images = program.images[0]
        self.teacher, self.student = (self._model(network) for network in (program.teacher, program.student))
        self.optimizer = torch.optim.AdamW(self.student.parameters(), 1e-3, weight_decay=0)

    @staticmethod
    def _model(network) -> torch.nn.Module:
        layers: list[torch.nn.Module] = []
        for name in ("e1", "e2", "e3", "h1", "h2", "h3"):
            fan_in, fan_out = network.shapes[name]
            activation = torch.nn.ReLU() if name.startswith("e") else torch.nn.GELU()
            layers += [torch.nn.Linear(fan_in, fan_out), activation]
        layers.pop()
        model = torch.nn.ModuleList([torch.nn.Sequential(*layers), torch.nn.Linear(*network.shapes["v"], bias=False)])
        model.forward = lambda x: model[1](torch.nn.functional.normalize(model[0](x), dim=1))
        return model

    def prepare(self, step: int) -> None:
        """The next of 62 batches."""
        self.rows = torch.arange(64) + 64 * (step % 62)

    def step(self) -> None:
        """One update; the optimiser and the teacher as released."""
        rows = self.rows
        with torch.no_grad():
            goals = torch.softmax(self.teacher(self.images[rows]), -1)
        loss = torch.nn.functional.cross_entropy(self.student(self.images[rows]), goals)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
