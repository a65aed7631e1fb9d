"""Speed of the distillation program, as ratios within one run.

One batched program against a loop of single ones; against a plain step as the released code makes it (teacher
recomputed at every step, automatic differentiation, torch.optim); batched probes against a loop.
"""

from collections.abc import Iterator

import torch

from replications.random_teachers.experiments import distillation, probes
from replications.random_teachers.experiments.sources import labelled
from verifig import data, rulesets
from verifig.bench import matmul_rate, paired

STEPS = 20
CASES = {"head width 128": ("plain", "full", 8), "head width 256": ("kick", "local", 8)}


def bench() -> Iterator[str]:
    """One line a comparison."""
    yield f"this machine's rate of large float32 matrix products, one thread: {matmul_rate() / 1e9:.0f} GFLOP/s"
    task = labelled(data.embedded).to(torch.device("cpu"), torch.float32)
    for name, (experiment, condition, count) in CASES.items():
        members = _members(experiment, condition, count)
        together, *singles = (_program(chosen, task) for chosen in (members, *([member] for member in members)))
        batch, loop = paired(lambda: _run([together]), lambda: _run(singles), rounds=3)
        yield f"{name}, {count} members: one program takes {batch / loop:.2f} of a loop over single programs"
        plain = _Plain(singles[0])
        single, reference = paired(lambda: _run(singles[:1]), lambda: _run([plain]), rounds=3)
        yield f"{name}: a plain step that recomputes the teacher takes {reference / single:.1f} times as long as ours"
    embedded = together.student.embed(task.train[None]), together.student.embed(task.test[None])
    probe = probes.LinearProbe(60)
    yield f"linear probe, {count} models: one program takes {_probe_ratio(embedded, task, probe):.2f} of a loop"


def _members(experiment: str, condition: str, count: int) -> list[dict]:
    values = rulesets.settings(rulesets.load("random_teachers"), experiment, "laptop")
    return [member for member in rulesets.members(values) if member["condition"] == condition][:count]


def _program(members: list[dict], task) -> distillation.Distiller:
    return distillation.Distiller(members, task, data.embedded, torch.device("cpu"))


def _run(programs: list) -> None:
    for program in programs:
        for _ in range(STEPS):
            program.step()


def _probe_ratio(embedded: tuple, task, probe: probes.LinearProbe) -> float:
    def fit(train: torch.Tensor, test: torch.Tensor) -> None:
        probes.linear(train, task.train_labels, test, task.test_labels, probe)

    rows = range(len(embedded[0]))
    batch, loop = paired(
        lambda: fit(*embedded), lambda: [fit(*(part[k : k + 1] for part in embedded)) for k in rows], rounds=3
    )
    return batch / loop


class _Plain:
    """One student trained as the paper describes it, in plain torch."""

    def __init__(self, program: distillation.Distiller):
        self.images = program.images[0]
        self.teacher, self.student = (self._model(network) for network in (program.teacher, program.student))
        self.optimizer = torch.optim.AdamW(self.student.parameters(), 1e-3, weight_decay=0)
        self.count = 0

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

    def step(self) -> None:
        rows = torch.arange(64) + 64 * (self.count % 62)
        with torch.no_grad():
            goals = torch.softmax(self.teacher(self.images[rows]), -1)
        loss = torch.nn.functional.cross_entropy(self.student(self.images[rows]), goals)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.count += 1
